"""Commands that run until Ctrl-C, ended in this process as soon as what a test waits for has happened."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flashc.runtime.market_data.record import run as record_run
from flashc.runtime.market_data.record.run import Recording

_LOOK_S = 0.02
#: Then Ctrl-C comes in any case, and the test tells by what is missing.
_PATIENCE_S = 120.0


def press_ctrl_c() -> None:
    """As at a terminal, for this process alone."""
    os.kill(os.getpid(), signal.SIGINT)


@contextmanager
def recording_until(holds: Callable[[Recording], bool]) -> Iterator[None]:
    """`flashc data record`, run in the block, gets a Ctrl-C once its recording is as it should be."""
    found: list[Recording] = []
    over = threading.Event()

    class Watched(Recording):
        async def run(self, *given: object) -> None:  # type: ignore[override]
            found.append(self)  # it listens for Ctrl-C by now
            await super().run(*given)  # type: ignore[arg-type]

    def watch() -> None:
        for _ in range(int(_PATIENCE_S / _LOOK_S)):
            if over.wait(_LOOK_S):
                return
            if found and holds(found[-1]):
                break
        press_ctrl_c()

    watcher = threading.Thread(target=watch, daemon=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record_run, "Recording", Watched)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
