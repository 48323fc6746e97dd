"""Trained runs against each other, and against rules and searches."""
