"""A language client nobody here wrote (pygls'), driving a spawned `flashc lsp` over stdio, as an editor does."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import flashc
from lsprotocol import types as lsp
from pygls.lsp.client import BaseLanguageClient

T = TypeVar("T")
PACKAGE_PARENT = Path(flashc.__file__).resolve().parents[1]

#: Long enough for a busy machine; nothing asserts how long an answer took.
PATIENCE_SECONDS = 180.0


def environment() -> dict[str, str]:
    """The environment of a spawned `python -m flashc` that runs this tree."""
    path = os.pathsep.join([str(PACKAGE_PARENT), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path}


class Editor:
    """Opens files, types, asks. Every call waits for its answer."""

    def __init__(self, *arguments: str, capabilities: lsp.ClientCapabilities | None = None) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._news = threading.Condition()
        self.published: dict[str, lsp.PublishDiagnosticsParams] = {}
        self.versions: dict[str, int] = {}
        self.client = BaseLanguageClient("tests", "1")
        self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda params: self._hear(params))
        self.run(self.client.start_io(sys.executable, "-m", "flashc", "lsp", *arguments, env=environment()))
        able = capabilities or lsp.ClientCapabilities()
        self.greeting = self.run(self.client.initialize_async(lsp.InitializeParams(able, process_id=os.getpid())))
        self.client.initialized(lsp.InitializedParams())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_SECONDS)

    def tell(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._loop.call_soon_threadsafe(self.client.protocol.notify, method, params)

    def ask(self, method: str, params: Any) -> Any:
        """Send a request and wait for its answer. Raises what the server answers as an error."""

        async def asked() -> Any:
            return await self.client.protocol.send_request_async(method, params)

        return self.run(asked())

    def _hear(self, params: lsp.PublishDiagnosticsParams) -> None:
        with self._news:
            self.published[params.uri] = params
            self._news.notify_all()

    # files

    def open(self, uri: str, text: str, language: str = "yaml") -> None:
        self.versions[uri] = 1
        with self._news:
            self.published.pop(uri, None)
        item = lsp.TextDocumentItem(uri, language, 1, text)
        self.tell(lsp.TEXT_DOCUMENT_DID_OPEN, lsp.DidOpenTextDocumentParams(item))

    def change(self, uri: str, *changes: lsp.TextDocumentContentChangeEvent) -> int:
        """Send edits as one new version; returns its number."""
        self.versions[uri] += 1
        name = lsp.VersionedTextDocumentIdentifier(uri=uri, version=self.versions[uri])
        self.tell(lsp.TEXT_DOCUMENT_DID_CHANGE, lsp.DidChangeTextDocumentParams(name, list(changes)))
        return self.versions[uri]

    def replace(self, uri: str, text: str) -> int:
        """The whole text anew."""
        return self.change(uri, lsp.TextDocumentContentChangeWholeDocument(text))

    def insert(self, uri: str, line: int, character: int, text: str, removed: int = 0) -> int:
        where = lsp.Range(lsp.Position(line, character), lsp.Position(line, character + removed))
        return self.change(uri, lsp.TextDocumentContentChangePartial(where, text))

    def close(self, uri: str) -> None:
        self.tell(lsp.TEXT_DOCUMENT_DID_CLOSE, lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(uri)))

    def findings(self, uri: str, version: int | None = None) -> list[lsp.Diagnostic]:
        """The diagnostics of the newest version (or of `version`), once the server has published them."""
        wanted = version if version is not None else self.versions[uri]

        def there() -> bool:
            return uri in self.published and self.published[uri].version == wanted

        with self._news:
            assert self._news.wait_for(there, PATIENCE_SECONDS), f"nothing published for version {wanted}"
            return list(self.published[uri].diagnostics)

    # questions

    def at(self, uri: str, line: int, character: int) -> dict[str, Any]:
        return {"text_document": lsp.TextDocumentIdentifier(uri), "position": lsp.Position(line, character)}

    def hover(self, uri: str, line: int, character: int) -> str:
        found = self.ask(lsp.TEXT_DOCUMENT_HOVER, lsp.HoverParams(**self.at(uri, line, character)))
        return "" if found is None else str(found.contents.value)

    def completions(self, uri: str, line: int, character: int) -> dict[str, lsp.CompletionItem]:
        found = self.ask(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionParams(**self.at(uri, line, character)))
        return {item.label: item for item in found.items} if found is not None else {}

    def actions(self, uri: str, only: list[str] | None = None, line: int = 0) -> list[lsp.CodeAction]:
        where = lsp.Range(lsp.Position(line, 0), lsp.Position(10_000, 0))
        context = lsp.CodeActionContext([], only=only)
        params = lsp.CodeActionParams(lsp.TextDocumentIdentifier(uri), where, context)
        return list(self.ask(lsp.TEXT_DOCUMENT_CODE_ACTION, params) or [])

    # the end

    def quit(self) -> int:
        """Shutdown, exit; the server's exit code."""
        self.ask(lsp.SHUTDOWN, None)
        return self.leave()

    def leave(self) -> int:
        """Exit without a shutdown."""
        process = self.client._server
        assert process is not None
        self.tell(lsp.EXIT, None)
        code = self.run(asyncio.wait_for(process.wait(), PATIENCE_SECONDS))
        self._loop.call_soon_threadsafe(self._loop.stop)
        return code


def applied(text: str, edits: list[lsp.TextEdit]) -> str:
    """The text after a list of edits, as an editor makes them (UTF-16 columns, LF lines)."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)

    def offset(p: lsp.Position) -> int:
        if p.line >= len(lines):
            return len(text)
        line = lines[p.line].encode("utf-16-le")[: 2 * p.character].decode("utf-16-le", "ignore")
        return starts[p.line] + len(line)

    for edit in sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character), reverse=True):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text
