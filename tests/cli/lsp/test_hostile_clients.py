"""Clients and texts that no editor would send: the server answers or logs, and lives on."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

pytest.importorskip("pygls")

from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from support.editor import PATIENCE_SECONDS, Editor, environment
from support.free_port import free_port
from support.strategies import EMA_CROSS

INITIALIZE = {"processId": None, "rootUri": None, "capabilities": {}}


class Wire:
    """Bytes to and from a server, without a client library."""

    def __init__(self, *arguments: str, code: str = "") -> None:
        command = [sys.executable, "-c", code] if code else [sys.executable, "-m", "flashc", "lsp", *arguments]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment()
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.out: IO[bytes] = self.process.stdin
        self.source: IO[bytes] = self.process.stdout
        self.next = 0
        self.end_of_patience = threading.Timer(2 * PATIENCE_SECONDS, self.process.kill)  # a test fails, and never hangs
        self.end_of_patience.daemon = True
        self.end_of_patience.start()

    def raw(self, data: bytes) -> None:
        self.out.write(data)
        self.out.flush()

    def body(self, data: bytes) -> None:
        self.raw(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))

    def tell(self, method: str, params: Any) -> None:
        self.body(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode())

    def ask(self, method: str, params: Any) -> dict[str, Any]:
        """The answer to a request; whatever else comes before it is skipped."""
        self.next += 1
        self.body(json.dumps({"jsonrpc": "2.0", "id": self.next, "method": method, "params": params}).encode())
        while True:
            message = self.read()
            if message.get("id") == self.next:
                return message

    def read(self) -> dict[str, Any]:
        length = 0
        while (line := self.source.readline()) != b"\r\n":
            assert line, "the server ended"
            name, _, value = line.decode().partition(":")
            assert name in ("Content-Length", "Content-Type"), f"not the protocol: {line!r}"
            length = int(value) if name == "Content-Length" else length
        return dict(json.loads(self.source.read(length)))

    def is_alive(self) -> bool:
        """Whether it still reads a strategy."""
        name = {"uri": "file:///alive.yaml"}
        self.tell(
            "textDocument/didOpen", {"textDocument": {**name, "languageId": "yaml", "version": 1, "text": EMA_CROSS}}
        )
        answer = self.ask("textDocument/hover", {"textDocument": name, "position": {"line": 0, "character": 1}})
        self.tell("textDocument/didClose", {"textDocument": name})
        return "**flash**" in json.dumps(answer)

    def end(self) -> int:
        self.ask("shutdown", None)
        self.tell("exit", None)
        return self.wait()

    def wait(self) -> int:
        self.out.close()
        code = self.process.wait(PATIENCE_SECONDS)
        self.end_of_patience.cancel()
        self.source.close()
        return code


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    made = Wire()
    assert made.ask("initialize", INITIALIZE)["result"]["serverInfo"]["name"] == "flashc"
    made.tell("initialized", {})
    yield made
    assert made.end() == 0


BODIES = {
    "no json": b"{]",
    "no object": b"17",
    "a list": b"[1, 2]",
    "null": b"null",
    "bad utf-8": b"\xff\xfe\x00",
    "no method": b'{"jsonrpc": "2.0", "id": 99}',
    "unknown notification": b'{"jsonrpc": "2.0", "method": "no/such"}',
    "another version": b'{"jsonrpc": "1.0", "id": 98, "method": "shutdown"}',
    "params of a wrong kind": b'{"jsonrpc": "2.0", "id": 97, "method": "textDocument/hover", "params": [1]}',
    "no params": b'{"jsonrpc": "2.0", "id": 96, "method": "textDocument/hover"}',
    "an open of nothing": b'{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {}}',
    "an answer nobody waits for": b'{"jsonrpc": "2.0", "id": "zzz", "result": null}',
    "a cancel of nothing": b'{"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 12345}}',
    "depth": b'{"jsonrpc": "2.0", "method": "x", "params": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_senseless_message_changes_nothing(wire: Wire, body: bytes) -> None:
    wire.body(body)
    assert wire.is_alive()


def test_other_headers_are_skipped(wire: Wire) -> None:
    wire.raw(b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nX-Other: 1\r\n")
    assert wire.is_alive()


def test_unknown_requests_are_answered_with_an_error(wire: Wire) -> None:
    assert wire.ask("no/such", {})["error"]["code"] == -32601


URI = "file:///hostile.yaml"
NAME = {"uri": URI}


def position(line: int, character: int) -> dict[str, int]:
    return {"line": line, "character": character}


def opened(wire: Wire, text: str, version: int = 1) -> None:
    wire.tell(
        "textDocument/didOpen", {"textDocument": {**NAME, "languageId": "yaml", "version": version, "text": text}}
    )


REQUESTS: dict[str, dict[str, Any]] = {
    "textDocument/hover": {},
    "textDocument/completion": {},
    "textDocument/signatureHelp": {},
    "textDocument/definition": {},
    "textDocument/references": {"context": {"includeDeclaration": True}},
    "textDocument/documentHighlight": {},
    "textDocument/prepareRename": {},
    "textDocument/rename": {"newName": "x"},
    "textDocument/documentSymbol": {},
    "textDocument/codeAction": {"context": {"diagnostics": []}},
    "textDocument/formatting": {"options": {"tabSize": 2, "insertSpaces": True}},
    "textDocument/inlayHint": {},
    "textDocument/semanticTokens/full": {},
}
TEXTS = {
    "empty": "",
    "only flash": "flash: 1",
    "no structure": "flash: 1\n  - }{ ][ : : :\n\t\t|\n",
    "not a mapping": "- flash: 1\n- 2\n",
    "control characters": "flash: 1\nx: \x00\x01\x0c\x1b\u2028\ud7ff\n",
    "carriage returns": "flash: 1\rstrategy: s\rlet:\r  a: b\r",
    "a byte order mark": "\ufeff" + EMA_CROSS,
    "deep": "flash: 1\nlet:\n  a: " + "(" * 5_000 + "\n",
    "wide": "flash: 1\nlet: {" + "a: b, " * 1_000 + "\n",
    "emoji": "flash: 1\nlet:\n  😀: 😀 + 😀\n",
    "an old name twice": EMA_CROSS + "let:\n  quick: quick\n",
    "a module of itself": "use: [hostile]\n" + EMA_CROSS,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_question_about_a_strange_text_is_answered(wire: Wire, text: str) -> None:
    opened(wire, text)
    lines = text.count("\n")
    for line, character in ((0, 0), (0, 3), (lines, 0), (lines, 4), (2, 5), (10**9, 2**31 - 1)):
        spot = {
            "position": position(line, character),
            "range": {"start": position(0, 0), "end": position(line, character)},
        }
        for method, more in REQUESTS.items():
            answer = wire.ask(method, {"textDocument": NAME, **spot, **more})
            assert "result" in answer or answer["error"]["code"] == lsp.LSPErrorCodes.RequestFailed, (method, answer)
    wire.tell("textDocument/didClose", {"textDocument": NAME})
    assert wire.is_alive()


@pytest.mark.parametrize("method", REQUESTS)
def test_questions_about_a_file_that_is_not_open_get_nothing(wire: Wire, method: str) -> None:
    spot = {"position": position(0, 0), "range": {"start": position(0, 0), "end": position(9, 9)}}
    answer = wire.ask(method, {"textDocument": {"uri": "file:///nowhere.yaml"}, **spot, **REQUESTS[method]})
    assert answer["result"] is None


def test_edits_far_outside_land_at_the_ends(wire: Wire) -> None:
    opened(wire, EMA_CROSS)
    far = {"start": position(10**6, 10**6), "end": position(0, 0)}
    changes = [
        {"range": far, "text": "# end"},
        {"range": {"start": position(0, 0), "end": position(0, 0)}, "text": "# begin\n"},
    ]
    wire.tell("textDocument/didChange", {"textDocument": {**NAME, "version": 2}, "contentChanges": changes})
    found = wire.ask("textDocument/documentSymbol", {"textDocument": NAME})["result"]
    assert found[0]["selectionRange"]["start"] == position(1, 0)
    wire.tell(
        "textDocument/didChange",
        {"textDocument": {"uri": "file:///never.yaml", "version": 2}, "contentChanges": changes},
    )
    wire.tell("textDocument/didClose", {"textDocument": {"uri": "file:///never.yaml"}})
    wire.tell("textDocument/didClose", {"textDocument": NAME})
    assert wire.is_alive()


def test_a_huge_file_gets_one_finding(wire: Wire) -> None:
    opened(wire, "flash: 1\n" + "# 0123456789\n" * 100_000)
    while not ((message := wire.read()).get("method") and message["params"]["diagnostics"]):
        pass
    assert [d["code"] for d in message["params"]["diagnostics"]] == ["FC0012"]
    wire.tell("textDocument/didClose", {"textDocument": NAME})
    assert wire.is_alive()


def test_many_files_are_open_at_once(wire: Wire) -> None:
    for n in range(100):
        name = {"uri": f"file:///many/{n}.yaml"}
        wire.tell(
            "textDocument/didOpen", {"textDocument": {**name, "languageId": "yaml", "version": 1, "text": EMA_CROSS}}
        )
    spot = {"textDocument": {"uri": "file:///many/99.yaml"}, "position": position(0, 1)}
    assert "**flash**" in json.dumps(wire.ask("textDocument/hover", spot))
    for n in range(100):
        wire.tell("textDocument/didClose", {"textDocument": {"uri": f"file:///many/{n}.yaml"}})


@pytest.mark.parametrize(
    "uri", ["untitled:Untitled-1", "file:///a%20b/c%C3%A4.yaml", "x", "", "git:/a.yaml?ref=1", "file:"]
)
def test_any_name_of_a_file_will_do(wire: Wire, uri: str) -> None:
    name = {"uri": uri}
    wire.tell("textDocument/didOpen", {"textDocument": {**name, "languageId": "yaml", "version": 1, "text": EMA_CROSS}})
    answer = wire.ask("textDocument/hover", {"textDocument": name, "position": position(0, 1)})
    assert "**flash**" in json.dumps(answer)
    wire.tell("textDocument/didClose", {"textDocument": name})


def test_a_cancelled_request_is_answered_and_the_next_one_too(wire: Wire) -> None:
    opened(wire, EMA_CROSS)
    wire.next += 1
    request = {"jsonrpc": "2.0", "id": wire.next, "method": "textDocument/hover"}
    spot = {"textDocument": NAME, "position": position(0, 1)}
    wire.body(json.dumps({**request, "params": spot}).encode())
    wire.tell("$/cancelRequest", {"id": wire.next})
    while (message := wire.read()).get("id") != wire.next:
        pass
    assert "result" in message or message["error"]["code"] == -32800
    wire.tell("textDocument/didClose", {"textDocument": NAME})
    assert wire.is_alive()


def test_an_exit_without_a_shutdown_is_an_error() -> None:
    made = Wire()
    made.ask("initialize", INITIALIZE)
    made.tell("exit", None)
    assert made.wait() == 1


def test_the_end_of_the_input_ends_the_server() -> None:
    made = Wire()
    made.ask("initialize", INITIALIZE)
    assert made.wait() == 1


def test_after_a_shutdown_only_the_exit_counts() -> None:
    made = Wire()
    made.ask("initialize", INITIALIZE)
    made.ask("shutdown", None)
    opened(made, EMA_CROSS)
    made.tell("exit", None)
    assert made.wait() == 0


CRASH = """
import sys
from flashc.cli.lsp import files
real = files.analysis_of
def broken(source, version, is_stale):
    print("a line on standard output")
    if "boom" in source.text:
        raise RuntimeError("planted")
    return real(source, version, is_stale)
