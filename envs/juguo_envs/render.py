"""The state of a society as text, as a picture and in a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from juguo_envs.engine.batch import Batch
from juguo_envs.model.state import STAGES

if TYPE_CHECKING:
    from juguo_envs.window import Window

RENDER_MODES = ("ansi", "rgb_array")
"""What a society can be rendered as; a single environment also has a window, "human"."""
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
    """A map of society `b` with its figures: (height, width, 3) uint8; see `juguo_envs.picture`.

    Raises:
        gymnasium.error.DependencyNotInstalled: If Pillow is missing.
    """
    try:
        from juguo_envs.picture import picture_of  # only pictures need Pillow
    except ModuleNotFoundError as error:
        raise _lacking("Pillow", error) from None
    return picture_of(batch, b)


def open_window(fps: float) -> Window:
    """A window for the render mode "human".

    Raises:
        gymnasium.error.DependencyNotInstalled: If pygame is missing.
    """
    try:
        from juguo_envs.window import Window  # only windows need pygame
    except ModuleNotFoundError as error:
        raise _lacking("pygame-ce", error) from None
    return Window("juguo", fps)


def _lacking(package: str, error: ModuleNotFoundError) -> Exception:
    return gym.error.DependencyNotInstalled(
        f"{package} is missing ({error}); install the extra: pip install 'juguo[human]'"
    )
