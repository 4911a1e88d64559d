"""Exit codes: the one table. Scripts may rely on them."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the process reports to its caller."""

    OK = 0
    FILE = 1  # the strategy file or the data is at fault
    USAGE = 2  # wrong use: unknown option, missing file
    ENVIRONMENT = 3  # a missing program, no permission, no disk space
    BUG = 4  # ours
    INTERRUPTED = 130  # Ctrl-C, as shells report it
    PIPE_CLOSED = 141  # the reader of our output went away
