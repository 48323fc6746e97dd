"""The standing text of the page, from `captions.yaml`. Nothing in it depends on who did well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_TEXT: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("captions.yaml").read_text(encoding="utf-8"))

FACTORIAL = "factorial.png"
FIGURES = tuple(tuple(figure.values()) for figure in _TEXT["figures"])
"""File, title and caption of each figure, in the page's order."""
LEARNING = tuple(_TEXT["learning"].values())
"""File, title and caption of the figure that only a training has."""
BOARD: list[list[str]] = _TEXT["board"]
"""What each cell of the indicator board is: indicator, producers, interactors, participants."""
GLOSSARY = tuple(_TEXT["glossary"].items())
"""What the page's words mean. Fields in braces are filled in from the scenario."""
