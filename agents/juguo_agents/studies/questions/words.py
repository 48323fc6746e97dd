"""What options, worlds and cases are called, in the language that is spoken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from juguo_agents.report.formatting import interval
from juguo_agents.report.names import label
from juguo_agents.report.texts import joined, say, texts
from juguo_agents.studies.questions.questions import QUESTIONS
from juguo_envs.names import code


def option(question: str, name: str) -> str:
    """An option by its name: its words with their value, or the doctrine's name."""
    words, _, value = name.partition(" ")
    key = f"questions.{question}.{words}"
    return say(key, value=value) if key in texts() else label(name)


def options(question: str) -> dict[str, str]:
    """The words of every option, by its name."""
    return {one.name: option(question, one.name) for one in QUESTIONS[question].options}


def world(case: Mapping[str, Any]) -> str:
    """A world by its name, with what is changed in it."""
    changes = [f"{code(field)} {value:g}" for field, value in case["changes"].items()]
    name = code(case["world"])
    return say("questions.changed", name=name, changes=joined(changes)) if changes else name


def place(case: Mapping[str, Any], main: Mapping[str, Any] | None = None) -> str:
    """A case as a place in a sentence; its doctrine only where it is not that of the main case."""
    doctrine = case["doctrine"]
    if not doctrine or (main and doctrine == main["doctrine"]):
        return world(case)
    return say("questions.with", world=world(case), doctrine=code(doctrine))


def places(cases: Sequence[Mapping[str, Any]], main: Mapping[str, Any]) -> str:
    """Cases in a sentence, each with the difference there."""
    found = [
        say("questions.found", place=place(case, main), difference=difference(case["difference"], True))
        for case in cases
    ]
    return say("semicolon").join(found)


def difference(values: Mapping[str, float], signed: bool = False) -> str:
    """A difference with its interval; without a sign, how large it is."""
    turned = -1.0 if values["mean"] < 0.0 and not signed else 1.0
    ends = sorted((turned * values["low"], turned * values["high"]))
    found = {"mean": turned * values["mean"], "low": ends[0], "high": ends[1]}
    return interval(found, "mean", signed)
