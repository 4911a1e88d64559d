"""The only place that prints.

Results go to standard output, everything else (diagnostics, progress) to standard error. Colour is used only on a
terminal, never when `NO_COLOR` is set or `TERM` is `dumb`. Rich is imported only when a progress bar is really drawn.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

from .exit_codes import Exit
from .problem import Problem

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID
    from rich.text import Text

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


def open_closed() -> None:
    """Give the process streams that its caller closed (`>&-`): what nobody hears may be said, a result may not."""
    if sys.stdout is None:
        sys.stdout = _Closed()  # it takes the number 1, which the next file would get else
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  until the process ends


class _Closed(io.TextIOWrapper):
    """Standard output of a process that has none."""

    def __init__(self) -> None:
        super().__init__(open(os.devnull, "wb"), encoding="utf-8")  # noqa: SIM115

    def write(self, text: str) -> int:
        if text:
            lose_output()
            helps = ("`> /dev/null` throws a result away, `> FILE` keeps it",)
            raise Problem("standard output is closed", kind="environment", helps=helps)
        return 0


def output_lost() -> bool:
    """Whether standard output could not be written, so that whatever is left to say must go elsewhere."""
    return _lost


def lose_output(is_lost: bool = True) -> None:
    """From now on `output_lost`."""
    global _lost
    _lost = is_lost


_lost = False


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
            lose_output()
            raise


def _silence(stream: TextIO) -> None:
    """What could not be written waits in the stream: flushing it again, also at exit, must not raise again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Ticker(Protocol):
    """Called with the amount of work done so far."""

    def __call__(self, done: int) -> None: ...


class _Bar:
    """Draws a bar once the work has taken `PROGRESS_AFTER_SECONDS`."""

    def __init__(self, label: str, total: int, after_s: float) -> None:
        self._label = label
        self._total = total
        self._after_s = after_s
        self._started = time.monotonic()
        self._shown: tuple[Progress, TaskID] | None = None

    def __call__(self, done: int) -> None:
        if self._shown is None:
            if time.monotonic() - self._started < self._after_s:
                return
            self._shown = self._draw()
        progress, task = self._shown
        progress.update(task, completed=done)

    def _draw(self) -> tuple[Progress, TaskID]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        to_terminal = sys.stdout.isatty()
        progress = Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=to_terminal)
        progress.start()
        return progress, progress.add_task(self._label, total=self._total)

    def close(self) -> None:
        if self._shown is not None:
            self._shown[0].stop()


@contextmanager
def progress(label: str, total: int, after_s: float = PROGRESS_AFTER_SECONDS) -> Iterator[Ticker]:
    """A progress bar on standard error for work of `total` steps; silent without a terminal.

    It is drawn at the first step that comes `after_s` after the beginning.
    """
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    bar = _Bar(label, total, after_s)
    try:
        yield bar
    finally:
        bar.close()


#: A line of a live screen: what it is about, the text, and its mood: "", "good", "warn" or "bad".
Row = tuple[str, str, str]

_MOODS = {"": "", "good": "green", "warn": "yellow", "bad": "bold red"}


@contextmanager
def live() -> Iterator[Callable[[Sequence[Row]], None]]:
    """Rows on standard error that each call writes anew; silent without a terminal.

    A row is cut where the terminal ends, and rows that do not fit below each other are left out from the last one on.
    """
    if not sys.stderr.isatty():
        yield lambda rows: None
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    to_terminal = sys.stdout.isatty()  # else results go where they were sent, not above the rows
    with Live(console=console, auto_refresh=False, transient=True, redirect_stdout=to_terminal) as screen:
        yield lambda rows: screen.update(_rows(rows[: max(1, console.height - 2)]), refresh=True)


def _rows(rows: Sequence[Row]) -> Text:
    from rich.text import Text

    width = max((len(label) for label, _, _ in rows), default=0)
    lines = [Text.assemble((f"  {label:<{width}}  ", "dim"), (text, _MOODS[mood])) for label, text, mood in rows]
    return Text("\n", no_wrap=True, overflow="ellipsis").join(lines)
