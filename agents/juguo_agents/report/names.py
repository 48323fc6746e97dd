"""What allocators are called in words and figures, and the idea behind each."""

from __future__ import annotations

import re
from typing import Any

from juguo_agents.allocators.institutions import split_name
from juguo_agents.allocators.registry import RULES

PROPOSAL = "experiment_diffusion"
_LONGEST = 34  # characters of a label that figures have room for
_SEED = re.compile(r"learned(?:_(?P<run>.+))?_seed(?P<seed>\d+)")
_TREE = re.compile(r"tree(?P<leaves>\d+)_of_(?P<source>.+)")
_ROUTE = {
    "expert": "what the learned allocators imitated before they learned",
    "imitation": "the imitation of the expert at which learning began",
}
_IDEAS = {rule.base_name: rule.idea for rule in RULES}


def base_name(name: str) -> str:
    """The name of the rule of which `name` is a variant, or the name itself."""
    return split_name(name)[0]


def label(name: str) -> str:
    """An allocator's name as words."""
    found = _SEED.fullmatch(name)
    if found:
        run = f"learned {found['run']}" if found["run"] else "learned"
        return f"{shorten(run, _LONGEST - 9)}, seed {found['seed']}"
    words = base_name(name).replace("_", " ")
    asked = institutions_in_words(name)
    return f"{shorten(words, _LONGEST - len(asked) - 2)}, {asked}" if asked else shorten(words, _LONGEST)


def institutions_in_words(name: str) -> str:
    """Which institutions a rule's name asks for, in words; nothing where it leaves them to the rule."""
    asked = split_name(name)[1]
    parts = [("exit", asked.exit), ("relief", asked.relief)]
    given = [institution for institution, wanted in parts if wanted]
    lacking = [institution for institution, wanted in parts if wanted is False]
    words = [f"with {' and '.join(given)}"] if given else []
    return ", ".join([*words, *(f"no {institution}" for institution in lacking)])


def shorten(text: str, longest: int) -> str:
    """`text` with its middle left out where it is longer than that."""
    if len(text) <= longest:
        return text
    head = (longest - 2) // 2
    return f"{text[:head]}..{text[len(text) - (longest - 2 - head) :]}"


def idea(name: str) -> str:
    """The idea behind an allocator in a few words, or nothing where it is not known."""
    if name.startswith("searched_"):
        return "the best of its family that a search found"
    if tree := _TREE.fullmatch(name):
        return f"a tree of at most {tree['leaves']} leaves distilled from {tree['source']}"
    rule, tuned, _ = name.partition(":tuned")
    if tuned:
        return f"{idea(rule)}; its numbers tuned by a search"
    if name in _ROUTE or name.startswith("imitation_"):
        return _ROUTE[name.partition("_")[0]]
    words = "learned by reinforcement" if name.startswith("learned") else _IDEAS.get(base_name(name), "")
    asked = institutions_in_words(name)
    return f"{words}; here {asked}" if asked else words


def name_of(summary: dict[str, Any], name: str) -> str:
    """What the text calls an allocator: by its doctrine alone where all doctrines are alike."""
    return next((str(row["doctrine"]) for row in summary["like_for_like"] if row["name"] == name), name)


def label_of(summary: dict[str, Any], name: str) -> str:
    """What figures call an allocator: as the text does, and the paper's own versions by that."""
    for row in summary["like_for_like"]:
        if row["name"] == name:
            return label(row["doctrine"])
        if row["own"] and row["own"]["name"] == name:
            return f"{label(row['doctrine'])}, own version"
    return label(name)
