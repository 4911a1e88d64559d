"""What a client knows, in one place and as one JSON value: links, books, account, and every counter by name.

Parts fill it, shells and tests read it. Nothing in it is a secret: a listen key shows only as its age.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

from .stream.counters import Counters
from .stream.events import MS
from .stream.link import Link
from .stream.session import Session

#: The parts of a picture, and what each holds.
SECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "links": "connections: phase, age, channels that are asked and those that are confirmed",
        "symbols": "books: validity and its reason, best prices, ages",
        "orders": "our orders as the facts say",
        "fills": "our fills",
        "balances": "what is free and what is locked, by asset",
        "account": "the private stream: age of the listen key, blind since",
        "rates": "use of the rate limits",
        "clock": "offset and uncertainty of the exchange's time",
        "counters": "every counter that is not zero",
    }
)

#: Gives a part of the picture for a time.
Part = Callable[[int], object]


class ClientState:
    """Parts by name. A part is a callable that gives JSON values for the time `now_ns`."""

    def __init__(self, counters: Counters) -> None:
        self.counters = counters
        self._parts: dict[str, Part] = {"counters": lambda now_ns: counters.picture()}

    def add(self, section: str, part: Part) -> None:
        """Let `part` speak for a section of `SECTIONS`; a later one takes its place."""
        assert section in SECTIONS, section
        self._parts[section] = part

    def picture(self, now_ns: int) -> dict[str, object]:
        """All sections that someone speaks for, in the order of the table."""
        return {name: self._parts[name](now_ns) for name in SECTIONS if name in self._parts}

    def text(self, now_ns: int) -> str:
        """The picture as JSON text."""
        return json.dumps(self.picture(now_ns), indent=2, ensure_ascii=False)


def links_part(*sessions: Session) -> Part:
    """The connections of sessions."""
    return lambda now_ns: [_link(link, now_ns) for session in sessions for link in session.links()]


def _link(link: Link, now_ns: int) -> dict[str, object]:
    topics = link.topics.values()
    return {
        "link": link.number,
        "phase": link.phase,
        "age_ms": (now_ns - link.born_ns) // MS,
        "heard_ms": (now_ns - link.heard_ns) // MS if link.heard_ns else None,
        "asked": sorted(link.topics),
        "confirmed": sorted(topic.channel.name for topic in topics if topic.confirmed),
        "refused": {topic.channel.name: topic.refused for topic in topics if topic.refused},
    }
