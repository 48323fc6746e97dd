"""Explains an allocator, part by part: what is done stays, so that it can be stopped and gone on with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from juguo_agents.allocators import Setting, make_rule, rule_names
from juguo_agents.allocators.rules import Flat
from juguo_agents.artifacts.tree import TreeAllocator
from juguo_agents.artifacts.tree_file import StoredTree, load_tree, save_tree
from juguo_agents.evaluation import seeds
from juguo_agents.provenance import versions
from juguo_agents.studies.explain.asking import Asking
from juguo_agents.studies.explain.distil import Plan, Progress, World, distil
from juguo_agents.studies.explain.fidelity import fidelity, gain_kept
from juguo_agents.studies.explain.importance import groups, importance
from juguo_agents.studies.explain.parts import Parts
from juguo_agents.studies.explain.source import Source
from juguo_agents.studies.explain.spending import same_uses, spending
from juguo_envs.engine.compiled import SOURCE_KEY
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.worlds.scenario import Scenario

STATE_FILE, RESULT_FILE = "explain_state.json", "explain.json"
KIND, FORMAT = "juguo_explanation", 1
MOST_LEAVES = 256
FLAT = Flat.base_name


@dataclass(frozen=True)
class Settings:
    """What is asked.

    Attributes:
        source: What is explained.
        scenario: The world.
        observe: "noisy" or "true".
        leaves: The sizes of the trees.
        plan: How much is spent on each tree.
        episodes: Test episodes on which everything is measured.
        first_seed: Seed of the first.
        repeats: Partners of each episode when an observation's importance is measured.
    """

    source: Source
    scenario: Scenario
    observe: str = "noisy"
    leaves: tuple[int, ...] = (8, 16)
    plan: Plan = field(default_factory=Plan)
    episodes: int = 400
    first_seed: int = 0
    repeats: int = 2

    def check(self) -> None:
        """Refuse what cannot be done.

        Raises:
            UserError: Naming the number, its value and what is allowed.
        """
        for name, value, least, most in (
            ("rounds", self.plan.rounds, 1, seeds.EXPLAIN_ROUNDS),
            ("asking", self.plan.asking, 1, seeds.EXPLAIN_EPISODES),
            ("ranking", self.plan.ranking, 1, seeds.EXPLAIN_EPISODES),
            ("choice", self.plan.choice, 1, seeds.EXPLAIN_EPISODES),
            ("episodes", self.episodes, 2, seeds.EXPLAIN_EPISODES),
            ("first_seed", self.first_seed, 0, seeds.MAP.first - self.episodes),
            ("repeats", self.repeats, 1, 100),
            *(("leaves", size, 2, MOST_LEAVES) for size in self.leaves),
        ):
            if not least <= value <= most:
                raise UserError(f"{name} is {value}; allowed is {least} to {most}")
        if len(set(self.leaves)) < len(self.leaves):
            raise UserError(f"leaves is {' '.join(map(str, self.leaves))}; each size may be named once")
        if self.observe not in ("noisy", "true"):
            raise UserError(f"observe is {self.observe!r}; allowed is 'noisy' or 'true'")

    def as_json(self) -> dict[str, Any]:
        """What an explanation belongs to, in plain values."""
        return {
            "source": self.source.as_json(),
            "scenario": self.scenario.model_dump(mode="json"),
            "observe": self.observe,
            "leaves": list(self.leaves),
            **asdict(self.plan),
            "episodes": self.episodes,
            "first_seed": self.first_seed,
            "repeats": self.repeats,
            "model": f"{SOURCE_KEY:014x}",
        }

    @property
    def steps(self) -> int:
        """Calls of `progress` in all."""
        observed = len(groups(Setting.of(self.scenario).layout))
        return 1 + len(rule_names()) + len(self.leaves) * (self.plan.steps + 1) + observed


def tree_path(folder: Path, leaves: int) -> Path:
    """The file of a tree in an explanation's folder; `find_allocators` knows it."""
    return folder / f"tree{leaves}.json"


