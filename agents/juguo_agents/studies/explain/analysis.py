"""An explanation in words and tables: for the terminal, and as a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from juguo_agents.artifacts.tree_file import USES, StoredTree
from juguo_agents.report.figures import importance, tree, uses
from juguo_agents.report.figures.style import styled_png
from juguo_agents.report.formatting import made_with, number
from juguo_agents.report.names import place_name
from juguo_agents.report.texts import say, sentences, translated
from juguo_agents.report.tree_rules import LEAST_LEAN, LEAST_SHARE, tree_lines
from juguo_agents.tables import columns, markdown_table, padded, ranged, terminal_table
from juguo_envs.model.state import STAGES
from juguo_envs.names import code, markdown

_NAMED = 5
_FIDELITY = (
    "money", "communities", "openness", "advance", "advance_found", "abandon", "abandon_found",
)  # fmt: skip


def summary_lines(data: dict[str, Any]) -> list[str]:
    """What was explained, the trees' returns and fidelity, spending and importance, for a terminal."""
    return [
        *_opening(data),
        "",
        *_returns(data),
        "",
        *_fidelity(data),
        "",
        *_spending_words(data),
        "",
        *_importance(data),
    ]


def _opening(data: dict[str, Any]) -> list[str]:
    source, settings = data["source"], data["settings"]
    first, last = settings["first_seed"], settings["first_seed"] + settings["episodes"] - 1
    others = source["other_seeds"]
    chosen = say("explain.chosen", count=len(others) + 1) if others else ""
    return [
        f"## {say('explain.title', name=code(source['name']), world=code(data['scenario']))}",
        "",
        say(
            "explain.opening",
            name=code(source["name"]),
            chosen=chosen,
            episodes=f"{settings['episodes']:,}",
            first=f"{first:,}",
            last=f"{last:,}",
        ),
    ]


def _returns(data: dict[str, Any]) -> list[str]:
    by_name = {s["name"]: s for s in data["spending"]}
    kept = {t["name"]: t["kept"] for t in data["trees"]}
    rows = []
    for name in dict.fromkeys((data["source"]["name"], *kept, "flat")):
        share, none = kept.get(name), say("explain.no_gain") if name in kept else ""
        text = ranged(share, "share", ".1%") if share else none
        rows.append((name, ranged(by_name[name], "return"), text))
    head = [say(f"explain.{column}") for column in ("allocator", "return", "keeps")]
    return terminal_table(head, rows).splitlines()


def _fidelity(data: dict[str, Any]) -> list[str]:
    trees = data["trees"]
    rows = [
        (
            say(f"explain.same.{name}"),
            *(" / ".join(_percent(t["fidelity"][led][name]) for led in ("tree", "learner")) for t in trees),
        )
        for name in _FIDELITY
    ]
    return [
        say("explain.fidelity.head"),
        "",
        *terminal_table(("", *(_leaves(t["leaves"]) for t in trees)), rows, "lr").splitlines(),
    ]


def _leaves(count: int) -> str:
    return say("explain.leaves", count=count)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f}"


def _spending_words(data: dict[str, Any]) -> list[str]:
    own = data["spending"][0]
    rules = data["spending"][1 + len(data["trees"]) :]
    lines = [say("explain.spending"), ""]
    for stage, name in enumerate(STAGES):
        shares = own["functions"][stage]
        if own["quarters"][stage] <= 0.0 or sum(shares) <= 0.0:
            lines.append(f"- {say('explain.nothing', stage=say(f'stage.{name}'))}")
            continue
        top = sorted(range(len(USES)), key=lambda i: -shares[i])[:_NAMED]
        most = [f"{say(f'use.{USES[i]}')} {shares[i]:.0%}" for i in top if shares[i] >= LEAST_SHARE]
        told = say(
            "explain.spends",
            stage=say(f"stage.{name}"),
            quarters=f"{own['quarters'][stage]:.1f}",
            money=say("comma").join(most),
            places=_places(data, stage),
        )
        lines.append(f"- {told}")
    nearest = sorted(rules, key=lambda s: -s["same_uses"])[:3]
    close = say("comma").join(f"{code(s['name'])} {s['same_uses']:.0%}" for s in nearest)
    return [*lines, f"- {say('explain.nearest', rules=close)}"]


