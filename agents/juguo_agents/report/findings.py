"""What the numbers say, in plain sentences: which way they point, or that they do not.

Nothing here knows who ought to win. A difference counts only where its paired interval excludes zero.
"""

from __future__ import annotations

from typing import Any

from juguo_agents.report.formatting import interval, listed, mean_with_interval, number, verdict
from juguo_agents.report.institutions import institutions_in_short
from juguo_agents.report.names import PROPOSAL, name_of
from juguo_agents.report.summary import Summary, is_like_for_like, main_rows
from juguo_agents.report.verdict import TOO_FEW
from juguo_envs.names import code


def findings(summary: Summary) -> list[str]:
    """The sentences, one paragraph an item; none where there are too few episodes."""
    if summary["episodes"] < TOO_FEW:
        return []
    parts = (
        _best_rule,
        _division,
        _references,
        institutions_in_short,
        _learned,
        _baseline,
        _proposal,
        _right_calls,
        _aspects,
    )
    return [text for part in parts if (text := part(summary))]


def _entry(summary: Summary, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(a for a in summary["allocators"] if a["name"] == name)
    return found


def _named(summary: Summary, entry: dict[str, Any]) -> str:
    return code(name_of(summary, entry["name"]))


def _programmes(summary: Summary) -> list[dict[str, Any]]:
    return [_entry(summary, name) for name in summary["programmes"]]


def _best_rule(summary: Summary) -> str:
    best = summary["best_rule"]
    others = _programmes(summary)[1:]
    mean = mean_with_interval(_entry(summary, best))
    text = (
        "All doctrines have both institutions here, the exit and relief. "
        if is_like_for_like(summary)
        else ""
    )
    text += f"**The best rule is {code(name_of(summary, best))}**, with a mean return of {mean}"
    text += ", the baseline itself." if best == summary["baseline"] else "."
    if not others:
        return text + " No other programme was compared."
    tied = [name_of(summary, a["name"]) for a in others if verdict(a, "difference_to_best_rule") == 0]
    if tied:
        text += (
            f" But it is tied with {listed(tied)}: the paired interval of the difference includes zero, so "
            f"these episodes do not tell which is better."
        )
    else:
        nearest = others[0]
        text += (
            f" Every other programme is behind it; the nearest is {_named(summary, nearest)}, "
            f"with a paired difference of {interval(nearest, 'difference_to_best_rule')}."
        )
    by_iqm = max(_programmes(summary), key=lambda a: a["iqm"])["name"]
    if by_iqm != best:
        text += (
            f" By the interquartile mean, which leaves extreme episodes out, "
            f"{code(name_of(summary, by_iqm))} comes first."
        )
    if len(others) > 1:
        text += (
            f" It was picked as the highest of {len(others) + 1} means on these same episodes, which "
            "flatters it a little."
        )
    return text


def _division(summary: Summary) -> str:
    """What the division of money is worth: only where all doctrines have the same institutions."""
    rows = _programmes(summary)
    if not is_like_for_like(summary) or len(rows) < 2:
        return ""
    best, worst = rows[0], rows[-1]
    text = (
        f"**What the division of the money is worth.** With the same institutions, the returns of the "
        f"{len(rows)} programmes run from {number(worst['mean'])} ({_named(summary, worst)}) to "
        f"{number(best['mean'])} ({_named(summary, best)}): a range of "
        f"{number(best['mean'] - worst['mean'])}."
    )
    if best["name"] != summary["baseline"]:
        text += (
            f" Beside the baseline {code(name_of(summary, summary['baseline']))}, the best division changes "
            f"the return by {interval(best, 'difference')}."
        )
    return text


def _references(summary: Summary) -> str:
    """How many programmes earn more than each reference, in plain words where none does."""
    said = []
    for found in summary["references"]:
        name, many = code(found["doctrine"]), len(summary["programmes"])
        above, tied, below = (found[which] for which in ("above", "tied", "below"))
        if not above:
            said.append(
                f"No programme earns more than {name} beyond noise; the best one's difference to it is "
                f"{interval(found, 'best_rule_gain')}."
            )
            continue
        text = f"{len(above)} of {many} programmes earn{'s' if len(above) == 1 else ''} more than {name}"
        rest = [f"{len(n)} {words}" for n, words in ((tied, "tied with it"), (below, "below it")) if n]
        text += f" ({', '.join(rest)})" if rest else ""
        said.append(f"{text}; the best rule's difference to it is {interval(found, 'best_rule_gain')}.")
    return f"**Against doing without a programme.** {' '.join(said)}" if said else ""


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
    others = [a for a in main_rows(summary) if a["name"] != name]
    if not others:
        return ""
    by_verdict = {
        v: [name_of(summary, a["name"]) for a in others if verdict(a, "difference") == v] for v in (1, 0, -1)
    }
    said = [
        f"{len(names)} {words} ({listed(names)})"
        for v, words in ((1, "do better"), (0, "are tied with it"), (-1, "do worse"))
        if (names := by_verdict[v])
    ]
    mean = mean_with_interval(_entry(summary, name))
    text = f"**Against the baseline** {code(name_of(summary, name))} (mean return {mean}): {'; '.join(said)}."
    return text.replace(" 1 do ", " 1 does ").replace(" 1 are ", " 1 is ")


def _proposal(summary: Summary) -> str:
    rows = main_rows(summary)
    found = [a for a in rows if name_of(summary, a["name"]) == PROPOSAL]
    if not found or summary["best_rule"] == found[0]["name"]:
        return ""
    place, entry = rows.index(found[0]) + 1, found[0]
    versus = verdict(entry, "difference_to_best_rule")
    claim = "tied with the best rule" if versus == 0 else "behind the best rule"
    return (
        f"**The proposal** {code(PROPOSAL)} is number {place} of {len(rows)} by mean return and {claim}, "
        f"at a paired difference of {interval(entry, 'difference_to_best_rule')}."
    )


def _right_calls(summary: Summary) -> str:
    first = main_rows(summary)[0]
    bad, good = first["defective_given_up"], first["sound_given_up"]
    if first["abandoned"] == 0.0 or bad is None or good is None:
        return ""
    n, e = summary["defective_first"], summary["episodes"]
    return (
        f"**What was given up.** In {n} of {e} episodes the first technology was seriously defective, which "
        f"no allocator is told. The first in the table, {_named(summary, first)}, gave up {bad:.0%} of "
        f"these, and {good:.0%} of the {e - n} others."
    )


def _aspects(summary: Summary) -> str:
    rows = main_rows(summary)
    broadest = max(rows, key=lambda a: a["breadth"])
    toughest = max(rows, key=lambda a: a["resilience"])
    kindest = min(rows, key=lambda a: a["excluded"])
    if broadest["name"] == toughest["name"] == kindest["name"]:
        return (
            f"**By its parts.** {_named(summary, broadest)} has the greatest breadth, the greatest "
            "resilience and the smallest excluded share alike."
        )
    return (
        f"**By its parts.** The greatest breadth is that of {_named(summary, broadest)} "
        f"({number(broadest['breadth'])}), the greatest resilience that of {_named(summary, toughest)} "
        f"({number(toughest['resilience'])}), and the smallest excluded share that of "
        f"{_named(summary, kindest)} ({kindest['excluded']:.1%}). How much each counts is a choice of the "
        "scenario's weights."
    )
