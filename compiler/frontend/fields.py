"""Fields that a bare name can mean, and what to say when one has no clock."""

from __future__ import annotations

from ...dsl.diagnostics import Diagnostic, Label
from ...dsl.source import Span
from ..ir.types import Clock, duration_text
from .names import BAR_FIELDS, BOOK_FIELDS

BARE = (*BOOK_FIELDS, *BAR_FIELDS)


def bare(name: str) -> str | None:
    """The source of a bare field name: `book`, `bar` or `now`; None when it is no field."""
    if name in BAR_FIELDS:
        return "bar"
    if name in BOOK_FIELDS:
        return "book"
    return "now" if name == "now" else None


def no_bar_clock(name: str, span: Span, clock: Clock | None) -> Diagnostic:
    """FC0306 under a timer, FC0305 where there is no bar clock at all."""
    if clock is not None and clock.kind == "timer":
        return no_short_bars(span, clock.period_ns, name)
    return Diagnostic(
        "FC0305",
        f"`{name}` of which bars?",
        Label(span, "a bar field, and no bar clock here"),
        notes=(
            "bare bar fields mean the bars of `decide:` when it is a bar length such as `1m`, or of the nearest `@`",
        ),
        helps=(f"say which: `{name}@1m`", f"or the bar so far: `forming(1m).{name}`"),
    )


def no_direction(name: str, span: Span) -> Diagnostic:
    """FC0403: a side of the book where nothing is bought or sold."""
    return Diagnostic(
        "FC0403",
        f"`{name}` of which order?",
        Label(span, "no direction here"),
        notes=(
            "it is the bid or the ask by the direction of an order: rules and `execution` have one, `let` has none",
        ),
        helps=("write `bid` or `ask`, or use it in the rule or the policy itself",),
    )


def no_short_bars(span: Span, period_ns: int, name: str = "") -> Diagnostic:
    what = (
        f"`{name}` has no bars of {duration_text(period_ns)}"
        if name
        else f"there are no bars of {duration_text(period_ns)}"
    )
    return Diagnostic(
        "FC0306",
        what,
        Label(span, "bars last one second or longer"),
        notes=("`@100ms` is a timer: it samples values, it has no open, high, low or close",),
        helps=("sample the book instead: `mid@100ms`", "or use bars: `close@1s`"),
    )
