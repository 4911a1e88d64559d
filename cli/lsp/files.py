"""The open files: their text as the editor has it, and when each version is analysed.

A version is analysed as soon as it arrives if the one before took little time, else when the typing pauses. A newer
version makes an older analysis stale, whether it waits or runs; nothing is ever published for a version that is gone.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from lsprotocol import types as lsp
from pygls import uris

from ...dsl.language_server.outline import is_strategy
from ...dsl.language_server.positions import Lines
from ...dsl.source import Source
from .analysis import Analysis, analysis_of
from .view import Client, View

log = logging.getLogger("flashc.lsp")

#: An analysis shorter than this is made at every change; a longer one waits for a pause.
QUICK_SECONDS = 0.05
LONGEST_WAIT_SECONDS = 0.3

LONGEST_COMPLETION_WAIT_SECONDS = 0.1

#: More text than this is not kept: the reader refuses a sixteenth of it.
MOST_CHARACTERS = 4 * 1024 * 1024


@dataclass(slots=True)
class OpenFile:
    """One file in the editor."""

    uri: str
    path: str
    version: int
    lines: Lines
    now: Analysis | None = None
    good: Analysis | None = None
    task: asyncio.Task[None] | None = None
    seconds: float = 0.0  # of the last analysis
    failed: int | None = None  # the version whose analysis crashed
    reported: bool = field(default=False)  # the editor shows findings of it

    @property
    def is_strategy(self) -> bool:
        return is_strategy(self.path, self.lines.text)

    @property
    def wait(self) -> float:
        """How long to wait for the next key before analysing."""
        return 0.0 if self.seconds < QUICK_SECONDS else min(LONGEST_WAIT_SECONDS, self.seconds)


class AnalysisFailed(Exception):
    """The analysis of a version crashed: our fault, and in the log."""


class Files:
    """All open files. `done(file)` is called when there is something new to tell the editor about a file."""

    def __init__(self, pool: ThreadPoolExecutor, done: Callable[[OpenFile], None]) -> None:
        self.client = Client()
        self._pool = pool
        self._done = done
        self._open: dict[str, OpenFile] = {}

    def get(self, uri: str) -> OpenFile | None:
        return self._open.get(uri)

    def open(self, item: lsp.TextDocumentItem) -> None:
        """A file was opened; one that is open already gets the new text."""
        self.close(item.uri)
        path = uris.to_fs_path(item.uri) or item.uri.partition("?")[0]
        file = OpenFile(item.uri, path, item.version, self._lines(item.text))
        self._open[item.uri] = file
        self._plan(file)

    def change(self, params: lsp.DidChangeTextDocumentParams) -> None:
        """Edits in their order. An unknown file is left alone: its text is not known."""
        file = self._open.get(params.text_document.uri)
        if file is None:
            log.warning("a change of a file that is not open: %s", params.text_document.uri)
            return
        for change in params.content_changes:
            text = change.text
            if isinstance(change, lsp.TextDocumentContentChangePartial):
                start, end = change.range.start, change.range.end
                text = file.lines.replaced((start.line, start.character), (end.line, end.character), text)
            file.lines = self._lines(text)
        file.version = params.text_document.version
        self._plan(file)

    def close(self, uri: str) -> OpenFile | None:
        file = self._open.pop(uri, None)
        if file is not None and file.task is not None:
            file.task.cancel()
        return file

    def recheck(self) -> None:
        """Files that lie beside strategies may have changed: look again at those that use modules."""
        for file in self._open.values():
            document = file.now.document if file.now is not None else None
            if document is not None and document.uses:
                file.now = None
                self._plan(file)

    async def view(self, uri: str) -> View | None:
        """The newest version of a strategy file, analysed; None for other files. Raises `AnalysisFailed`."""
        file = self._open.get(uri)
        while file is not None and file.is_strategy and not self._is_current(file):
            if file.failed == file.version:
                raise AnalysisFailed(f"the analysis of version {file.version} failed; the log says why")
            task = file.task if file.task is not None and not file.task.done() else self._plan(file)
            await asyncio.wait([task])
            file = self._open.get(uri)
        if file is None or not file.is_strategy or file.now is None:
            return None
        return View(file.uri, file.path, file.version, file.lines, file.now, file.good, self.client)

    async def view_soon(self, uri: str) -> View | None:
        """The newest text with the newest analysis that a short wait brings: for completion, which must be quick."""
        file = self._open.get(uri)
        if file is not None and file.task is not None and not file.task.done():
            await asyncio.wait([file.task], timeout=LONGEST_COMPLETION_WAIT_SECONDS)
            file = self._open.get(uri)
        if file is None or not file.is_strategy:
            return None
        now = file.now or Analysis(-1, Source(file.path, file.lines.text), None, None, ())
        return View(file.uri, file.path, file.version, file.lines, now, file.good, self.client)

    def _lines(self, text: str) -> Lines:
        return Lines(text[:MOST_CHARACTERS], self.client.encoding)

    def _is_current(self, file: OpenFile) -> bool:
        return file.now is not None and file.now.version == file.version

    def _plan(self, file: OpenFile) -> asyncio.Task[None]:
        """Analyse the newest version, now or after a pause."""
        if file.task is not None:
            file.task.cancel()
        file.task = asyncio.get_running_loop().create_task(self._analyse(file))
        return file.task

    async def _analyse(self, file: OpenFile) -> None:
        if file.wait:
            await asyncio.sleep(file.wait)
        version, lines = file.version, file.lines
        if not file.is_strategy:
            file.now = file.good = None
            self._done(file)
            return

        def is_stale() -> bool:
            return file.version != version or self._open.get(file.uri) is not file

        started = time.perf_counter()
        work = asyncio.get_running_loop().run_in_executor(
            self._pool, analysis_of, Source(file.path, lines.text), version, is_stale
        )
        await asyncio.wait([work])
        file.seconds = time.perf_counter() - started
        self._finish(file, version, work)

    def _finish(self, file: OpenFile, version: int, work: asyncio.Future[Analysis | None]) -> None:
        if self._open.get(file.uri) is not file or file.version != version:
            if not work.cancelled():
                work.exception()  # it is stale: nobody asks for it
            return
        error = work.exception()
        if error is not None:
            log.error("the analysis of %s, version %s, failed", file.uri, version, exc_info=error)
            file.failed = version
        else:
            file.now = work.result()
            if file.now is not None and file.now.analysed is not None:
                file.good = file.now
        self._done(file)
