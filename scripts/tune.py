"""Find a learner's settings by a study of a stated budget, and record the study and the winner.

    python scripts/tune.py --algorithm ALGORITHM [--trials N] [--steps S] [--out DIR] [key=value ...]

ALGORITHM is ppo, recurrent_ppo, sac, td3 or tqc. A study that was killed goes on by the same command, and
ends as if it had not been. DIR gets ALGORITHM.study.json and ALGORITHM.yaml, a configuration for train.py.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from juguo_agents.cli.common import guarded, interrupted
from juguo_agents.processes import cores
from juguo_agents.training.config import load_experiment
from juguo_agents.training.learners.device import check_device
from juguo_agents.training.learners.settings import SECTIONS
from juguo_envs.errors import UserError

if TYPE_CHECKING:
    from juguo_agents.training.tuning.study import Study

WIDTH = 110
CONFIGS = Path(__file__).resolve().parent.parent / "configs"


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--algorithm", required=True, choices=list(SECTIONS), help="the learner")
    parser.add_argument("--trials", type=int, default=40, metavar="N", help="settings to try; default 40")
    parser.add_argument(
        "--steps", type=int, default=200_000, metavar="S", help="steps per training; default 200000"
    )
    parser.add_argument("--trainings", type=int, default=2, metavar="K", help="per trial; default 2")
    parser.add_argument(
        "--episodes", type=int, default=200, metavar="E", help="episodes that score a policy; default 200"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="K", help="seed of the sampler; default 0")
    parser.add_argument("--config", type=Path, help="experiment (YAML); default configs/default.yaml")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder; default configs/learners")
    parser.add_argument(
        "--workers", type=int, metavar="W", help="processes; default one per core, at most one per training"
    )
    parser.add_argument("assignments", nargs="*", metavar="key=value", help="change the configuration")
    arguments = parser.parse_intermixed_args()
    for name, least in (("trials", 1), ("workers", 1), ("seed", 0)):
        value = getattr(arguments, name)
        if value is not None and value < least:
            parser.error(f"--{name} is {value}; allowed is {least} or more")
    return arguments


def conduct(arguments: argparse.Namespace) -> Study:
    """Load what is varied, and go on with the study to its end, with a bar."""
    assignments = [*arguments.assignments, f"training.algorithm={arguments.algorithm}"]
    experiment = load_experiment(arguments.config or CONFIGS / "default.yaml", assignments)
    scenario = experiment.world()
    experiment.training_world(scenario)  # refuses before anything is written
    check_device(experiment.training)
    try:
        import optuna  # noqa: F401 (asked for by name, so that its lack is told in one line)
    except ModuleNotFoundError:
        raise UserError("optuna is missing; install the extra: pip install 'juguo[train,tune]'") from None
    from juguo_agents.training.tuning.conduct import Files, new_study
    from juguo_agents.training.tuning.conduct import conduct as go_on
    from juguo_agents.training.tuning.study import Budget

    training = experiment.training
    budget = Budget(
        arguments.steps,
        arguments.trainings,
        training.selections,
        training.selection_episodes,
        arguments.episodes,
    )
    files = Files(arguments.out or CONFIGS / "learners", arguments.algorithm)
    study = new_study(experiment, scenario, budget, arguments.seed)
    with tqdm(total=arguments.trials, unit="trial", desc=arguments.algorithm) as bar:

        def progress(now: Study) -> None:
            if now.best is not None:
                bar.set_postfix_str(f"best {now.best.value:.3f}", refresh=False)
            bar.update(min(len(now.trials), arguments.trials) - bar.n)

        return go_on(
            experiment, scenario, study, arguments.trials, files, arguments.workers or cores(), progress
        )


def table(study: Study, most: int = 5) -> str:
    """The best trials, and the one that began."""
    ranked = sorted((t for t in study.trials if t.value is not None), key=lambda t: -(t.value or 0.0))
    broken = len(study.trials) - len(ranked)
    lines = [f"{study.algorithm}: {len(study.trials)} trials, {broken} of them broke down"]
    lines += [f"{'trial':>5} {'return':>7}  settings"]
    for trial in ranked[:most]:
        settings = ", ".join(f"{name}={value}" for name, value in trial.parameters.items())
        told = textwrap.wrap(settings, WIDTH - 15)
        lines.append(f"{trial.number:>5} {trial.value:>7.3f}  {told[0]}")
        lines += [" " * 15 + line for line in told[1:]]
    return "\n".join(lines)


def main() -> int:
    """Parse, search, print; returns the exit status."""
    arguments = parse()
    try:
        study = conduct(arguments)
    except KeyboardInterrupt:
        return interrupted(shlex.join(["python", *sys.argv]))
    print(table(study))
    if study.best is None:
        print("error: every trial broke down; lower the learning rates in the space", file=sys.stderr)
        return 1
    print(f"\nwinner: {(arguments.out or CONFIGS / 'learners') / arguments.algorithm}.yaml")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
