"""Changes to a push message by its schema. Slow and plain: only messages that a fault touches come here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.message import DecodeError

from ...cython_core.wire.official import message_class
from ...cython_core.wire.schema import WRAPPER
from ..stream.hub import Push

#: A level of a book as the message has it: price and quantity.
Level = tuple[str, str]

DEPTH = "public.aggre.depth"
DEPTHS = ("public.aggre.depth", "public.increase.depth", "public.limit.depth")
ORDERS, DEALS, ACCOUNT = "private.orders", "private.deals", "private.account"


def parse(frame: bytes) -> tuple[Any, str]:
    """The wrapper, and the name of its body: empty for none, and for what another fault made unreadable."""
    try:
        wrapper: Any = message_class(WRAPPER).FromString(frame)
    except DecodeError:
        wrapper = message_class(WRAPPER)()
    return wrapper, wrapper.WhichOneof("body") or ""


def edited(push: Push, change: Callable[[Any], None]) -> Push:
    """The push with `change` done to its body. One without a body stays as it is."""
    wrapper, name = parse(push.frame)
    if not name:
        return push
    change(getattr(wrapper, name))
    return push._replace(frame=wrapper.SerializeToString())


def is_kind(push: Push, kind: str) -> bool:
    """Whether a push is of the channel `kind`, such as `public.aggre.depth`."""
    return push.channel.startswith(f"spot@{kind}.v3")


def is_depth(push: Push) -> bool:
    """Whether a push carries levels of a book."""
    return any(is_kind(push, kind) for kind in (*DEPTHS, "public.increase.depth.batch"))


def books(body: Any) -> Iterator[Any]:
    """The messages with asks and bids in a body: itself, or those of a batch."""
    if "items" in body.DESCRIPTOR.fields_by_name:
        yield from body.items
    else:
        yield body


def level_rows(body: Any) -> Iterator[Any]:
    """Every level of a depth body, and every deal: what has a price and a quantity."""
    names = body.DESCRIPTOR.fields_by_name
    for book in books(body):
        if "asks" in names or "items" in names:
            yield from book.asks
            yield from book.bids
    if "deals" in names:
        yield from body.deals


def add_levels(rows: Any, levels: list[Level]) -> None:
    """Append levels to a side of a message."""
    for price, quantity in levels:
        row = rows.add()
        row.price, row.quantity = price, quantity


def versions(body: Any) -> tuple[int, int]:
    """(fromVersion, toVersion) of an `aggre.depth` body, 0 where another fault took one away."""
    return int(body.fromVersion or 0), int(body.toVersion or 0)


def set_versions(body: Any, first: int, last: int) -> None:
    """Write both versions."""
    body.fromVersion, body.toVersion = str(first), str(last)
