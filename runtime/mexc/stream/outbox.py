"""Actions and events that wait to be taken. When too many frames wait, all of them are dropped, and that is said."""

from __future__ import annotations

from .counters import Counters
from .events import Action, Event, Overflow, PushFrame, SessionConfig


class Outbox:
    """What a session has for its shell."""

    def __init__(self, config: SessionConfig, counters: Counters) -> None:
        self._config = config
        self._counters = counters
        self._actions: list[Action] = []
        self._events: list[Event] = []
        self._frames = 0
        self._bytes = 0

    def action(self, action: Action) -> None:
        self._actions.append(action)

    def event(self, event: Event) -> None:
        self._events.append(event)

    def push(self, frame: PushFrame) -> None:
        """Add a frame; drop every waiting one if that is too much. Parts of a burst are never left out singly."""
        self._frames += 1
        self._bytes += len(frame.payload)
        self._events.append(frame)
        if self._frames > self._config.most_events or self._bytes > self._config.most_event_bytes:
            self._counters.add("overflows")
            self._counters.add("frames_dropped", count=self._frames)
            kept = [event for event in self._events if not isinstance(event, PushFrame)]
            self._events = [*kept, Overflow(self._frames, frame.receive_ns)]
            self._frames = self._bytes = 0

    def actions(self) -> list[Action]:
        """The actions since the last call, in order."""
        found, self._actions = self._actions, []
        return found

    def events(self) -> list[Event]:
        """The events since the last call, in order."""
        found, self._events = self._events, []
        self._frames = self._bytes = 0
        return found
