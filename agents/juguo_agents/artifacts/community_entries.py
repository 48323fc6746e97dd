"""Which entries of an observation are of a community each, and which of the whole programme: by their names.

A network that treats communities alike takes these apart, so that it acts in a world of any number of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

_OF_A_COMMUNITY = re.compile(r"(?P<before>.+)\[(?P<community>\d+)\](?P<after>.*)")
_SHARES = ("last_share", "known_population")
"""Entries that sum to 1 over the communities: with more of them each is smaller."""


@dataclass(frozen=True)
class CommunityEntries:
    """Where the entries stand.

    Attributes:
        of_each: (R, D) the same D entries of every community.
        of_whole: (G,) the others.
        kinds: Names of the D entries without the community, then of the G others.
        shares: (D,) which of the D entries are shares of a whole.
    """

    of_each: npt.NDArray[np.int64]
    of_whole: npt.NDArray[np.int64]
    kinds: tuple[str, ...]
    shares: npt.NDArray[np.bool_]

    @property
    def communities(self) -> int:
        """R."""
        return len(self.of_each)

    @classmethod
    def of(cls, names: Sequence[str]) -> CommunityEntries:
        """From the names of an observation's entries, as `ObservationLayout.names` gives them by default.

        Raises:
            ValueError: If the communities have not the same entries.
        """
        return _parted(tuple(names))


@lru_cache(maxsize=16)
def _parted(names: tuple[str, ...]) -> CommunityEntries:
    of_each: dict[int, dict[str, int]] = {}
    of_whole: dict[str, int] = {}
    for i, name in enumerate(names):
        found = _OF_A_COMMUNITY.fullmatch(name)
        if found is None:
            of_whole[name] = i
        else:
            of_each.setdefault(int(found["community"]), {})[f"{found['before']}{found['after']}"] = i
    rows = [of_each.get(c, {}) for c in range(len(of_each))]
    kinds = tuple(rows[0]) if rows else ()
    if not kinds or any(tuple(row) != kinds for row in rows):
        raise ValueError("the communities have not the same entries")
    return CommunityEntries(
        np.array([[row[kind] for kind in kinds] for row in rows]),
        np.array(list(of_whole.values()), np.int64),
        (*kinds, *of_whole),
        np.array([kind.partition("@")[0] in _SHARES for kind in kinds]),
    )
