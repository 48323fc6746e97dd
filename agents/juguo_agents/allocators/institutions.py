"""Institutions, which any doctrine can have or lack, and the names of a doctrine's variants.

A doctrine says how money is divided. The *exit* gives a project up on evidence of harm. *Relief* gives
more to what ends a crisis, and to where it is, in proportion to it. `NAME` is a doctrine with the
institutions that the paper gives it. `+exit`, `-exit`, `+relief` and `-relief` set one, in this order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EXIT_NUMBERS = ("exit_trial", "exit_use", "exit_experience")
"""Numbers of the common exit; see `Rule`."""
RELIEF_NUMBERS = ("relief", "lean_crisis")
"""Numbers of relief; see `Rule`."""
LIKE_FOR_LIKE = "+exit+relief"
"""What is added to a doctrine's name where all doctrines are to have the same institutions."""

TUNED = ":tuned"
"""What the name of a doctrine with tuned numbers ends with."""

Exit = Literal["none", "own", "common"]
_SUFFIXES: dict[bool | None, str] = {None: "", True: "+", False: "-"}


@dataclass(frozen=True)
class Institutions:
    """What is asked for of each institution: True, False, or None for the doctrine's own choice."""

    exit: bool | None = None
    relief: bool | None = None

    @property
    def suffix(self) -> str:
        """What stands behind the doctrine's name."""
        parts = (("exit", self.exit), ("relief", self.relief))
        return "".join(f"{_SUFFIXES[asked]}{name}" for name, asked in parts if asked is not None)


def split_name(name: str) -> tuple[str, Institutions]:
    """A doctrine's name and what is asked for behind it; what is none of the suffixes stays in the name."""
    found: dict[str, bool | None] = {"exit": None, "relief": None}
    for institution in ("relief", "exit"):
        for asked in (True, False):
            if name.endswith(f"{_SUFFIXES[asked]}{institution}"):
                name = name.removesuffix(f"{_SUFFIXES[asked]}{institution}")
                found[institution] = asked
                break
    return name, Institutions(found["exit"], found["relief"])
