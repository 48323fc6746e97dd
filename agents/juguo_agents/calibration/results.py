"""All that a calibration finds, as JSON and as a table for the terminal."""

from __future__ import annotations

import csv
import io
import math
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np

from juguo_agents.calibration.data import LEAST_PERSONS, Array, Diffusion, Dropped
from juguo_agents.calibration.fit import (
    HIGHEST,
    LEVEL,
    NAMES,
    Fit,
    LikelihoodRatio,
    Model,
    curve,
    fit,
    maximise,
)
from juguo_agents.calibration.hindcast import BAND, RUNS, Hindcast, hindcast, simulate
from juguo_agents.calibration.likelihood import Coefficients, exposure
from juguo_agents.tables import WIDTH, terminal_table
from juguo_envs.names import terminal

T = TypeVar("T")
DROPPED_FILE = "dropped.csv"
SIGNIFICANT = 0.05
MODELS = {
    "both": "p, peers and community",
    "peers": "p and peers",
    "community": "p and community",
    "external": "p alone",
}
"""The models that are fitted."""
CONVENTIONS = (
    "exposure is that at the end of the period before",
    "peers of a person are the surveyed persons whom the person named; the share is 0 for who named none",
    "the community's share is among all its members, the person included",
    "who has not adopted by the last period is right-censored there",
    "a test puts coefficients at 0, the edge of what is allowed, where the ratio is distributed as a mixture "
    "of chi-squares, with the weights given for 0, 1 and 2 degrees of freedom (Self and Liang 1987)",
)
_TESTS = {
    "both": "peers and community, against p alone",
    "peers_alone": "peers, against p alone",
    "community_alone": "community, against p alone",
    "peers": "peers, in the full model",
    "community": "community, in the full model",
}


@dataclass(frozen=True)
class Calibration:
    """What was estimated, simulated and predicted.

    Attributes:
        name: Name of the data.
        diffusion: The data.
        seed: Seed of the simulations.
        chosen: Which of the models the world has its hazards from, one of `MODELS`.
        fit: Estimates from all periods.
        profiles: For each coefficient, values and twice the log-likelihood they fall short of the best.
        fitted: (runs, periods + 1, R) simulated adopters of each community, from the first period on.
        hindcast: The prediction of the second half, or why there is none.
        as_world: Log-likelihood of the data under the step of a simulated world, whose ties have no direction
            and whose q has no part for the community, with p and q of the model chosen.
        best_world: The coefficients that such a step fits best with.
    """

    name: str
    diffusion: Diffusion
    seed: int
    chosen: str
    fit: Fit
    profiles: tuple[tuple[Array, Array], ...]
    fitted: Array
    hindcast: Hindcast | str
    as_world: float
    best_world: Model

    @property
    def model(self) -> Model:
        """The model that the world has its hazards from."""
        return model_of(self.fit, self.chosen)

    @property
    def p(self) -> float:
        """Hazard of adopting by oneself in the world, per period."""
        return self.model.coefficients.p

    @property
    def q(self) -> float:
        """Hazard in the world by everybody who may have adopted, per period."""
        return self.model.coefficients.q_peers + self.model.coefficients.q_community


def model_of(fitted: Fit, name: str) -> Model:
    """One of `MODELS`."""
    model: Model = getattr(fitted, "full" if name == "both" else name)
    return model


PARTS = 8
"""Of the work of `calibrate`, which take about as long as each other."""
_HINDCAST = 3  # of them


def calibrate(
    diffusion: Diffusion,
    name: str,
    seed: int = 0,
    chosen: str = "both",
    done: Callable[[int], None] = lambda parts: None,
) -> Calibration:
    """Estimate, simulate and predict.

    Args:
        diffusion: The data.
        name: Their name.
        seed: Seed of the simulations.
        chosen: Which model the world has its hazards from, one of `MODELS`.
        done: Told how many more of the `PARTS` are done.
    """

    def after(result: T, parts: int = 1) -> T:
        done(parts)
        return result

    seen = exposure(diffusion)
    found = after(fit(seen))
    best = found.full
    everyone = np.tile(best.coefficients, (RUNS, 1))
    nobody = np.zeros(len(diffusion), bool)
    mutual = exposure(diffusion, mutual=True)
    p, q_peers, q_community = model_of(found, chosen).coefficients
    return Calibration(
        name=name,
        diffusion=diffusion,
        seed=seed,
        chosen=chosen,
        fit=found,
        profiles=tuple(after(curve(seen, best, j, ends)) for j, ends in enumerate(found.intervals)),
        fitted=after(
            simulate(diffusion, everyone, nobody, diffusion.periods, np.random.default_rng((seed, 0)))
        ),
        hindcast=after(hindcast(diffusion, seed), _HINDCAST),
        as_world=mutual.log_likelihood(Coefficients(p, q_peers + q_community, 0.0)),
        best_world=maximise(mutual, {2: 0.0}),
    )


