"""Builds FIR: typed handles with operators, hash-consing inside each region, structured `when`.

`Value` overloads `+ - * /` and comparisons by the operand's FIR type, so lowering reads like the formula it implements:

    y = b.select(first, x, prev + alpha * (x - prev))

Python numbers are lifted to constants of the other operand's type. Division `/` is float only; integer division is
`b.op("idiv", a, b)`. Equality is `a.eq(b)`, because `==` must stay Python's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256

from .nodes import F64, I1, I64, Attr, Item, Op, Param, Segment, Slot, Stream, When
from .ops import OPS

Origin = tuple[int, int] | None


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """An SSA value of a segment under construction."""

    builder: SegmentBuilder
    id: int
    type: str

    def _binary(self, stem: str, other: Value | int | float, *, swap: bool = False) -> Value:
        right = self.builder.lift(other, self.type)
        assert right.type == self.type, f"{stem}: {self.type} with {right.type}"
        name = {I64: "i", F64: "f"}[self.type] + stem
        return self.builder.op(name, right, self) if swap else self.builder.op(name, self, right)

    def __add__(self, other: Value | int | float) -> Value:
        return self._binary("add", other)

    def __sub__(self, other: Value | int | float) -> Value:
        return self._binary("sub", other)

    def __rsub__(self, other: int | float) -> Value:
        return self._binary("sub", other, swap=True)

    def __mul__(self, other: Value | int | float) -> Value:
        return self._binary("mul", other)

    def __rmul__(self, other: int | float) -> Value:
        return self._binary("mul", other, swap=True)

    def __truediv__(self, other: Value | int | float) -> Value:
        assert self.type == F64, "integer division is spelled out: op('idiv', ...)"
        return self._binary("div", other)

    def __rtruediv__(self, other: float) -> Value:
        return self._binary("div", other, swap=True)

    def __neg__(self) -> Value:
        return self.builder.op({I64: "ineg", F64: "fneg"}[self.type], self)

    def __lt__(self, other: Value | int | float) -> Value:
        return self._binary("lt", other)

    def __le__(self, other: Value | int | float) -> Value:
        return self._binary("le", other)

    def __gt__(self, other: Value | int | float) -> Value:
        return self._binary("lt", other, swap=True)

    def __ge__(self, other: Value | int | float) -> Value:
        return self._binary("le", other, swap=True)

    def __and__(self, other: Value) -> Value:
        return self.builder.op("band", self, other)

    def __or__(self, other: Value) -> Value:
        return self.builder.op("bor", self, other)

    def __invert__(self) -> Value:
        return self.builder.op("bnot", self)

    def eq(self, other: Value | int | float) -> Value:
        if self.type == I1:
            return ~self.builder.op("bxor", self, self.builder.lift(other, I1))
        return self._binary("eq", other)

    def ne(self, other: Value | int | float) -> Value:
        if self.type == I1:
            return self.builder.op("bxor", self, self.builder.lift(other, I1))
        return self._binary("ne", other)

    def min(self, other: Value | int | float) -> Value:
        return self._binary("min", other)

    def max(self, other: Value | int | float) -> Value:
        return self._binary("max", other)

    def to_float(self) -> Value:
        return self if self.type == F64 else self.builder.op("i2f", self)


@dataclass(slots=True)
class _Region:
    items: list[Item] = field(default_factory=list)
    pure: dict[tuple[object, ...], int] = field(default_factory=dict)


@dataclass(slots=True)
class SegmentBuilder:
    """One segment. `origin` is attached to every operation made while it is set."""

    program: ProgramBuilder
    trigger: str
    stream: str | None = None
    origin: Origin = None
    _regions: list[_Region] = field(default_factory=lambda: [_Region()])

    def lift(self, value: Value | int | float, type_: str) -> Value:
        """A handle on `value`: itself, or a constant of FIR type `type_`."""
        if isinstance(value, Value):
            assert value.builder is self, "a value belongs to its segment"
            return value
        if type_ == F64:
            return self.op("fconst", attrs=(float(value),))
        assert isinstance(value, int), f"{value!r} is not an integer"
        return self.op("bconst" if type_ == I1 else "iconst", attrs=(int(value),))

    def f(self, value: float) -> Value:
        return self.lift(float(value), F64)

    def i(self, value: int) -> Value:
        return self.lift(value, I64)

    def b(self, value: bool) -> Value:
        return self.lift(int(value), I1)

    def op(self, name: str, *args: Value, attrs: tuple[Attr, ...] = ()) -> Value:
        """Append an operation with a result; a pure one that already stands in an enclosing region is reused."""
        row = OPS[name]
        assert row.result is not None, f"{name} has no result"
        self._check(name, args, attrs)
        ids = tuple(a.id for a in args)
        key = (name, tuple((type(a), a if a == a and str(a) != "-0.0" else repr(a)) for a in attrs), ids)
        if row.pure:
            for region in reversed(self._regions):
                if key in region.pure:
                    return Value(self, region.pure[key], row.result)
        result = self.program.fresh_id()
        self._regions[-1].items.append(Op(result, name, attrs, ids, self.origin))
        if row.pure:
            self._regions[-1].pure[key] = result
        return Value(self, result, row.result)

    def effect(self, name: str, *args: Value, attrs: tuple[Attr, ...] = ()) -> None:
        """Append an operation without a result."""
        assert OPS[name].result is None, f"{name} has a result"
        self._check(name, args, attrs)
        self._regions[-1].items.append(Op(None, name, attrs, tuple(a.id for a in args), self.origin))

    def _check(self, name: str, args: tuple[Value, ...], attrs: tuple[Attr, ...]) -> None:
        row = OPS[name]
        assert len(attrs) == len(row.attrs), f"{name} takes attributes {row.attrs}, got {attrs}"
        assert tuple(a.type for a in args) == row.args, f"{name} takes {row.args}, got {tuple(a.type for a in args)}"

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """`with b.when(c):` makes a region; values made inside stay inside."""
        region = _Region()
        self._regions.append(region)
        yield
        closed = self._regions.pop()
        assert closed is region
        if region.items:
            self._regions[-1].items.append(When(condition.id, tuple(region.items)))

    @property
    def depth(self) -> int:
        """How many regions are open; lowering scopes its memo by it."""
        return len(self._regions)

    # the few operations used everywhere

    def select(self, condition: Value, then: Value | int | float, orelse: Value | int | float) -> Value:
        type_ = then.type if isinstance(then, Value) else orelse.type if isinstance(orelse, Value) else F64
        a, b = self.lift(then, type_), self.lift(orelse, type_)
        return self.op({I1: "select.b", I64: "select.i", F64: "select.f"}[type_], condition, a, b)

    def load(self, slot: Slot) -> Value:
        return self.op("load.f" if slot.type == F64 else "load.i", attrs=(slot.name,))

    def store(self, slot: Slot, value: Value | int | float) -> None:
        lifted = self.lift(value, slot.type)
        self.effect("store.f" if slot.type == F64 else "store.i", lifted, attrs=(slot.name,))

    def ev(self, field_name: str) -> Value:
        """A word of the record; read once per segment."""
        key = ("ev", field_name)
        root = self._regions[0]
        if key in root.pure:
            return Value(self, root.pure[key], I64)
        result = self.program.fresh_id()
        # always at the top, so that a read inside a region serves the whole segment
        root.items.insert(
            len([i for i in root.items if isinstance(i, Op) and i.name == "ev"]),
            Op(result, "ev", (field_name,), (), None),
        )
        root.pure[key] = result
        return Value(self, result, I64)

    def finish(self) -> Segment:
        assert len(self._regions) == 1, "a region is still open"
        return Segment(self.trigger, self.stream, tuple(self._regions[0].items))


@dataclass(slots=True)
class ProgramBuilder:
    """Slots, parameters, streams and the next free value id of a program under construction."""

    params: list[Param] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    _next_id: int = 0
    _slot_ids: set[str] = field(default_factory=set)

    def fresh_id(self) -> int:
        """A number that no value of the program has yet."""
        self._next_id += 1
        return self._next_id - 1

    def slot(self, type_: str, path: str, words: int = 1, init: int | float = 0) -> Slot:
        """A new slot. `path` names what it is for (`let.pressure/ema`); equal paths are numbered in order."""
        serial, label = 1, path
        while (digest := sha256(f"{label}|{type_}|{words}".encode()).hexdigest()[:8]) in self._slot_ids:
            serial += 1
            label = f"{path}#{serial}"
        self._slot_ids.add(digest)
        made = Slot(f"s{len(self.slots)}", type_, words, digest, label, float(init) if type_ == F64 else init)
        self.slots.append(made)
        return made
