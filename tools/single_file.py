"""Compare the single file with `juguo train` at equal steps, and write docs/results/single-file.md.

What is in --out already is not done again.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import platform
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from scipy import stats
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from juguo_agents.report.figures.style import BLUE, VERMILION, headed, styled_png
from juguo_envs import Scenario
from juguo_envs.files import write_bytes, write_text

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "results" / "single-file.md"
FIGURE = ROOT / "docs" / "figures" / "single-file.png"
SEEDS = (0, 1, 2, 3)
TEXT = """\
# Results: PPO in a single file

| | |
|---|---|
| measured | {day} |
| command | `{command}`; `tools/single_file.py` |
| versions | {versions} |
| world | `default` {digest} |

`examples/ppo_single_file.py` has the settings of this job. At each budget both had the same
number of environment steps for each of four training seeds, and both kept the last policy. Returns are means
over the test episodes 0 to 199.

{tables}

![Returns in training](../figures/single-file.png)

*Mean return of the last 100 training episodes at the largest budget, with the noise of exploration. Each line
is a training seed.*
"""


def single(seed: int, steps: int, folder: Path) -> float:
    """Return of the single file on test episodes; its curve is in the folder then."""
    told = folder / f"single-{seed}.json"
    if not told.is_file():
        words = ("--steps", str(steps), "--seed", str(seed), "--curve", str(folder / f"single-{seed}.csv"))
        command = [sys.executable, str(ROOT / "examples" / "ppo_single_file.py"), *words]
        write_text(told, subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return float(json.loads(told.read_text(encoding="utf-8"))["return"])


def job(steps: int) -> list[str]:
    """Words of the job that the single file is compared with."""
    return ["train", "from_scratch", f"training.steps={steps}", "training.ppo.learning_rate=1e-3",
            "training.selections=1"]  # fmt: skip


def trained(steps: int, folder: Path) -> dict[int, float]:
    """Returns of `juguo train` on the same test episodes, by training seed."""
    run, juguo = folder / "train", [sys.executable, "-m", "juguo_agents.cli.main"]
    command = [*juguo, *job(steps), "comparison.allocators=[concentrated]", "--out", str(run)]
    if not (run / "comparison.json").is_file():
        subprocess.run(command, check=True)
    summary = json.loads((run / "comparison.json").read_text(encoding="utf-8"))
    means = {row["name"]: row["mean"] for row in summary["allocators"]}
    return {seed: means[f"learned_seed{seed}"] for seed in SEEDS}


def curve_of_single(seed: int, folder: Path) -> npt.NDArray[np.float64]:
    """(n, 2) steps, and the mean return of training episodes."""
    with (folder / f"single-{seed}.csv").open(encoding="utf-8") as file:
        return np.array([(float(r["steps"]), float(r["training_return"])) for r in csv.DictReader(file)])


def curve_of_train(seed: int, folder: Path) -> npt.NDArray[np.float64]:
    """The same of `juguo train`."""
    place = next(path.parent for path in (folder / "train" / "tensorboard").rglob(f"*seed{seed}*/events.*"))
    events = EventAccumulator(str(place)).Reload().Scalars("juguo/return")
    return np.array([(event.step, event.value) for event in events])


def draw(folder: Path) -> Figure:
    """All training seeds of both."""
    figure = headed(7.0, 4.0, "One file, and juguo train", "world default; mean return of training episodes")
    axes = figure.subplots()
    for curves, colour, label in (
        (curve_of_single, VERMILION, "single file"),
        (curve_of_train, BLUE, "juguo train"),
    ):
        for seed in SEEDS:
            curve = curves(seed, folder)
            axes.plot(curve[:, 0] / 1e3, curve[:, 1], color=colour, lw=1.2, label=None if seed else label)
    axes.set_xlabel("environment steps (thousand)")
    axes.set_ylabel("mean return (no unit)")
    axes.grid()
    axes.legend()
    return figure


TABLE = """\
## {steps:,} steps

| training seed | single file | `juguo train` |
|---|---:|---:|
{rows}
| mean | {single:.3f} | {train:.3f} |
| standard deviation | {single_sd:.3f} | {train_sd:.3f} |

The difference of the means, single file less `juguo train`, is {difference:+.3f} [{low:+.3f}, {high:+.3f}]
(95 % interval of Welch's t-test). {verdict}"""


def table(steps: int, one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> str:
    """What was measured at a budget."""
    found: Any = stats.ttest_ind(one, other, equal_var=False)
    interval = found.confidence_interval(0.95)
    same = interval.low <= 0.0 <= interval.high
    return TABLE.format(
        steps=steps,
        rows="\n".join(f"| {k} | {a:.3f} | {b:.3f} |" for k, a, b in zip(SEEDS, one, other, strict=True)),
        single=one.mean(), train=other.mean(), single_sd=one.std(ddof=1), train_sd=other.std(ddof=1),
        difference=one.mean() - other.mean(), low=interval.low, high=interval.high,
        verdict="It includes zero: the two are the same within the noise of four seeds."
        if same
        else "It does not include zero: the two differ.",
    )  # fmt: skip


def text(tables: dict[int, str]) -> str:
    """The page."""
    return TEXT.format(
        day=datetime.datetime.now(datetime.UTC).date(),
        command=shlex.join(["juguo", *job(max(tables))]),
        versions=", ".join(
            [f"juguo {version('juguo')}", f"Python {platform.python_version()}"]
            + [f"{name} {version(name)}" for name in ("torch", "stable-baselines3", "numpy", "numba")]
        ),
        digest=Scenario.load("default").digest()[:16],
        tables="\n\n".join(tables.values()),
    )


def main() -> int:
    """Train, draw, write; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--steps", type=int, nargs="+", default=[200_000, 500_000])
    parser.add_argument("--out", type=Path, default=Path("runs/single-file"))
    asked = parser.parse_args()
    tables = {}
    for steps in sorted(asked.steps):
        folder = asked.out / str(steps)
        folder.mkdir(parents=True, exist_ok=True)
        one, means = np.array([single(seed, steps, folder) for seed in SEEDS]), trained(steps, folder)
        tables[steps] = table(steps, one, np.array([means[seed] for seed in SEEDS]))
    write_bytes(FIGURE, styled_png(lambda: draw(folder)))
    write_text(PAGE, text(tables))
    return 0


if __name__ == "__main__":
    sys.exit(main())
