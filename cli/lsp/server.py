"""The language server: pygls speaks the protocol, this hands each message to the part that answers it.

Text is kept by `Files`, not by pygls' workspace, whose lines also end at form feeds and Unicode separators and whose
edits move in files with CR LF. All analysis runs in one worker thread, so that the server keeps reading meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException, JsonRpcInternalError
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

from ... import __version__
from ...dsl.language_server.positions import Encoding
from ...dsl.language_server.semantic import KINDS
from . import answers, problems
from .files import AnalysisFailed, Files, OpenFile
from .rename import Refused
from .view import Client, View

log = logging.getLogger("flashc.lsp")

Answer = Callable[[View, Any], Any]


class RequestFailed(JsonRpcException):
    """A request that is right in itself and cannot be done; the editor shows the message."""

    CODE = lsp.LSPErrorCodes.RequestFailed.value


class Protocol(LanguageServerProtocol):
    """pygls' protocol with our own documents."""

    _server: FlashServer

    @lsp_method(lsp.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: lsp.DidOpenTextDocumentParams) -> None:
        self._server.files.open(params.text_document)

    @lsp_method(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: lsp.DidChangeTextDocumentParams) -> None:
        self._server.files.change(params)

    @lsp_method(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: lsp.DidCloseTextDocumentParams) -> None:
        self._server.closed(params.text_document.uri)


class FlashServer(LanguageServer):
    """The server of one editor."""

    def __init__(self) -> None:
        self.worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="analysis")
        self.files = Files(self.worker, self.publish)
        super().__init__("flashc", __version__, lsp.TextDocumentSyncKind.Incremental, protocol_cls=Protocol)
        self.ended_well = False
        _register(self)

    def publish(self, file: OpenFile) -> None:
        """Send the findings of a file's newest version, or take them back."""
        found: list[lsp.Diagnostic] = []
        if file.failed == file.version:
            found = [_crashed()]
        elif file.now is not None:
            found = problems.published(file.now, file.lines, file.uri, self.files.client)
        if found or file.reported or file.now is not None:
            file.reported = bool(found)
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(file.uri, found, file.version))

    def closed(self, uri: str) -> None:
        """A closed file has no findings in the editor."""
        file = self.files.close(uri)
        if file is not None and file.reported:
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Faults go to the log, not into a window over the user's work."""
        log.error("%s: %s", getattr(source, "__name__", source), error)

    def shutdown(self) -> None:
        self.worker.shutdown(wait=False, cancel_futures=True)
        super().shutdown()  # type: ignore[no-untyped-call]


def _crashed() -> lsp.Diagnostic:
    here = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
    message = "flashc could not analyse this text: a fault of flashc, not of the file. `flashc check FILE` shows more."
    return lsp.Diagnostic(here, message, severity=lsp.DiagnosticSeverity.Error, source=problems.SOURCE)


def _register(server: FlashServer) -> None:
    @server.feature(lsp.INITIALIZE)
    def initialize(params: lsp.InitializeParams) -> None:
        server.files.client = client_of(params.capabilities)

    @server.feature(lsp.SHUTDOWN)
    def shutdown(params: None) -> None:
        server.ended_well = True

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: lsp.DidSaveTextDocumentParams) -> None:
        server.files.recheck()

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def watched(params: lsp.DidChangeWatchedFilesParams) -> None:
        server.files.recheck()

    for method, answer, options in _REQUESTS:
        server.feature(method, options)(_handler(server, answer))

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[".", "@", " ", ":"]))
    async def completion(params: lsp.CompletionParams) -> lsp.CompletionList | None:
        view = await server.files.view_soon(params.text_document.uri)
        return await _answered(server, answers.completion, view, params) if view is not None else None


_REQUESTS: tuple[tuple[str, Answer, Any], ...] = (
    (lsp.TEXT_DOCUMENT_HOVER, answers.hover, None),
    (lsp.TEXT_DOCUMENT_SIGNATURE_HELP, answers.signature, lsp.SignatureHelpOptions(trigger_characters=["(", ","])),
    (lsp.TEXT_DOCUMENT_DEFINITION, answers.definition, None),
    (lsp.TEXT_DOCUMENT_REFERENCES, answers.references, None),
    (lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, answers.highlights, None),
    (lsp.TEXT_DOCUMENT_PREPARE_RENAME, answers.prepare_rename, None),
    (lsp.TEXT_DOCUMENT_RENAME, answers.rename, lsp.RenameOptions(prepare_provider=True)),
    (lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL, answers.symbols, None),
    (
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        problems.actions,
        lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix, problems.FIX_ALL]),
    ),
    (lsp.TEXT_DOCUMENT_FORMATTING, answers.formatting, None),
    (lsp.TEXT_DOCUMENT_INLAY_HINT, answers.inlay_hints, None),
    (lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, answers.semantic_tokens, lsp.SemanticTokensLegend(list(KINDS), [])),
)


def _handler(server: FlashServer, answer: Answer) -> Callable[[Any], Awaitable[Any]]:
    async def handle(params: Any) -> Any:
        try:
            view = await server.files.view(params.text_document.uri)
        except AnalysisFailed as error:
            raise JsonRpcInternalError(str(error)) from None
        return await _answered(server, answer, view, params) if view is not None else None

    return handle


async def _answered(server: FlashServer, answer: Answer, view: View, params: Any) -> Any:
    """Answer in the worker thread. A refusal is an error with its reason; a crash is pygls' to log and to answer."""
    try:
        return await asyncio.get_running_loop().run_in_executor(server.worker, answer, view, params)
    except Refused as refused:
        raise RequestFailed(str(refused)) from None


def client_of(capabilities: lsp.ClientCapabilities) -> Client:
    """What the editor says that it can do; the encoding is the first of its own that we know."""
    offered = capabilities.general.position_encodings if capabilities.general is not None else None
    known = {e.value: e for e in Encoding}
    texts = [str(getattr(e, "value", e)) for e in offered or ()]
    encoding = next((known[t] for t in texts if t in known), Encoding.UTF16)
    document = capabilities.text_document
    item = document.completion.completion_item if document is not None and document.completion is not None else None
    edit = capabilities.workspace.workspace_edit if capabilities.workspace is not None else None
    return Client(
        encoding,
        bool(item is not None and item.snippet_support),
        bool(edit is not None and edit.document_changes),
    )
