"""What the page's words mean, and the paper's terms in both languages with the code's names."""

from __future__ import annotations

from juguo_agents.allocators.registry import RULES
from juguo_agents.report.captions import WORDS
from juguo_agents.report.summary import Summary
from juguo_agents.report.texts import say
from juguo_envs.model.state import ACTORS, FUNCTIONS, INDICATORS, STAGES

Term = tuple[str, str, str]
"""The code's name, or nothing, and the term in English and in Chinese."""
_PAPER = {
    "title": "", "national_system": "", "social_experiment": "", "diffusion": "", "participation": "",
    "mode": "experiment_diffusion", "allocator": "Allocator", "community": "Community",
}  # fmt: skip


def glossary(summary: Summary) -> list[tuple[str, str]]:
    """What the words of the page mean, with the numbers of the world."""
    world = summary["world"]
    values = {name: f"{value:g}" for name, value in world["weights"].items()}
    if world["weights_drawn"]:
        values = {name: say("words.drawn", name=name) for name in values}
    values |= {"aversion": f"{world['aversion']:g}", "confidence": f"{summary['confidence']:.0%}"}
    return [(say(f"word.{word}"), say(f"means.{word}", **values)) for word in WORDS]


def terms() -> dict[str, list[Term]]:
    """The terms by kind: stages, actors, functions, indicators, institutions, systems and others."""
    found = {"paper": [(code, *_both(f"term.{name}")) for name, code in _PAPER.items()]}
    found["stages"] = [(name, *_both(f"stage.{name}")) for name in STAGES]
    found["actors"] = [(name, *_both(f"actor.{name}")) for name in ACTORS]
    found["functions"] = [(name, *_both(f"use.{name}")) for name in (*FUNCTIONS, "reserve")]
    found["indicators"] = [("", *_both(f"indicator.{name}")) for name in INDICATORS]
    found["institutions"] = [(f"+{name}", *_both(f"name.{name}")) for name in ("exit", "relief")]
    found["systems"] = [
        (rule.base_name, say(f"idea.{rule.base_name}", "en"), _system(rule.base_name)) for rule in RULES
    ]
    found["systems"].append(("learned", *_both("idea.intelligent")))
    return found


def _both(key: str) -> tuple[str, str]:
    return say(key, "en"), say(key, "zh")


def _system(name: str) -> str:
    return f"{say(f'rule.{name}', 'zh')}——{say(f'idea.{name}', 'zh')}"
