"""The stylised facts, by number: what must hold, and who reports it of real technologies.

The bands are this project's. Only that of p and q in fact 3 is a range of published figures.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """A stylised fact.

    Attributes:
        number: From 1.
        name: In a few words.
        statement: What must hold of a world.
        source: Literature that reports it; docs/patterns.md gives it in full.
    """

    number: int
    name: str
    statement: str
    source: str


_ALL = (
    Fact(
        1,
        "programmes pay",
        "Like for like, every doctrine that brings a technology to people earns more than no programme, "
        "beyond noise. At least eight of them end with 10 % adopters or more where the first technology is "
        "sound.",
        "Becker 2015; Bloom, Van Reenen and Williams 2019",
    ),
    Fact(
        2,
        "concentration",
        "`concentrated` has more knowledge at quarter 12 than every other doctrine but `knowledge_centred`. "
        "Its hubs have at least twice the adoption of other places. Its excluded share is among the three "
        "highest.",
        "Hägerstrand 1967; Audretsch and Feldman 1996; Duranton and Puga 2004",
    ),
    Fact(
        3,
        "S-curve",
        "A sound technology without shocks spreads along an S-curve, under `market` and under the proposal: "
        "Bass p and q, per year, lie within the 5 % to 95 % range of those published, and 10 % to 90 % of "
        "the final level takes 4 to 15 years.",
        "Bass 1969; Sultan, Farley and Lehmann 1990; p and q compiled by Van den Bulte",
    ),
    Fact(
        4,
        "the divide",
        "The upper stratum reaches half of its final adoption a year or more before the lower. Enablement "
        "narrows the divide.",
        "Tichenor, Donohue and Olien 1970; Rogers 2003; van Dijk 2020",
    ),
    Fact(
        5,
        "making matters",
        "The best closed loop with research at zero, searched on, loses 20 % of the gap or more. Its median "
        "K on entering diffusion is at least .3.",
        "Mowery and Rosenberg 1979; Cohen and Levinthal 1989",
    ),
    Fact(
        6,
        "crises are exceptions",
        "Under the proposal at most 15 % of community-quarters have a crisis above .1. The rankings of "
        "doctrines with and without shocks agree, Kendall's tau at least .8. In `crisis` neither holds, on "
        "purpose.",
        "Reinhart and Rogoff 2009; Laeven and Valencia 2020",
    ),
    Fact(
        7,
        "care is not enough",
        "Care without a technology earns less than at least half of the doctrines, like for like.",
        "Solow 1957",
    ),
    Fact(
        8,
        "giving up tells apart",
        "The best closed loop gives up at least 70 % of seriously defective first technologies and at most "
        "30 % of sound ones.",
        "Collingridge 1980; Adner and Levinthal 2004",
    ),
    Fact(
        9,
        "feedback pays",
        "Feedback is worth at least 20 % of the gap and what governance shows at least 8 %, after one "
        "doubling of the searches.",
        "Walters 1986; Heilmann 2008",
    ),
    Fact(
        10,
        "no programme, no diffusion",
        "Without a programme at most 5 % use the technology after 15 years.",
        "Nelson 1959; Arrow 1962",
    ),
)
FACTS: dict[int, Fact] = {fact.number: fact for fact in _ALL}
