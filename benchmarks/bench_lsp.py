"""How long an editor waits: from a key to the findings, over 200 keys, and from the start to the first answer.

    python benchmarks/bench_lsp.py [FILE]

The client is pygls' own, in another process; the time ends when it has read the findings of its own version. Beside it
stands what `analysis_of` alone takes for the same texts in this process, so that a busy machine shows in both.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import flashc
from flashc.cli.lsp.analysis import analysis_of
from flashc.dsl.language_server.positions import Lines
from flashc.dsl.source import Source
from lsprotocol import types as lsp
from pygls.lsp.client import BaseLanguageClient

PACKAGE = Path(flashc.__file__).resolve().parent
KEYS = 200
TYPED = " and close > ema(close, 50)  # typed by the benchmark, and deleted again"


def texts(text: str) -> list[str]:
    """The text after each of KEYS keys at the end of the last clause: typed, then deleted, again and again."""
    at = text.index("\n", text.index("when:") + 6) if "when:" in text else len(text.rstrip())
    made: list[str] = []
    while len(made) < KEYS:
        made += [text[:at] + TYPED[:n] + text[at:] for n in range(1, len(TYPED) + 1)]
        made += [text[:at] + TYPED[:n] + text[at:] for n in range(len(TYPED) - 1, -1, -1)]
    return made[:KEYS]


def shown(name: str, seconds: list[float]) -> str:
    ordered = sorted(1000 * s for s in seconds)
    at = [ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.95, 1.0)]
    return f"{name:<42} p50 {at[0]:6.1f} ms   p95 {at[1]:6.1f} ms   max {at[2]:6.1f} ms"


async def served(path: Path) -> tuple[float, float, list[float]]:
    """Seconds to the first answer, to the first findings, and of each key."""
    client, seen, news = BaseLanguageClient("bench", "1"), {}, asyncio.Event()

    @client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def hear(params: lsp.PublishDiagnosticsParams) -> None:
        seen[params.uri] = params.version
        news.set()

    async def until(version: int) -> None:
        while seen.get(uri) != version:
            await news.wait()
            news.clear()

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")])}
    begun, uri, text = time.perf_counter(), path.resolve().as_uri(), path.read_text()
    await client.start_io(sys.executable, "-m", "flashc", "lsp", env=environment)
    await client.initialize_async(lsp.InitializeParams(lsp.ClientCapabilities(), process_id=os.getpid()))
    client.initialized(lsp.InitializedParams())
    answered = time.perf_counter() - begun
    client.text_document_did_open(lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(uri, "yaml", 0, text)))
    await until(0)
    first, waits = time.perf_counter() - begun, []
    for version, new in enumerate(texts(text), 1):
        name = lsp.VersionedTextDocumentIdentifier(uri=uri, version=version)
        change = lsp.TextDocumentContentChangeWholeDocument(new)
        started = time.perf_counter()
        client.text_document_did_change(lsp.DidChangeTextDocumentParams(name, [change]))
        await until(version)
        waits.append(time.perf_counter() - started)
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()
    return answered, first, waits


def alone(path: Path) -> list[float]:
    """Seconds of the analysis of each text, without protocol."""
    waits = []
    for new in texts(path.read_text()):
        started = time.perf_counter()
        analysis_of(Source(str(path), Lines(new).text), 1)
        waits.append(time.perf_counter() - started)
    return waits


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGE / "strategies" / "imbalance_scalper.yaml"
    answered, first, waits = asyncio.run(served(path))
    print(f"{path.name}, {len(path.read_text()):,} characters, {KEYS} keys")
    print(f"start to first answer {1000 * answered:.0f} ms, to first findings {1000 * first:.0f} ms")
    print(shown("key to findings, over the protocol", waits))
    print(shown("analysis alone, in one process", alone(path)))


if __name__ == "__main__":
    main()
