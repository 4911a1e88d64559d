"""Transcendental functions as FIR."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir.nodes import Op


@dataclass(frozen=True, slots=True)
class Function:
    """A straight line of pure operations over f64 parameters.

    `params` are the value numbers of the arguments, `body` defines every other value, `result` is the value returned.
    """

    name: str
    params: tuple[int, ...]
    body: tuple[Op, ...]
    result: int


FUNCTIONS: dict[str, Function] = {}
