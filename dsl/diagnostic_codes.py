"""The catalogue of diagnostics: every code there is, with its title, its explanation and examples.

The command line (`flashc doc`), the pages under `docs/diagnostics` and the tests read this table. The rows stand in
`dsl/codes/`, one module per group.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .codes import (
    client,
    clocks,
    data,
    exchange,
    file,
    history,
    later,
    lints,
    names,
    presence,
    rules,
    streams,
    tests,
    types,
)
from .codes.code import Code

__all__ = ["CODES", "Code"]

_GROUPS = (file, names, types, clocks, presence, rules, later, tests, data, history, client, streams, exchange, lints)


def _table() -> Mapping[str, Code]:
    found: dict[str, Code] = {}
    for group in _GROUPS:
        for row in group.CODES:
            assert row.code not in found, f"{row.code} is defined twice"
            found[row.code] = row
    return MappingProxyType(found)


#: Code -> row, in the order of the catalogue.
CODES: Mapping[str, Code] = _table()
