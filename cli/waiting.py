"""What is said to who waits for an exchange: what is asked, why nothing comes, and until when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from . import console

#: A question is named when its answer takes longer than this.
ASKED_SECONDS = 1.0
#: A wait from here on is said without a terminal too, for the log.
LONG_NS = 10_000_000_000


def told(why: str, wait_ns: int) -> None:
    """Say why a request is put off, for how long, and until when if that is long."""
    from ..runtime.market_data.moments import span_text

    seconds = max(round(wait_ns / 1e9), 1)
    text = f"{why}; again in {span_text(seconds * 10**9)}"
    if wait_ns < LONG_NS:
        console.hint(text)
    else:
        console.err(f"{text}, at {time.strftime('%H:%M:%S', time.gmtime(time.time() + seconds))} UTC")


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Say on a terminal what is asked, if it takes a while."""
    timer = asyncio.get_running_loop().call_later(ASKED_SECONDS, console.hint, f"asking {what} ...")
    try:
        yield
    finally:
        timer.cancel()
