"""Generalists judged on held-out scenarios of a family: docs/family.md."""
