"""What an allocator does: small trees distilled from it, what it spends, and what it looks at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from juguo_agents.allocators import Allocator, Setting, rule_names
from juguo_agents.allocators.rules import Flat
from juguo_agents.array_types import Seeds
from juguo_agents.artifacts.identity import headed, record_of
from juguo_agents.artifacts.load import POLICY_SUFFIX, digest_of, files_of, find_allocators, load_artifact
from juguo_agents.artifacts.policy_file import load_policy
from juguo_agents.artifacts.tree import TreeAllocator
from juguo_agents.artifacts.tree_file import TreeRecord, read_tree, tree_content
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.importance import Group, groups, importance, returns_without
from juguo_agents.evaluation.rollout import Conditions
from juguo_agents.evaluation.spending import same_uses, spending
from juguo_agents.provenance import MODEL, versions
from juguo_agents.report.texts import language, speaking
from juguo_agents.search.distillation.distil import Budget, distil
from juguo_agents.search.distillation.fidelity import fidelity, gain_kept
from juguo_agents.search.distillation.query import ExpertQuery
from juguo_agents.studies import settings as base
from juguo_agents.studies.explain.analysis import draw_figures, page, summary_lines
from juguo_agents.studies.measurement import Named, named
from juguo_agents.studies.settings import NamedScenario
from juguo_agents.studies.study import Content, Execute, Page, Stage, Study, record, recorded
from juguo_agents.training.run import policy_path
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario


@dataclass(frozen=True)
class Source:
    """An allocator, its own world, and where it comes from.

    Attributes:
        allocator: What is explained.
        named: The same by its file, for points of a study.
        scenario: The world it was made for; `default` for a rule.
        observe: With noise on what is seen ("noisy"), or without ("true").
        label: A name for folders.
        digest: SHA-256 of its file; None for a rule.
        others: Training seeds of the same run that are not explained, each with its selection return.
    """

    allocator: Allocator
    named: Named
    scenario: Scenario
    observe: str
    label: str
    digest: str | None
    others: dict[int, float | None]

    def as_json(self) -> dict[str, Any]:
        """Plain values, for files."""
        return {
            "name": self.allocator.name,
            "sha256": self.digest,
            "other_seeds": {str(seed): value for seed, value in self.others.items()},
        }


def find_source(name: str, seed: int | None = None) -> Source:
    """The allocator that a user named.

    Args:
        name: The folder of a run, a policy file, a rule, the folder or file of a search or of a tree.
        seed: Which training seed of a run; by default the best by its return on the selection episodes.

    Raises:
        UserError: If there is no such allocator, or more than one; files that cannot be used are named.
    """
    path, files = Path(name), files_of(name)
    policies = [file for file in files if file.suffix == POLICY_SUFFIX]
    if policies and path.is_dir():
        return _of_run(path, policies, seed)
    if seed is not None:
        raise UserError(f"seed is {seed}, but {name} is no folder of a run; leave it out")
    if policies:
        return _of_policy(path, {})
    found = find_allocators([name])
    if len(found) > 1:
        names = ", ".join(a.name for a in found[:4])
        raise UserError(f"{name} stands for {len(found)} allocators ({names} ...); name one of them")
    if not files:
        world = Scenario.load("default")
        return Source(found[0], named(name), world, "noisy", found[0].name, digest_of(name), {})
    stored = load_artifact(files[0])
    world = stored.world if isinstance(stored.world, Scenario) else stored.world.base
    return Source(found[0], named(name), world, stored.observe, found[0].name, digest_of(name), {})


def _of_run(folder: Path, files: list[Path], seed: int | None) -> Source:
    returns = {policy.seed: _selection_return(policy.metadata) for policy in map(load_policy, files)}
    if seed is None:
        seed = max(returns, key=lambda s: (returns[s] if returns[s] is not None else float("-inf"), -s))
    elif seed not in returns:
        raise UserError(f"seed is {seed}; {folder} has {', '.join(map(str, sorted(returns)))}")
    others = {other: returns[other] for other in sorted(returns) if other != seed}
    return _of_policy(policy_path(folder, seed), others)


def _of_policy(path: Path, others: dict[int, float | None]) -> Source:
    policy = load_policy(path)
    scenario = policy.world if isinstance(policy.world, Scenario) else policy.world.base
    label = f"{path.resolve().parent.name}-{path.stem.removeprefix('policy-')}"
    digest = digest_of(str(path))
    return Source(policy.allocator(), named(str(path)), scenario, policy.observe, label, digest, others)


def _selection_return(metadata: dict[str, Any]) -> float | None:
    """What a policy earned on the selection episodes, where its file tells."""
    value = metadata.get("evaluation", {}).get("selection", {}).get("return")
    return float(value) if isinstance(value, int | float) else None


RESULT_FILE, PAGE_FILE = "explain.json", "explain.md"
FLAT = Flat.base_name
EXPLAINED = "explained"
"""Key of the runs of what is explained; those of rules have their names."""

Episodes = Annotated[int, Field(ge=1, le=seeds.EXPLAIN_EPISODES)]


class Settings(base.Settings):
    """What is explained, where, and how much is spent on it."""

    smoke: ClassVar[Mapping[str, Any]] = {
        "rounds": 2, "asking": 4, "ranking": 4, "choice": 4, "episodes": 10, "repeats": 1,
    }  # fmt: skip
    free: ClassVar[frozenset[str]] = frozenset({"run", "seed"})

    run: str = Field(
        description="folder of a run, a policy file, a rule, your own as FILE.py:CLASS, or the folder or "
        "file of a search or of a tree",
        json_schema_extra={"positional": True},
    )
    seed: int | None = Field(
        default=None, description="training seed of a run; default: the best one by its selection return"
    )
    scenario: NamedScenario | None = Field(default=None, description="the world; default: the run's own")
    observe: Literal["noisy", "true"] | None = Field(
        default=None, description="noise on what is seen, or the true state; default: as the run"
    )
    leaves: tuple[Annotated[int, Field(ge=2, le=256)], ...] = Field(
        default=(8, 16), description="leaves of each tree, at most"
    )
    rounds: int = Field(
        default=8, ge=1, le=seeds.EXPLAIN_ROUNDS, description="rounds of DAgger, the first led by the learner"
    )
    asking: Episodes = Field(default=100, description="episodes of each round")
    ranking: Episodes = Field(default=200, description="episodes on which all candidates are ranked")
    choice: Episodes = Field(default=400, description="episodes on which one of the finalists is chosen")
    episodes: int = Field(
        default=400, ge=2, le=seeds.EXPLAIN_EPISODES, description="test episodes on which all is measured"
    )
    first_seed: int = Field(default=0, ge=0, description="seed of the first test episode")
    repeats: int = Field(
        default=2, ge=1, le=100, description="partners of an episode when an observation's importance is told"
    )

    def check(self) -> None:
        """Refuse seeds that are kept for maps, a size named twice, and a world that does not fit."""
        if self.first_seed > (most := seeds.MAP.first - self.episodes):
            raise UserError(f"first_seed is {self.first_seed}; allowed is 0 to {most}")
        if len(set(self.leaves)) < len(self.leaves):
            raise UserError(f"leaves is {' '.join(map(str, self.leaves))}; each size may be named once")
        self.source.allocator.start(self.test.setting, np.zeros(1, np.uint64))

    def remembered(self) -> dict[str, Any]:
        """What is explained, by its content, and where."""
        return {
            "source": self.source.as_json(),
            **super().remembered(),
            "scenario": self.test.conditions.scenario.model_dump(mode="json"),
            "observe": self.test.conditions.observe,
        }

    @cached_property
    def source(self) -> Source:
        """What is explained."""
        return find_source(self.run, self.seed)

    @cached_property
    def test(self) -> TestEpisodes:
        """The test episodes, and the world that they are in."""
        world, observe = self.scenario or self.source.scenario, self.observe or self.source.observe
        return TestEpisodes(Conditions(world, observe), self.first_seed, self.episodes)


@dataclass(frozen=True)
class TestEpisodes:
    """Test episodes: where, the seed of the first, and how many."""

    conditions: Conditions
    first_seed: int
    episodes: int

    @property
    def numbers(self) -> Seeds:
        """(episodes,) their seeds."""
        return seeds.test(self.first_seed, self.episodes)

    @property
    def setting(self) -> Setting:
        """What allocators are told of them."""
        return Setting.of(self.conditions.scenario)


@dataclass(frozen=True)
class Run:
    """An allocator on the test episodes; perhaps with a group of observations as in other episodes."""

    key: str
    allocator: Named
    test: TestEpisodes
    without: Group | None = None
    repeats: int = 1

    @property
    def cost(self) -> int:
        """Episodes."""
        return self.repeats * self.test.episodes

    def measure(self) -> dict[str, Any]:
        """What it earns, and where it sees everything, what it spends."""
        allocator, test = self.allocator.allocator(), self.test
        if self.without:
            misled = returns_without(self.without, allocator, test.conditions, test.numbers, self.repeats)
            return {"returns": misled.tolist()}
        ran = test.conditions.run(allocator, test.numbers)
        return {"returns": ran.returns.tolist(), "spending": spending(ran, test.setting.population)}


@dataclass(frozen=True)
class Distillation:
    """A tree of at most so many leaves, distilled and then measured on the test episodes."""

    learner: Named
    leaves: int
    budget: Budget
    test: TestEpisodes

    @property
    def key(self) -> str:
        """Its name."""
        return f"tree{self.leaves}"

    @property
    def cost(self) -> int:
        """Episodes."""
        return self.budget.episodes + 2 * self.test.episodes

    def measure(self) -> dict[str, Any]:
        """The tree, how it came about, how close it comes, what it earns and spends."""
        learner, conditions = self.learner.allocator(), self.test.conditions
        found = distil(learner, conditions, self.leaves, self.budget)
        tree = TreeAllocator(found.chosen.tree, f"{self.key}_of_{learner.name}")
        led_by_tree, led_by_learner = ExpertQuery(tree, learner), ExpertQuery(learner, tree)
        ran = conditions.run(led_by_tree, self.test.numbers)
        conditions.run(led_by_learner, self.test.numbers)
        there = led_by_learner.answers()
        return {
            "name": tree.name,
            "tree": tree_content(found.chosen.tree, conditions.scenario),
            "distilled": found.as_json(),
            "fidelity": {
                "tree": fidelity(led_by_tree.answers()),
                "learner": fidelity(replace(there, wants=there.done, done=there.wants)),
            },
            "returns": ran.returns.tolist(),
            "spending": spending(ran, self.test.setting.population),
        }


def key_of(group: Group) -> str:
    """Key of the run without a group."""
    return "without " + re.sub(r"[^\w, ]", "", group.words)


def measure(point: Run | Distillation, work: Path) -> pa.Table:
    """What a point measures."""
    return record(point.measure())


class Explain(Study[Settings, dict[str, Any]]):
    """What an allocator does."""

    name, settings_type, home = "explain", Settings, "explained"

    def default_name(self) -> str:
        """Name of a new folder in `home`."""
        return self.settings.source.label

    def plan(self, execute: Execute) -> dict[str, Any]:
        """All measurements, by the key of the point; those that take longest begin first."""
        asked, learner, test = self.settings, self.settings.source.named, self.settings.test
        budget = Budget(asked.rounds, asked.asking, asked.ranking, asked.choice)
        rules = [name for name in rule_names() if name != asked.source.allocator.name]
        points: list[Run | Distillation] = [
            *(Distillation(learner, leaves, budget, test) for leaves in asked.leaves),
            *(Run(key_of(g), learner, test, g, asked.repeats) for g in groups(test.setting.layout)),
            Run(EXPLAINED, learner, test),
            *(Run(rule, named(rule), test) for rule in rules),
        ]
        tables = execute(Stage("measurements", points, measure, cost=lambda p: p.cost, unit="episode"))
        return {point.key: recorded(table) for point, table in zip(points, tables, strict=True)}

    def analyse(self, table: dict[str, Any]) -> Page:
        """Fidelity, spending and importance; each tree in a file of its own."""
        asked, world = self.settings, self.settings.test.conditions.scenario
        setting, source, told = asked.test.setting, asked.source.as_json(), asked.remembered()
        own = table[EXPLAINED]
        flat = table.get(FLAT, own)  # which may be what is explained
        returns, base = np.array(own["returns"]), np.array(flat["returns"])
        files: dict[str, Content] = {}
        trees, stored = [], []
        for leaves in asked.leaves:
            found = table[f"tree{leaves}"]
            kept = gain_kept(np.array(found["returns"]), returns, base)
            file = f"tree{leaves}.json"
            about = {
                "name": found["name"],
                "observe": told["observe"],
                "source": source,
                "fidelity": found["fidelity"],
                "measured": {
                    "episodes": asked.episodes,
                    "first_seed": asked.first_seed,
                    **{key: found["spending"][key] for key in ("return", "return_low", "return_high")},
                    "kept": kept,
                },
                "distilled": found["distilled"],
                "versions": versions(),
            }
            content = {**about, **found["tree"]}
            stored.append(read_tree(record_of(TreeRecord, content, None), Path(file)))
            files[file] = headed(TreeRecord, content)
            size = {
                "name": found["name"],
                "file": file,
                "at_most": leaves,
                "leaves": len(stored[-1].tree.leaves),
            }
            trees.append({**size, "kept": kept, **{key: found[key] for key in ("fidelity", "distilled")}})
        rules = [found["spending"] for key, found in table.items() if key in rule_names()]
        shown = [
            own["spending"],
            *(table[f"tree{leaves}"]["spending"] for leaves in asked.leaves),
            *sorted(rules, key=lambda s: -s["return"]),
        ]
        losses = [
            importance(g, returns, np.array(table[key_of(g)]["returns"])) for g in groups(setting.layout)
        ]
        data = {
            "source": source,
            "scenario": world.name,
            "scenario_digest": world.digest(),
            "settings": {
                **{name: value for name, value in told.items() if name not in ("source", "scenario")},
                "model": MODEL,
            },
            "communities": [
                {"name": name, "population": float(share)}
                for name, share in zip(setting.names, setting.population, strict=True)
            ],
            "trees": trees,
            "spending": [spent | {"same_uses": same_uses(own["spending"], spent)} for spent in shown],
            "importance": sorted(losses, key=lambda g: -g["loss"]),
            "versions": versions(),
        }
        with speaking(language(), world.step):
            files |= dict(draw_figures(data, stored))
            files[PAGE_FILE] = page(data, stored).encode()
            return Page(data, RESULT_FILE, "\n".join(summary_lines(data)), files)
