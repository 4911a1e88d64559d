"""The commands: name, module, one line. Importing this imports none of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """`module` is a file of this folder that holds `app`, a `typer.Typer`."""

    name: str
    module: str
    summary: str


_ENTRIES = (
    Entry("new", "new", "Write a commented starter strategy."),
    Entry("check", "check", "Report everything that is wrong with strategy files."),
    Entry("fmt", "fmt", "Format strategy files."),
    Entry("fix", "fix", "Apply the safe fixes that check suggests."),
    Entry("doc", "doc", "Explain a diagnostic code."),
    Entry("schema", "schema", "Print the JSON Schema of strategy files."),
    Entry("diff", "diff", "Say what changed between two strategy files, by meaning."),
    Entry("lsp", "lsp.command", "Serve an editor: findings, hover, completion, rename."),
    Entry("compile", "compile", "Compile a strategy to an artefact folder."),
    Entry("lock", "lock", "Pin what strategies are made of besides their own text."),
    Entry("verify", "verify", "Check that artefact folders are as they were made."),
    Entry("backtest", "backtest", "Run a strategy over history."),
    Entry("test", "test", "Run the tests that are written in strategy files."),
    Entry("explain", "explain", "Say why a run traded, or did not, at an instant."),
    Entry("why-not", "why_not", "Say what kept a run from trading over a stretch of time."),
    Entry("trace", "trace", "Export named values of a run as a table."),
    Entry("data", "data", "Import, generate, list and verify history."),
    Entry("sim", "sim", "Run a local exchange, and let things go wrong on it."),
    Entry("keys", "keys", "Store, check and forget the keys of the exchange."),
    Entry("watch", "watch", "Say whether the exchange's order books are valid, and why not."),
    Entry("version", "version", "Print the versions that decide results."),
)

COMMANDS: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}
