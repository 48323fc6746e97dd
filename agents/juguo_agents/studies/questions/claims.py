"""The paper's claims as a finished study `hypotheses` found them."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def claims_of(folder: Path | None) -> list[dict[str, Any]]:
    """The entries of each claim."""
    return []
