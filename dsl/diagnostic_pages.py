"""The catalogue of diagnostics as Markdown, one page per code and an index.

python -m flashc.dsl.diagnostic_pages      # rewrite docs/diagnostics
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .diagnostic_codes import CODES, Code

FOLDER = Path(__file__).parents[1] / "docs" / "diagnostics"

#: Longer examples are cut: what matters is their beginning.
MAX_LINES = 40

_GROUPS = {
    "FC00": "The file", "FC01": "Syntax and names", "FC02": "Types and numbers", "FC03": "Clocks and causality",
    "FC04": "Presence and bounds", "FC05": "Venue, rules, risk", "FC06": "Parameters", "FC07": "Models",
    "FC08": "Tests", "FC09": "Toolchain", "FC10": "Data", "FC11": "Use of the commands",
    "FC12": "The exchange's client", "FC13": "The local exchange",
    "FL": "Lints",
}  # fmt: skip


def page(row: Code) -> str:
    """The page of one code."""
    parts = [f"# {row.code}: {row.title}", f"Category: {row.category.value}.", row.explanation]
    if row.reserved:
        parts.append("The meaning of this code is fixed. This release never reports it.")
    if row.wrong:
        parts += ["## Wrong", *(_block(text) for text in row.wrong)]
    for name, text in row.beside:
        parts += [f"`{name}` beside it:", _block(text)]
    if row.right:
        parts += ["## Right", _block(row.right)]
    return "\n\n".join(parts) + "\n"


def _block(text: str) -> str:
    lines = text.rstrip("\n").split("\n")
    if len(lines) > MAX_LINES:
        lines = [*lines[:MAX_LINES], "..."]
    language = "yaml" if text.startswith(("flash:", "use:", "fn:")) else "text"
    return "\n".join((f"```{language}", *lines, "```"))


def index() -> str:
    """The page that lists all codes by group."""
    parts = ["# Diagnostics", "Every finding has a code. `flashc doc CODE` prints the same pages."]
    for prefix, title in _GROUPS.items():
        rows = [row for code, row in CODES.items() if code.startswith(prefix)]
        lines = (f"- [{row.code}]({row.code}.md): {row.title}{' (reserved)' * row.reserved}" for row in rows)
        parts += [f"## {title}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def pages() -> Mapping[str, str]:
    """File name -> text of every page."""
    return {"index.md": index(), **{f"{code}.md": page(row) for code, row in CODES.items()}}


def write() -> None:
    """Rewrite the folder; pages of codes that no longer exist are removed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for old in FOLDER.glob("*.md"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
