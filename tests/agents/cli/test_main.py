"""The command as a whole: its help, how it answers what it does not know, and its small commands."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import pytest

from juguo_agents.allocators import rule_names
from juguo_agents.artifacts.zoo import PREFIX, zoo_names
from juguo_agents.cli import doctor, listing
from juguo_agents.cli import main as main_module
from juguo_agents.cli.main import LINEAR_ALGEBRA, VECTORS, main, make_app, numerics
from juguo_agents.studies import STUDIES
from juguo_agents.training.shipped import config_names
from juguo_envs.worlds.scenario import scenario_names
from tests.agents.studies.conducting import english
from tests.running import ENVIRONMENT, file, juguo, refused, succeeded

NAMES = [name for name in make_app() if not name.startswith("-") and name != "study"]
COMMANDS = [*((name,) for name in NAMES), *(("study", name) for name in STUDIES)]


def test_help_names_every_command_and_imports_none() -> None:
    code = (
        "import sys\n"
        "from juguo_agents.cli.main import main\n"
        "main(['--help'])\n"
        "print(sorted({'juguo_envs', 'numpy', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT)
    *shown, imported = succeeded(done).splitlines()
    assert imported == "[]"
    assert set(NAMES) | {"study"} <= set(re.findall(r"^│ (\S+)", "\n".join(shown), re.MULTILINE))
    for flag in ("--help", "--version", "--install-completion"):
        assert any(flag in line for line in shown)


@pytest.mark.parametrize("asked", [None, "2"])
def test_linear_algebra_has_one_thread_unless_somebody_says_otherwise(asked: str | None) -> None:
    code = (
        "from juguo_agents.cli.main import main\n"
        "main(['list'])\n"
        "import numpy, threadpoolctl\n"
        "print([one['num_threads'] for one in threadpoolctl.threadpool_info() if one['user_api'] == 'blas'])"
    )
    environment = {name: value for name, value in ENVIRONMENT.items() if not name.endswith("_NUM_THREADS")}
    environment |= {} if asked is None else dict.fromkeys(LINEAR_ALGEBRA, asked)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert succeeded(done).splitlines()[-1] == f"[{asked or 1}]"


# numpy and OpenBLAS tell what they use; on a processor without vectors of 512 bits nothing is held back.
@pytest.mark.skipif(not llvm.get_host_cpu_features().get("avx512f"), reason="no vectors of 512 bits here")
@pytest.mark.parametrize(
    "asked", [None, {"OPENBLAS_CORETYPE": "SkylakeX", "NPY_DISABLE_CPU_FEATURES": "X86_V3"}]
)
def test_vectors_of_numpy_have_256_bits_unless_somebody_says_otherwise(asked: dict[str, str] | None) -> None:
    code = (
        "from juguo_agents.cli.main import main\n"
        "main(['list'])\n"
        "import numpy, threadpoolctl\n"
        "from numpy._core._multiarray_umath import __cpu_features__ as features\n"
        "print({name: there for name, there in features.items() if name in ('X86_V3', 'X86_V4')})\n"
        "print([one['architecture'] for one in threadpoolctl.threadpool_info() if one['user_api'] == 'blas'])"
    )
    environment = {name: value for name, value in ENVIRONMENT.items() if name not in VECTORS} | (asked or {})
    words = [sys.executable, "-W", "error::ImportWarning", "-c", code]  # of a name that numpy does not know
    done = subprocess.run(words, capture_output=True, text=True, env=environment)
    features, cores = map(ast.literal_eval, succeeded(done).splitlines()[-2:])
    assert features == {"X86_V3": asked is None, "X86_V4": asked is not None}
    assert cores == ["SkylakeX" if asked else "Haswell"]


def test_a_processor_of_shorter_vectors_and_one_that_does_not_tell_are_left_as_they_are(
    tmp_path: Path,
) -> None:
    told = tmp_path / "cpuinfo"
    assert set(numerics(told)) == set(LINEAR_ALGEBRA)
    told.write_text("flags : sse2 avx2 fma")
    assert set(numerics(told)) == set(LINEAR_ALGEBRA)
    told.write_text("flags : sse2 avx2 fma avx512f")
    assert set(numerics(told)) == {*LINEAR_ALGEBRA, *VECTORS}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_of_a_command_is_explained(words: tuple[str, ...], tmp_path: Path) -> None:
    page = succeeded(juguo(*words, "--help", cwd=tmp_path))
    assert f"Usage: juguo {' '.join(words)}" in page
    _, apps, _ = make_app().parse_commands(list(words))
    for argument in apps[-1].assemble_argument_collection():
        assert argument.parameter.help, argument.name
        assert argument.name in page


def test_nothing_and_a_bare_study_show_what_there_is(tmp_path: Path) -> None:
    assert "Usage: juguo COMMAND" in succeeded(juguo(cwd=tmp_path))
    page = succeeded(juguo("study", cwd=tmp_path))
    assert all(name in page for name in STUDIES)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["trian"], ["unknown command 'trian'", "did you mean 'train'", "there are train, evaluate"]),
        (["study", "nothing-like-it"], ["unknown command 'nothing-like-it'"]),
        (
            ["evaluate", "flat", "--epsodes", "3"],
            ["--epsodes", "Did you mean --episodes?", "juguo evaluate --help"],
        ),
        (["evaluate", "flat", "--episodes", "three"], ["--episodes is 'three'", "write a number"]),
        (["evaluate", "flat", "--episodes"], ["--episodes requires an argument"]),
        (["evaluate", "flat", "--observe", "noisi"], ['Did you mean "noisy"?']),
        (["list", "scenarois"], ['Did you mean "scenarios"?']),
        (["tune"], ["ALGORITHM requires an argument"]),
        (["tune", "td3", "--trials", "0"], ["--trials is 0; allowed is 1 or more"]),
        (["calibrate", "--edges", "e.csv"], ["--persons requires an argument"]),
    ],
)
def test_what_is_not_known_is_refused_in_one_line(tmp_path: Path, words: list[str], told: list[str]) -> None:
    done = juguo(*words, cwd=tmp_path)
    refused(done, "error: ", *told)
    told = [line for line in done.stderr.splitlines() if not line.endswith(" ...")]  # which is the command's
    assert len(told) == 1 and done.stdout == ""


def test_without_the_extra_it_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name.split(".")[0] == "cyclopts":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return known(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    assert main(["list"]) == 2
    assert capsys.readouterr().err == "error: the command needs more packages: pip install 'juguo[train]'\n"


def test_the_command_and_its_errors_import_no_extra_at_the_top() -> None:
    """What `pip install juguo` brings is enough to be told what else is needed."""
    tree = ast.parse(inspect.getsource(main_module))
    imported = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert not {name for name in imported if name and name.split(".")[0] in ("cyclopts", "rich", "pydantic")}


def test_what_is_listed_is_told_in_chinese_by_the_same_names(tmp_path: Path) -> None:
    told, there = (
        succeeded(juguo("list", kind, "--lang", "zh", cwd=tmp_path)) for kind in ("allocators", "studies")
    )
    assert english(re.sub("juguo list zoo|FILE.zip:ALGORITHM", "", told)) == english(there) == []
    assert all(re.search(rf"^{name} .*[一-鿿]", told, re.MULTILINE) for name in rule_names())
    assert all(re.search(rf"^{name} .*[一-鿿]", there, re.MULTILINE) for name in STUDIES)


def test_version_is_told(tmp_path: Path) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*\n", succeeded(juguo("--version", cwd=tmp_path)))


def test_list_names_all_there_is_and_each_kind_alone(tmp_path: Path) -> None:
    known = {
        "allocators": [*rule_names(), "all", "NAME+exit", "NAME-exit", "NAME+relief", "NAME-relief"],
        "scenarios": [*scenario_names(), "family", "family:NAME"],
        "configs": config_names(),
        "studies": list(STUDIES),
        "zoo": [PREFIX + name for name in zoo_names()],
        "parameters": ["society", "money", "all"],
    }
    assert list(known) == list(listing.KINDS)
    everything = succeeded(juguo("list", cwd=tmp_path))
    for kind, names in known.items():
        told = succeeded(juguo("list", kind, cwd=tmp_path))
        assert told.rstrip("\n") in everything
        assert all(re.search(rf"^(.*, )?{re.escape(name)}(, |  )", told, re.MULTILINE) for name in names)
        assert all(len(line) <= 110 for line in told.splitlines())


def test_doctor_finds_a_sound_installation_and_tells_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = succeeded(juguo("doctor", cwd=tmp_path))
    for words in (
        "Python 3.",
        "cores",
        "juguo ",
        "torch is built for",
        "writable",
        "a tiny episode returned",
    ):
        assert words in told
    monkeypatch.setattr(doctor, "extras", lambda: {"train": ["numpy", "no-such-package"], "ray": ["no-such"]})
    done = juguo("doctor", cwd=tmp_path)
    assert done.returncode == 1
    assert "! extra train lacks no-such-package: pip install 'juguo[train]'" in done.stdout
    assert "- extra ray lacks no-such: pip install 'juguo[ray]'" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_commands_options_and_choices(shell: str) -> None:
    script = make_app().generate_completion(shell=shell)  # type: ignore[arg-type]
    for words in ("evaluate", "--episodes", "noisy", "doctor", "recurrent_ppo"):
        assert words in script


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (["evaluate", "fl"], "flat"),
        (["train", "sm"], "smoke"),
        (["evaluate", "flat", "--scenario", "p"], "poor"),
        (["study", "map", "--scenario", "p"], "poor"),
    ],
)
def test_completion_offers_names_of_what_there_is(typed: list[str], name: str, tmp_path: Path) -> None:
    assert name in succeeded(juguo("__complete", *typed, cwd=tmp_path)).splitlines()


def test_completion_is_installed_for_the_shell_at_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SHELL", "/bin/bash")
    assert "installed" in succeeded(juguo("--install-completion", cwd=tmp_path))
    assert (tmp_path / ".local/share/bash-completion/completions/juguo").is_file()


@pytest.mark.parametrize(
    ("script", "words", "command"),
    [
        ("train.py", [], "train"),
        ("evaluate.py", [], "evaluate"),
        ("patterns.py", [], "study patterns"),
        ("explain.py", [], "study explain"),
        ("explain.py", ["--between"], "study attribution"),
    ],
)
def test_a_script_is_a_command_in_ten_lines(
    script: str,
    words: list[str],
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", [script, *words, "--help"])
    with pytest.raises(SystemExit) as left:
        runpy.run_path(str(file(script)), run_name="__main__")
    assert left.value.code == 0
    assert f"Usage: juguo {command} " in capsys.readouterr().out
    assert len(file(script).read_text().splitlines()) <= 10
