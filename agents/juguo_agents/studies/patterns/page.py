"""How patterns are told: a table with every figure, and the words of what was measured."""

from __future__ import annotations

from typing import Any

from juguo_agents.report.texts import again, say, translated
from juguo_agents.studies.patterns.runs import NO, UNDECIDED, YES
from juguo_agents.tables import ranged, terminal_table
from juguo_envs.names import code


def lines(data: dict[str, Any]) -> list[str]:
    """A table with every figure of every pattern, as lines of Markdown that a terminal shows well, too."""
    settings, patterns = data["settings"], data["patterns"]
    rows = [row for pattern in patterns for row in _pattern(pattern)]
    held = [str(p["number"]) for p in patterns if p["holds"]]
    heads = [say(f"patterns.col.{name}") for name in ("number", "pattern", "measured", "band", "holds")]
    asked = {"episodes": f"{settings['episodes']:,}", "first": f"{settings['first_seed']:,}"}
    numbers = say("comma").join(held) or say("patterns.none")
    return [
        f"## {say('patterns.title', world=code(settings['scenario']['name']))}",
        "",
        say("patterns.setup", use=say(f"patterns.use.{data['seeds']}"), **asked),
        say("patterns.undecided"),
        "",
        *terminal_table(heads, rows).splitlines(),
        "",
        say("patterns.hold", held=len(held), count=len(patterns), numbers=numbers),
    ]


def _pattern(pattern: dict[str, Any]) -> list[tuple[str, ...]]:
    """Its name and verdict, its figures, its source."""
    name, source = (say(f"patterns.fact.{pattern['number']}.{part}") for part in ("name", "source"))
    verdict = verdict_words(pattern["verdict"])
    if pattern["verdict"] == UNDECIDED:
        answer = verdict_words(YES if pattern["holds"] else NO)
        verdict = say("patterns.undecided.answer", verdict=verdict, answer=answer)
    if not pattern["expected"]:
        verdict = say("patterns.unexpected", verdict=verdict)
    return [
        (str(pattern["number"]), name, "", "", verdict),
        *(
            ("", f"- {part_words(part['name'])}", _measured(part), _band(part), _verdict(part))
            for part in pattern["parts"]
        ),
        ("", f"  {say('patterns.source', source=source)}", "", "", ""),
    ]


def _verdict(part: dict[str, Any]) -> str:
    return verdict_words(part["verdict"]) if part["verdict"] else ""


def verdict_words(verdict: str) -> str:
    """Yes, no or undecided."""
    return say("patterns.undecided.verdict" if verdict == UNDECIDED else f"patterns.{verdict}")


def part_words(name: str) -> str:
    """What was measured, from its name in English."""
    kind = name.removeprefix(say("patterns.part.kind", "en", name=""))
    if kind != name:
        return say("patterns.part.kind", name=translated(kind))
    return again(name, "patterns.part.")


def _band(part: dict[str, Any]) -> str:
    return again(part["band"], "patterns.band.") if part["band"] else ""


def _measured(part: dict[str, Any]) -> str:
    return say("patterns.unknown") if part["measured"] is None else ranged(part, "measured", ".3g")
