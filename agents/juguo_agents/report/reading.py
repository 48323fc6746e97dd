"""What the numbers say, in plain sentences: which way they point, or that they do not.

Nothing here knows who ought to win. A difference counts only where its paired interval excludes zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juguo_agents.report.selection import PROPOSAL
from juguo_agents.report.summary import Summary

_LISTED = 6  # names in a sentence before the rest is counted
# Episodes below which there is no verdict, or one with a warning: of the 95 % intervals of a normal sample,
# 50 % cover the mean with 2 values, 83 % with 5, 91 % with 10, 93 % with 30.
_TOO_FEW, _FEW = 10, 30


def code(name: str) -> str:
    """A name as code, safe inside a Markdown table."""
    return f"`{name.replace('|', '/').replace('`', chr(39))}`"


def number(x: float, signed: bool = False, digits: int = 3) -> str:
    """A number with a true minus sign; what rounds to zero has none."""
    text = f"{x:{'+' if signed else ''}.{digits}f}"
    if float(text) == 0.0:
        return text.lstrip("+-")
    return text.replace("-", "−")


def interval(a: dict[str, Any], name: str, signed: bool = True) -> str:
    """`name` of an entry with its interval."""
    low, high = number(a[f"{name}_low"], signed), number(a[f"{name}_high"], signed)
    return f"{number(a[name], signed)} [{low}, {high}]"


def mean_with_interval(a: dict[str, Any]) -> str:
    """The mean return of an entry with its interval."""
    return interval(a, "mean", signed=False)


def verdict(a: dict[str, Any], name: str) -> int:
    """1 where the interval of a difference lies above zero, -1 where below, 0 where it includes zero."""
    if a[f"{name}_low"] > 0.0:
        return 1
    return -1 if a[f"{name}_high"] < 0.0 else 0


def listed(names: Sequence[str]) -> str:
    """Names in a sentence."""
    shown = [code(n) for n in names[:_LISTED]]
    if len(names) > _LISTED:
        shown.append(f"{len(names) - _LISTED} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def reading(summary: Summary) -> list[str]:
    """The sentences, one paragraph an item."""
    episodes, first = summary["episodes"], summary["allocators"][0]
    if episodes < _TOO_FEW:
        text = "This is a single episode" if episodes == 1 else f"These are only {episodes} episodes"
        return [
            f"{text}, too few to tell merit from luck: intervals from fewer than {_TOO_FEW} are far too "
            f"narrow, and no verdict is given. The highest mean return is that of {code(first['name'])}, "
            f"{number(first['mean'])}."
        ]
    parts = (_best_rule, _learned, _baseline, _proposal, _exits, _right_calls, _aspects)
    said = [text for part in parts if (text := part(summary))]
    if episodes < _FEW:
        said.insert(
            0,
            f"With {episodes} episodes the intervals are somewhat too narrow; take what is close to a tie "
            "as a tie.",
        )
    return said


def _entry(summary: Summary, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(a for a in summary["allocators"] if a["name"] == name)
    return found


def _rules(summary: Summary) -> list[dict[str, Any]]:
    trained = summary["learned"]["names"] if summary["learned"] else []
    return [a for a in summary["allocators"] if a["name"] not in trained]


def _best_rule(summary: Summary) -> str:
    best = summary["best_rule"]
    others = [a for a in _rules(summary) if a["name"] != best]
    mean = mean_with_interval(_entry(summary, best))
    text = f"**The best rule is {code(best)}**, with a mean return of {mean}"
    text += ", the baseline itself." if best == summary["baseline"] else "."
    if not others:
        return text + " No other rule was compared."
    tied = [a["name"] for a in others if verdict(a, "difference_to_best_rule") == 0]
    if tied:
        text += (
            f" But it is tied with {listed(tied)}: the paired interval of the difference includes zero, so "
            f"these episodes do not tell which is better."
        )
    else:
        nearest = others[0]
        text += (
            f" Every other rule is behind it; the nearest is {code(nearest['name'])}, with a paired "
            f"difference of {interval(nearest, 'difference_to_best_rule')}."
        )
    by_iqm = max(_rules(summary), key=lambda a: a["iqm"])["name"]
    if by_iqm != best:
        text += f" By the interquartile mean, which leaves extreme episodes out, {code(by_iqm)} comes first."
    if len(others) > 1:
        text += (
            f" It was picked as the highest of {len(others) + 1} means on these same episodes, which "
            "flatters it a little."
        )
    return text


def _learned(summary: Summary) -> str:
    learned = summary["learned"]
    if not learned:
        return ""
    n = len(learned["names"])
    who = "The learned allocator" if n == 1 else f"The {n} learned allocators, taken together,"
    s, be = ("s", "is") if n == 1 else ("", "are")
    amount = interval(learned, "difference_to_best_rule")
    claim = {
        1: f"gain{s} {amount} over the best rule",
        0: f"{be} tied with the best rule: the difference is {amount}, and its interval includes zero",
        -1: f"fall{s} behind the best rule: {amount}",
    }[verdict(learned, "difference_to_best_rule")]
    text = f"**{who} {claim}**; the mean return is {mean_with_interval(learned)}."
    if n > 1:
        rows = [_entry(summary, name) for name in learned["names"]]
        above, tied, below = (
            sum(verdict(a, "difference_to_best_rule") == v for a in rows) for v in (1, 0, -1)
        )
        low, high = number(min(a["mean"] for a in rows)), number(max(a["mean"] for a in rows))
        text += (
            f" One by one, their means run from {low} to {high}. Better than the best rule: {above} of {n}; "
            f"tied with it: {tied}; worse: {below}. The intervals of the group cover the luck of training "
            "and that of the episodes."
        )
        text += _evidence(learned)
    return text


def _evidence(learned: dict[str, Any]) -> str:
    """How often the learned are ahead, what pairing is worth, and how many training seeds it would take."""
    text = (
        f" Probability that a training seed does better than the best rule in an episode: "
        f"{interval(learned, 'better_than_best_rule', signed=False)}."
    )
    if learned["variance_saved"] is not None:
        text += f" Pairing by episode saves {learned['variance_saved']:.0%} of the difference's variance."
    needed = learned["seeds_needed"]
    if needed:
        some, many = (n if n is not None else "no number on so few episodes" for n in
                      (needed["seeds"], needed["cautious"]))  # fmt: skip
        text += (
            f" Training seeds needed to tell a difference as large as this from none (power "
            f"{needed['power']:.0%}; these {needed['pilot']} as the pilot): {some}; with a cautious view "
            f"of how much seeds differ: {many}."
        )
    return text


def _baseline(summary: Summary) -> str:
    name = summary["baseline"]
    others = [a for a in summary["allocators"] if a["name"] != name]
    if not others:
        return ""
    by_verdict = {v: [a["name"] for a in others if verdict(a, "difference") == v] for v in (1, 0, -1)}
    said = [
        f"{len(names)} {words} ({listed(names)})"
        for v, words in ((1, "do better"), (0, "are tied with it"), (-1, "do worse"))
        if (names := by_verdict[v])
    ]
    mean = mean_with_interval(_entry(summary, name))
    text = f"**Against the baseline** {code(name)} (mean return {mean}): {'; '.join(said)}."
    return text.replace(" 1 do ", " 1 does ").replace(" 1 are ", " 1 is ")


def _proposal(summary: Summary) -> str:
    names = [a["name"] for a in summary["allocators"]]
    if PROPOSAL not in names or summary["best_rule"] == PROPOSAL:
        return ""
    place, entry = names.index(PROPOSAL) + 1, _entry(summary, PROPOSAL)
    versus = verdict(entry, "difference_to_best_rule")
    claim = "tied with the best rule" if versus == 0 else "behind the best rule"
    return (
        f"**The proposal** {code(PROPOSAL)} is number {place} of {len(names)} by mean return and {claim}, "
        f"at a paired difference of {interval(entry, 'difference_to_best_rule')}."
    )


def _exits(summary: Summary) -> str:
    pairs = summary["exits"]
    if not pairs:
        return ""
    helped = [p for p in pairs if verdict(p, "gain") == 1]
    hurt = [p for p in pairs if verdict(p, "gain") == -1]
    said: list[str] = []
    for pairs_, verb, extreme in ((helped, "raises", 0), (hurt, "lowers", -1)):
        if pairs_:
            most = pairs_[extreme]
            of = "the return of" if not said else "that of"
            said.append(f"{verb} {of} {len(pairs_)} (most {code(most['rule'])}: {interval(most, 'gain')})")
    same = len(pairs) - len(helped) - len(hurt)
    if same:
        said.append(f"makes no difference that could be told for {same}")
    text = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
    n = len(pairs)
    return (
        f"**Giving up.** Of {n} rule{'s' if n > 1 else ''} compared with and without it, being able to give "
        f"projects up {text}."
    )


def _right_calls(summary: Summary) -> str:
    first = summary["allocators"][0]
    bad, good = first["defective_given_up"], first["sound_given_up"]
    if first["abandoned"] == 0.0 or bad is None or good is None:
        return ""
    n, e = summary["defective_first"], summary["episodes"]
    return (
        f"**What was given up.** In {n} of {e} episodes the first technology was seriously defective, which "
        f"no allocator is told. The first in the table, {code(first['name'])}, gave up {bad:.0%} of these, "
        f"and {good:.0%} of the {e - n} others."
    )


def _aspects(summary: Summary) -> str:
    rows = summary["allocators"]
    broadest = max(rows, key=lambda a: a["breadth"])
    toughest = max(rows, key=lambda a: a["resilience"])
    kindest = min(rows, key=lambda a: a["excluded"])
    if broadest["name"] == toughest["name"] == kindest["name"]:
        return (
            f"**By its parts.** {code(broadest['name'])} has the greatest breadth, the greatest resilience "
            "and the smallest excluded share alike."
        )
    return (
        f"**By its parts.** The greatest breadth is that of {code(broadest['name'])} "
        f"({number(broadest['breadth'])}), the greatest resilience that of {code(toughest['name'])} "
        f"({number(toughest['resilience'])}), and the smallest excluded share that of "
        f"{code(kindest['name'])} ({kindest['excluded']:.1%}). How much each counts is a choice of the "
        "scenario's weights."
    )
