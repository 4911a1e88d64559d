"""The state of a strategy just before one of its events, found by running up to it."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...cython_core.layout import NEVER, OUT_DECIDED, OUT_INTENTS, OUT_WAKE, WORD_BYTES
from .driver import CHUNK, KernelAddresses, Run
from .result import Account, KernelFacts

if TYPE_CHECKING:
    from .driver import Progress
    from .result import Words


def state_before(
    kernel: KernelAddresses,
    facts: KernelFacts,
    records: Words,
    params: Sequence[int | float],
    account: Account,
    index: int,
    progress: Progress | None = None,
) -> Words:
    """The state words that event number `index` starts from: after the fills that its own bar brings."""
    assert 0 <= index < len(records)
    work = Run(kernel, facts, records, account)
    work.start(params)
    at = 0
    while at < index:
        at = work.advance(at, min(at + CHUNK, index))
        if progress is not None:
            progress(at, index)
    # A bar first fills orders, whose reports change the state, and then is an event: leave out only the latter.
    work.kernel = replace(kernel, events=ctypes.cast(_NOTHING, ctypes.c_void_p).value or 0)
    while work.advance(index, index + 1) <= index:
        pass
    return work.state


def _nothing(record: int, count: int, state: int, floats: int, out: int, rows: int, io: int) -> int:
    """One event that leaves the state alone and wants nothing."""
    for word, value in ((OUT_INTENTS, 0), (OUT_DECIDED, 0), (OUT_WAKE, NEVER)):
        ctypes.c_int64.from_address(out + word * WORD_BYTES).value = value
    return 1


_ADDRESS = ctypes.c_void_p
_NOTHING = ctypes.CFUNCTYPE(ctypes.c_int64, _ADDRESS, ctypes.c_int64, *[_ADDRESS] * 5)(_nothing)
