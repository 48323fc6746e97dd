"""What the numbers say, in plain sentences: which way they point, or that they do not.

Nothing here knows who ought to win. A difference counts only where its paired interval excludes zero.
"""

from __future__ import annotations

from typing import Any

from juguo_agents.report.formatting import interval, listed, mean_with_interval, number, verdict
from juguo_agents.report.institutions import institutions_in_short
from juguo_agents.report.names import PROPOSAL, name_of
from juguo_agents.report.summary import Summary, is_like_for_like, main_rows
from juguo_agents.report.texts import say, sentences
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
    best, others = summary["best_rule"], _programmes(summary)[1:]
    said = [say("top.best.alike")] if is_like_for_like(summary) else []
    key = "top.best.baseline" if best == summary["baseline"] else "top.best"
    values = {"name": code(name_of(summary, best)), "mean": mean_with_interval(_entry(summary, best))}
    said.append(say(key, **values))
    if not others:
        return sentences([*said, say("top.alone")])
    tied = [name_of(summary, a["name"]) for a in others if verdict(a, "difference_to_best_rule") == 0]
    if tied:
        said.append(say("top.tied", names=listed(tied)))
    else:
        nearest = others[0]
        difference = interval(nearest, "difference_to_best_rule")
        said.append(say("top.ahead", name=_named(summary, nearest), difference=difference))
    by_iqm = max(_programmes(summary), key=lambda a: a["iqm"])["name"]
    if by_iqm != best:
        said.append(say("top.iqm", name=code(name_of(summary, by_iqm))))
    if len(others) > 1:
        said.append(say("top.picked", count=len(others) + 1))
    return sentences(said)


def _division(summary: Summary) -> str:
    """What the division of money is worth: only where all doctrines have the same institutions."""
    rows = _programmes(summary)
    if not is_like_for_like(summary) or len(rows) < 2:
        return ""
    best, worst = rows[0], rows[-1]
    values = {"low": number(worst["mean"]), "worst": _named(summary, worst)}
    values |= {"high": number(best["mean"]), "best": _named(summary, best)}
    said = [say("division", count=len(rows), range=number(best["mean"] - worst["mean"]), **values)]
    if best["name"] != summary["baseline"]:
        baseline = code(name_of(summary, summary["baseline"]))
        said.append(say("division.baseline", name=baseline, difference=interval(best, "difference")))
    return sentences(said)


def _references(summary: Summary) -> str:
    """How many programmes earn more than each reference, in plain words where none does."""
    said = []
    for found in summary["references"]:
        above, tied, below = (len(found[which]) for which in ("above", "tied", "below"))
        values = {"name": code(found["doctrine"]), "difference": interval(found, "best_rule_gain")}
        if not above:
            said.append(say("without.none", **values))
            continue
        rest = [say(f"without.{word}", count=n) for n, word in ((tied, "tied"), (below, "below")) if n]
        values["rest"] = say("without.rest", rest=say("comma").join(rest)) if rest else ""
        key = "without.one" if above == 1 else "without.some"
        said.append(say(key, above=above, count=len(summary["programmes"]), **values))
    return sentences([say("without"), *said]) if said else ""


def _learned(summary: Summary) -> str:
    learned = summary["learned"]
    if not learned:
        return ""
    n = len(learned["names"])
    kind = {1: "gain", 0: "tied", -1: "behind"}[verdict(learned, "difference_to_best_rule")]
    values = {
        "amount": interval(learned, "difference_to_best_rule"),
        "mean": mean_with_interval(learned),
    }
    if n == 1:
        return say(f"learned.one.{kind}", **values)
    rows = [_entry(summary, name) for name in learned["names"]]
    above, tied, below = (sum(verdict(a, "difference_to_best_rule") == v for a in rows) for v in (1, 0, -1))
    low, high = number(min(a["mean"] for a in rows)), number(max(a["mean"] for a in rows))
    by_one = say("learned.by_one", low=low, high=high, above=above, count=n, tied=tied, below=below)
    return sentences([say(f"learned.many.{kind}", count=n, **values), by_one, *_evidence(learned)])


def _evidence(learned: dict[str, Any]) -> list[str]:
    """How often the learned are ahead, what pairing is worth, and how many training seeds it would take."""
    probability = interval(learned, "better_than_best_rule", signed=False)
    said = [say("learned.probability", probability=probability)]
    if learned["variance_saved"] is not None:
        said.append(say("learned.saved", share=f"{learned['variance_saved']:.0%}"))
    needed = learned["seeds_needed"]
    if needed:
        some, many = (
            say("learned.no_number") if n is None else n for n in (needed["seeds"], needed["cautious"])
        )
        power = f"{needed['power']:.0%}"
        said.append(say("learned.needed", power=power, pilot=needed["pilot"], seeds=some, cautious=many))
    return said


def _baseline(summary: Summary) -> str:
    name = summary["baseline"]
    others = [a for a in main_rows(summary) if a["name"] != name]
    if not others:
        return ""
    said = []
    for sign, word in ((1, "better"), (0, "tied"), (-1, "worse")):
        if names := [name_of(summary, a["name"]) for a in others if verdict(a, "difference") == sign]:
            key = f"against.{word}.one" if len(names) == 1 else f"against.{word}"
            said.append(say(key, count=len(names), names=listed(names)))
    mean = mean_with_interval(_entry(summary, name))
    return say("against", name=code(name_of(summary, name)), mean=mean, found=say("semicolon").join(said))


def _proposal(summary: Summary) -> str:
    rows = main_rows(summary)
    found = [a for a in rows if name_of(summary, a["name"]) == PROPOSAL]
    if not found or summary["best_rule"] == found[0]["name"]:
        return ""
    entry = found[0]
    difference = interval(entry, "difference_to_best_rule")
    key = "proposal.tied" if verdict(entry, "difference_to_best_rule") == 0 else "proposal.behind"
    return say(key, name=code(PROPOSAL), rank=rows.index(entry) + 1, count=len(rows), difference=difference)


def _right_calls(summary: Summary) -> str:
    first = main_rows(summary)[0]
    bad, good = first["defective_given_up"], first["sound_given_up"]
    if first["abandoned"] == 0.0 or bad is None or good is None:
        return ""
    n, e = summary["defective_first"], summary["episodes"]
    values = {"name": _named(summary, first), "bad": f"{bad:.0%}", "good": f"{good:.0%}"}
    return say("right", defective=n, episodes=e, sound=e - n, **values)


def _aspects(summary: Summary) -> str:
    rows = main_rows(summary)
    broadest = max(rows, key=lambda a: a["breadth"])
    toughest = max(rows, key=lambda a: a["resilience"])
    kindest = min(rows, key=lambda a: a["excluded"])
    if broadest["name"] == toughest["name"] == kindest["name"]:
        return say("aspects.one", name=_named(summary, broadest))
    return say(
        "aspects",
        broadest=_named(summary, broadest),
        breadth=number(broadest["breadth"]),
        toughest=_named(summary, toughest),
        resilience=number(toughest["resilience"]),
        kindest=_named(summary, kindest),
        excluded=f"{kindest['excluded']:.1%}",
    )
