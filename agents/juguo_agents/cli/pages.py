"""The pages of results: by which commands each is made, and which are of a former world."""

from __future__ import annotations

from dataclasses import dataclass

from juguo_agents.benchmark.protocol import WORLDS

SMOKE = "--smoke"
BRIEF = (
    "training.search=4000 training.steps=4000 training.selections=1 training.selection_episodes=2 "
    "training.seeds=[0,1] comparison.episodes=4 comparison.allocators=[flat,experiment_diffusion]"
)

_WITHOUT_SEARCH = BRIEF.replace("training.search=4000 ", "")


@dataclass(frozen=True)
class Step:
    """A command.

    Attributes:
        name: Of what it makes, in the folder of its page; `--out` names that.
        command: Without `juguo` and without `--out`. `{NAME}` stands for what another step of the page makes,
            `{PAGE/NAME}` for what one of another page does.
        made: The file in its folder that is there when the command is done; none where it makes a scorecard.
        minutes: On two cores, as it took beside other jobs; a guess for what was not run.
        quick: What is added for a run that only shows that everything works, or another whole command.
        told: Whether the page takes what is made.
    """

    name: str
    command: str
    made: str | None
    minutes: float
    quick: str = SMOKE
    told: bool = True


@dataclass(frozen=True)
class ResultsPage:
    """A page, a folder of pages in each language, or entries of the leaderboard.

    Attributes:
        title: In its head.
        about: The page of explanation that says what is measured.
        worlds: Shipped worlds that it is about.
        steps: What makes it, in order.
        folders: Whether the last step makes pages, with their figures, in a folder for each language.
    """

    title: str
    about: str
    worlds: tuple[str, ...]
    steps: tuple[Step, ...]
    folders: bool = False

    @property
    def cards(self) -> tuple[Step, ...]:
        """The steps that make scorecards. Where there are some, the page is the leaderboard."""
        return tuple(step for step in self.steps if step.made is None)


def _attribution(world: str, options: str = "", minutes: float = 1.0) -> Step:
    command = f"study attribution concentrated experiment_diffusion --scenario {world}"
    return Step(world, f"{command}{options}", "between.md", minutes, f"{command} --smoke")


def _training(name: str, world: str, minutes: float) -> ResultsPage:
    step = Step(name, f"train {name}", "comparison.md", minutes, BRIEF)
    return ResultsPage(f"trained allocators, `{name}`", "learned-allocators", (world,), (step,))


def _learner(algorithm: str, minutes: float) -> Step:
    """Settings of every learner were tuned at the same budget (configs/learners)."""
    command = f"train learners/{algorithm} training.steps=1000000 training.seeds=[0,1]"
    quick = f"train learners/{algorithm} {_WITHOUT_SEARCH}"
    return Step(algorithm, command, "comparison.md", minutes, quick, told=False)


def _entries(*steps: Step) -> ResultsPage:
    return ResultsPage("the benchmark", "learned-allocators", _SCORED, steps)


def _card(name: str, *parts: str) -> Step:
    command = f"benchmark {' '.join(parts or (name,))} --name {name}"
    return Step(f"cards/{name}.json", command, None, 0.7, "", told=False)


def _search(family: str) -> Step:
    return Step(family, f"search --family {family} --budget 20000", "searched.json", 1.0, "", told=False)