def notes(found: Calibration) -> list[str]:
    """What a reader should know of these data before trusting the numbers."""
    diffusion, fitted = found.diffusion, found.fit
    said = []
    for name, value, highest in zip(NAMES, fitted.full.coefficients, HIGHEST, strict=True):
        if value == 0.0:
            said.append(
                f"{name} is 0, the edge of what is allowed: no standard error; the others' hold it at 0"
            )
        elif value > 0.999 * highest:
            said.append(f"{name} is at {highest:g}, the highest value looked for")
    step, times = diffusion.step, np.unique(diffusion.time[diffusion.time > 0])
    last, before = times[-1], times[-2] if len(times) > 1 else 0
    if last - before > last / 2:
        said.append(
            f"nobody adopted in {step}s {before + 1} to {last - 1}; if {last} stands for no adoption, say "
            "--periods"
        )
    elif (diffusion.time > 0).all():
        said.append(
            f"everybody adopted, {_count(int((diffusion.time == last).sum()), 'person')} in the last {step}; "
            f"if {last} stands for no adoption, say --periods {last - 1}"
        )
    if len(diffusion) < LEAST_PERSONS:
        said.append(f"no scenario.yaml: a world has at least {LEAST_PERSONS} persons")
    if isinstance(found.hindcast, str):
        said.append(f"no hindcast: {found.hindcast}")
    return said


def as_json(found: Calibration, versions: Mapping[str, str]) -> dict[str, Any]:
    """The content of `calibration.json`."""
    diffusion, fitted = found.diffusion, found.fit
    result: dict[str, Any] = {
        "kind": "juguo_calibration",
        "format": 1,
        "name": found.name,
        "log_likelihood": fitted.full.log_likelihood,
        **fitted.full.coefficients._asdict(),
        "lr_peers": fitted.tests["peers"].statistic,
        "lr_community": fitted.tests["community"].statistic,
        "peers_significant": fitted.tests["peers"].p_value < SIGNIFICANT,
        "community_significant": fitted.tests["community"].p_value < SIGNIFICANT,
        "standard_errors": dict(zip(NAMES, fitted.errors, strict=True)),
        "interval_level": LEVEL,
        "intervals": dict(zip(NAMES, map(list, fitted.intervals), strict=True)),
        "models": {
            name: _model(getattr(fitted, name)) for name in ("external", "peers", "community", "full")
        },
        "tests": {name: _test(fitted.tests[name], text) for name, text in _TESTS.items()},
        "hindcast": _hindcast(found.hindcast),
        "world": {
            "model": found.chosen,
            "p": found.p,
            "q": found.q,
            "log_likelihood": found.as_world,
            "best_p": found.best_world.coefficients.p,
            "best_q": found.best_world.coefficients.q_peers,
            "best_log_likelihood": found.best_world.log_likelihood,
        },
        "data": {
            "sources": [asdict(source) for source in diffusion.sources],
            "step": diffusion.step,
            "start": diffusion.start,
            "persons": len(diffusion),
            "communities": len(diffusion.places),
            "adopters": int((diffusion.time > 0).sum()),
            "periods": diffusion.periods,
            "ties": len(diffusion.ego),
            "dropped": dict(diffusion.reasons()),
            "named_nobody": int((np.bincount(diffusion.ego, minlength=len(diffusion)) == 0).sum()),
        },
        "conventions": list(CONVENTIONS),
        "notes": notes(found),
        "seed": found.seed,
        "simulations": RUNS,
        "versions": dict(versions),
    }
    return result


def _model(model: Model) -> dict[str, float]:
    return {**model.coefficients._asdict(), "log_likelihood": model.log_likelihood}


def _test(test: LikelihoodRatio, text: str) -> dict[str, Any]:
    return {
        "tests": text,
        "likelihood_ratio": test.statistic,
        "p_value": test.p_value,
        "chi_square_weights": list(test.weights),
    }


