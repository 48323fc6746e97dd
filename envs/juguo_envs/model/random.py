"""Counter-based random numbers: a draw is a function of (seed, step, index, purpose) and of nothing else.

No generator is carried along, so a person's draw does not depend on what others did, on the place in a
batch, or on the number of threads: two allocators on one seed meet the same luck (common random numbers).
The mixing function is the finaliser of SplitMix64 (Steele, Lea and Flood 2014), applied to a Weyl sequence.
"""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np

from juguo_envs.model.compiled import inlined

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_TO_UNIT = 1.0 / 9007199254740992.0  # 2 ** -53


class Purpose(IntEnum):
    """What a draw is for; each purpose has its own stream."""

    # the society
    PERSON = 1  # capability
    INTERACTOR = 3
    EDGE = 6
    # the technology
    DEFECT = 10
    CEILING = 11
    REPAIR = 13
    RUMOUR = 14
    # the quarter
    SHOCK = 20
    SEVERITY = 21
    ROLE = 22
    ADOPTION = 23
    HARM = 24
    DAMAGE = 25
    # what is seen
    SEEN_FIT = 30
    SEEN_TRUST = 31
    SEEN_RESILIENCE = 32
    SEEN_LOWEST = 33


# numba reads module constants faster, and types them better, than members of an IntEnum
PERSON, INTERACTOR, EDGE = (
    np.uint64(Purpose.PERSON),
    np.uint64(Purpose.INTERACTOR),
    np.uint64(Purpose.EDGE),
)
DEFECT, CEILING = np.uint64(Purpose.DEFECT), np.uint64(Purpose.CEILING)
REPAIR, RUMOUR = np.uint64(Purpose.REPAIR), np.uint64(Purpose.RUMOUR)
SHOCK, SEVERITY, ROLE = np.uint64(Purpose.SHOCK), np.uint64(Purpose.SEVERITY), np.uint64(Purpose.ROLE)
ADOPTION, HARM = np.uint64(Purpose.ADOPTION), np.uint64(Purpose.HARM)
DAMAGE = np.uint64(Purpose.DAMAGE)
SEEN_FIT, SEEN_TRUST = np.uint64(Purpose.SEEN_FIT), np.uint64(Purpose.SEEN_TRUST)
SEEN_RESILIENCE, SEEN_LOWEST = np.uint64(Purpose.SEEN_RESILIENCE), np.uint64(Purpose.SEEN_LOWEST)


@inlined
def mix(x: np.uint64) -> np.uint64:
    """SplitMix64's finaliser: a bijection of 64 bits in which every input bit moves every output bit."""
    x = (x ^ (x >> _S30)) * _MIX1
    x = (x ^ (x >> _S27)) * _MIX2
    return x ^ (x >> _S31)


@inlined
def stream(seed: np.uint64, step: int, purpose: np.uint64) -> np.uint64:
    """Key of the stream of one purpose in one step; hoisted out of loops over persons."""
    return mix(mix(mix(seed + _GOLDEN) + np.uint64(step) * _GOLDEN) + purpose * _GOLDEN)


@inlined
def bits(key: np.uint64, index: int) -> np.uint64:
    """Draw number `index` of a stream as an integer of 53 bits."""
    return mix(key + np.uint64(index + 1) * _GOLDEN) >> _S11


@inlined
def uniform(key: np.uint64, index: int) -> float:
    """Draw number `index` of a stream, uniform in [0, 1) with 53 bits."""
    return float(bits(key, index)) * _TO_UNIT


@inlined
def normal(key: np.uint64, index: int) -> float:
    """Standard normal draw number `index` of a stream (Box and Muller 1958)."""
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform(key, 2 * index)))
    return radius * math.cos(2.0 * math.pi * uniform(key, 2 * index + 1))


@inlined
def exponential(key: np.uint64, index: int) -> float:
    """Exponential draw of mean 1, number `index` of a stream."""
    return -math.log(1.0 - uniform(key, index))
