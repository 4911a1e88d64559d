"""The type and clock of a piece of text that is being written, asked of the compiler itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from ...compiler.frontend.check import analyse
from ...compiler.ir.types import ClockSet, Type
from ...dsl.diagnostics import Diagnostics
from ...dsl.document import Document, Located, NamedExpr
from ...dsl.expression_parser import parse_expression
from ...dsl.source import Source

#: The name of the value that stands for the text; no file can define it.
_NAME = "_probe"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a text: its type without presence, and the clocks that it ticks on."""

    type: Type
    clocks: ClockSet


class Probe:
    """Answers for one document, each text once."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.ask = lru_cache(maxsize=64)(self._ask)

    def _ask(self, text: str) -> Known | None:
        """None where the text has no value in the middle of the file, or is no expression."""
        source = Source(self.document.source.path, text)
        expr = parse_expression(source, source.span(0, len(text)), Diagnostics())
        if expr is None:
            return None
        probe = NamedExpr(Located(_NAME, expr.span), expr)
        analysed, _ = analyse(replace(self.document, lets=(*self.document.lets, probe)))
        node = analysed.built.graph.lets.get(_NAME) if analysed is not None else None
        if analysed is None or node is None or node not in analysed.facts.types:
            return None
        return Known(analysed.facts.types[node].present(), analysed.facts.clocks.get(node, frozenset()))
