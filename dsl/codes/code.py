"""What is known about a diagnostic code, and a shorthand for the example files of the table."""

from __future__ import annotations

from dataclasses import dataclass

from ..diagnostics import Category


@dataclass(frozen=True, slots=True)
class Code:
    """One row of the catalogue. Codes are never reused.

    `wrong` holds the smallest files (or commands, or data) that bring the diagnostic; `right` shows the way out.
    `beside` holds names and texts of files that lie beside them.
    `reserved`: the meaning is fixed, but this release never reports it.
    """

    code: str
    title: str
    category: Category
    explanation: str
    wrong: tuple[str, ...] = ()
    right: str = ""
    reserved: bool = False
    beside: tuple[tuple[str, str], ...] = ()


def strategy(
    let: str = "",
    *,
    decide: str = "1m",
    head: str = "trade: BTC/USDC",
    params: str = "",
    long: str = "close > open",
    out: str = "close < open",
    size: str = "100 USDC",
    tail: str = "",
) -> str:
    """A whole strategy file from its varying parts. `let`, `params` and `tail` are lines as they stand in the file."""
    parts = ["flash: 1", "strategy: example", head, f"decide: {decide}"]
    if params:
        parts += ["params:", _indented(params)]
    if let:
        parts += ["let:", _indented(let)]
    parts += ["entries:", _indented(long if long.startswith("long:") else f"long: {long}")]
    if out:
        parts += ["exits:", _indented(out if out.startswith("out:") else f"out: {out}")]
    parts.append(f"size: {size}")
    if tail:
        parts.append(tail.rstrip("\n"))
    return "\n".join(part for part in parts if part) + "\n"


def _indented(lines: str) -> str:
    return "\n".join(f"  {line}" if line else line for line in lines.rstrip("\n").split("\n"))
