"""What a difference between two systems depends on: Sobol indices of a surrogate, with their uncertainty.

A few hundred points are too few for Sobol indices straight from the model. A surrogate is fitted to them: the
better one, by cross-validation, of a random forest and a ridge regression on all products of two axes. The
indices are those of the surrogate (estimators of Saltelli et al. 2010 and Jansen 1999), so they explain what
it explains, which its R² says, and no more. Refitting it to points drawn with replacement tells how far the
indices depend on which points happened to be drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats
from sklearn.base import RegressorMixin, clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

Floats = npt.NDArray[np.float64]
FOLDS = 5
LEAST_POINTS = 16
PLACES = 2**11
"""Places at which indices are computed."""
REFITS = 20


@dataclass(frozen=True)
class Sensitivity:
    """What a quantity depends on.

    Attributes:
        surrogate: The one that was taken.
        r2: Of each surrogate by name, cross-validated.
        noise: Share of the quantity's variance over points that is noise of the episodes: 1 less it is the
            highest R² that can be hoped for.
        first, total: (axes,) share of the surrogate's variance that an axis makes alone, and with others.
        first_low, first_high, total_low, total_high: (axes,) from the 5 % to the 95 % quantile over refits.
    """

    surrogate: str
    r2: dict[str, float]
    noise: float
    first: Floats
    total: Floats
    first_low: Floats
    first_high: Floats
    total_low: Floats
    total_high: Floats


def surrogates() -> dict[str, RegressorMixin]:
    """The two kinds of surrogate, not fitted."""
    return {
        "forest": RandomForestRegressor(
            n_estimators=100, min_samples_leaf=3, max_features=0.5, random_state=0
        ),
        "products of two": make_pipeline(
            PolynomialFeatures(2, include_bias=False), StandardScaler(), RidgeCV(np.logspace(-1, 4, 16))
        ),
    }


def sensitivity(places: Floats, differences: Floats) -> Sensitivity | None:
    """What the mean difference depends on, or None where it does not vary or there are too few points.

    Args:
        places: (points, axes) in the unit cube.
        differences: (points, episodes) paired differences.
    """
    mean = differences.mean(1)
    if len(mean) < LEAST_POINTS or np.ptp(mean) < 1e-9:
        return None
    folds = KFold(FOLDS, shuffle=True, random_state=0)
    r2 = {
        name: float(r2_score(mean, cross_val_predict(model, places, mean, cv=folds)))
        for name, model in surrogates().items()
    }
    taken = max(r2, key=lambda name: r2[name])
    first, total = _indices(places, mean, taken)
    rng = np.random.default_rng(0)
    refits = []
    for _ in range(REFITS):
        some = rng.integers(0, len(mean), len(mean))
        refits.append(_indices(places[some], mean[some], taken))
    low, high = np.quantile(np.array(refits), (0.05, 0.95), axis=0)
    noise = float((differences.var(1, ddof=1) / differences.shape[1]).mean() / mean.var(ddof=1))
    return Sensitivity(taken, r2, min(1.0, noise), first, total, low[0], high[0], low[1], high[1])


def _indices(places: Floats, mean: Floats, name: str) -> tuple[Floats, Floats]:
    model = clone(surrogates()[name]).fit(places, mean)
    return indices(model.predict, places.shape[1])


def indices(function: Callable[[Floats], Floats], size: int) -> tuple[Floats, Floats]:
    """First-order and total indices (axes,) of a function of (n, axes) places, uniform on the unit cube."""
    found = stats.sobol_indices(
        func=lambda places: function(places.T)[None],
        n=PLACES,
        dists=[stats.uniform()] * size,
        rng=np.random.default_rng(0),
    )
    return np.clip(found.first_order, 0.0, 1.0), np.clip(found.total_order, 0.0, 1.0)