def _places(data: dict[str, Any], stage: int) -> str:
    relative = data["spending"][0]["communities"][stage]
    if max(relative) <= 0.0:
        return say("explain.no_place")
    names = [place_name(c["name"]) for c in data["communities"]]
    most, least = (pick(range(len(names)), key=lambda c: relative[c]) for pick in (max, min))
    return say(
        "explain.places",
        most=markdown(names[most]),
        much=f"{100 * relative[most]:.0f} %",
        least=markdown(names[least]),
        little=f"{100 * relative[least]:.0f} %",
    )


def _importance(data: dict[str, Any]) -> list[str]:
    found = data["importance"]
    words = [translated(g["group"]) for g in found]
    width = max(map(columns, words))
    lines = [say("explain.importance"), ""]
    for g, group in zip(found, words, strict=True):
        told = "" if g["low"] > 0.0 or g["high"] < 0.0 else f"  {say('explain.not_told')}"
        if g["low"] == g["high"] == 0.0:
            told = f"  {say('explain.none')}"
        between = f"[{number(g['low'], True)}, {number(g['high'], True)}]"
        lines.append(f"{padded(group, width)}  {number(g['loss'], True)} {between}{told}")
    return lines


def draw_figures(data: dict[str, Any], trees: Sequence[StoredTree]) -> Iterator[tuple[str, bytes]]:
    """File name and PNG of each figure."""
    for leaves, stored in zip(data["settings"]["leaves"], trees, strict=True):
        yield f"tree{leaves}.png", styled_png(partial(tree.draw, stored, data))
    yield "spending.png", styled_png(partial(uses.draw_functions, data))
    yield "communities.png", styled_png(partial(uses.draw_communities, data))
    yield "importance.png", styled_png(partial(importance.draw, data))


def page(data: dict[str, Any], trees: Sequence[StoredTree]) -> str:
    """The whole page, in Markdown, with its figures."""
    parts = ["\n".join(_opening(data)).replace("## ", "# ", 1), _fenced(_returns(data))]
    for leaves, stored in zip(data["settings"]["leaves"], trees, strict=True):
        parts += [
            f"## {say('explain.Tree', leaves=leaves)}",
            f"![{say('explain.tree', leaves=leaves)}](tree{leaves}.png)",
            say(
                "explain.as_rules",
                share=f"{LEAST_SHARE:.0%}",
                lean=f"{10.0 * LEAST_LEAN:.0f} %",
                name=code(stored.name),
                file=f"`tree{leaves}.json`",
            ),
            _fenced(tree_lines(stored.tree)),
        ]
    parts += [
        f"## {say('explain.fidelity')}",
        _fenced(_fidelity(data)),
        f"## {say('explain.beside')}",
        "\n".join(_spending_words(data)[2:]),
        f"![{say('explain.by_function')}](spending.png)",
        f"![{say('explain.by_community')}](communities.png)",
        *(_table(data, stage) for stage in range(len(STAGES))),
        f"## {say('explain.matter')}",
        say("explain.matter.lead"),
        f"![{say('explain.importance.alt')}](importance.png)",
        _fenced(_importance(data)[2:]),
        sentences(
            [
                made_with(data["versions"]),
                say(
                    "explain.digests",
                    digest=f"`{data['scenario_digest']}`",
                    sha256=f"`{data['source']['sha256'] or say('explain.rule')}`",
                ),
            ]
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _fenced(lines: Sequence[str]) -> str:
    return "\n".join(["```", *lines, "```"])


def _table(data: dict[str, Any], stage: int) -> str:
    rows = [
        [
            code(s["name"]),
            f"{s['quarters'][stage]:.1f}",
            *(f"{100 * share:.0f}" if share > 0.0 else "" for share in s["functions"][stage]),
        ]
        for s in data["spending"]
    ]
    head = [say("explain.allocator"), say("explain.quarters"), *(say(f"use.{use}") for use in USES)]
    lead = say("explain.stage_money", stage=say(f"stage.{STAGES[stage]}"))
    return f"{lead}\n\n{markdown_table(head, rows, 'lr')}"
