"""Reading single fields of a CST mapping. What has the wrong shape reads as None: `shape.py` has reported it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .ast import Expr
from .cst import Mapping, Node, Scalar, Sequence
from .diagnostics import Diagnostics
from .document import Located, NamedExpr
from .literals import trimmed
from .scalar_expressions import read_expression
from .source import Source, Span
from .yaml_reader import MAX_FINDINGS

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_COUNT = re.compile(r"[0-9][0-9_]{0,17}\Z")


class Fields:
    """Typed access to the fields of one file."""

    def __init__(self, source: Source, bag: Diagnostics) -> None:
        self.source = source
        self.bag = bag

    # --- nodes ---

    def scalar(self, node: Node | None) -> Scalar | None:
        return node if isinstance(node, Scalar) and node.value.strip() else None

    def mapping(self, parent: Mapping, key: str) -> Mapping | None:
        node = parent.get(key)
        return node if isinstance(node, Mapping) else None

    def items(self, node: Node | None) -> Iterator[Scalar]:
        """The scalars of a list, or the one scalar that stands for a list of one."""
        for item in node.items if isinstance(node, Sequence) else (node,):
            scalar = self.scalar(item)
            if scalar is not None:
                yield scalar

    def named(self, node: Node | None) -> Iterator[tuple[Located[str], Node]]:
        """The entries of a mapping whose keys are the user's own names."""
        if isinstance(node, Mapping):
            for entry in node.unique():
                if _NAME.match(entry.key.value):
                    yield Located(entry.key.value, entry.key.content), entry.value

    # --- values ---

    def text(self, node: Node | None) -> Located[str] | None:
        scalar = self.scalar(node)
        if scalar is None:
            return None
        return Located(scalar.value.strip(), trimmed(self.source, scalar.content))

    def text_or(self, parent: Mapping, key: str, default: str, span: Span) -> Located[str]:
        return self.text(parent.get(key)) or Located(default, span, written=False)

    def count(self, node: Node | None) -> Located[int] | None:
        text = self.text(node)
        if text is None or not _COUNT.match(text.value):
            return None
        return Located(int(text.value.replace("_", "")), text.span)

    def flag(self, node: Node | None) -> bool:
        text = self.text(node)
        return text is not None and text.value == "true"

    def expr(self, node: Node | None) -> Expr | None:
        scalar = self.scalar(node)
        if scalar is None or len(self.bag) >= MAX_FINDINGS:
            return None
        return read_expression(self.source, scalar, self.bag)

    def named_exprs(self, node: Node | None) -> tuple[NamedExpr, ...]:
        found = ((name, self.expr(value)) for name, value in self.named(node))
        return tuple(NamedExpr(name, expr) for name, expr in found if expr is not None)
