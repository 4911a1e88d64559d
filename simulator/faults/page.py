"""The catalogue as a page of the documentation."""

from __future__ import annotations

from .catalogue import CATALOGUE, GROUP_TITLES
from .spec import FaultSpec, Parameter


def catalogue_page() -> str:
    """Markdown: one section for each group, one entry for each fault. Marked ones must be survived first."""
    parts = []
    for letter, title in GROUP_TITLES.items():
        rows = [row for row in CATALOGUE.values() if row.id.startswith(letter)]
        parts.append("\n\n".join([f"## {title}", *(_entry(row) for row in rows)]))
    return "\n\n".join(parts) + "\n"


def _entry(row: FaultSpec) -> str:
    mark = " (*)" if row.starred else ""
    seams = ", ".join(seam.value for seam in row.seams)
    lines = [
        f"### {row.id} `{row.name}`{mark}",
        "",
        f"{_sentence(row.title)} A correct client: {row.shows}. Seam: {seams}.",
    ]
    if row.parameters:
        lines += [
            "",
            "| parameter | default | values | meaning |",
            "|---|---|---|---|",
            *map(_parameter, row.parameters),
        ]
    return "\n".join(lines)


def _parameter(row: Parameter) -> str:
    values = "; ".join(f"`{name}` {text}" for name, text in row.choices.items()) or row.values()
    default = f"`{row.default}`" if row.default != "" else "empty"
    cells = (f"`{row.name}`", default, values, row.meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
