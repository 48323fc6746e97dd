"""The state of a society as text and as a picture, without a plotting library."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_envs.engine.batch import Batch
from juguo_envs.model.state import STAGES

_BAR = 20


def render(mode: str, batch: Batch, b: int) -> Any:
    """Society `b` in the render mode "ansi" or "rgb_array"."""
    return render_text(batch, b) if mode == "ansi" else render_picture(batch, b)


def render_text(batch: Batch, b: int = 0) -> str:
    """A table of society `b`: one line on the programme, one for each community."""
    programme, quarter = batch.state.programme[b], batch.state.quarter[b]
    lines = [
        f"{batch.scenario.step} {programme['t']}/{batch.params['T'][b]}  {STAGES[programme['stage']]}"
        f" (project {programme['project'] + 1}, {programme['abandoned']} given up)"
        f"  knowledge {programme['K']:.2f}  fit {programme['F']:.2f}  reserve {programme['M']:.0f}",
        f"breadth {quarter['breadth']:.3f}  resilience {quarter['resilience']:.3f}"
        f"  excluded {quarter['excluded']:.1%}",
    ]
    sizes = np.diff(batch.structure.start)
    for c, place in enumerate(batch.scenario.society.listed()):
        com = batch.state.community[b, c]
        share = batch.state.adopters[b, c].sum() / sizes[c]
        bar = "#" * round(share * _BAR)
        lines.append(
            f"{place.name:>14}  adopted {share:4.0%} |{bar:<{_BAR}}|  trust {com['tau']:.2f}"
            f"  resilience {com['rho_sum'] / sizes[c]:.2f}  crisis {com['crisis']:.2f}"
        )
    return "\n".join(lines)


def render_picture(batch: Batch, b: int = 0) -> npt.NDArray[np.uint8]:
    """Every person a square, a band of squares for each community: (height, width, 3) uint8.

    Green has adopted, red is excluded, grey neither; the brighter, the more resilient.
    """
    columns, size = 40, 6
    state, start = batch.state, batch.structure.start
    bands: list[npt.NDArray[Any]] = []
    for c in range(batch.communities):
        people = slice(start[c], start[c + 1])
        light = (0.35 + 0.65 * state.rho[b, people].astype(float))[:, None]
        colour = np.where(
            state.excluded[b, people, None] == 1,
            np.array([214.0, 39.0, 40.0]),
            np.where(
                state.adopted[b, people, None] == 1, np.array([44.0, 160.0, 44.0]), np.array([170.0] * 3)
            ),
        )
        rows = -(-len(light) // columns)
        band = np.full((rows * columns, 3), 255.0)
        band[: len(light)] = colour * light
        bands += [band.reshape(rows, columns, 3), np.full((1, columns, 3), 255.0)]
    picture = np.concatenate(bands[:-1]).round().astype(np.uint8)
    return np.kron(picture, np.ones((size, size, 1), np.uint8)).astype(np.uint8)
