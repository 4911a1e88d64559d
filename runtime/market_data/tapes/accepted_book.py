"""Levels of a data set to rows of a tape: on the venue's grid, and every message an accepted book.

`crossed_book`      the book of a message was crossed: its rows wait for the first message that mends it
`one_sided_book`    likewise, with an empty side
`never_mended`      messages whose rows still waited when a snapshot or the end came; left out
`snapshot_in_place`  updates that were received before the snapshot they continue come behind it, when it came
`stale_snapshot`    snapshots that the updates seen before already went beyond; left out
`sequence_gap`      update ids are missing: messages up to the next snapshot are left out
`before_snapshot`   messages before the first snapshot; left out
`duplicate_update`  messages whose update ids were seen before; left out
`far_level`         levels farther than 25 % from the mid price; left out
`price_to_tick`     prices off the venue's grid: bids moved down to it, asks up
`qty_to_lot`        quantities off the grid, moved to the nearest lot
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...errors import fault
from ..bars import Flags, Floats, Ints, RuleUse
from ..events import Levels, Signs
from .grid import LARGEST_EXACT, snap

#: Prices so many times above or below the median of all are never looked at.
ABSURD = 16
#: So many ticks are tracked one by one; a wider range by the prices that occur.
WIDEST = 1 << 24


@dataclass(frozen=True, slots=True)
class BookRows:
    """Rows that go out, in order. `reset` rows have no side, price and quantity; `ends` marks ends of messages.

    `moment` holds the receive time of each message that leaves an accepted book, `bid` and `ask` its best prices.
    """

    receive: Ints
    venue: Ints
    side: Signs
    ticks: Ints
    lots: Ints
    update_id: Ints
    reset: Flags
    ends: Flags
    moment: Ints
    bid: Ints
    ask: Ints
    depth: int

    def __len__(self) -> int:
        return len(self.receive)


def book_rows(book: Levels, price_decimals: int, qty_decimals: int, source: str) -> tuple[BookRows, list[RuleUse]]:
    """The rows that reach a strategy, and the rules that applied. FC1012 if no message leaves an accepted book."""
    from . import book_pass

    book, placed = snapshots_in_place(book)
    ticks, rules = _ticks(book, price_decimals, source)
    lots, moved = _lots(book.qty, qty_decimals, source)
    starts = np.concatenate(([0], np.flatnonzero(book.ends) + 1)).astype(np.int64)
    heads = starts[:-1]
    place, prices = _places(ticks)
    n, messages = len(book), len(heads)
    keep, release = np.zeros(n, np.bool_), np.full(messages, book_pass.PENDING, np.int64)
    reset, top = np.zeros(messages, np.bool_), np.zeros((messages, 2), np.int64)
    counts = np.zeros(book_pass.COUNTS, np.int64)
    there = np.zeros((2, max(len(prices), 1)), np.int32)
    book_pass.run_pass(
        starts, book.first_id[heads], book.last_id[heads], book.snapshot[heads], book.side, ticks, lots, place,
        prices, there, bool(book.snapshot.any()), keep, release, reset, top, counts,
    )  # fmt: skip
    if not (release >= 0).any():
        raise fault("FC1012", "no message of the book leaves both sides filled and apart", source)
    rows = _assemble(book, ticks, lots, starts, keep, release, reset, top, int(counts[book_pass.DEPTH]))
    return rows, [*placed, *rules, *moved, *_rules(counts)]


def snapshots_in_place(book: Levels) -> tuple[Levels, list[RuleUse]]:
    """Messages in the order of their update ids where a snapshot is needed.

    A recorder that asks for a snapshot gets it after some of the updates that continue it. Those are put behind it,
    and are received when it is. A snapshot that is not needed, and older than the updates before it, is left out.
    """
    heads = np.flatnonzero(book.ends)
    last, first, snapshot = book.last_id[heads], book.first_id[heads], book.snapshot[heads]
    plan = _plan(last, first, snapshot)
    if not plan.moved and not len(plan.stale):
        return book, []
    message: Ints = np.cumsum(book.ends) - book.ends
    receive, key = book.receive.copy(), 2 * np.arange(len(heads))
    for m, k in plan.moved:
        inside = (message >= k) & (message < m)
        receive[inside] = book.receive[heads[m]]
        key[m] = 2 * k - 1
    order = np.argsort(key[message], kind="stable")
    order = order[~np.isin(message[order], plan.stale)]
    late = sum(m - k for m, k in plan.moved)
    uses = (
        ("snapshot_in_place", late, "updates received before the snapshot that they continue come when it came"),
        ("stale_snapshot", len(plan.stale), "snapshots older than the updates before them; left out"),
    )
    return replace(book, receive=receive).take(order), [RuleUse(*use) for use in uses if use[1]]


@dataclass(frozen=True, slots=True)
class _Plan:
    """(snapshot message, the earlier message before which it belongs), and snapshots that are not needed."""

    moved: list[tuple[int, int]]
    stale: list[int]


def _plan(last: Ints, first: Ints, snapshot: Flags) -> _Plan:
    broken = (first[1:] > last[:-1] + 1) & (first[1:] > 0) & ~snapshot[1:] & ~snapshot[:-1]
    gaps = np.flatnonzero(broken) + 1
    plan, previous = _Plan([], []), -1
    for m in np.flatnonzero(snapshot).tolist():
        before = int(np.searchsorted(gaps, m)) - 1
        gap = int(gaps[before]) if before >= 0 and gaps[before] > previous else -1
        if previous >= 0 and gap < 0:
            if last[m] > 0 and previous < m - 1 and last[m - 1] > last[m] >= last[previous]:
                plan.stale.append(m)
            else:
                previous = m
            continue
        begin = max(gap, previous + 1)
        k = begin + int(np.searchsorted(last[begin:m], last[m], side="right"))
        if last[m] > 0 and k < m:
            plan.moved.append((m, k))
        previous = m
    return plan


def _ticks(book: Levels, decimals: int, source: str) -> tuple[Ints, list[RuleUse]]:
    """Prices in ticks. Off the grid bids go down and asks up, so that moving never crosses a book."""
    scale = float(10**decimals)
    scaled = book.price * scale
    if len(scaled) and float(scaled.max()) > LARGEST_EXACT:
        raise fault("FC1016", f"price {float(book.price.max()):g} has too many ticks of 1e-{decimals}", source)
    nearest = np.rint(scaled)
    off = nearest / scale != book.price
    count = int(np.count_nonzero(off))
    if count:
        nearest[off] = np.where(book.side[off] > 0, np.floor(scaled[off]), np.ceil(scaled[off]))
    ticks: Ints = nearest.astype(np.int64)
    if not count:
        return ticks, []
    detail = f"book prices off the grid of {10.0**-decimals:.{decimals}f}: bids moved down to it, asks up"
    return ticks, [RuleUse("price_to_tick", count, detail)]


def _lots(qty: Floats, decimals: int, source: str) -> tuple[Ints, list[RuleUse]]:
    snapped = snap(qty, decimals, "quantity", source)
    if not snapped.off_grid:
        return snapped.units, []
    gone = int(np.count_nonzero((snapped.units == 0) & (qty > 0)))
    detail = f"book quantities moved to the nearest multiple of {10.0**-decimals:.{decimals}f}; {gone} became 0"
    return snapped.units, [RuleUse("qty_to_lot", snapped.off_grid, detail)]


def _places(ticks: Ints) -> tuple[Ints, Ints]:
    """A dense number for each price, -1 for absurd ones, and the price of each number."""
    middle = int(np.median(ticks)) if len(ticks) else 1
    sane = (ticks > middle // ABSURD) & (ticks < middle * ABSURD)
    inside = ticks if sane.all() else ticks[sane]
    low, high = (int(inside.min()), int(inside.max())) if len(inside) else (0, 0)
    if high - low < WIDEST:
        return np.where(sane, ticks - low, -1), np.arange(low, high + 1, dtype=np.int64)
    prices, numbers = np.unique(inside, return_inverse=True)
    place = np.full(len(ticks), -1, np.int64)
    place[sane] = numbers
    return place, prices


def _assemble(
    book: Levels, ticks: Ints, lots: Ints, starts: Ints, keep: Flags, release: Ints, reset: Flags,
    top: NDArray[np.int64], depth: int,
) -> BookRows:  # fmt: skip
    """Rows that are kept, with a reset row before each message that empties the book."""
    message = np.repeat(np.arange(len(release)), np.diff(starts))
    kept = np.flatnonzero(keep & (release[message] >= 0))
    resets = np.flatnonzero(reset & (release >= 0))
    before = np.searchsorted(kept, starts[resets])
    source = np.insert(kept, before, starts[resets])
    is_reset = np.insert(np.zeros(len(kept), np.bool_), before, True)
    own = message[source]
    out = release[own]
    ends = np.ones(len(source), np.bool_)
    np.not_equal(out[1:], out[:-1], out=ends[:-1])
    ends &= ~is_reset
    zero = np.where(is_reset, 0, 1)
    receive = book.receive[starts[:-1]][out]
    accepted = np.flatnonzero(top[:, 0])
    return BookRows(
        receive, book.venue[source], book.side[source] * zero.astype(np.int8), ticks[source] * zero,
        lots[source] * zero, book.last_id[source], is_reset, ends,
        book.receive[starts[:-1]][accepted], top[accepted, 0], top[accepted, 1], depth,
    )  # fmt: skip


def _rules(counts: Ints) -> list[RuleUse]:
    from . import book_pass as at

    waited = f"; {int(counts[at.WAITED]):,} waited until a later message mended it"
    details = (
        ("crossed_book", at.CROSSED, f"messages that leave the book crossed{waited}"),
        ("one_sided_book", at.ONE_SIDED, f"messages that leave the book one-sided{waited}"),
        ("never_mended", at.DROPPED, "messages whose rows still waited when a snapshot or the end came; left out"),
        (
            "sequence_gap", at.GAPS,
            f"update ids missing; {int(counts[at.GAP_MESSAGES]):,} messages left out until the next snapshot",
        ),
        ("before_snapshot", at.EARLY, "messages before the first snapshot; left out"),
        ("duplicate_update", at.DUPLICATES, "messages whose update ids were seen before; left out"),
        ("far_level", at.FAR, "levels farther than 25 % from the mid price; left out"),
    )  # fmt: skip
    return [RuleUse(name, int(counts[place]), detail) for name, place, detail in details if counts[place]]
