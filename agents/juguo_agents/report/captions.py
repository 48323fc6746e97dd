"""What stands on every page of a comparison, whoever did well: its figures and its words, by key.

Titles and captions are the texts `figure.KEY` and `caption.KEY`, words `word.KEY` and
`means.KEY`.
"""

from __future__ import annotations

FIGURES = ("return", "factorial", "adoption", "exits", "money", "places", "board")
"""In the page's order."""
FACTORIAL, LEARNING = "factorial.png", "learning_curve"
WORDS = (
    "return", "breadth", "resilience", "excluded", "given_up", "doctrine", "exit", "relief", "like_for_like",
    "interplay", "reference", "paired", "interval", "iqm",
)  # fmt: skip
"""What the words of the page mean; values in braces are filled in from the scenario."""
