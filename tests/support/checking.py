"""Strategy texts in, findings out."""

from __future__ import annotations

from flashc.compiler.frontend.check import Analysed, analyse, check
from flashc.compiler.ir.hir import Checked
from flashc.dsl.diagnostics import Diagnostic, Diagnostics
from flashc.dsl.document import Document
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source

FILE = "example.flash.yaml"
RISK = "risk:\n  position: {max: 400 USDC}\n  day_loss: {limit: 25 USDC}\n  stale: {book: 1s, eth.book: 1s, then: block_entries}"


def strategy(
    let: str = "",
    *,
    decide: str = "1m",
    params: str = "",
    long: str = "close > open",
    out: str = "close < open",
    tail: str = RISK,
) -> str:
    """A whole file that trades btc and may read eth. `let` and `params` are lines as they stand in the file."""

    def block(key: str, lines: str) -> str:
        return f"{key}:\n" + "\n".join(f"  {line}" for line in lines.split("\n")) + "\n" if lines else ""

    head = f"flash: 1\nstrategy: example\ninstruments: {{btc: BTC/USDC, eth: ETH/USDC}}\ntrade: btc\ndecide: {decide}\n"
    rules = f"entries:\n  long: {long}\nexits:\n  out: {out}\nsize: 100 USDC\n"
    return f"{head}{block('params', params)}{block('let', let)}{rules}{tail}\n"


def read(text: str, path: str = FILE) -> Document:
    document, found = read_document(Source(path, text))
    assert document is not None and not found.errors, [d.message for d in found]
    return document


def findings(text: str, path: str = FILE) -> Diagnostics:
    return check(read(text, path))[1]


def codes(text: str, path: str = FILE) -> list[str]:
    """Codes of all findings, in file order."""
    return [d.code for d in findings(text, path)]


def only(text: str) -> Diagnostic:
    """The one finding of a file."""
    (found,) = findings(text)
    return found


def shown(text: str, found: Diagnostic) -> str:
    """The text under the primary label."""
    assert found.primary is not None
    return text[found.primary.span.start : found.primary.span.end]


def advice(found: Diagnostic) -> tuple[str, ...]:
    """What the finding says one can do, fixes first."""
    return (*(fix.title for fix in found.fixes), *found.helps)


def checked(text: str) -> Checked:
    result, found = check(read(text))
    assert result is not None, [d.message for d in found]
    return result


def analysed(text: str) -> Analysed:
    result, _ = analyse(read(text))
    assert result is not None
    return result
