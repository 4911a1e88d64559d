"""What the front end hands to the analyses: the graph and the places it came from."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...dsl.document import Document, NamedExpr, Rule
from ...dsl.source import Source, Span
from ..ir.hir import Graph
from ..ir.types import Clock
from ..venues.profile import InstrumentProfile, VenueProfile


@dataclass(frozen=True, slots=True)
class Root:
    """A node that leaves the dataflow: a clause, a size, an order price ... `role` says what is required of it.

    Roles: `clause`, `scored` (a clause of a score), `weight`, `at_least`, `size`, `cooldown`, `fraction`, `price`,
    `ttl`, `requote`, `constraint`, `only_if`, `money` (limits, capital), `duration`, `band`, `drawdown`, `keep`,
    `share`, `compound`, `invariant`. `holder` is `entry`, `exit`, `order` or `file`: it decides which
    position fields exist. `side` is the direction of the order that a policy's values are for.
    """

    node: int
    role: str
    span: Span
    name: str
    holder: str = "file"
    rule: Rule | None = None
    side: int = 0


@dataclass(frozen=True, slots=True)
class TestRoot:
    """What a root of role `test` or `given` stands for: the test, the part of it, and the place in that part."""

    __test__ = False
    test: str
    part: str  # expect, time, row, start, params, low, high, qty, price, length, noise
    place: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Ascription:
    """An argument or result of a user function with its written type. One `call` id per inlined call; `result` is the
    node that stands for the call."""

    node: int
    type_text: str
    type_span: Span
    span: Span
    what: str
    call: int
    result: int
    is_result: bool = False


@dataclass(slots=True)
class Built:
    """The graph of one traded instrument's instance, and what messages need to know about its nodes.

    `use_spans[(user, i)]` is where argument i was written when it is a name that stands for a node elsewhere;
    `name_spans` are the names of `member` nodes; `ambients` the clocks under which each `prev` was written. Nodes in
    `inlined` ranges come from user functions. `unresolved` are the names that mean nothing. `test_roots` are what tests
    read, where the graph was built for them.
    """

    document: Document
    profile: VenueProfile
    instance: str  # alias that bare names mean
    ambient: Clock | None
    decision: Clock
    graph: Graph = field(default_factory=Graph)
    use_spans: dict[tuple[int, int], Span] = field(default_factory=dict)
    ambients: dict[int, Clock] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    name_spans: dict[int, Span] = field(default_factory=dict)
    params: dict[str, int] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    label_nodes: set[int] = field(default_factory=set)
    roots: list[Root] = field(default_factory=list)
    ascriptions: list[Ascription] = field(default_factory=list)
    inlined: list[tuple[int, int, str]] = field(default_factory=list)
    read_params: set[str] = field(default_factory=set)
    read_lets: set[str] = field(default_factory=set)
    unresolved: set[str] = field(default_factory=set)
    poisoned: set[int] = field(default_factory=set)
    let_decls: dict[str, NamedExpr] = field(default_factory=dict)
    test_roots: list[tuple[Root, TestRoot]] = field(default_factory=list)

    def arg_span(self, user: int, index: int) -> Span:
        """Where argument `index` of node `user` is written."""
        found = self.use_spans.get((user, index))
        return found or self.graph[self.graph[user].args[index]].span

    def text(self, span: Span) -> str:
        """The source text of a span on one line."""
        return " ".join(self.source(span).slice(span).split())

    def source(self, span: Span) -> Source:
        """The file that a span lies in: the strategy's or a module's."""
        return self.sources.get(span.path, self.document.source)

    def symbol(self, alias: str) -> str:
        return next(i.symbol.value for i in self.document.instruments if i.alias.value == alias)

    def instrument(self, alias: str) -> InstrumentProfile:
        """The venue's facts about the instrument called `alias`."""
        return self.profile.instruments[self.symbol(alias)]

    def currencies(self, alias: str) -> tuple[str, str]:
        """Base and quote of an instrument."""
        base, _, quote = self.symbol(alias).partition("/")
        return base, quote

    def is_inlined(self, node: int) -> str:
        """The user function that `node` comes from, or an empty string."""
        for start, end, name in self.inlined:
            if start <= node < end:
                return name
        return ""
