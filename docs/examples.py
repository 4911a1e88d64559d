"""Checks the strategies that the pages show, and writes what the compiler says to the wrong ones below them.

Every fenced block of the hand-written pages that is marked `yaml` is read. What stands after the mark says what it is:

| mark | meaning |
|---|---|
| `yaml` | a whole file: no errors, and no warnings but FL116 (no `risk` block) |
| `yaml fragment` | blocks of a file: completed with `REST`, then as above; unused names are allowed too |
| `yaml wrong` | a whole file or blocks with a mistake; the `text` block that follows is what `flashc check` prints |
| `yaml refused` | checks without errors, but does not run yet; the `text` block is what `flashc compile` prints |
| `yaml skip: REASON` | is not read |

A block marked `fir STAGE SEGMENT` holds that segment of the first whole strategy of its page after that stage, one
marked `hir` its typed graph.
`make docs` writes the `text`, `fir` and `hir` blocks anew; a test keeps them fresh.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from flashc.cli.hir_text import hir_text
from flashc.compiler.frontend.check import check
from flashc.compiler.ir.hir import Checked
from flashc.compiler.ir.printer import print_program
from flashc.compiler.lower.lower import lower
from flashc.compiler.pipeline import compile_checked
from flashc.dsl.diagnostics import Diagnostic, FlashcError
from flashc.dsl.document_reader import read_document
from flashc.dsl.render.text import render
from flashc.dsl.source import Source
from flashc.dsl.yaml_reader import load

ROOT = Path(__file__).resolve().parent.parent
NAME = "example.yaml"

#: The blocks that a fragment leaves out. They stand after it, so that lines keep their numbers.
REST = {
    "flash": "flash: 1",
    "strategy": "strategy: example",
    "trade": "trade: BTC/USDC",
    "decide": "decide: 1m",
    "entries": "entries:\n  long: close > open",
    "exits": "exits:\n  out: close < open",
    "size": "size: 100 USDC",
}

_BLOCK = re.compile(r"^```yaml(?: (?P<mark>[^\n]+))?\n(?P<text>.*?)^```\n(?P<tail>\n```text\n.*?^```\n)?", re.M | re.S)
_FIR = re.compile(r"^```fir (?P<stage>\w+) (?P<segment>\w+)\n.*?^```$", re.M | re.S)

_HIR = re.compile(r"^```hir\n.*?^```$", re.M | re.S)


@dataclass(frozen=True, slots=True)
class Example:
    """One block. `line` is its first line in the page, from 1; `answer` is the `text` block below it, if any."""

    page: str
    line: int
    mark: str
    text: str
    answer: str | None

    def whole(self) -> str:
        """The text as a file."""
        if re.search(r"^\s*\"?flash\"?:", self.text, re.M):
            return self.text
        present = set(re.findall(r"^([a-z]+):", self.text, re.M))
        return self.text + "".join(f"{block}\n" for key, block in REST.items() if key not in present)


def pages() -> list[Path]:
    """The pages that are written by hand and may show strategies."""
    written = [page for page in (ROOT / "docs").glob("*.md") if "Written by docs/generate.py" not in page.read_text()]
    return sorted([ROOT / "README.md", ROOT / "strategies" / "README.md", ROOT / "examples" / "README.md", *written])


def examples(page: str, text: str) -> list[Example]:
    """The `yaml` blocks of a page, in order."""
    found = []
    for match in _BLOCK.finditer(text):
        tail = match["tail"]
        answer = None if tail is None else tail.removeprefix("\n```text\n").removesuffix("```\n")
        line = text.count("\n", 0, match.start("text")) + 1
        found.append(Example(page, line, match["mark"] or "", match["text"], answer))
    return found


def findings(text: str) -> tuple[list[Diagnostic], str]:
    """What `check` and then lowering find in a file, and how `flashc` prints it."""
    source, bag = load(NAME, text.encode())
    source = source or Source(NAME, text)
    document, found = read_document(source)
    bag.extend(found)
    checked = None
    if document is not None and not bag.errors:
        checked, found = check(document)
        bag.extend(found)
    listed = [d for d in bag if d.code != "FL116"]
    if checked is not None and not bag.errors:
        try:
            lower(checked)
        except FlashcError as refusal:
            listed += refusal.diagnostics
    return listed, render(listed, {NAME: source})


def filled(text: str) -> str:
    """The page with fresh `text` blocks below its wrong and refused examples."""

    def block(match: re.Match[str]) -> str:
        mark = match["mark"] or ""
        head = f"```yaml{' ' + mark if mark else ''}\n{match['text']}```\n"
        if mark not in ("wrong", "refused"):
            return head + (match["tail"] or "")
        (example,) = examples("", head)
        return head + "\n```text\n" + findings(example.whole())[1].rstrip() + "\n```\n"

    whole = next((example.text for example in examples("", text) if not example.mark), "")
    listed = _FIR.sub(lambda match: f"```fir {match[1]} {match[2]}\n{listing(whole, match[1], match[2])}\n```", text)
    listed = _HIR.sub(lambda _: f"```hir\n{hir_text(_checked(whole))}```", listed)
    return _BLOCK.sub(block, listed)


def listing(text: str, stage: str, segment: str) -> str:
    """One segment of a strategy's program after a stage, as text."""
    program = print_program(compile_checked(_checked(text), stop_after=stage).program)
    found = re.search(rf"^segment {segment}\b.*?^}}", program, re.M | re.S)
    assert found is not None, f"no segment {segment}"
    return found[0]


def _checked(text: str) -> Checked:
    document, _ = read_document(Source(NAME, text))
    assert document is not None
    checked, _ = check(document)
    assert checked is not None
    return checked


if __name__ == "__main__":
    for path in pages():
        path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
