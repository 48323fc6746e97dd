"""What allocators are called in words and figures, and the idea behind each."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from juguo_agents.allocators.institutions import TUNED, split_name
from juguo_agents.report.texts import joined, language, say, texts
from juguo_envs.worlds.scenario import Scenario

PROPOSAL = "experiment_diffusion"
_LONGEST = 34  # characters of a label that figures have room for
_SEED = re.compile(r"learned(?:_(?P<run>.+))?_seed(?P<seed>\d+)")
_ZOO = re.compile(r"learned_zoo_(?P<policy>.+)")
_TREE = re.compile(r"tree(?P<leaves>\d+)_of_(?P<source>.+)")
_GENERATED = re.compile(r"(?P<kind>hub|place) (?P<number>\d+)")


def base_name(name: str) -> str:
    """The name of the rule of which `name` is a variant, or the name itself."""
    return split_name(name)[0]


def label(name: str) -> str:
    """An allocator's name as words."""
    rule, tuned, _ = name.partition(TUNED)
    if tuned:
        return say("name.tuned", name=label(rule))
    found = _SEED.fullmatch(name)
    if found:
        run = say("name.learned_run", run=found["run"]) if found["run"] else say("name.learned")
        return say("name.seed", run=shorten(run, _LONGEST - 9), seed=found["seed"])
    if zoo := _ZOO.fullmatch(name):
        return shorten(say("name.zoo", policy=zoo["policy"].replace("_", " ")), _LONGEST)
    words, asked = _words(base_name(name)), institutions_in_words(name)
    if not asked:
        return shorten(words, _LONGEST)
    return say("name.with", name=shorten(words, _LONGEST - len(asked) - 2), institutions=asked)


def _words(name: str) -> str:
    return texts(language()).get(f"rule.{name}", name.replace("_", " "))


def named(name: str, quoted: Callable[[str], str] = str) -> str:
    """A name in a sentence or table: as the code has it, and in words where these are others."""
    rule = base_name(name)
    if _words(rule) == rule.replace("_", " "):
        return quoted(name)
    return say("name.meant", name=quoted(name), words=label(name))


def run_of(name: str) -> str:
    """The run of which a learned allocator's name tells; nothing where it tells none."""
    found = _SEED.fullmatch(name)
    return (found["run"] or "") if found else ""


def institutions_in_words(name: str) -> str:
    """Which institutions a rule's name asks for, in words; nothing where it leaves them to the rule."""
    asked = split_name(name)[1]
    parts = [(say("name.exit"), asked.exit), (say("name.relief"), asked.relief)]
    given = [institution for institution, wanted in parts if wanted]
    lacking = [institution for institution, wanted in parts if wanted is False]
    words = [say("name.given", institutions=joined(given))] if given else []
    return say("comma").join([*words, *(say("name.lacking", institution=one) for one in lacking)])


def place_name(name: str, label_en: str | None = None) -> str:
    """What texts call a place: in English by its label, where it has one."""
    if language() == "en":
        return label_en or name
    if found := _GENERATED.fullmatch(name):
        return say(f"name.{found['kind']}", number=found["number"])
    return texts(language()).get(f"place.{name}", name)


def about(scenario: Scenario) -> str:
    """What a scenario says of itself; of a shipped one in the language that is spoken."""
    key = f"world.{scenario.name}"
    return say(key) if texts().get(key) == scenario.description else scenario.description


def axis_symbol(name: str) -> str:
    """An axis of a family in a few letters: its field's own name; of a factor, which has none, a word."""
    return texts(language()).get(f"symbol.{name}", name.rpartition(".")[2])


def place_names(scenario: Scenario) -> list[str]:
    """What texts call the places of a scenario."""
    return [place_name(place.name, place.label_en) for place in scenario.society.listed()]


def shorten(text: str, longest: int) -> str:
    """`text` with its middle left out where it is longer than that."""
    if len(text) <= longest:
        return text
    head = (longest - 2) // 2
    return f"{text[:head]}..{text[len(text) - (longest - 2 - head) :]}"


def idea(name: str) -> str:
    """The idea behind an allocator in a few words, or nothing where it is not known."""
    if name.startswith("searched_"):
        return say("idea.searched")
    if tree := _TREE.fullmatch(name):
        return say("idea.tree", leaves=tree["leaves"], source=tree["source"])
    rule, tuned, _ = name.partition(TUNED)
    if tuned:
        return say("idea.tuned", idea=idea(rule))
    if name == "expert" or name.startswith("imitation_"):
        return say(f"idea.{name.partition('_')[0]}")
    known = say("idea.learned") if name.startswith("learned") else ""
    words = known or texts(language()).get(f"idea.{base_name(name)}", "")
    asked = institutions_in_words(name)
    return say("idea.here", idea=words, institutions=asked) if asked else words


def name_of(summary: dict[str, Any], name: str) -> str:
    """What the text calls an allocator: by its doctrine alone where all doctrines are alike."""
    return next((str(row["doctrine"]) for row in summary["like_for_like"] if row["name"] == name), name)


def label_of(summary: dict[str, Any], name: str) -> str:
    """What figures call an allocator: as the text does, and the paper's own versions by that."""
    for row in summary["like_for_like"]:
        if row["name"] == name:
            return label(row["doctrine"])
        if row["own"] and row["own"]["name"] == name:
            return say("name.own", name=label(row["doctrine"]))
    return label(name)