def _hindcast(found: Hindcast | str) -> dict[str, Any]:
    if isinstance(found, str):
        return {"left_out": found}
    periods = range(found.half, found.half + len(found.observed))
    return {
        "fitted_until": found.half,
        "fit": _model(found.fit.full),
        "intervals": dict(zip(NAMES, map(list, found.fit.intervals), strict=True)),
        "periods": list(periods),
        "observed": found.observed.tolist(),
        "predicted": found.predicted.tolist(),
        "band_percentiles": list(BAND),
        "band_low": found.low.tolist(),
        "band_high": found.high.tolist(),
        "chance_low": found.chance_low.tolist(),
        "chance_high": found.chance_high.tolist(),
        "rmse": found.error,
        "inside_band": found.inside,
        "bass": {"p": found.bass.p, "q": found.bass.q, "potential": found.bass.potential},
        "bass_predicted": found.bass_predicted.tolist(),
        "bass_rmse": found.bass_error,
    }


def console_table(found: Calibration) -> str:
    """How the files were read, estimates, tests and hindcast, in lines of at most 110 characters."""
    diffusion, fitted = found.diffusion, found.fit
    adopters, step = int((diffusion.time > 0).sum()), diffusion.step
    lines = []
    for file in diffusion.sources:
        read = terminal(f"{file.file}: {file.holds}; {file.delimiter}, {file.encoding}")
        lines += textwrap.wrap(read, WIDTH, subsequent_indent="  ")
    if diffusion.dropped:
        lines.append(f"not used, line by line in {DROPPED_FILE}:")
        lines += [f"  {count:,} x {reason}" for reason, count in diffusion.reasons().items()]
    about = (
        f"{found.name}: {_count(len(diffusion), 'person')}, {_count(len(diffusion.places), 'community')}, "
        f"{_count(len(diffusion.ego), 'tie')}; {adopters:,} adopted in {_count(diffusion.periods, step)}"
    )
    lines += ["", *textwrap.wrap(about + (f" from {diffusion.start}" if diffusion.start else ""), WIDTH), ""]
    estimates = [
        (name, f"{value:.4f}", "-" if error is None else f"{error:.4f}", f"{low:.4f} to {high:.4f}")
        for name, value, error, (low, high) in zip(
            NAMES, fitted.full.coefficients, fitted.errors, fitted.intervals, strict=True
        )
    ]
    head = (f"per {step}", "estimate", "std. error", f"{LEVEL:.0%} interval")
    lines += [terminal_table(head, estimates, "lr"), ""]
    models = [
        (
            text,
            *(f"{value:.4f}" for value in (m.coefficients.p, sum(m.coefficients[1:]))),
            f"{m.log_likelihood:.2f}",
        )
        for text, m in ((text, model_of(fitted, name)) for name, text in MODELS.items())
    ]
    lines += [terminal_table(("model", "p", "q", "log-likelihood"), models, "lr"), ""]
    tests = [
        (text, f"{test.statistic:.2f}", "< 0.0001" if test.p_value < 1e-4 else f"{test.p_value:.4f}")
        for text, test in ((text, fitted.tests[name]) for name, text in _TESTS.items())
    ]
    lines.append(terminal_table(("likelihood-ratio test", "ratio", "p"), tests, "lr"))
    if isinstance(found.hindcast, Hindcast):
        lines += ["", *_told(found.hindcast, diffusion)]
    said = notes(found)
    return "\n".join([*lines, *([""] if said else []), *(f"note: {note}" for note in said)])


def dropped_file(diffusion: Diffusion) -> str:
    """What of the files was not used, as CSV: file, line, column, value, reason."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(Dropped._fields)
    rows.writerows(diffusion.dropped)
    return text.getvalue()


def _told(found: Hindcast, diffusion: Diffusion) -> list[str]:
    last, n, step = diffusion.periods, len(diffusion), diffusion.step
    return [
        f"hindcast: {step}s {found.half + 1} to {last}, from what {step}s 1 to {found.half} tell",
        f"  root mean square error {found.error:.1f} persons ({found.error / n:.1%}); "
        f"of a Bass curve {found.bass_error:.1f} ({found.bass_error / n:.1%})",
        f"  by {step} {last}: predicted {found.predicted[-1]:.0f} "
        f"(90 % band {math.floor(found.low[-1])} to {math.ceil(found.high[-1])}), "
        f"happened {found.observed[-1]:,}; inside the band in {found.inside:.0%} of the {step}s",
    ]


def _count(n: int, noun: str) -> str:
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{n:,} {noun if n == 1 else many}"
