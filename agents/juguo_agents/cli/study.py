"""`juguo study NAME`: one command for each study, made of its settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field

from juguo_agents.cli.options import LANG, read, said, with_options
from juguo_agents.cli.running import going_on, show, show_json
from juguo_agents.evaluation.rollout import CHUNK, check_comparison
from juguo_agents.folders import check_destination, next_free
from juguo_agents.processes import cores
from juguo_agents.progress import told_in
from juguo_agents.report.texts import Lang, progress_words, say
from juguo_agents.studies import STUDIES
from juguo_agents.studies.executors import Executor, LocalExecutor, RayExecutor
from juguo_agents.studies.settings import worlds_of
from juguo_agents.studies.study import conduct
from juguo_envs.engine.memory import check_societies, episodes_together
from juguo_envs.errors import UserError
from juguo_envs.validation import Strict


class Running(Strict):
    """How a study runs; what it finds does not depend on it."""

    model_config = ConfigDict(title="Running")

    out: Path | None = Field(None, description="folder, gone on with where it exists; default: a new one")
    workers: int | None = Field(None, ge=1, description="processes; default: one for each core")
    executor: Literal["local", "ray"] = Field(
        "local", description="where points run: this machine, or a Ray cluster"
    )
    address: str | None = Field(
        None, description="of the Ray cluster; default: the one that is found, or a new one"
    )
    retry: bool = Field(False, description="run points that failed before again")
    smoke: bool = Field(False, description="tiny numbers: only to see that it runs")
    lang: Lang = LANG
    as_json: bool = Field(False, alias="json", description="print the numbers as JSON, nothing else")


def study_command(name: str) -> Callable[..., int]:
    """The command of a study."""
    kind = STUDIES[name].load()

    def run(*arguments: Any, **options: Any) -> int:
        given = said(run, arguments, options)
        running = read(Running, given)
        if running.out:
            check_destination(running.out)
        smoke = kind.settings_type.smoke if running.smoke else {}
        settings = read(kind.settings_type, {**smoke, **given})
        for field, where in settings.idle().items():
            if field in given:
                raise UserError(f"--{field.replace('_', '-')} changes nothing {where}; leave it out")
        settings.check()
        study = kind(settings)
        folder = running.out or next_free(Path(kind.home), study.default_name())
        executor = _executor(running)
        processes = (running.workers or cores()) if running.executor == "local" else 1
        for world in worlds_of(settings):
            check_societies(world, episodes_together(world, CHUNK), processes)
            check_comparison(world, getattr(settings, "episodes", None) or 1, 1)
        with going_on(folder), told_in(progress_words(running.lang)):
            page = conduct(study, folder, executor, retry=running.retry, lang=running.lang)
        if running.as_json:
            show_json(page.data, indent=1)
        else:
            show(f"{page.console}\n\n{say('studies.written', running.lang, folder=folder)}")
        return 0

    return with_options(run, [kind.settings_type, Running])


def _executor(running: Running) -> Executor:
    if running.executor == "local":
        if running.address is not None:
            raise UserError(f"--address is {running.address!r}; it is for --executor ray")
        return LocalExecutor(running.workers or cores())
    return RayExecutor(running.address, running.workers)


def __getattr__(name: str) -> Callable[..., int]:
    """The command of the study of that name, made when it is asked for."""
    if name not in STUDIES:
        raise AttributeError(name)
    return study_command(name)