_LEARNERS = (("ppo", 2.0), ("recurrent_ppo", 7.0), ("sac", 6.0), ("tqc", 12.0))
"""Learners that the benchmark compares at equal steps, and the minutes of each."""
_SCORED = tuple(world for world in WORLDS if world != "family")
_SHIPPED = ("default", "sound", "poor", "crisis", "china31", "programme", "passive")
PAGES: dict[str, ResultsPage] = {
    "comparison": ResultsPage(
        "the rules, like for like",
        "doctrines-and-institutions",
        ("default",),
        (Step("all", "evaluate all", "comparison.md", 1.0, "--episodes 4"),),
    ),
    "patterns": ResultsPage(
        "the ten stylised facts",
        "stylised-facts",
        ("default", "china31", "crisis"),
        (
            Step(
                "making",
                "study patterns --budget 12000 --refine 6000 --searches 2",
                "patterns.md",
                15.0,
                "study patterns --smoke",
                told=False,
            ),
            Step(
                "confirmed",
                "study patterns --confirm --episodes 1000 --budget 12000 --refine 6000 --searches 2",
                "patterns.md",
                13.0,
                "study patterns --confirm --smoke",
            ),
            Step(
                "china31",
                "study patterns --confirm --scenario china31 --only 1 2 4 6 7 10",
                "patterns.md",
                2.0,
            ),
            Step("crisis", "study patterns --confirm --scenario crisis --only 6", "patterns.md", 1.0),
        ),
    ),
    "attribution": ResultsPage(
        "the proposal and the baseline, part by part",
        "attribution",
        ("default", "poor", "crisis", "china31"),
        (
            *map(_attribution, ("default", "poor", "crisis")),
            _attribution("china31", " --episodes 60", 2.3),
        ),
    ),
    "mechanisms": ResultsPage(
        "what each mechanism is worth",
        "mechanisms",
        ("default", "crisis"),
        (
            Step(
                "mechanisms",
                "study mechanisms --episodes 60 --repeats 5",
                "mechanisms.md",
                10.0,
                "study mechanisms --smoke",
            ),
            Step(
                "crisis",
                "study mechanisms --scenario crisis --only 'crisis on leaving' 'crises end alone' "
                "--episodes 60 --repeats 5",
                "mechanisms.md",
                1.0,
                "study mechanisms --scenario crisis --only 'crisis on leaving' --smoke",
            ),
        ),
    ),
    "map": ResultsPage(
        "the map",
        "map-of-worlds",
        ("default",),
        (
            Step(
                "map",
                "study map --seed 11",
                "map.md",
                28.0,
            ),
        ),
    ),
    "questions": ResultsPage(
        "questions of policy, and the paper's claims",
        "hypotheses",
        ("default", "poor", "crisis", "sound", "china31", "programme"),
        (
            Step(
                "claims",
                "study hypotheses --scenarios 48 --episodes 24 --searched 12 --search-budget 5000 "
                "--tuning-points 0 --tuning-budget 1500",
                "hypotheses.md",
                14.0,
                "study hypotheses --smoke",
                told=False,
            ),
            Step("answers", "study questions --claims {claims}", "questions.json", 4.0, told=False),
        ),
        folders=True,
    ),
    **{f"training/{world}": _training(world, world, 12.0) for world in _SHIPPED},
    "training/full": _training("full", "default", 40.0),
    "training/family": _training("family", "default", 70.0),
    "training/from_scratch": _training("from_scratch", "default", 17.0),
    "generalisation": ResultsPage(
        "worlds that were not met",
        "learned-allocators",
        ("default",),
        (
            Step(
                "family",
                "study generalisation {training/family} --scenarios 400 --tuning 5000 --convergence 0 "
                "--specialists 24",
                "family.md",
                190.0,
                "study generalisation {training/family} --smoke",
            ),
        ),
    ),
    "benchmark/rules": _entries(
        *map(
            _card,
            ("nothing", "flat", "concentrated", "experiment_diffusion", "market+exit+relief",
             "care_only+exit+relief", "capability_first+exit+relief", "demonstration_zone+exit+relief"),
        ),
    ),
    "benchmark/zoo": _entries(_card("zoo", *(f"zoo:{world}" for world in WORLDS))),
    "benchmark/searched": _entries(
        _search("open_loop"),
        _search("closed_loop"),
        _card("searched_open_loop", "{open_loop}"),
        _card("searched_closed_loop", "{closed_loop}"),
    ),
    "benchmark/learners": _entries(
        *(_learner(*one) for one in _LEARNERS),
        *(_card(f"learned_{algorithm}", f"{{{algorithm}}}") for algorithm, _ in _LEARNERS),
    ),
    "benchmark/default": _entries(
        _card("learned_default", "{training/default}"),
        _card("imitation_default", "{training/default}/imitation"),
        _card("searched_default", "{training/default}/expert"),
        _card("proposal_tuned_default", "{training/default}/tuned/experiment_diffusion"),
    ),
    **{
        f"benchmark/{name}": _entries(_card(f"learned_{name}", f"{{training/{name}}}"))
        for name in ("full", "from_scratch", "family")
    },
    "benchmark/each_world": _entries(
        _card("learned_default_and_china31", "{training/default}", "{training/china31}"),
        _card("learned_each_world", *(f"{{training/{name}}}" for name in _SCORED)),
    ),
}  # fmt: skip
"""By their names, in the order in which they are made.

A page is in a file of its name. What PAGE/PART makes is in the folder of PAGE, and its page in PAGE-PART.md.
The scorecards of all parts of `benchmark` make one page, the leaderboard.
"""

ELSEWHERE = {
    "calibration": "needs the data of netdiffuseR, which are not part of this project: juguo calibrate",
    "performance": "is of a machine: make bench",
    "single-file": "is made by tools/single_file.py",
}
"""Pages that `juguo reproduce` does not make, and why."""

FORMER: dict[str, str] = {}
"""Pages that describe a former world until they are made anew, and say so in their head: by name, and why."""
