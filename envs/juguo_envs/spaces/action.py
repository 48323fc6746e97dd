"""An allocation and the action vector that stands for it, in both directions.

The action is a flat float32 vector in [-1, 1] of length 10 + R + 3. Mapped to [0, 1] by (a + 1) / 2, its
groups are: nine functions and the reserve, normalised to sum 1 (all zeros: everything to the reserve); R
communities, normalised to sum 1 (all zeros: in proportion to population); openness; advance and abandon
(yes at 0.5 or more). So exact zeros and exact shares can be expressed, and scaling a group changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from juguo_envs.errors import UserError
from juguo_envs.model.compiled import inlined
from juguo_envs.model.state import (
    ABANDON,
    ADVANCE,
    FUNCTIONS,
    N_FUNCTIONS,
    N_REQUESTS,
    N_SHARES,
    OPENNESS,
    YES,
    Array,
)

SHARES = N_SHARES
"""Functions and the reserve."""


class AllocationError(UserError):
    """An action or an allocation that cannot be used."""


def action_size(communities: int) -> int:
    """Length of the action vector for R communities."""
    return SHARES + communities + N_REQUESTS


@dataclass(frozen=True)
class Allocation:
    """Who is funded, for what, where, how openly, and whether to move on or to give up.

    Attributes:
        functions: (..., 9) shares of the pot, in the order of `FUNCTIONS`; with `reserve` they sum to 1.
        reserve: (...) share put aside.
        communities: (..., R) shares of every function's money; they sum to 1.
        openness: (...) in [0, 1].
        advance: (...) bool, ask to enter the next stage.
        abandon: (...) bool, ask to give the project up.
    """

    functions: npt.NDArray[np.float64]
    reserve: npt.NDArray[np.float64]
    communities: npt.NDArray[np.float64]
    openness: npt.NDArray[np.float64]
    advance: npt.NDArray[np.bool_]
    abandon: npt.NDArray[np.bool_]


@inlined
def decode_into(action: Array, share: Array, allocation: Array) -> None:
    """Turn one action vector into one flat allocation (shares, shares, openness, advance, abandon)."""
    r = share.shape[0]
    total = 0.0
    for i in range(SHARES):
        allocation[i] = 0.5 * (min(1.0, max(-1.0, float(action[i]))) + 1.0)
        total += allocation[i]
    for i in range(SHARES):
        if total > 0.0:
            allocation[i] /= total
        else:
            allocation[i] = 1.0 if i == SHARES - 1 else 0.0
    total = 0.0
    for i in range(SHARES, SHARES + r):
        allocation[i] = 0.5 * (min(1.0, max(-1.0, float(action[i]))) + 1.0)
        total += allocation[i]
    for i in range(SHARES, SHARES + r):
        allocation[i] = allocation[i] / total if total > 0.0 else share[i - SHARES]
    for i in range(SHARES + r, SHARES + r + N_REQUESTS):
        allocation[i] = 0.5 * (min(1.0, max(-1.0, float(action[i]))) + 1.0)


def check_actions(
    actions: npt.ArrayLike, lead: tuple[int, ...] | None, communities: int
) -> npt.NDArray[np.float32]:
    """Actions as a float32 array of rows; values outside [-1, 1] are clipped later.

    Args:
        actions: (*lead, 10 + R + 3).
        lead: Shape of the axes before the last: (B,) for a batch, () for one action. Any by default.
        communities: R.

    Returns:
        (n, 10 + R + 3), one row for each action.

    Raises:
        AllocationError: If the shape is wrong or a value is not finite.
    """
    array = np.asarray(actions)
    size = action_size(communities)
    expected = (*(array.shape[:-1] if lead is None else lead), size)
    if array.shape != expected:
        of_one = f"{SHARES} shares, {communities} communities, openness, advance, abandon"
        many = f" for {lead[0]} environment(s)" if lead else ""
        raise AllocationError(f"action has shape {array.shape}; expected {expected}{many}: {of_one}")
    if array.dtype.kind not in "fiub":
        raise AllocationError(f"action holds {array.dtype}; expected numbers in [-1, 1]")
    if not np.isfinite(array).all():
        *place, column = np.argwhere(~np.isfinite(array))[0].tolist()
        where = f" of environment {', '.join(map(str, place))}" if place else ""
        raise AllocationError(
            f"action[{column}]{where} is {array[(*place, column)]}; every entry must be finite, in [-1, 1]"
        )
    if array.dtype == np.float32 and array.flags.carray:
        return array.reshape(-1, size)
    with np.errstate(over="ignore"):  # a number too large for float32 is clipped like any other
        # writeable too: for a read-only array numba would compile the whole model once more
        return np.require(array.reshape(-1, size), np.float32, ["C", "A", "W"])


def decode_allocation(action: npt.ArrayLike, population: npt.ArrayLike) -> Allocation:
    """The allocation that an action vector stands for.

    Args:
        action: (..., 10 + R + 3) in [-1, 1]; values outside are clipped.
        population: (R,) population shares, used where a community group is all zeros.

    Raises:
        AllocationError: If the last axis does not fit `population` or a value is not finite.
    """
    share = np.asarray(population, np.float64)
    lead = np.shape(action)[:-1]
    flat = check_actions(action, None, len(share))
    out = np.empty((flat.shape[0], flat.shape[1]))
    decode = decode_into.py_func
    for row, values in zip(out, flat, strict=True):
        decode(values, share, row)
    out = out.reshape(*lead, -1)
    r = len(share)
    return Allocation(
        functions=out[..., :N_FUNCTIONS],
        reserve=out[..., N_FUNCTIONS],
        communities=out[..., SHARES : SHARES + r],
        openness=out[..., SHARES + r + OPENNESS],
        advance=out[..., SHARES + r + ADVANCE] >= YES,
        abandon=out[..., SHARES + r + ABANDON] >= YES,
    )


def encode_allocation(
    functions: npt.ArrayLike,
    communities: npt.ArrayLike,
    *,
    reserve: npt.ArrayLike | None = None,
    openness: npt.ArrayLike = 0.0,
    advance: npt.ArrayLike = False,
    abandon: npt.ArrayLike = False,
) -> npt.NDArray[np.float32]:
    """The action vector of an allocation; the inverse of `decode_allocation` up to float32.

    Args:
        functions: (..., 9) relative weights, not negative.
        communities: (..., R) relative weights, not negative.
        reserve: (...) relative weight of the reserve; by default 0, or 1 where all functions are 0.
        openness: (...) in [0, 1].
        advance, abandon: (...) bool.

    Returns:
        (..., 10 + R + 3) float32 in [-1, 1]. The largest weight of each group becomes 1, so that shares keep
        their precision.

    Raises:
        AllocationError: If a weight is negative or not finite, or openness is outside [0, 1].
    """
    f = np.asarray(functions, np.float64)
    v = np.asarray(communities, np.float64)
    if f.shape[-1] != N_FUNCTIONS:
        raise AllocationError(
            f"functions has {f.shape[-1]} entries; expected {N_FUNCTIONS}: {', '.join(FUNCTIONS)}"
        )
    lead = np.broadcast_shapes(
        f.shape[:-1], v.shape[:-1], np.shape(openness), np.shape(advance), np.shape(abandon)
    )
    spare = np.zeros(f.shape[:-1]) if reserve is None else np.asarray(reserve, np.float64)
    if reserve is None:
        spare = np.where(f.sum(-1) <= 0.0, 1.0, 0.0)
    lead = np.broadcast_shapes(lead, spare.shape)
    parts = np.empty((*lead, action_size(v.shape[-1])))
    parts[..., :N_FUNCTIONS] = f
    parts[..., N_FUNCTIONS] = spare
    parts[..., SHARES : SHARES + v.shape[-1]] = v
    for group, name in (
        (slice(0, SHARES), "functions or reserve"),
        (slice(SHARES, SHARES + v.shape[-1]), "communities"),
    ):
        weights = parts[..., group]
        if not np.isfinite(weights).all() or (weights < 0.0).any():
            raise AllocationError(
                f"{name} holds a weight that is negative or not finite; weights are relative, >= 0"
            )
        top = weights.max(-1, keepdims=True)
        parts[..., group] = weights / np.where(top > 0.0, top, 1.0)
    parts[..., -3] = openness
    if not ((parts[..., -3] >= 0.0) & (parts[..., -3] <= 1.0)).all():
        raise AllocationError(f"openness is {openness!r}; allowed is 0 to 1")
    parts[..., -2] = np.where(advance, 1.0, 0.0)
    parts[..., -1] = np.where(abandon, 1.0, 0.0)
    return (2.0 * parts - 1.0).astype(np.float32)
