"""Every code of the catalogue that a strategy file can bring: its example brings it, and looks like the golden file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flashc.cli.front import front_of
from flashc.cli.testing.runner import Asked, run_file
from flashc.compiler.frontend.check import check
from flashc.dsl.diagnostic_codes import CODES, Code
from flashc.dsl.diagnostics import Diagnostic, Diagnostics
from flashc.dsl.document_reader import read_document
from flashc.dsl.render.text import render
from flashc.dsl.source import Source
from flashc.dsl.yaml_reader import load

PATH = "example.flash.yaml"
FILE_GROUPS = ("FC00", "FC01", "FC02", "FC03", "FC04", "FC05", "FC06", "FC07", "FC08", "FC09", "FL")
FROM_FILES = [
    row
    for code, row in CODES.items()
    if code.startswith(FILE_GROUPS) and row.wrong and row.wrong[0].startswith("flash:")
]


def findings(row: Code, text: str, folder: Path) -> tuple[dict[str, Source], Diagnostics]:
    """What `flashc check` finds in a file, and the texts it may point into."""
    sources = {name: Source(name, beside) for name, beside in row.beside}
    for name, beside in row.beside:
        (folder / name).write_text(beside)
    source, bag = load(PATH, text.encode())
    sources[PATH] = source or Source(PATH, text)
    document, found = read_document(sources[PATH])
    bag.extend(found)
    if document is not None and not found.errors:
        bag.extend(check(document)[1])
        if document.tests and not bag.errors:
            bag.extend(of_tests(sources[PATH]))
    return sources, bag


def of_tests(source: Source) -> list[Diagnostic]:
    """What `flashc test` finds in a file that is free of errors otherwise."""
    front = front_of(source)
    return run_file(Path(PATH), front, Asked(laws=False), lambda run: None).findings


@pytest.mark.parametrize("code", [row.code for row in FROM_FILES if not row.reserved])
def test_the_wrong_example_brings_its_code(
    code: str, golden: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = []
    for text in CODES[code].wrong:
        sources, bag = findings(CODES[code], text, tmp_path)
        assert code in {d.code for d in bag}, f"{code} is missing among {[d.code for d in bag]} of:\n{text}"
        shown.append(render(bag, sources))
    golden(f"rejected/{code}.txt", "\n----\n\n".join(shown))


@pytest.mark.parametrize("code", [row.code for row in FROM_FILES if row.right.startswith("flash:")])
def test_the_right_example_does_not_bring_it(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _, bag = findings(CODES[code], CODES[code].right, tmp_path)
    assert not [d.message for d in bag.errors]
    assert code not in {d.code for d in bag}


def test_every_code_a_file_can_bring_has_an_example() -> None:
    groups = ("FC00", "FC01", "FC02", "FC03", "FC04", "FC05", "FC06", "FC07", "FL")
    shown = {row.code for row in FROM_FILES}
    assert [c for c, row in CODES.items() if c.startswith(groups) and not row.reserved and c not in shown] == []


def test_no_golden_file_is_left_over() -> None:
    folder = Path(__file__).parent / "rejected"
    assert {path.stem for path in folder.glob("*.txt")} == {row.code for row in FROM_FILES if not row.reserved}
