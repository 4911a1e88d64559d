"""A limit on what a random program may ask for, so that it can run over whole tapes.

A program that answers reports may send an order for each refusal that it hears of, without end. With a budget it sends
and cancels so many times, and then no more; everything else it does as before.
"""

from __future__ import annotations

from dataclasses import replace

from flashc.compiler.ir.nodes import I64, Item, Op, Program, Segment, Slot, When
from flashc.compiler.ir.walk import highest_value

ORDERS = 24
NAME = "budget"
_ASKING = ("emit", "cancel")


def within_budget(program: Program, orders: int = ORDERS) -> Program:
    """The program with every `emit` and `cancel` inside a `when` that takes one from a slot of `orders`."""
    slot = Slot(NAME, I64, 1, "bd9e7000", NAME, orders)
    segments = tuple(_limited(segment) for segment in program.segments)
    return replace(program, slots=(*program.slots, slot), segments=segments)


def _limited(segment: Segment) -> Segment:
    counter = [highest_value(segment.body)]
    return replace(segment, body=_body(segment.body, counter))


def _body(body: tuple[Item, ...], counter: list[int]) -> tuple[Item, ...]:
    made: list[Item] = []
    for item in body:
        if isinstance(item, When):
            made.append(When(item.condition, _body(item.body, counter)))
        elif item.name in _ASKING:
            made += _spending(item, counter)
        else:
            made.append(item)
    return tuple(made)


def _spending(asking: Op, counter: list[int]) -> list[Item]:
    """`asking` while something is left."""
    zero, left, some, one, rest = range(counter[0] + 1, counter[0] + 6)
    counter[0] = rest
    spent = (Op(one, "iconst", (1,), ()), Op(rest, "isub", (), (left, one)), Op(None, "store.i", (NAME,), (rest,)))
    return [
        Op(zero, "iconst", (0,), ()),
        Op(left, "load.i", (NAME,), ()),
        Op(some, "ilt", (), (zero, left)),
        When(some, (asking, *spent)),
    ]
