"""The seams: what passes where a fault can take hold, and the class that all injectors extend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import parse_qsl

from ...runtime.market_data.synth.prng import Stream
from ..exchange.exchange import Exchange
from ..exchange.interventions import Interventions
from ..rest.api import RestApi
from ..rest.calls import Answer, Call
from ..stream.hub import NEVER_NS, Push, StreamHub
from .schedule import Target
from .spec import Value


@dataclass(frozen=True, slots=True)
class Shape:
    """What happens to bytes of one direction. `delay_ns` of the exchange's time; `piece` 0 means any size."""

    delay_ns: int = 0
    is_stalled: bool = False
    piece: int = 0
    gap_ns: int = 0

    def joined(self, other: Shape) -> Shape:
        """Both at once."""
        pieces = [size for size in (self.piece, other.piece) if size]
        return Shape(
            self.delay_ns + other.delay_ns,
            self.is_stalled or other.is_stalled,
            min(pieces, default=0),
            max(self.gap_ns, other.gap_ns),
        )


FREE = Shape()


class Side(Protocol):
    """A connection as an injector sees it. `link` is `rest`, `public` or `private`, empty until that is known."""

    number: int
    link: str
    account: str
    requests: int


class End(Enum):
    """How a connection ends."""

    FRAME = "frame"  # a close frame
    CLOSE = "end"  # as if all were said
    RESET = "reset"  # at once
    INSIDE = "inside"  # after half a frame


@dataclass(frozen=True, slots=True)
class Reply:
    """What becomes of a request. Without an answer: silence, or an `end` of the connection. `late_ns` delays it."""

    answer: Answer | None = None
    end: End | None = None
    late_ns: int = 0


SILENCE = Reply()


@dataclass
class Ask:
    """A request on its way through the exchange. `release` gives the reply of one that was held (`HELD`)."""

    call: Call
    now_ns: int
    account: str
    side: Side
    release: Callable[[Reply], None]
    notes: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def params(self) -> Mapping[str, str]:
        """Parameters by name; the query's win over the body's."""
        pairs = (
            parse_qsl(text, keep_blank_values=True, errors="replace") for text in (self.call.body, self.call.query)
        )
        return {name: value for found in pairs for name, value in found}

    @property
    def symbol(self) -> str:
        return self.params.get("symbol", "")

    @property
    def name(self) -> str:
        """Method and path."""
        return f"{self.call.method} {self.call.path}"

    def is_(self, *names: str) -> bool:
        """Whether this is one of the requests, each a method and a whole path below `/api/v3/`."""
        return self.name.replace(" /api/v3/", " ") in names


#: The request is held; `Ask.release` will answer it.
HELD = Reply(late_ns=NEVER_NS)


class Sockets(Protocol):
    """What the open ports let injectors do."""

    def end_streams(self, target: Target, how: End, code: int) -> int:
        """End the WebSocket connections that are meant; how many."""

    def send_raw(self, target: Target, data: bytes) -> int:
        """Send bytes on the WebSocket connections that are meant, between two frames; to how many."""

    def gate(self, how: str) -> None:
        """New connections are `open`, `refused` or a `black_hole`."""

    def certificate(self, kind: str, host: str) -> None:
        """The TLS port shows a certificate `valid`, `expired`, `self_signed`, of a `stranger`, or `plain` without TLS.

        `host` is the one name it is for; empty for those of loopback.
        """

    def pump(self) -> None:
        """Shapes have changed."""


class Scene(Protocol):
    """Everything that injectors work on."""

    exchange: Exchange
    rest: RestApi
    hub: StreamHub
    hands: Interventions
    sockets: Sockets

    def market_speed(self, times: int) -> None:
        """Play the market's tape `times` as fast."""


class Injector:
    """One injected fault. Subclasses override the hooks of their seams; the board calls only what is overridden.

    `act()` is asked before each act on a message, request or connection: it draws by the target's chance and counts.
    """

    def __init__(self, scene: Scene, values: Mapping[str, Value], target: Target, draws: Stream) -> None:
        self.scene, self.values, self.target, self.draws = scene, values, target, draws
        self.acts = 0
        self.most: int | None = None
        self._taken = 0

    # values

    def number(self, name: str) -> int:
        value = self.values[name]
        assert isinstance(value, int)
        return value

    def word(self, name: str) -> str:
        return str(self.values[name])

    def ns(self, name: str) -> int:
        """A value in milliseconds as ns."""
        return self.number(name) * 1_000_000

    def below(self, most: int) -> int:
        """A number from 0 to `most` - 1 of the fault's own sequence."""
        return int(self.draws.words(1)[0]) % most

    def act(self) -> bool:
        """Whether to act on what is at hand; counts it if so."""
        if self.is_spent or (self.target.chance < 100 and self.below(100) >= self.target.chance):
            return False
        self.counted(1)
        return True

    def counted(self, acts: int) -> None:
        """Count what was done at once, of its own accord."""
        self.acts += acts
        self._taken += acts

    @property
    def is_spent(self) -> bool:
        """Whether it has acted as often as its schedule lets it."""
        return self.most is not None and self._taken >= self.most

    # life

    def begin(self, now_ns: int) -> None:
        """The fault begins."""

    def end(self, now_ns: int) -> None:
        """The fault ends: leave nothing behind that a healthy exchange would not have."""

    def turn(self, now_ns: int) -> None:
        """`next_ns` has come."""

    def next_ns(self) -> int:
        return NEVER_NS

    # transport

    def shapes(self, side: Side) -> tuple[Shape, Shape]:
        """What happens to bytes (to the client, to the exchange)."""
        return FREE, FREE

    def cut(self, side: Side, head: bytes) -> tuple[int, End] | None:
        """How many bytes of the request that begins with `head` are read before the connection ends so."""
        return None

    # REST

    def before(self, ask: Ask) -> Reply | None:
        """A reply in the place of the exchange's; None to let the request pass."""
        return None

    def after(self, ask: Ask, reply: Reply) -> Reply:
        """The reply that leaves in the place of `reply`."""
        return reply

    # streams

    def pushes(self, pushes: Sequence[Push], now_ns: int) -> list[Push]:
        """What leaves in the place of `pushes`, perhaps with what was held before."""
        return list(pushes)

    def drain(self, pushes: Sequence[Push], now_ns: int) -> tuple[list[Push], bool]:
        """After `end`: as `pushes`, until it says that nothing is left to set right."""
        return list(pushes), True

    def said(self, side: Side, text: str, answers: list[str], now_ns: int) -> list[str]:
        """What is answered to a control message in the place of `answers`."""
        return answers

    def hears(self, side: Side, text: str) -> bool:
        """Whether a control message reaches the exchange at all."""
        return True

    def pongs(self, side: Side) -> bool:
        """Whether a ping frame is answered."""
        return True

    def meant(self, push: Push, prefix: str = "") -> bool:
        """Whether a push is of the target, and of a channel that begins with `prefix` (without `spot@`)."""
        link = "private" if push.account else "public"
        return push.channel.startswith("spot@" + prefix) and self.target.takes(
            symbol=push.symbol, account=push.account, link=link, connection=push.connection
        )


HOOKS = ("shapes", "cut", "before", "after", "pushes", "said", "hears", "pongs")


def overrides(kind: type[Injector], hook: str) -> bool:
    """Whether an injector does something at the seam `hook`."""
    return getattr(kind, hook) is not getattr(Injector, hook)
