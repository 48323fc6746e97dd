"""A window that shows pictures, by pygame-ce, which Gymnasium's own environments use, too."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # it would greet on standard output

import pygame


class Window:
    """A window on the screen; it opens with the first picture."""

    def __init__(self, title: str, fps: float) -> None:
        """Take what stands above it, and how many pictures it shows in a second at most."""
        self._title, self._fps = title, fps
        self._screen: pygame.Surface | None = None
        self._clock = pygame.time.Clock()

    def show(self, picture: npt.NDArray[np.uint8]) -> None:
        """Show a picture (height, width, 3), and wait until its time is over."""
        height, width, _ = picture.shape
        if self._screen is None:
            pygame.display.init()
            self._screen = pygame.display.set_mode((width, height))
            pygame.display.set_caption(self._title)
        self._screen.blit(pygame.image.frombuffer(picture.tobytes(), (width, height), "RGB"), (0, 0))
        pygame.event.pump()
        pygame.display.update()
        self._clock.tick(self._fps)

    def close(self) -> None:
        """Close it."""
        if self._screen is not None:
            self._screen = None
            pygame.display.quit()
