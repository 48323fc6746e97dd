"""Which allocators the words and figures single out, and what they are called there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.institutions import split_name
from juguo_agents.allocators.registry import RULES
from juguo_agents.results import Comparison, Record

PROPOSAL = "experiment_diffusion"
_LONGEST = 34  # characters of a label that figures have room for
_SEED = re.compile(r"learned(?:_(?P<run>.+))?_seed(?P<seed>\d+)")
_TREE = re.compile(r"tree(?P<leaves>\d+)_of_(?P<source>.+)")
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
    words = "learned by reinforcement" if name.startswith("learned") else _IDEAS.get(base_name(name), "")
    asked = institutions_in_words(name)
    return f"{words}; here {asked}" if asked else words


@dataclass(frozen=True)
class Series:
    """One allocator, or the learned ones taken together."""

    label: str
    records: tuple[Record, ...]
    kind: str
    """"learned", or the allocator's own name."""
    best_rule: bool = False

    def pooled(self, field: str) -> npt.NDArray[Any]:
        """A field of the records, their episodes one after another."""
        return np.concatenate([getattr(r, field) for r in self.records])


def best_rule(comparison: Comparison) -> Record:
    """The allocator with the highest mean return among those that were not learned."""
    return next(r for r in comparison.ranked() if not r.learned)


def learned_series(comparison: Comparison) -> Series | None:
    """The learned allocators taken together, or None where there is none."""
    records = tuple(r for r in comparison.records if r.learned)
    if not records:
        return None
    text = label(records[0].name) if len(records) == 1 else f"learned (mean of {len(records)})"
    return Series(text, records, "learned")


def is_side_variant(record: Record, comparison: Comparison) -> bool:
    """Whether this is a rule with or without exit beside which the rule itself was compared, too."""
    name = base_name(record.name)
    return name != record.name and any(r.name == name for r in comparison.records)


def highlighted(comparison: Comparison, names: tuple[str, ...]) -> list[Series]:
    """The learned ones together, the best rule, and of `names` those that were compared; each once."""
    chosen = []
    learned = learned_series(comparison)
    if learned:
        chosen.append(learned)
    best = best_rule(comparison).name
    compared = {r.name: r for r in comparison.records}
    for name in dict.fromkeys((best, *names)):
        if name in compared:
            chosen.append(_series(compared[name], best))
    return chosen


def without_variants(comparison: Comparison) -> list[Series]:
    """The rules without their exit variants, unless one is the best rule, and the learned ones together.

    Best mean return first.
    """
    best = best_rule(comparison).name
    chosen = [
        _series(r, best)
        for r in comparison.records
        if not r.learned and (r.name == best or not is_side_variant(r, comparison))
    ]
    learned = learned_series(comparison)
    if learned:
        chosen.append(learned)
    return sorted(chosen, key=lambda s: -float(s.pooled("returns").mean()))


def _series(record: Record, best: str) -> Series:
    is_best = record.name == best
    return Series(label(record.name) + (" (best rule)" if is_best else ""), (record,), record.name, is_best)
