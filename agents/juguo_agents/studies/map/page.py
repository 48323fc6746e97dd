"""The map in words: as a page and for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from juguo_agents.evaluation.discovery import Bounds, leaves
from juguo_agents.report.names import axis_symbol, label
from juguo_agents.report.texts import say
from juguo_agents.studies.map.analysis import INDICES, PAIR
from juguo_agents.studies.map.design import (
    ALL,
    AS_IS,
    CONDITIONS,
    DRAWN,
    GROUPS,
    REFERENCES,
    TUNED_ALIKE,
    VALUE_SETS,
    programmes,
)
from juguo_agents.tables import markdown_table, ranged, terminal_table
from juguo_envs.worlds.sampling import Axis

Summary = dict[str, Any]
_INDICES_SHOWN = 8


def as_markdown(summary: Summary) -> str:
    """The whole map as a Markdown page."""
    settings = summary["settings"]
    setup = {
        "worlds": f"{summary['points']:,}",
        "design": say(f"map.design.{settings['design']}"),
        "seed": settings["seed"],
        "ranges": len(summary["axes"]),
        "episodes": summary["episodes"],
        "model": settings["model"],
    }
    parts = [
        f"# {say('map.title')}",
        say("map.setup", **setup),
        say("map.won", level=f"{summary['level']:.0%}"),
        f"## {say('map.short')}",
        "\n".join(_acceptance_words(summary)),
        f"## {say('map.values')}",
        _values(summary),
        f"## {say('map.best')}",
        _image("shares"),
        *(_shares(summary, condition.name) for condition in CONDITIONS),
        _image("map"),
        f"## {say('map.where')}",
        *_regions(summary),
        f"## {say('map.which')}",
        *_axes(summary),
        f"## {say('map.part')}",
        _parts_words(summary),
        f"## {say('map.assumption')}",
        _switches_words(summary),
        f"## {say('map.tuning')}",
        say("map.tuning.lead"),
        markdown_table(
            [say(f"map.col.{name}") for name in ("rule", "own", "tuned", "gain", "below", "kept")],
            (
                [
                    f"`{rule}`",
                    *(f"{row['mean']:.3f}", f"{row['tuned_mean']:.3f}", f"{row['gain']:+.3f}"),
                    *(f"{row[name]:.1%}" for name in ("worse_share", "own_kept")),
                ]
                for rule, row in summary["tuning"].items()
            ),
        ),
        f"## {say('map.ranges')}",
        _ranges(summary),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _image(name: str) -> str:
    return f"![{say(f'map.alt.{name}')}]({name}.png)"


def _acceptance_words(summary: Summary) -> list[str]:
    """How many programmes win often enough under each set of values, and which never do."""
    found, share = summary["acceptance"], f"{summary['needed']['share']:.0%}"
    answer = say("map.yes" if found["met"] else "map.no")
    asked = {"doctrines": summary["needed"]["doctrines"], "share": share}
    lines = [say("map.question", **asked, answer=answer), ""]
    tuned = summary["conditions"][TUNED_ALIKE.name]["values"]
    for values in VALUE_SETS:
        names, row = found["winners"][values.name], tuned[values.name]
        won = say("comma").join(f"{label(n)} {row['won'][n]['share']:.1%}" for n in _by_share(row, names))
        told = {
            "count": len(names),
            "won": say("map.enough.won", won=won) if won else "",
            "led": sum(row["leading"][d] >= summary["needed"]["share"] for d in programmes()),
            "ties": f"{row['ties']['share']:.1%}",
        }
        key = "map.enough.one" if len(names) == 1 else "map.enough"
        lines.append(f"- {say(key, **_of_values(values.name), **told)}")
    unbeaten = tuned[DRAWN.name]["unbeaten"]
    beaten = say("map.beaten.next").join(
        say("map.beaten", name=label(r), share=f"{unbeaten[r]:.1%}") for r in REFERENCES
    )
    lines += ["", say("map.references", beaten=beaten)]
    if found["hardly"]:
        rare = say("comma").join(label(d) for d in found["hardly"])
        lines += ["", say("map.hardly", share=share, names=rare)]
    return lines


def _by_share(row: Summary, names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda n: (-row["won"][n]["share"], -row["leading"][n]))


def _of_values(name: str) -> dict[str, str]:
    """Name and meaning of a set of values, for a sentence."""
    return {"values": value_words(name), "text": say(f"map.values.{name}.text")}


def value_words(name: str) -> str:
    """What a set of values is called."""
    return say(f"map.values.{name}")


def _values(summary: Summary) -> str:
    columns = ("w_b", "w_r", "w_x", "aversion")
    return markdown_table(
        [say("map.col.values"), say("map.col.meaning"), *columns],
        (
            [
                *_of_values(row["name"]).values(),
                *(say("map.drawn") if (r := row["reward"]) is None else f"{r[c]:g}" for c in columns),
            ]
            for row in summary["values"]
        ),
    )


def _shares(summary: Summary, condition: str) -> str:
    """A table of the shares of the worlds that each doctrine wins, and in brackets leads, by values."""
    rows: Summary = summary["conditions"][condition]["values"]
    drawn, text = rows[DRAWN.name], say(f"map.condition.{condition}")
    names = [n for n in _by_share(drawn, drawn["won"]) if any(r["leading"][n] for r in rows.values())]
    cells = [
        [label(n), *(_beside(r["won"][n]["share"], r["leading"][n], ".1%") for r in rows.values())]
        for n in names
    ]
    cells.append([f"*{say('map.ties')}*", *(f"{row['ties']['share']:.1%}" for row in rows.values())])
    cells += [
        [say("map.unbeaten", name=label(r)), *(f"{row['unbeaten'][r]:.1%}" for row in rows.values())]
        for r in REFERENCES
    ]
    margins = [
        "{} {:.3f} [{:.3f}, {:.3f}]".format(label(n), won["margin_median"], *won["margin_quartiles"])
        for n in names
        if (won := drawn["won"][n])["points"]
    ]
    lines = [
        f"### {text[0].upper()}{text[1:]}",
        say("map.shares.lead"),
        markdown_table([say("map.col.doctrine"), *map(value_words, rows)], cells),
    ]
    if margins:
        lines.append(say("map.margin", margins=say("semicolon").join(margins)))
    return "\n\n".join(lines)


def _beside(share: float, other: float, form: str) -> str:
    """A share and, in brackets, another one."""
    return say("map.cell", share=format(share, form), other=format(other, form))


def _regions(summary: Summary) -> list[str]:
    """For each set of values the tree, and where each doctrine wins."""
    parts = [say("map.regions.lead")]
    for values in VALUE_SETS:
        part = summary["deciding"][values.name]
        title = say("map.regions.values", **_of_values(values.name))
        parts += [f"### {title}", *_tree(part["tree"])]
        regions = [_region(label(doctrine), found) for doctrine, found in part["regions"].items()]
        parts.append("\n".join(regions) or say("map.regions.none"))
    return [*parts, _image("tree") if summary["deciding"][DRAWN.name]["tree"] else ""]


def _tree(tree: Summary | None) -> list[str]:
    if not tree:
        return [say("map.tree.few")]
    worth, left = tree["accuracy_low"] > tree["majority"], tree["left_out"]
    shares = {name: f"{tree[name]:.1%}" for name in ("accuracy", "balanced", "majority")}
    said = say(
        "map.tree",
        points=tree["points"],
        low=f"{tree['accuracy_low']:.1%}",
        high=f"{tree['accuracy_high']:.1%}",
        rare=say("map.tree.rare", count=left) if left else "",
        worth="" if worth else say("map.tree.worthless"),
        **shares,
    )
    lines = []
    for bounds, node in leaves(tree["nodes"]):
        named = {"name": label(tree["classes"][node["named"]]), "named": node["counts"][node["named"]]}
        told = say("map.tree.leaf", where=where(bounds), count=sum(node["counts"]), **named)
        lines.append(f"- {told}")
    return [said, "\n".join(lines)]


def where(bounds: Mapping[str, Bounds]) -> str:
    """The ranges of axes in words."""
    words = []
    for axis, (low, high) in bounds.items():
        symbol = axis_symbol(axis)
        if low is None:
            words.append(f"{symbol} ≤ {high:.3g}")
        elif high is None:
            words.append(f"{symbol} > {low:.3g}")
        else:
            words.append(f"{low:.3g} < {symbol} ≤ {high:.3g}")
    return say("map.and").join(words) or say("map.everywhere")


def _region(name: str, found: Summary | None) -> str:
    """Where a doctrine wins, and how far that can be told."""
    if found is None:
        return f"- {say('map.region.few', name=name)}"
    own = [(bounds, node["counts"]) for bounds, node in leaves(found["nodes"]) if node["named"] == 1]
    parts = say("semicolon").join(
        say("map.region.part", where=where(bounds), won=yes, count=no + yes) for bounds, (no, yes) in own
    )
    shares = {key: f"{found[key]:.0%}" for key in ("inside", "everywhere", "found")}
    return f"- {say('map.region', name=name, parts=parts or say('map.nowhere'), **shares)}"


def _axes(summary: Summary) -> list[str]:
    """What the difference between the proposal and the traditional system depends on."""
    first, second = (label(name) for name in PAIR)
    parts = []
    for values in INDICES:
        part = summary["deciding"][values]
        difference, found = part["difference"], part["sensitivity"]
        low, middle, high = (difference["quantiles"][i] for i in (0, 2, 4))
        told = {
            "mean": f"{difference['mean']:+.3f}",
            "median": f"{middle:+.3f}",
            "interval": f"[{low:+.3f}, {high:+.3f}]",
            "positive": f"{difference['positive']:.1%}",
        }
        parts += [
            f"### {say('map.axes.values', values=value_words(values))}",
            say("map.difference", first=f"{first[0].upper()}{first[1:]}", second=second, **told),
        ]
        if found:
            others = [f"{surrogate_words(key)} {value:.2f}" for key, value in found["r2"].items()]
            by = {"surrogate": surrogate_words(found["surrogate"]), "others": say("comma").join(others)}
            parts += [
                say("map.sobol", noise=f"{found['noise']:.1%}", **by),
                markdown_table(
                    [say(f"map.col.{name}") for name in ("axis", "total", "alone")],
                    (
                        [f"`{row['axis']}`", index_words(row, "total"), index_words(row, "first")]
                        for row in found["indices"][:_INDICES_SHOWN]
                    ),
                ),
            ]
    both = [summary["deciding"][name]["sensitivity"] for name in INDICES]
    return [
        *parts,
        _image("differences") if both[0] else "",
        _image("indices") if all(both) else "",
    ]


def surrogate_words(name: str) -> str:
    """What a surrogate is called."""
    return say(f"map.surrogate.{name}")


def index_words(row: Summary, kind: str) -> str:
    """A Sobol index with its interval."""
    low, high = row[f"{kind}_interval"]
    return f"{row[kind]:.2f} [{low:.2f}, {high:.2f}]"


def _parts_words(summary: Summary) -> str:
    """What the best rule of a world loses with one part of the second best."""
    if not summary["parts"]:
        return say("map.parts.none")
    rows = []
    for doctrine, row in sorted(summary["parts"].items(), key=lambda item: -item[1]["points"]):
        second, count = next(iter(row["seconds"].items()))
        losses = (_loss(row["loss"][part]) for part in (*GROUPS, ALL))
        beside = say("map.cell", share=label(second), other=count)
        rows.append([label(doctrine), str(row["points"]), beside, *losses])
    best, worlds, second, everything = (
        say(f"map.col.{name}") for name in ("best", "worlds", "second", "all")
    )
    return "\n\n".join(
        [
            say("map.parts.lead"),
            markdown_table([best, worlds, second, *map(part_words, GROUPS), everything], rows),
            say("map.parts.bold"),
            _image("parts"),
        ]
    )


def part_words(name: str) -> str:
    """What a part of a rule is called."""
    return say(f"map.parts.{name}")


def _loss(loss: dict[str, float]) -> str:
    words = ranged(loss, form="+.3f")
    return f"**{words}**" if loss["low"] > 0.0 or loss["high"] < 0.0 else words


def _switches_words(summary: Summary) -> str:
    """The share of worlds that each doctrine leads with each assumption switched off."""
    part = summary["switches"]
    rows = part["switches"]
    base = next(row for row in rows if row["name"] == AS_IS)
    names = [n for n in _by_share(base, base["won"]) if any(row["leading"][n] for row in rows)]
    shares = (
        [label(n), *(_beside(row["leading"][n], row["won"][n]["share"], ".0%") for row in rows)]
        for n in names
    )
    switches = (
        [
            switch_words(row["name"]),
            say(f"map.switch.{row['name']}.text"),
            ", ".join(f"`{k}` {v:g}" for k, v in row["changes"].items()) or "—",
        ]
        for row in rows
    )
    heads = [say(f"map.col.{name}") for name in ("switch", "off", "fields")]
    return "\n\n".join(
        [
            say("map.switches.lead", points=part["points"], episodes=part["episodes"]),
            markdown_table([say("map.col.doctrine"), *(switch_words(row["name"]) for row in rows)], shares),
            markdown_table(heads, switches),
            "\n".join(
                [
                    *(_most(name, base, rows) for name in summary["acceptance"]["hardly"]),
                    "",
                    _image("switches"),
                ]
            ),
        ]
    )


def switch_words(name: str) -> str:
    """What the world with an assumption switched off is called."""
    return say(f"map.switch.{name}")


def _most(name: str, base: Summary, rows: list[Summary]) -> str:
    """For a doctrine that hardly wins: the switch with which it leads most."""
    best = max(rows, key=lambda row: (row["leading"][name], row is base))
    told = {"name": label(name), "before": f"{base['leading'][name]:.0%}"}
    if best["leading"][name] <= base["leading"][name]:
        return f"- {say('map.most.none', **told)}"
    most, won = (f"{share:.0%}" for share in (best["leading"][name], best["won"][name]["share"]))
    return f"- {say('map.most', **told, switch=switch_words(best['name']), most=most, won=won)}"


def _ranges(summary: Summary) -> str:
    rows = []
    for axis in (Axis(**row) for row in summary["axes"]):
        scale = say(f"map.scale.{'log' if axis.log else 'whole' if axis.whole else 'even'}")
        text = say(f"setting.{axis.name}")
        if axis.unit != "1":
            text = say("map.range", text=text, unit=say(f"unit.{axis.unit}"))
        rows.append([f"`{axis.name}`", f"{axis.low:g}", f"{axis.high:g}", scale, text])
    heads = ("axis", "from", "to", "scale", "meaning")
    return markdown_table([say(f"map.col.{name}") for name in heads], rows)


def console_summary(summary: Summary) -> str:
    """What the terminal shows at the end."""
    rows = summary["conditions"][TUNED_ALIKE.name]["values"]
    needed, acceptance = summary["needed"], summary["acceptance"]
    names = [
        name
        for name in _by_share(rows[DRAWN.name], rows[DRAWN.name]["won"])
        if any(row["won"][name]["points"] for row in rows.values())
    ]
    enough = say("map.console.enough", share=f"{needed['share']:.0%}")
    table = [
        *([label(name), *(f"{r['won'][name]['share']:.1%}" for r in rows.values())] for name in names),
        [say("map.ties"), *(f"{row['ties']['share']:.1%}" for row in rows.values())],
        [enough, *(str(len(w)) for w in acceptance["winners"].values())],
    ]
    of = {"worlds": f"{summary['points']:,}", "episodes": summary["episodes"]}
    answer = say("map.console.yes" if acceptance["met"] else "map.console.no")
    asked = {"needed": needed["doctrines"], "count": len(programmes())}
    parts = [
        say("map.console", condition=say(f"map.condition.{TUNED_ALIKE.name}"), **of),
        terminal_table([say("map.col.doctrine"), *map(value_words, rows)], table, "lr"),
        say("map.console.answer", answer=answer, **asked),
    ]
    if found := summary["deciding"][DRAWN.name]["sensitivity"]:
        most = ", ".join(f"{row['axis']} {row['total']:.2f}" for row in found["indices"][:4])
        first, second = map(label, PAIR)
        parts.append(say("map.console.depends", first=first, second=second, most=most))
    return "\n\n".join(parts)