def explain(settings: Settings, folder: Path, threads: int, progress: Progress) -> dict[str, Any]:
    """Explain an allocator, and write trees and numbers; the same whatever the number of threads.

    Args:
        settings: What is asked; checked.
        folder: Where to; what is done there already is not done again.
        threads: Threads of the model.
        progress: Called `settings.steps` times.

    Returns:
        The content of `explain.json`.
    """
    parts = Parts(folder / STATE_FILE, settings.as_json())
    world = World(settings.scenario, settings.observe, threads)
    setting = Setting.of(settings.scenario)
    learner = settings.source.allocator
    learner.start(setting, np.zeros(1, np.uint64))  # refuses a world that it does not fit before any work
    episodes = seeds.test(settings.first_seed, settings.episodes)

    def course(name: str) -> dict[str, Any]:
        allocator = learner if name == learner.name else make_rule(name)
        record = world.run(allocator, episodes)
        return {"returns": record.returns.tolist(), "spending": spending(record, setting.population)}

    names = [learner.name, *(n for n in rule_names() if n != learner.name)]
    courses = {n: parts.get(f"course:{n}", lambda n=n: course(n), progress) for n in names}  # type: ignore[misc]  # mypy knows no default of a lambda
    returns = {n: np.array(c["returns"]) for n, c in courses.items()}
    trees = []
    for leaves in settings.leaves:
        name = f"tree:{leaves}"
        if not tree_path(folder, leaves).is_file():
            parts.done.pop(name, None)
        trees.append(
            parts.get(
                name,
                lambda leaves=leaves: _tree(settings, world, leaves, folder, returns, progress),  # type: ignore[misc]  # as above
                progress,
                settings.plan.steps + 1,
            )
        )
    observed = [
        parts.get(
            f"importance:{g.words}",
            lambda g=g: importance(learner, world, g, episodes, returns[learner.name], settings.repeats),  # type: ignore[misc]  # as above
            progress,
        )
        for g in groups(setting.layout)
    ]
    own = courses[learner.name]["spending"]
    shown = [own, *(t["spending"] for t in trees), *(courses[n]["spending"] for n in names[1:])]
    for allocator in shown:
        allocator["same_uses"] = same_uses(own, allocator)
    shown[1 + len(trees) :] = sorted(shown[1 + len(trees) :], key=lambda s: -s["return"])
    data = {
        "kind": KIND,
        "format": FORMAT,
        "source": settings.source.as_json(),
        "scenario": settings.scenario.name,
        "scenario_digest": settings.scenario.digest(),
        "settings": {k: v for k, v in settings.as_json().items() if k not in ("source", "scenario")},
        "communities": [
            {"name": name, "population": float(share)}
            for name, share in zip(setting.names, setting.population, strict=True)
        ],
        "trees": [{k: v for k, v in t.items() if k not in ("spending", "returns")} for t in trees],
        "spending": shown,
        "importance": sorted(observed, key=lambda g: -g["loss"]),
        "versions": versions(),
    }
    write_text(folder / RESULT_FILE, json.dumps(data, allow_nan=False, indent=1, ensure_ascii=False) + "\n")
    return data


def stored_trees(settings: Settings, folder: Path) -> list[StoredTree]:
    """The trees of an explanation, smallest budget first as they were asked for."""
    return [load_tree(tree_path(folder, leaves)) for leaves in settings.leaves]


def _tree(
    settings: Settings,
    world: World,
    leaves: int,
    folder: Path,
    returns: dict[str, Any],
    progress: Progress,
) -> dict[str, Any]:
    """Distil a tree, measure it on the test episodes, and write its file."""
    learner = settings.source.allocator
    name = f"tree{leaves}_of_{learner.name}"
    found = distil(learner, world, leaves, settings.plan, progress)
    allocator = TreeAllocator(found.chosen.tree, name)
    episodes = seeds.test(settings.first_seed, settings.episodes)
    asking, looking = Asking(allocator, learner), Asking(learner, allocator)
    record = world.run(asking, episodes)
    world.run(looking, episodes)
    there = looking.asked()
    kept = gain_kept(record.returns, returns[learner.name], returns[FLAT])
    close = {
        "tree": fidelity(asking.asked()),
        "learner": fidelity(replace(there, wants=there.done, done=there.wants)),
    }
    spent = spending(record, Setting.of(settings.scenario).population)
    measured = {
        "episodes": settings.episodes,
        "first_seed": settings.first_seed,
        **{key: spent[key] for key in ("return", "return_low", "return_high")},
        "kept": kept,
    }
    about = {
        "name": name,
        "observe": settings.observe,
        "source": settings.source.as_json(),
        "fidelity": close,
        "measured": measured,
        "distilled": found.as_json(),
        "versions": versions(),
    }
    save_tree(found.chosen.tree, about, settings.scenario, tree_path(folder, leaves))
    return {
        "name": name,
        "file": tree_path(folder, leaves).name,
        "at_most": leaves,
        "leaves": len(found.chosen.tree.leaves),
        "kept": kept,
        "fidelity": close,
        "distilled": found.as_json(),
        "spending": spent,
        "returns": record.returns.tolist(),
    }
