"""What rules declare of themselves as tables in markdown: doctrines, numbers, institutions and ideas.

The tables of the model page and of the READMEs are made of these by `tools/tables.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from juguo_agents.allocators.declared import RuleNumber, RuleShares, numbers_of, shares_of
from juguo_agents.allocators.institutions import EXIT_NUMBERS, RELIEF_NUMBERS
from juguo_agents.allocators.registry import RULES
from juguo_agents.allocators.rule import Rule
from juguo_agents.array_types import Floats
from juguo_agents.tables import markdown_table
from juguo_envs.model.state import FUNCTIONS, STAGES

DOCTRINES_HEAD = ("rule", "functions", "places", "openness", "asks to advance", "gives up", "relief")
NUMBERS_HEAD = ("rule", "number", "value", "range", "meaning")
IDEAS_HEAD = ("name", "the paper's idea behind it")
_LEARNED = 'the paper\'s "intelligent social experiment": trained by reinforcement learning'
_FREE = {"funded": "what is funded", "within actors": "each actor's part", "nothing": "not free"}


def doctrines() -> str:
    """Every rule as the paper has it: how it divides money, when it asks to advance and gives up."""
    return _table(DOCTRINES_HEAD, map(_doctrine, RULES))


def doctrine_numbers() -> str:
    """Every rule's own numbers and shares; those of the common institutions have a table of their own."""
    return _table(NUMBERS_HEAD, (row for rule in RULES for row in _numbers(rule)))


def institutions() -> str:
    """The numbers of the common exit and of relief, as every rule has them that declares no others."""
    declared = numbers_of(Rule)
    return _table(NUMBERS_HEAD[1:], (_number(declared[n]) for n in (*EXIT_NUMBERS, *RELIEF_NUMBERS)))


def ideas() -> str:
    """Every rule's idea, and that of what is learned."""
    rows = [*((f"`{rule.base_name}`", rule.idea) for rule in RULES), ("`learned...`", _LEARNED)]
    return _table(IDEAS_HEAD, rows)


def filled(rule: type[Rule], template: str) -> str:
    """A rule's template with the values of the numbers that it names.

    Raises:
        ValueError: If it names a number that the rule does not declare.
    """
    values = {name: _value(number.value) for name, number in numbers_of(rule).items()}
    try:
        return template.format_map(values)
    except KeyError as error:
        raise ValueError(
            f"rule {rule.base_name!r} names the number {error.args[0]!r} in {template!r}; "
            f"it declares {', '.join(values)}"
        ) from None


def _doctrine(rule: type[Rule]) -> tuple[str, ...]:
    shares = shares_of(rule)
    uses = [_shares(shares)] if shares is not None else []
    if rule.also:
        uses.append(filled(rule, rule.also))
    opened = [_value(x) for x in rule().openness_by_stage()]
    return (
        f"`{rule.base_name}`",
        ". ".join(text[:1].upper() + text[1:] for text in uses),
        filled(rule, rule.where),
        opened[0] if len(set(opened)) == 1 else f"{', '.join(opened)} by stage",
        filled(rule, rule.advances),
        _gives_up(rule),
        "yes" if rule.own_relief else "no",
    )


def _gives_up(rule: type[Rule]) -> str:
    if rule.own_exit is None:
        return "never"
    return "the common exit" if rule.own_exit == EXIT_NUMBERS else filled(rule, rule.gives_up)


def _numbers(rule: type[Rule]) -> Iterator[tuple[str, ...]]:
    name, shares, common = f"`{rule.base_name}`", shares_of(rule), numbers_of(Rule)
    if shares is not None:
        yield (name, "`shares`", "as above", _FREE[shares.free], "weights of the functions, relative")
    for key, number in numbers_of(rule).items():
        if common.get(key) is not number:
            yield (name, *_number(number))


def _number(number: RuleNumber) -> tuple[str, ...]:
    kind = " log" if number.log else " whole" if number.whole else ""
    between = f"[{_value(number.low)}, {_value(number.high)}]{kind}"
    return (f"`{number.name}`", _value(number.value), between, number.meaning)


def _shares(shares: RuleShares) -> str:
    if shares.values.ndim == 1:
        return _division(shares.values)
    by_stage = zip(STAGES, shares.values, strict=True)
    return ". ".join(f"{stage.capitalize()}: {_division(row)}" for stage, row in by_stage)


def _division(weights: Floats) -> str:
    """The funded functions, the largest first, those of one weight together."""
    groups = []
    for weight in sorted({float(w) for w in weights if w > 0.0}, reverse=True):
        alike = [FUNCTIONS[i] for i in np.flatnonzero(weights == weight)]
        groups.append((alike, weight))
    if len(groups) == 1:
        alike = groups[0][0]
        return "all nine alike" if len(alike) == len(FUNCTIONS) else f"{', '.join(alike)} alike"
    return "; ".join(
        f"{', '.join(alike)} {_value(weight)}{' each' * (len(alike) > 1)}" for alike, weight in groups
    )


def _value(value: float) -> str:
    return f"{value:g}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return markdown_table(head, [[cell.replace("|", "\\|") for cell in cells] for cells in rows])
