"""What feedback, evaluation and knowledge are worth, from what searches found without them; and the page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from matplotlib.figure import Figure
from pydantic import model_validator

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, FEEDBACK_OFF, OPEN_LOOP
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.artifacts.identity import STUDY, Count, Fingerprint, Record, read_record
from juguo_agents.artifacts.searched import validated
from juguo_agents.evaluation.statistics import mean_interval
from juguo_agents.provenance import versions
from juguo_agents.report.figures.style import BLUE, GREY, headed, readable
from juguo_agents.report.texts import say, translated
from juguo_agents.studies.arms import RULE, ArmResults, reference_names
from juguo_agents.studies.arms_page import arm_words, doubling_lines, finish, intervals, page_of, share_lines
from juguo_agents.studies.study import DATA_FORMAT, Page
from juguo_agents.tables import ranged, terminal_table
from juguo_envs.errors import UserError
from juguo_envs.names import code
from juguo_envs.validation import Strict
from juguo_envs.worlds.scenario import Scenario


@dataclass(frozen=True)
class Kind:
    """A kind of feedback.

    Attributes:
        name: Its name.
        words: What it is.
        numbers: Names of the closed loop's numbers that are its own.
    """

    name: str
    words: str
    numbers: tuple[str, ...]

    @property
    def off(self) -> Parameters:
        """The numbers with which it does nothing."""
        return {name: FEEDBACK_OFF[name] for name in self.numbers}


KINDS = (
    Kind(
        "giving up",
        "abandon where harm is seen",
        (
            "exit.harm.production",
            "exit.harm.diffusion",
            "exit.harm.application",
            "exit.experience",
            "exit.patience",
            "exit.time_left",
        ),
    ),
    Kind("holding", "do not move on while harm is seen or unknown", ("hold.harm", "hold.experience")),
    Kind("repairing", "redesign where harm is seen", ("redesign.above", "redesign.extra")),
    Kind(
        "shifting",
        "pay more in some places by what is seen there: adoption, resilience, a crisis, a fault to mend",
        ("lean.adoption", "lean.resilience", "lean.crisis", "redesign.hubs"),
    ),
    Kind("answering crises", "pay more for what ends a crisis while there is one", ("relief.extra",)),
    Kind("protecting the floor", "restore where many are excluded", ("resilience.above", "resilience.extra")),
    Kind("timing", "move on when knowledge or fit is reached, not by date", ("advance.K", "advance.F")),
)


VALUE_FILE = "value.json"
CLOSED, OPEN, KNOWING, UNEVALUATED = "closed loop", "open loop", "oracle", "not shown"


class _Settings(Strict):
    format: int
    model: Fingerprint
    scenario: dict[str, Any]
    budget: Count
    refine: Count
    validation: Count
    searches: Count
    episodes: Count
    first_seed: Count
    observe: Literal["noisy", "true"]


class ValueRecord(Record):
    """What the file of the numbers of a world holds; see `value_data`."""

    KIND: ClassVar[str] = "juguo_value"
    FORMAT: ClassVar[int] = DATA_FORMAT
    WHAT: ClassVar[str] = "the numbers of the study `value`"
    AGAIN: ClassVar[str] = "restore the file as it was written, or run that study again in its folder"

    settings: _Settings
    scenario_digest: Fingerprint
    allocators: dict[str, Any]
    gap: dict[str, Any]
    worth: dict[str, Any]
    kinds: dict[str, Any]
    worth_searched_on: dict[str, Any]
    kinds_searched_on: dict[str, Any]
    searches: dict[str, str]
    last: dict[str, str]
    numbers: dict[str, Parameters]
    versions: dict[str, str]
    restarts: dict[str, list[float]]
    doubling: dict[str, Any]

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name in (CLOSED, OPEN):
            if self.last.get(name) not in self.numbers:
                raise ValueError(f"last.{name} is {self.last.get(name)!r}, which is not among the numbers")
        return self


def finished_value(folder: Path, scenario: Scenario) -> dict[str, Any]:
    """The numbers that a finished study `value` has of a world.

    Raises:
        UserError: If the folder holds none, or those of another world.
    """
    path = folder / VALUE_FILE
    if not path.is_file():
        raise UserError(f"value is {folder}; allowed is a folder in which `juguo study value` is finished")
    data, record = read_record(path, ValueRecord)
    STUDY.check(path, record.of, UserError, folder, folder.parent)
    if record.scenario_digest != scenario.digest():
        raise UserError(f"value is {folder}, which is of another world than {scenario.name}")
    return data


def value_data(results: ArmResults) -> dict[str, Any]:
    """All numbers of a world, as JSON values."""
    settings, returns, labelled = results.settings, results.returns, results.labelled
    rules = {name.removeprefix(RULE): values for name, values in returns.items() if name.startswith(RULE)}
    allocators = rules | {name: returns[search] for name, search in labelled.items()}
    last = results.last()
    worths = _worths(results, {name: name for name in last})
    searched_on = _worths(results, last) if results.steps else {"worth": {}, "kinds": {}}
    best, worst = returns[results.leaders[CLOSED]], returns[results.worst]
    return {
        "kind": ValueRecord.KIND,
        "settings": settings.as_json(results.scenario),
        "scenario_digest": results.scenario.digest(),
        "allocators": {
            name: {
                **mean_interval(values).__dict__,
                "standard_deviation": float(values.std(ddof=1)),
                "rule": name in rules,
            }
            for name, values in allocators.items()
        },
        "gap": {
            "best": CLOSED,
            "worst": results.worst.removeprefix(RULE),
            "mean": float((best - worst).mean()),
        },
        **worths,
        **{f"{group}_searched_on": worth for group, worth in searched_on.items()},
        "searches": labelled,
        "last": last,
        "numbers": {name: results.found[search].data["parameters"] for name, search in labelled.items()},
        "versions": versions(),
        "restarts": {
            name: [validated(results.found[search]) for search in reference_names(family, settings)]
            for name, family in ((CLOSED, CLOSED_LOOP), (OPEN, OPEN_LOOP))
        },
        "doubling": results.gains(),
    }


def _worths(results: ArmResults, labels: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What differences between arms tell, each arm by its label at some step."""

    def worth(better: str, worse: str, what: str) -> dict[str, Any]:
        return {"what": what, **results.share(labels[better], labels[worse], labels[CLOSED]).as_json()}

    return {
        "worth": {
            "feedback": worth(CLOSED, OPEN, "closed loop less open loop"),
            "evaluation": worth(CLOSED, UNEVALUATED, "closed loop less one not shown what governance finds"),
            "knowledge": worth(KNOWING, CLOSED, "oracle, which knows the hidden draws, less closed loop"),
        },
        "kinds": {kind.name: worth(CLOSED, kind.name, kind.words) for kind in KINDS},
    }


