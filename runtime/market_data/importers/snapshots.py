"""Whole books, message by message, to changes: the first is a snapshot, the others say what is new, other or gone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..bars import Floats, Ints
from ..events import Levels, Signs


@dataclass(frozen=True, slots=True)
class Frames:
    """Rows of whole books. `message` rises from 0 on; `receive`, `venue` and `last_id` have one entry per message."""

    message: Ints
    side: Signs
    price: Floats
    qty: Floats
    receive: Ints
    venue: Ints
    last_id: Ints


def to_updates(frames: Frames) -> Levels:
    """The changes from book to book. A message that changes nothing leaves no row."""
    present = frames.qty > 0
    message, side = frames.message[present], frames.side[present]
    price, qty = frames.price[present], frames.qty[present]
    order = np.lexsort((message, price, side))
    message, side, price, qty = message[order], side[order], price[order], qty[order]
    same = np.zeros(len(message), np.bool_)
    same[1:] = (side[1:] == side[:-1]) & (price[1:] == price[:-1])
    follows = same.copy()
    follows[1:] &= message[1:] == message[:-1] + 1
    changed = ~follows
    changed[1:] |= qty[1:] != qty[:-1]
    gone = np.ones(len(message), np.bool_)
    gone[:-1] = ~follows[1:]
    gone &= message < len(frames.receive) - 1
    at = np.concatenate((message[gone] + 1, message[changed]))
    sides = np.concatenate((side[gone], side[changed]))
    prices = np.concatenate((price[gone], price[changed]))
    sizes = np.concatenate((np.zeros(int(gone.sum())), qty[changed]))
    return _levels(frames, at, sides, prices, sizes)


def _levels(frames: Frames, at: Ints, side: Signs, price: Floats, qty: Floats) -> Levels:
    """Rows in order of message, levels that are gone first, bids before asks, from the best on."""
    order = np.lexsort((-side * price, -side, qty > 0, at))
    at, side, price, qty = at[order], side[order], price[order], qty[order]
    ends = np.ones(len(at), np.bool_)
    np.not_equal(at[1:], at[:-1], out=ends[:-1])
    first = np.zeros(len(at), np.int64)
    return Levels(
        frames.receive[at], frames.venue[at], side, price, qty, at == 0, ends, first, frames.last_id[at]
    )  # fmt: skip
