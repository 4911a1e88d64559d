"""The tables of docs/mexc.md from the client's own. `python docs/mexc_tables.py` renews them; a test keeps them fresh.

Each stands between a comment with its name and the next heading or text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from flashc.runtime.mexc.account.knowledge import FACT_COUNTERS
from flashc.runtime.mexc.account.listen_key import KEY_COUNTERS
from flashc.runtime.mexc.rest.codes import CODES, Kind, Row, kind_of

PAGE = Path(__file__).with_name("mexc.md")
_WORDS = {
    Kind.DEFINITIVE: "refused",
    Kind.UNKNOWN: "unknown",
    Kind.RATE: "wait",
    Kind.CLOCK: "clock",
    Kind.AUTH: "key",
}


def filled(text: str) -> str:
    """The page with fresh tables."""
    tables = {"facts": _counters(FACT_COUNTERS), "keys": _counters(KEY_COUNTERS), "codes": _codes()}
    for name, table in tables.items():
        pattern = rf"(<!-- {name} -->\n)(?:\n(?:\|.*\n)+)?"
        text, found = re.subn(pattern, lambda match, table=table: f"{match[1]}\n{table}", text)
        assert found == 1, name
    return text


def _counters(names: Mapping[str, str]) -> str:
    return "".join(["| counter | counts |\n|---|---|\n", *(f"| `{name}` | {text} |\n" for name, text in names.items())])


def _codes() -> str:
    head = "| code | meaning | HTTP | order | other | again | stops |\n|--:|---|---|---|---|---|---|\n"
    return head + "".join(_code(row) for row in sorted(CODES.values(), key=lambda row: row.code))


def _code(row: Row) -> str:
    proofs = [_WORDS[kind_of(row.http[0], row.code, creates=creates)] for creates in (True, False)]
    cells = [str(row.code), row.meaning, ", ".join(map(str, row.http)), *proofs, row.retry.value, row.halt.value]
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