LITTLE = 0.05
"""Share of the gap under which feedback is said to be worth little."""


def value_page(results: ArmResults, data: dict[str, Any]) -> Page:
    """The numbers of a world, in words and as a figure."""
    return page_of(results, data, VALUE_FILE, value_lines(data), lambda: draw_value(data), say("value.alt"))


def value_lines(data: dict[str, Any]) -> list[str]:
    """The answers of `value`, as lines of Markdown that a terminal shows well, too."""
    settings, gap, kinds = data["settings"], data["gap"], data["kinds"]
    lines = [
        f"## {say('value.heading', world=code(settings['scenario']['name']))}",
        "",
        say(
            "value.opening",
            budget=f"{settings['budget']:,}",
            searches=settings["searches"],
            refine=f"{settings['refine']:,}",
            episodes=f"{settings['episodes']:,}",
            first=f"{settings['first_seed']:,}",
            worst=gap["worst"],
            gap=f"{gap['mean']:.3f}",
        ),
        "",
    ]
    shown = sorted(data["allocators"].items(), key=lambda item: -item[1]["mean"])
    head = (say("value.allocator"), say("value.return"))
    rows = ((name if row["rule"] else arm_words(name), ranged(row)) for name, row in shown)
    lines += terminal_table(head, rows).splitlines()
    lines += ["", *share_lines(say("value.what"), _in_words(data["worth"] | kinds)), ""]
    lines += _restarts(data["restarts"], settings["searches"])
    if data["doubling"]:
        searched_on = data["worth_searched_on"] | data["kinds_searched_on"]
        lines += [
            "",
            *doubling_lines(data["doubling"]),
            "",
            *share_lines(say("value.searched_on"), _in_words(searched_on)),
        ]
    last_kinds = data["kinds_searched_on"] or kinds
    lines += ["", _feedback_in_words((data["worth_searched_on"] or data["worth"])["feedback"]), ""]
    strong = [translated(n) for n, v in last_kinds.items() if v["share"] >= LITTLE and v["low"] > 0.0]
    named = say("comma").join(strong) or say("value.none")
    lines.append(say("value.strong", share=f"{100 * LITTLE:.0f} %", kinds=named))
    lines += ["", _folders(data)]
    return lines


def _in_words(rows: dict[str, Any]) -> dict[str, Any]:
    return {translated(name): row for name, row in rows.items()}


def _folders(data: dict[str, Any]) -> str:
    """Where the best of what was searched lies, for other programs."""
    folders = [
        say("value.folder", name=translated(name), folder=f"searches/{data['searches'][data['last'][name]]}")
        for name in (CLOSED, OPEN, KNOWING)
    ]
    return say("value.folders", folders=say("comma").join(folders))


def _restarts(restarts: dict[str, list[float]], searches: int) -> list[str]:
    """How far searches lie apart that differ by their seed alone."""
    if searches < 2:
        return [say("value.one_search")]
    apart = [
        f"{translated(name)} {say('between', low=f'{min(means):.3f}', high=f'{max(means):.3f}')}"
        for name, means in restarts.items()
    ]
    return [say("value.restarts", apart=say("comma").join(apart))]


def _feedback_in_words(feedback: dict[str, Any]) -> str:
    share = f"{100 * feedback['share']:.1f} %"
    if feedback["low"] <= 0.0:
        return say("value.feedback.nothing", share=share)
    return say("value.feedback.little" if feedback["share"] < LITTLE else "value.feedback.much", share=share)


def draw_value(data: dict[str, Any]) -> Figure:
    """What feedback, evaluation, knowledge and each kind are worth at the end of all searches."""
    worth, kinds = (data[f"{group}_searched_on"] or data[group] for group in ("worth", "kinds"))
    world = readable(data["settings"]["scenario"]["name"])
    figure = headed(8.0, 5.0, say("value.title"), say("value.note", world=world))
    axes = figure.add_subplot()
    names = [translated(name) for name in (*worth, *kinds)]
    intervals(axes, names, [*worth.values(), *kinds.values()], BLUE, "")
    axes.axhline(len(kinds) - 0.5, color=GREY, linewidth=0.6)
    axes.axvline(5.0, color=GREY, linewidth=0.8, linestyle=":")
    finish(axes)
    return figure
