"""Train allocators on a scenario, then compare them with every rule on test episodes.

    python scripts/train.py [--config FILE] [--out DIR] [key=value ...]
    python scripts/train.py --resume RUN

`key=value` changes the configuration, for example `training.steps=100000` or `override.money.B=0.3`.
`--resume` goes on with a run that was interrupted, even killed, as if it had not been: docs/training.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from juguo_agents.cli.common import guarded, interrupted
from juguo_agents.folders import FolderExists, next_free
from juguo_agents.training.config import load_experiment
from juguo_agents.training.experts import find_experts
from juguo_agents.training.learners.device import check_device
from juguo_agents.training.run import load_run, resume_command

CONFIGS = Path(__file__).resolve().parent.parent / "configs"


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n", 1)[0],
        epilog="key=value changes the configuration: training.steps=100000, override.money.B=0.3",
    )
    parser.add_argument("--config", type=Path, help="experiment (YAML); default configs/default.yaml")
    parser.add_argument(
        "--out", type=Path, help="new folder for the run; default runs/<name>, numbered if taken"
    )
    parser.add_argument("--resume", type=Path, metavar="RUN", help="go on with the run in that folder")
    parser.add_argument(
        "assignments", nargs="*", metavar="key=value", help="change a field of the configuration"
    )
    arguments = parser.parse_intermixed_args()
    if arguments.resume and arguments.out:
        parser.error("--resume goes on in the run's own folder; leave out --out")
    return arguments


def fresh(arguments: argparse.Namespace) -> str:
    """Begin a run; the table. The folder is noted in the arguments as soon as it is known."""
    experiment = load_experiment(arguments.config or CONFIGS / "default.yaml", arguments.assignments)
    scenario = experiment.world()
    experiment.training_world(scenario)  # refuses before anything is written
    check_device(experiment.training)
    if experiment.training.expert is not None:
        find_experts(experiment.training.expert, experiment.worlds(scenario))
    folder = arguments.out or next_free(Path("runs"), experiment.name)
    if folder.exists():
        raise FolderExists(
            f"{folder} exists already; name another --out, move it away, or go on with it: --resume {folder}"
        )
    from juguo_agents.training.experiment import run_experiment  # torch: seconds that a refusal need not cost

    arguments.folder = folder
    return run_experiment(experiment, scenario, folder)


def resumed(arguments: argparse.Namespace) -> str:
    """Go on with a run; the table."""
    # refuses before torch is imported
    experiment, _ = load_run(arguments.resume, arguments.config, arguments.assignments)
    check_device(experiment.training)
    from juguo_agents.training.experiment import resume_experiment

    arguments.folder = arguments.resume
    return resume_experiment(
        arguments.resume,
        arguments.config,
        arguments.assignments,
        say=lambda text: print(text, file=sys.stderr),
    )


def main() -> int:
    """Parse, train, compare, print; returns the exit status."""
    arguments = parse()
    arguments.folder = None
    begun = time.monotonic()
    try:
        table = resumed(arguments) if arguments.resume else fresh(arguments)
    except KeyboardInterrupt:
        if arguments.folder is None or not (arguments.folder / "config.yaml").is_file():
            raise
        return interrupted(resume_command(arguments.folder))
    seconds = time.monotonic() - begun
    print(f"{table}\n\n{seconds:.0f} s; tables and figures: {arguments.folder / 'comparison.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
