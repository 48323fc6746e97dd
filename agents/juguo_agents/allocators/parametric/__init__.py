"""Parametric allocators, whose numbers a search finds."""
