"""Unification on dimensions. They form an abelian group, so equations are solved by integer elimination.

A variable is an exponent whose symbol begins with `?`. The only source of variables is what has no unit of its own: the
literal 0, and the unit letters of library signatures.
"""

from __future__ import annotations

from ..ir.types import Dim


class Unifier:
    """A growing substitution of dimension variables."""

    def __init__(self) -> None:
        self._solved: dict[str, Dim] = {}
        self._made = 0

    def fresh(self) -> Dim:
        self._made += 1
        return Dim(((f"?{self._made}", 1),))

    def resolve(self, dim: Dim) -> Dim:
        """The dimension with every solved variable replaced."""
        while True:
            for symbol, exponent in dim.exponents:
                if symbol in self._solved:
                    rest = Dim(tuple(e for e in dim.exponents if e[0] != symbol))
                    dim = rest.times(power(self._solved[symbol], exponent))
                    break
            else:
                return dim

    def unify(self, a: Dim, b: Dim) -> bool:
        """Make the two equal; False when they cannot be."""
        rest = self.resolve(a).over(self.resolve(b))
        if not rest.exponents:
            return True
        for symbol, exponent in rest.exponents:
            others = Dim(tuple(e for e in rest.exponents if e[0] != symbol))
            if symbol.startswith("?") and all(e % exponent == 0 for _, e in others.exponents):
                self._solved[symbol] = Dim(tuple((s, -e // exponent) for s, e in others.exponents))
                return True
        return False


def power(dim: Dim, exponent: int) -> Dim:
    return Dim(tuple((s, e * exponent) for s, e in dim.exponents if e * exponent))


def is_open(dim: Dim) -> bool:
    """Holds a variable that nothing has decided."""
    return any(symbol.startswith("?") for symbol, _ in dim.exponents)


def closed(dim: Dim) -> Dim:
    """The dimension with open variables taken as pure numbers."""
    return Dim(tuple(e for e in dim.exponents if not e[0].startswith("?")))
