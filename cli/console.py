"""The only place that prints.

Results go to standard output, everything else (diagnostics, progress) to standard error. Colour is used only on a
terminal, never when `NO_COLOR` is set or `TERM` is `dumb`. Rich is imported only when a progress bar is really drawn.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

from .exit_codes import Exit

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

#: Work shorter than this shows no progress bar.
PROGRESS_AFTER_SECONDS = 1.0


def out(text: str) -> None:
    """Print `text` and a newline to standard output."""
    _write(sys.stdout, text + "\n")


def err(text: str) -> None:
    """Print `text` and a newline to standard error."""
    _write(sys.stderr, text + "\n")


def hint(text: str) -> None:
    """Something to read while waiting: on standard error, and only on a terminal."""
    if sys.stderr.isatty():
        err(text)


def out_json(value: object) -> None:
    """Print one JSON value. NaN and infinities are refused: they are not JSON."""
    out(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def raw(text: str) -> None:
    """Print `text` as it is (file contents: the newline is part of it)."""
    _write(sys.stdout, text)


def on_terminal() -> bool:
    """Whether standard output is read by a person."""
    return sys.stdout.isatty()


def fitted(text: str) -> str:
    """`text` with its long points (`  - ...`) broken between words where a terminal is narrower; else as it is."""
    if not sys.stdout.isatty():
        return text
    lines = [
        textwrap.fill(line, max(40, width()), subsequent_indent="    ", break_long_words=False)
        if line.startswith("  - ")
        else line
        for line in text.split("\n")
    ]
    return "\n".join(lines)


def colored(stream: TextIO | None = None) -> bool:
    """Whether `stream` (standard output if None) wants colour."""
    stream = stream or sys.stdout
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def stderr() -> TextIO:
    """Standard error, for `colored`."""
    return sys.stderr


def width() -> int:
    """Columns to print in: the terminal's, at most 120; 100 when there is no terminal."""
    return min(120, shutil.get_terminal_size((100, 24)).columns)


def flush() -> None:
    """Empty both streams, so that a closed pipe is noticed before the interpreter ends."""
    _write(sys.stdout, "")
    _write(sys.stderr, "")


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "replace").decode(encoding))
    except BrokenPipeError:
        _silence(stream)
        raise SystemExit(Exit.PIPE_CLOSED) from None
    except OSError:
        _silence(stream)
        if stream is not sys.stderr:  # there nobody could be told
            raise


def _silence(stream: TextIO) -> None:
    """What could not be written waits in the stream: flushing it again, also at exit, must not raise again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Ticker(Protocol):
    """Called with the amount of work done so far."""

    def __call__(self, done: int) -> None: ...


class _Bar:
    """Draws a bar once the work has taken `PROGRESS_AFTER_SECONDS`."""

    def __init__(self, label: str, total: int) -> None:
        self._label = label
        self._total = total
        self._started = time.monotonic()
        self._shown: tuple[Progress, TaskID] | None = None

    def __call__(self, done: int) -> None:
        if self._shown is None:
            if time.monotonic() - self._started < PROGRESS_AFTER_SECONDS:
                return
            self._shown = self._draw()
        progress, task = self._shown
        progress.update(task, completed=done)

    def _draw(self) -> tuple[Progress, TaskID]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        progress = Progress(*columns, console=Console(stderr=True), transient=True)
        progress.start()
        return progress, progress.add_task(self._label, total=self._total)

    def close(self) -> None:
        if self._shown is not None:
            self._shown[0].stop()


@contextmanager
def progress(label: str, total: int) -> Iterator[Ticker]:
    """A progress bar on standard error for work of `total` steps; silent without a terminal."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    bar = _Bar(label, total)
    try:
        yield bar
    finally:
        bar.close()


@contextmanager
def live() -> Iterator[Callable[[str], None]]:
    """One line on standard error that each call writes anew; silent without a terminal."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as line:
        yield lambda text: line.update(Text(text, no_wrap=True, overflow="ellipsis"), refresh=True)
