"""What a comparison says, in five plain points: the best programme, its reach, who is left out, risk, basis.

The points follow from the numbers of `comparison.json` alone. A difference counts only where its paired
interval excludes zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from juguo_agents.evaluation.statistics import Estimate, spread_out
from juguo_agents.report.formatting import interval, mean_with_interval, number
from juguo_agents.report.formatting import verdict as sign_of
from juguo_agents.report.names import name_of, named, place_name
from juguo_agents.report.texts import joined, say, sentences, speaking

TOO_FEW, FEW = 10, 30
"""Episodes below which there is no verdict, or one with a warning: of the 95 % intervals of a normal sample,
50 % cover the mean with 2 values, 83 % with 5, 91 % with 10, 93 % with 30."""
_SHOWN = 4  # names of programmes that are tied, before the rest is counted


def verdict(summary: dict[str, Any], quoted: Callable[[str], str] = str, lang: str = "en") -> list[str]:
    """The five points, each of one to four sentences.

    Args:
        summary: The content of `comparison.json`.
        quoted: How a name is written.
        lang: Language of the texts.
    """
    with speaking(lang, summary["world"]["step"]):
        words = _Words(summary, quoted)
        points = (words.best, words.reach, words.left_out, words.risk, words.basis)
        return [sentences(point()) for point in points]


class _Words:
    def __init__(self, summary: dict[str, Any], quoted: Callable[[str], str]) -> None:
        self.summary, self.found, self.quoted = summary, summary["best"], quoted
        self.name = self._named(self.found["names"])
        names = self.found["names"]
        together = len(names) > 1
        of = summary["learned"]["indicators"] if together else summary["indicators"][names[0]]
        self.indicators: dict[str, Any] = of
        self.few = summary["episodes"] < TOO_FEW

    def _named(self, names: Sequence[str]) -> str:
        if len(names) > 1:
            return say("learned.group", count=len(names))
        return named(name_of(self.summary, names[0]), self.quoted)

    def best(self) -> list[str]:
        """The best programme, against the references, the others and the baseline."""
        found, mean = self.found, mean_with_interval(self.found)
        if self.few:
            episodes = self.summary["episodes"]
            first = say("episodes.one" if episodes == 1 else "episodes.few", episodes=episodes)
            return [first, say("best.highest", name=self.name, mean=mean)]
        unbeaten = [one for one in found["references"] if not one["beaten_by"]]
        tied = [other["names"] for other in found["others"] if other["lead_low"] <= 0.0]
        if unbeaten:
            reference = min(unbeaten, key=lambda one: float(one["gain"]))
            ahead = joined([self._named([one["name"]]) for one in unbeaten])
            said = [say("best.none_beats", reference=ahead)]
            if reference["gain_high"] < 0.0:
                said.append(say("best.behind", name=self.name, gain=_amount(reference, "gain")))
            else:
                said.append(say("best.level", name=self.name, gain=interval(reference, "gain")))
        elif tied:
            shown = [self.name, *(self._named(names) for names in tied[: _SHOWN - 1])]
            more = len(tied) - len(shown) + 1
            shown += [say("count.more", count=more)] if more else []
            said = [say("best.tied", names=joined(shown))]
            said.append(say("best.highest", name=self.name, mean=mean))
        else:
            said = [say("best.clear" if found["others"] else "best.only", name=self.name, mean=mean)]
        return [*said, self._baseline(), self._learned()]

    def _baseline(self) -> str:
        baseline, found = self.summary["baseline"], self.found
        if found["names"] == [baseline]:
            return say("best.is_baseline")
        key = {1: "above", 0: "level_baseline", -1: "below"}[sign_of(found, "difference")]
        difference = (
            _amount(found, "difference") if key != "level_baseline" else interval(found, "difference")
        )
        return say(f"best.{key}", difference=difference, baseline=self._named([baseline]))

    def _learned(self) -> str:
        """What was learned, where it is not the best."""
        learned = self.summary["learned"]
        for other in self.found["others"]:
            if learned and other["names"] == learned["names"] and other["lead_low"] > 0.0:
                lead = _amount(other, "lead")
                return say("learned.behind", names=self._named(other["names"]), lead=lead)
        return ""

    def reach(self) -> list[str]:
        """How far adoption goes, and when."""
        said = [say("reach.end", name=self.name, adoption=_percent(self.found["adoption_end"]))]
        levels = self.indicators["reaches"]
        reached = [level for level in levels if level["quarters"] is not None]
        for level in reached[-2:]:
            told = self._quarters(level["quarters"]["mean"])
            share = f"{level['share']['mean']:.0%}"
            said.append(say("reach.level", level=f"{level['level']:.0%}", share=share, quarters=told))
        if len(reached) < len(levels):
            said.append(say("reach.never", level=f"{levels[len(reached)]['level']:.0%}"))
        return said

    def _quarters(self, count: float) -> str:
        return say("count.quarters", count=f"{count:.0f}")

    def left_out(self) -> list[str]:
        """Who cannot take part, and whom the technology reaches least."""
        said, found = [say("left.excluded", excluded=_percent(self.found["excluded"]))], self.indicators
        world, by_place = self.summary["world"], found.get("excluded_by_place")
        places = world["places"]
        if by_place and len(places) > 1:
            most = max(range(len(places)), key=lambda i: float(by_place["mean"][i]))
            excluded = _percent(by_place["mean"][most])
            said.append(
                say(
                    "left.place",
                    place=self.quoted(place_name(places[most], world["labels_en"][most])),
                    excluded=excluded,
                )
            )
        strata = [one["mean"] for one in found["adoption_by_stratum"]]
        low, high = min(strata), max(strata)
        if _percent(low) == _percent(high):
            said.append(say("left.strata_alike", adoption=_percent(low)))
        else:
            names = [say(f"stratum.{strata.index(value)}") for value in (low, high)]
            values = {
                "worst": _percent(low),
                "best": _percent(high),
                "worst_name": names[0],
                "best_name": names[1],
            }
            said.append(say("left.strata", **values))
        if len(places) > 1:
            worst, best = (found[f"adoption_{which}_places"]["mean"] for which in ("worst", "best"))
            said.append(say("left.places", worst=_percent(worst), best=_percent(best)))
        return said

    def risk(self) -> list[str]:
        """The worst tenth of the episodes, and how often others do better."""
        if self.few:
            return [say("risk.unknown")]
        worst = number(self.indicators["worst_tenth"]["mean"])
        said = [say("risk.worst", name=self.name, mean=worst)]
        worse = {name: f"{one['mean']:.0%}" for name, one in self.indicators["worse_than"].items()}
        baseline, nothing = worse.get(self.summary["baseline"]), worse.get("nothing")
        if self.found["names"] == [self.summary["baseline"]]:
            baseline = None
        key = {(True, True): "both", (False, True): "nothing", (True, False): "baseline"}
        told = key.get((baseline is not None, nothing is not None))
        return [*said, say(f"risk.{told}", baseline=baseline, nothing=nothing) if told else ""]

    def basis(self) -> list[str]:
        """What the comparison rests on."""
        summary, world, count = self.summary, self.summary["world"], self.summary["episodes"]
        said = [
            say(
                "rests.family" if world["family"] else "rests.on",
                episodes=say("count.episodes.one" if count == 1 else "count.episodes", count=f"{count:,}"),
                world=self.quoted(summary["scenario"]),
                persons=f"{world['persons']:,}",
                places=f"{len(world['places']):,}",
                quarters=self._quarters(world["quarters"]),
            ),
            say("rests.luck"),
        ]
        weights = {name: f"{value:g}" for name, value in world["weights"].items()}
        said.append(say("rests.drawn") if world["weights_drawn"] else say("rests.weights", **weights))
        if TOO_FEW <= count < FEW:
            said.append(say("rests.narrow"))
        if not self.few and len(self.found["others"]) > 1:
            said.append(say("rests.picked", count=len(self.found["others"]) + 1))
        return [*said, say("rests.model")]


def _amount(entry: dict[str, Any], name: str) -> str:
    """How large a difference is, with its interval, whichever way it goes."""
    mean, low, high = (entry[name + end] for end in ("", "_low", "_high"))
    if mean < 0.0:
        mean, low, high = -mean, -high, -low
    return interval(spread_out(name, Estimate(mean, low, high)), name, signed=False)


def _percent(share: float) -> str:
    return f"{share:.1%}"
