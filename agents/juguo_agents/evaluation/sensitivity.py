"""What a difference between two systems depends on: Sobol indices of a surrogate, with their uncertainty.

A few hundred points are too few for Sobol indices straight from the model. A surrogate is fitted to them: the
better one, by cross-validation, of a random forest and a ridge regression on all products of two axes. The
indices are those of the surrogate (estimators of Saltelli et al. 2010 and Jansen 1999), so they explain what
it explains, which its R² says, and no more. Refitting it to points drawn with replacement tells how far the
indices depend on which points happened to be drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import stats
from sklearn.base import RegressorMixin, clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from juguo_agents.array_types import Floats

FOLDS = 5
LEAST_POINTS = 16
PLACES = 2**11
"""Places at which indices are computed."""
REFITS = 20


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


def sensitivity(places: Floats, differences: Floats, axes: Sequence[str]) -> dict[str, Any] | None:
    """What the mean difference depends on, or None where it does not vary or there are too few points.

    Args:
        places: (points, axes) in the unit cube.
        differences: (points, episodes) paired differences.
        axes: Names of the axes.

    Returns:
        As JSON values: `surrogate`, the one that was taken; `r2` of each by name, cross-validated; `noise`,
        the share of the variance over points that is noise of the episodes (1 less it is the highest R² that
        can be hoped for); and `indices`, the most important axis first: the share of the surrogate's variance
        that it makes alone (`first`) and with others (`total`), each with an interval from the 5 % to the
        95 % quantile over refits.
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
    found = _indices(places, mean, taken)
    rng = np.random.default_rng(0)
    refits = []
    for _ in range(REFITS):
        some = rng.integers(0, len(mean), len(mean))
        refits.append(_indices(places[some], mean[some], taken))
    ends = np.quantile(np.array(refits), (0.05, 0.95), axis=0)  # (2, kinds, axes)
    noise = float((differences.var(1, ddof=1) / differences.shape[1]).mean() / mean.var(ddof=1))
    rows: list[dict[str, Any]] = [{"axis": name} for name in axes]
    for k, kind in enumerate(("first", "total")):
        for i, row in enumerate(rows):
            row |= {kind: float(found[k][i]), f"{kind}_interval": ends[:, k, i].tolist()}
    rows = [rows[i] for i in np.argsort(-found[1], kind="stable")]
    return {"surrogate": taken, "r2": r2, "noise": min(1.0, noise), "indices": rows}


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
