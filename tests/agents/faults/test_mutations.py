"""Whatever bytes a file holds, whoever reads it gets what it says, or one line that names it.

Some mutations are of bytes. Others change a value within and give the file a checksum that fits, as a
stranger could. What is read then is saved, and read again as the same.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from juguo_agents.artifacts.archive import from_bytes, to_bytes
from juguo_agents.artifacts.front import load_front
from juguo_agents.artifacts.identity import sealed
from juguo_agents.artifacts.play_file import load_play
from juguo_agents.artifacts.policy_file import load_policy, save_policy
from juguo_agents.artifacts.searched import load_result
from juguo_agents.artifacts.tree_file import load_tree, tree_content
from juguo_agents.benchmark.card import card_text
from juguo_agents.benchmark.leaderboard import leaderboard, read_cards
from juguo_agents.benchmark.references import FILE as REFERENCES
from juguo_agents.benchmark.references import digest, load_references
from juguo_agents.evaluation.rollout import setting_of
from juguo_agents.report import console_table, read_comparison
from juguo_agents.report.curves import cost_table
from juguo_agents.report.texts import speaking
from juguo_agents.search.optimise import take_up
from juguo_agents.studies.patterns.page import lines
from juguo_agents.studies.patterns.study import PatternsSettings
from juguo_agents.studies.value.analysis import finished_value
from juguo_agents.training.checkpoint import CheckpointFolder
from juguo_agents.training.learners.kinds import kind_of, make_learner
from juguo_agents.training.learners.state import restore
from juguo_agents.training.run import read_curves, steps_taken
from juguo_agents.training.sb3_policy import to_stable_baselines3
from juguo_envs.documents import load_json
from juguo_envs.errors import UserError
from tests.agents.faults.made import SMALL, experiment, tuning_study, value_settings
from tests.agents.forging import forge_policy
from tests.running import ROOT

FEW, MANY = 50, 10_000
NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63 - 1, -(2**63), 0.5, -0.0, 1e-320, 1.7e308, "", "x", "../../x",
    "/etc/x", "flat", "\x1b[31m", "a\nb", "é", "\u202e", "0", "1e3", "null", [], {}, [[]], [0], {"a": 1},
    [None] * 3,
)  # fmt: skip
TOKENS = (
    b"null", b"NaN", b"Infinity", b"1e999", b"-1", b"9" * 40, b"1" * 5000, b'"', b"[", b"{", b"}", b",",
    b'"\\ud800"',
    b"[" * 3000, b"\x00", b"\xff\xfe", b"true", b"\xef\xbb\xbf",
)  # fmt: skip


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Other bytes: some flipped, cut out, doubled, put elsewhere, or replaced."""
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        at, size = rng.randrange(len(data) + 1), rng.choice((1, 1, 4, 30, 400))
        rest = data[at + size :]
        data = data[:at] + rng.choice(
            (
                bytes(byte ^ (1 << rng.randrange(8)) for byte in data[at : at + size]) + rest,
                rest,
                data[at : at + size] * 2 + rest,
                rng.choice(TOKENS) + rest,
                rng.choice(TOKENS) + data[at:],
                rng.randbytes(size) + rest,
                b"",
            )
        )
    return data


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every list and mapping within a value, with each of its keys."""
    keys = range(len(value)) if isinstance(value, list) else list(value) if isinstance(value, dict) else []
    for key in keys:
        yield value, key
        yield from places(value[key])


def changed(value: Any, rng: random.Random) -> Any:
    """A JSON value with some places within changed."""
    value = copy.deepcopy(value)
    for _ in range(rng.choice((1, 1, 1, 2))):
        everywhere = list(places(value))
        if not everywhere:
            return value
        # half of them near the top, where fields are few and matter
        few = everywhere if rng.random() < 0.5 else list(places({k: value[k] for k in list(value)}))[:200]
        inside, key = rng.choice(few if few else everywhere)
        inside = value if inside is not value and key in value and rng.random() < 0.3 else inside
        old = inside[key]
        how = rng.randrange(6)
        if how == 0 and isinstance(inside, dict):
            del inside[key]
        elif how == 1 and isinstance(old, int | float):
            inside[key] = rng.choice((-old, old + 1, old * 1e9, float(old), old / 2))
        elif how == 2 and isinstance(inside, dict):
            inside[rng.choice(("surplus", "", "flat"))] = old
        elif how == 3 and isinstance(old, list):
            inside[key] = rng.choice((old * 2, old[:-1], old[::-1], [*old, None]))
        else:
            inside[key] = copy.deepcopy(rng.choice(NASTY))
    return value


def changed_arrays(arrays: dict[str, Any], rng: random.Random) -> None:
    """Change an array: its values, its shape, its type, its name, or leave it out."""
    name = rng.choice(sorted(arrays))
    array = np.array(arrays[name])
    how = rng.randrange(6)
    if how == 0:
        del arrays[name]
    elif how == 1:
        arrays[name] = array.reshape(-1)[: array.size // 2]
    elif how == 2:
        arrays[name] = array.astype(rng.choice(("f4", "i8", "u1"))) if not array.dtype.names else array[:0]
    elif how == 3:
        arrays[name + "x"] = arrays.pop(name)
    else:
        raw = bytearray(array.tobytes())
        for _ in range(rng.choice((1, 8, 60))):
            if raw:
                raw[rng.randrange(len(raw))] = rng.choice((0, 1, 127, 255))
        arrays[name] = np.frombuffer(bytes(raw), array.dtype).reshape(array.shape)


@dataclass(frozen=True)
class Subject:
    """A kind of file, and all that is done with one that is read.

    Attributes:
        file: One of the kind.
        use: Reads and uses the file in a folder like its own, and sees that it is saved as it was.
        forge: Changes what it holds, with a checksum that fits.
        beside: Other files that its reader looks at.
    """

    file: str
    use: Callable[[Path], None]
    forge: Callable[[Path, random.Random], None]
    beside: tuple[str, ...] = ()


def forge_json(path: Path, rng: random.Random) -> None:
    """Change a JSON file; mostly its checksum fits."""
    data = changed(json.loads(path.read_text(encoding="utf-8")), rng)
    path.write_text(json.dumps(sealed(data) if rng.random() < 0.95 else data), encoding="utf-8")


def forge_safetensors(path: Path, rng: random.Random) -> None:
    """Change the metadata or the tensors of a policy."""

    def metadata(told: dict[str, Any]) -> None:
        new = changed(told, rng)
        told.clear()
        told.update(new)

    if rng.random() < 0.7:
        forge_policy(path, metadata)
    else:
        forge_policy(path, tensors=lambda held: changed_arrays(held, rng))


def forge_checkpoint(path: Path, rng: random.Random) -> None:
    """Change the values or the arrays of a checkpoint."""
    arrays, values = from_bytes(path.read_bytes(), "checkpoint")
    if rng.random() < 0.5:
        values = changed(values, rng)
    else:
        changed_arrays(arrays, rng)
    path.write_bytes(to_bytes(arrays, values))


def use_policy(path: Path) -> None:
    policy = load_policy(path)
    layout = policy.layout(policy.metadata["communities"])
    assert policy.name == f"learned_seed{policy.seed}"
    policy.allocator().start(setting_of(SMALL, np.zeros(2, np.uint64)), np.zeros(2, np.uint64))
    policy.act(np.zeros((2, layout.size), np.float32))
    to_stable_baselines3(policy)
    steps_taken(policy.metadata)
    _ = policy.world, policy.observe
    save_policy(policy, path)
    again = load_policy(path)
    assert again.metadata == policy.metadata and again.acts_by == policy.acts_by


def use_tree(path: Path) -> None:
    tree = load_tree(path)
    assert tree.name.startswith("tree")
    setting = setting_of(tree.scenario, np.zeros(2, np.uint64))
    allocator = tree.allocator()
    allocator.start(setting, np.zeros(2, np.uint64))
    allocator.act(np.zeros((2, setting.layout.size), np.float32))
    said = json.loads(json.dumps(tree_content(tree.tree, tree.scenario)))
    for field in ("communities", "cut", "locals", "nodes", "scenario_digest"):
        assert said[field] == tree.data[field], field


def use_result(path: Path) -> None:
    found = load_result(path)
    assert found.name == found.policy_class.label
    setting = setting_of(found.scenario, np.zeros(2, np.uint64))
    allocator = found.allocator()
    allocator.start(setting, np.zeros(2, np.uint64))
    allocator.act(np.zeros((2, setting.layout.size), np.float32))


def use_front(path: Path) -> None:
    front = load_front(path)
    setting = setting_of(front.scenario, np.zeros(2, np.uint64))
    allocator = front.allocator()
    allocator.start(setting, np.zeros(2, np.uint64))
    allocator.act(np.zeros((2, setting.layout.size), np.float32))


def use_play(path: Path) -> None:
    play = load_play(path)
    assert [decision.model_dump() for decision in play.record.decisions] == play.data["decisions"]
    if play.record.score is not None:
        setting = setting_of(play.scenario, np.zeros(2, np.uint64))
        allocator = play.allocator()
        allocator.start(setting, np.zeros(2, np.uint64))
        allocator.act(np.zeros((2, setting.layout.size), np.float32))


def use_state(path: Path) -> None:
    state = take_up(path.parent)
    state.save(path.parent)
    assert take_up(path.parent) == state


def use_comparison(path: Path) -> None:
    console_table(read_comparison(path.parent))


def use_curves(path: Path) -> None:
    cost_table(read_curves(path.parent))


def use_card(path: Path) -> None:
    cards = read_cards(path.parent, load_references())
    leaderboard(cards, "today", "juguo benchmark")
    assert cards[0].model_dump(by_alias=True) == load_json(path.read_text(encoding="utf-8"), "card")
    for lang in ("en", "zh"):
        with speaking(lang):
            card_text(cards[0])


def use_references(path: Path) -> None:
    found = load_references(path)
    for world in found.worlds.values():
        world.normalised(np.zeros(2))
    assert digest(found) and not found.stale


def use_trials(path: Path) -> None:
    study = tuning_study()
    again = study.taken_up(path)
    again.save(path)
    assert study.taken_up(path) == again


def use_settings(path: Path) -> None:
    value_settings().claim(path.parent, "value")


def use_value(path: Path) -> None:
    finished_value(path.parent, SMALL)


def use_patterns(path: Path) -> None:
    asked = PatternsSettings.parse({"scenario": SMALL, "episodes": 4, "only": (1,)})
    asked.claim(path.parent, "patterns")
    told = {"first_seed": 0, "episodes": 4, "scenario": {"name": "x"}}
    lines({"settings": told, "seeds": "making", "patterns": list(asked.written.values())})


LEARNER = experiment(steps=240)


def use_checkpoint(path: Path) -> None:
    folder = CheckpointFolder(path.parent)
    found = folder.take_up()
    if found is None:
        return  # torn, and named by `latest`
    learner, kind = make_learner(SMALL, LEARNER, 0), kind_of("ppo")
    with folder.blamed(found):
        restore(learner, kind, found)
    learner.learn(24, reset_num_timesteps=False)


POLICY, CHECKPOINT = "runs/a/policy-seed0.safetensors", "runs/cut/checkpoints/seed0/000000000000072.ckpt"
SUBJECTS = {
    "policy": Subject(POLICY, use_policy, forge_safetensors, ("config.yaml", "scenario.yaml")),
    "tree": Subject("explained/a/tree4.json", use_tree, forge_json, ("settings.json",)),
    "searched": Subject("searches/a/searched.json", use_result, forge_json, ("search_state.json",)),
    "front": Subject("fronts/a/front-seed64.json", use_front, forge_json, ("settings.json",)),
    "play": Subject("plays/play-default-seed5-1.json", use_play, forge_json),
    "search state": Subject("searches/a/search_state.json", use_state, forge_json),
    "checkpoint": Subject(CHECKPOINT, use_checkpoint, forge_checkpoint),
    "comparison": Subject("runs/a/comparison.json", use_comparison, forge_json, ("config.yaml",)),
    "scorecard": Subject(str(ROOT / "results" / "flat.json"), use_card, forge_json),
    "references": Subject(str(REFERENCES), use_references, forge_json),
    "trials": Subject("tuned/a/td3.study.json", use_trials, forge_json),
    "curves": Subject("runs/a/learning_curve.json", use_curves, forge_json, ("config.yaml",)),
    "settings": Subject("values/a/settings.json", use_settings, forge_json),
    "value": Subject("values/a/value.json", use_value, forge_json, ("settings.json",)),
    "patterns": Subject("patterns/a/patterns.json", use_patterns, forge_json, ("settings.json",)),
}  # fmt: skip


def run_mutations(made: Path, folder: Path, name: str, count: int) -> int:
    """Read so many mutations of a kind of file; returns how many were taken."""
    subject, rng, taken = SUBJECTS[name], random.Random(name), 0
    source = made / subject.file
    path, original = folder / source.name, source.read_bytes()
    beside = {folder / file: (source.parent / file).read_bytes() for file in subject.beside}
    for number in range(count):
        for file, content in {**beside, path: original}.items():
            file.write_bytes(content)
        if rng.random() < 0.5:
            path.write_bytes(mutated(original, rng))
        else:
            subject.forge(path, rng)
        content = path.read_bytes()
        try:
            subject.use(path)
            taken += 1
        except UserError as error:
            assert str(error).isprintable() and len(str(error)) < 3000, str(error)
        except BaseException as error:
            raise AssertionError(f"{name}, mutation {number}: {error!r}; {content[:300]!r}") from error
        for left in folder.iterdir():
            if left != path and left not in beside:
                left.unlink()
    return taken


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_mutated_file_is_read_or_refused(made: Path, tmp_path: Path, name: str) -> None:
    run_mutations(made, tmp_path, name, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("name", SUBJECTS)
def test_ten_thousand_mutated_files_are_read_or_refused(made: Path, tmp_path: Path, name: str) -> None:
    taken = run_mutations(made, tmp_path, name, MANY)
    print(f"{name}: {taken} of {MANY} were taken")
