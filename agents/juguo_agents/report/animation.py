"""An animation of allocators side by side, in the same society, quarter by quarter."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from juguo_agents.allocators import Allocator
from juguo_agents.array_types import Seeds
from juguo_agents.evaluation.rollout import run
from juguo_agents.report.names import label
from juguo_envs.engine.batch import Batch
from juguo_envs.picture import COLOURS, picture_of
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

MOST = 4
"""Allocators that have room beside each other."""
_WIDEST = 1000
_FRAME, _LAST = 250, 3000  # milliseconds
Pixels = npt.NDArray[np.uint8]


def films(
    allocators: Sequence[Allocator],
    world: Scenario | Family,
    seed: Seeds,
    every: int = 1,
    progress: Callable[[], None] | None = None,
) -> list[list[Pixels]]:
    """The pictures of each allocator's episode.

    Args:
        allocators: Who allocates.
        world: Where.
        seed: (1,) of the episode, the same for all.
        every: Quarters from one picture to the next; the last is always there.
        progress: Called after every quarter of each.
    """
    found: list[list[Pixels]] = []
    for allocator in allocators:
        pictures: list[Pixels] = []

        def watch(
            first: int, t: int, batch: Batch, name: str = allocator.name, to: list[Pixels] = pictures
        ) -> None:
            if (t + 1) % every == 0 or t + 1 == batch.params["T"][0]:
                to.append(picture_of(batch, 0, label(name)))
            if progress:
                progress()

        run(allocator, world, seed, watch=watch)
        found.append(pictures)
    return found


def gif(films: Sequence[Sequence[Pixels]]) -> bytes:
    """Films of one length beside each other, as an endless GIF of at most 1,000 pixels in width."""
    frames = []
    for pictures in zip(*films, strict=True):
        image = Image.fromarray(np.concatenate(pictures, axis=1))
        scale = min(1.0, _WIDEST / image.width)
        size = (round(image.width * scale), round(image.height * scale))
        frames.append(image.resize(size, Image.Resampling.LANCZOS))
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in COLOURS for part in colour])
    shown = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    out = io.BytesIO()
    waits = [_FRAME] * (len(shown) - 1) + [_LAST]
    shown[0].save(out, "GIF", save_all=True, append_images=shown[1:], duration=waits, loop=0, optimize=False)
    return out.getvalue()