files.analysis_of = broken
from flashc.cli.app import run
sys.exit(run(["lsp", "--log", {log!r}]))
"""


def test_a_crash_of_the_analysis_is_logged_answered_and_survived(tmp_path: Path) -> None:
    log = tmp_path / "lsp.log"
    made = Wire(code=CRASH.format(log=str(log)))
    made.ask("initialize", INITIALIZE)
    opened(made, EMA_CROSS + "# boom\n")
    spot = {"textDocument": NAME, "position": position(0, 1)}
    answer = made.ask("textDocument/hover", spot)
    assert "failed; the log says why" in answer["error"]["message"]
    made.tell(
        "textDocument/didChange", {"textDocument": {**NAME, "version": 2}, "contentChanges": [{"text": EMA_CROSS}]}
    )
    assert "**flash**" in json.dumps(made.ask("textDocument/hover", spot))
    assert made.end() == 0
    text = log.read_text()
    assert "RuntimeError: planted" in text
    assert "version 1, failed" in text


def test_a_crash_is_shown_in_the_file(tmp_path: Path) -> None:
    made = Wire(code=CRASH.format(log=str(tmp_path / "lsp.log")))
    made.ask("initialize", INITIALIZE)
    opened(made, EMA_CROSS + "# boom\n")
    while (message := made.read()).get("method") != "textDocument/publishDiagnostics":
        pass
    (found,) = message["params"]["diagnostics"]
    assert "a fault of flashc" in found["message"]
    made.end()


def test_a_deleted_file_stays_open_in_the_editor(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(EMA_CROSS)
    editor = Editor()
    editor.open(path.as_uri(), EMA_CROSS)
    path.unlink()
    tmp_path.rmdir()
    assert "**flash**" in editor.hover(path.as_uri(), 0, 1)
    assert editor.quit() == 0


def test_a_changed_module_is_read_again(tmp_path: Path) -> None:
    module, path = tmp_path / "mine.yaml", tmp_path / "s.yaml"
    module.write_text("fn:\n  f: {args: {x: price}, is: x}\n")
    text = EMA_CROSS.replace("trade:", "use: [mine]\ntrade:").replace("quick: ema(close", "quick: ema(mine.f(close)")
    editor = Editor()
    uri = path.as_uri()
    editor.open(uri, text)
    assert [d.code for d in editor.findings(uri) if d.severity == lsp.DiagnosticSeverity.Error] == []
    editor.published.clear()
    module.write_text("fn:\n  g: {args: {x: price}, is: x}\n")
    editor.tell(lsp.TEXT_DOCUMENT_DID_SAVE, lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(module.as_uri())))
    assert "FC0103" in [d.code for d in editor.findings(uri)]
    assert editor.quit() == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_the_editor_chooses_how_columns_count(encoding: str, tmp_path: Path) -> None:
    offered = [encoding, "utf-16"]
    editor = Editor(
        capabilities=lsp.ClientCapabilities(general=lsp.GeneralClientCapabilities(position_encodings=offered))
    )
    assert editor.greeting.capabilities.position_encoding == encoding
    text = '{"doc": "😀é", "flash": 1, "strategy": "s", "trade": "BTC/USDC", "decide": "1m", "entries": {"long": "oben > 1"}}'
    uri = (tmp_path / "s.json").as_uri()
    editor.open(uri, text)
    found = next(d for d in editor.findings(uri) if d.code == "FC0102")
    before = text[: text.index("oben")]
    widths = {"utf-8": len(before.encode()), "utf-16": len(before.encode("utf-16-le")) // 2, "utf-32": len(before)}
    assert found.range.start.character == widths[encoding]
    assert editor.quit() == 0


def test_one_editor_may_come_over_tcp() -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "flashc", "lsp", "--tcp", str(port)], env=environment())
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            line = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
            break
        except ConnectionRefusedError:
            assert time.monotonic() < ends
            time.sleep(0.02)
    with line, line.makefile("rb") as answers:
        for n, (method, params) in enumerate([("initialize", INITIALIZE), ("shutdown", None)]):
            body = json.dumps({"jsonrpc": "2.0", "id": n, "method": method, "params": params}).encode()
            line.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            match = re.match(rb"Content-Length: (\d+)", answers.readline())
            assert match is not None
            while answers.readline() != b"\r\n":
                pass
            assert json.loads(answers.read(int(match[1])))["id"] == n
    assert process.wait(PATIENCE_SECONDS) == 0


def test_wrong_use_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(["lsp", "--stdio", "--tcp", "7000"]) == Exit.USAGE
    assert run(["lsp", "--tcp", "99999"]) == Exit.USAGE
    assert run(["lsp", "--log", os.devnull + "/no/such"]) == Exit.ENVIRONMENT
    from flashc.cli.lsp import command

    monkeypatch.setattr(command, "find_spec", lambda name: None)
    assert run(["lsp"]) == Exit.ENVIRONMENT
    err = capsys.readouterr().err
    assert "exclude each other" in err
    assert "pip install 'flashc[lsp]'" in err


def test_a_refusal_reaches_the_user_as_an_error(wire: Wire) -> None:
    opened(wire, EMA_CROSS)
    spot = {"textDocument": NAME, "position": position(0, 1), "newName": "x"}
    assert "no name of this file" in wire.ask("textDocument/rename", spot)["error"]["message"]
    wire.tell("textDocument/didClose", {"textDocument": NAME})
    assert issubclass(JsonRpcException, Exception)
