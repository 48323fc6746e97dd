"""What all tests share. Every test is repeatable: seeds are fixed and hypothesis draws the same examples."""

from __future__ import annotations

from hypothesis import settings

# No deadline: the first example that reaches the model may compile it, and no test asserts time.
settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    max_examples=40,
    print_blob=True,
    report_multiple_bugs=False,
)
settings.load_profile("repeatable")
