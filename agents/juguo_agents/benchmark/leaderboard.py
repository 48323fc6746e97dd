"""The leaderboard: a page made of the scorecards in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from juguo_agents.benchmark.card import CardError, Scorecard, beaten, ranged, read_card
from juguo_agents.benchmark.protocol import EPISODES, NAME, RULES, VERSION, WORLDS, digest_of
from juguo_agents.benchmark.references import References, digest
from juguo_agents.report.formatting import in_a_row
from juguo_agents.tables import markdown_table
from juguo_envs.errors import UserError


def read_cards(folder: Path, references: References) -> list[Scorecard]:
    """The scorecards in a folder, the best first; those that could not act everywhere come after.

    Raises:
        UserError: If there is none, one cannot be used, two have one name, or one was read against others.
    """
    cards = [(path, read_card(path)) for path in sorted(folder.glob("*.json"))]
    if not cards:
        raise UserError(
            f"{folder}: no scorecard there; make one by juguo benchmark NAME --out {folder}/NAME.json"
        )
    seen: dict[str, Path] = {}
    for path, card in cards:
        if (card.protocol, card.version, card.references) != (NAME, VERSION, digest(references)):
            raise CardError(
                f"{path}: was read against {card.protocol} {card.version}, references {card.references}; "
                f"here are {NAME} {VERSION}, {digest(references)}: score the entry again"
            )
        if set(card.worlds) != set(WORLDS):
            raise CardError(f"{path}: worlds are not those of the benchmark; {Scorecard.AGAIN}")
        if (other := seen.setdefault(card.entry, path)) is not path:
            raise CardError(f"{other} and {path}: both are of the entry {card.entry!r}; remove one")
    return sorted((card for _, card in cards), key=lambda card: (not card.complete, -card.iqm.mean))


def leaderboard(cards: Sequence[Scorecard], measured: str, command: str) -> str:
    """The page."""
    rows = [
        (
            str(rank) if card.complete else "",
            f"`{card.entry}`",
            ranged(card.iqm),
            f"{card.mean.mean:.3f}",
            *(f"{card.worlds[w].score.mean:z.2f}" if card.worlds[w].by else "–" for w in WORLDS),
            f"{beaten(card)} of {len(WORLDS)}",
            "not told" if card.steps is None else f"{card.steps:,}",
        )
        for rank, card in enumerate(cards, 1)
    ]
    head = ("rank", "entry", "IQM [95 %]", "mean", *(f"`{w}`" for w in WORLDS), "beats all rules", "steps")
    worlds = ", ".join(f"`{w}` {digest_of(w)}" for w in WORLDS if w != "family")
    front = [
        ("measured", measured),
        ("command", f"`{command}`"),
        ("versions", in_a_row(cards[0].versions)),
        ("world", f"{worlds}; the family is around `default`"),
    ]
    parts = [
        "# Results: the benchmark",
        "| | |\n|---|---|\n" + "\n".join(f"| {name} | {value} |" for name, value in front),
        "[The benchmark](../how-to/benchmark.md) says how an entry is scored, and how to send one.",
        f"Protocol `{NAME}` {VERSION}, {EPISODES} episodes a world. A score of 0 is no programme, 1 is the "
        "oracle, a searched closed loop that sees\nwhat is hidden. An entry of several training seeds counts "
        "with all of them. Intervals cover training seeds and test episodes.",
        markdown_table(head, rows),
        "*beats all rules*: worlds in which the entry earns more than each rule, beyond luck. *steps*: "
        "environment steps of all searches,\nselections and trainings behind it. –: it cannot act there, "
        "which counts as 0.",
        "\n".join(f"- {rule}" for rule in RULES),
    ]
    return "\n\n".join(parts) + "\n"
