"""What the faults W do."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

from ..stream import control
from ..stream.hub import NEVER_NS, Push
from .holding import Holder, Sieve
from .push_edit import edited, level_rows, parse
from .seams import End, Injector, Side

#: Bytes of fields that no definition has: a number, 8 bytes, a text, 4 bytes, as fields 999 of each wire type.
_NEW_FIELDS = bytes.fromhex("b83e2ab93e0102030405060708ba3e036e6577bd3e01020304")


class StreamClose(Injector):
    """W-01: ends the connections that are there, once."""

    def begin(self, now_ns: int) -> None:
        self.counted(self.scene.sockets.end_streams(self.target, End(self.word("how")), self.number("code")))


class ConnectionLimits(Injector):
    """W-02."""

    def begin(self, now_ns: int) -> None:
        self._before = self.scene.hub.limits
        self.scene.hub.limits = self._before._replace(
            life_ns=self.ns("life"), idle_ns=self.ns("unsubscribed"), silent_ns=self.ns("quiet")
        )

    def end(self, now_ns: int) -> None:
        self.scene.hub.limits = self._before


class SilentStream(Sieve):
    """W-03."""

    def begin(self, now_ns: int) -> None:
        self.prefix = self.word("channel")

    def one(self, push: Push, now_ns: int) -> list[Push]:
        return []


class SubscriptionReply(Injector):
    """W-04."""

    def hears(self, side: Side, text: str) -> bool:
        if self.word("how") != "dropped" or not _is_subscription(text):
            return True
        return not self.act()

    def said(self, side: Side, text: str, answers: list[str], now_ns: int) -> list[str]:
        if not _is_subscription(text) or not self.act():
            return answers
        request, how = control.parse_request(text), self.word("how")
        if how in ("refused", "full"):
            self._undo(side, request, now_ns)
            return [control.refused(request.id, request.params, "Blocked" if how == "refused" else "Too many channels")]
        if how == "code":
            return [json.dumps({"id": request.id, "code": 1, "msg": "error"})]
        return [control.accepted(request.id, ["spot@public.aggre.deals.v3.api.pb@100ms@OTHERUSDT"])]

    def _undo(self, side: Side, request: control.Request, now_ns: int) -> None:
        """What is refused is not subscribed either."""
        asked = {"method": control.UNSUBSCRIPTION, "params": list(request.params), "id": request.id}
        self.scene.hub.text(side.number, json.dumps(asked), now_ns)


def _is_subscription(text: str) -> bool:
    try:
        return control.parse_request(text).method == control.SUBSCRIPTION
    except control.BadRequest:
        return False


_ABUSE = {
    "huge": b"\x82\x7f" + struct.pack("!Q", 1 << 62),
    "fragments": b"\x02\x04abcd" + b"\x00\x04abcd" * 20_000,
    "rsv1": b"\xc2\x04abcd",
    "masked": b"\x82\x84\x01\x02\x03\x04abcd",
    "length": b"\x82\x7e\x00\x04abcd",
    "opcode": b"\x83\x04abcd",
    "utf8": b"\x81\x04\xff\xfe\xfd\xfc",
    "control": b"\x89\x7e\x00\x7e" + b"a" * 126,
    "continuation": b"\x80\x04abcd",
}


class FrameAbuse(Injector):
    """W-05."""

    def begin(self, now_ns: int) -> None:
        self.turn(now_ns)

    def next_ns(self) -> int:
        return self._next_ns

    def turn(self, now_ns: int) -> None:
        self.counted(self.scene.sockets.send_raw(self.target, _ABUSE[self.word("kind")]))
        self._next_ns = NEVER_NS if self.is_spent else now_ns + self.ns("gap")


class SchemaChange(Sieve):
    """W-06."""

    def begin(self, now_ns: int) -> None:
        self.prefix = self.word("channel")

    def one(self, push: Push, now_ns: int) -> list[Push]:
        kind, frame = self.word("kind"), push.frame
        if kind == "new_field":
            return [edited(push._replace(frame=frame + _NEW_FIELDS), lambda body: body.MergeFromString(_NEW_FIELDS))]
        if kind == "garbage":
            return [push._replace(frame=b"\x0a\xff\xff\xff\xff\x0f" + frame[:20])]
        if kind == "truncated":
            return [push._replace(frame=frame[:-3])]
        if kind == "no_body":
            wrapper, name = parse(frame)
            if name:
                wrapper.ClearField(name)
            return [push._replace(frame=wrapper.SerializeToString())]
        return [edited(push, lambda body: _clear(body, kind.removeprefix("missing_")))]


def _clear(body: Any, what: str) -> None:
    """Leave a field out of every part of a body that has it."""
    if what == "version":
        names = [name for name in body.DESCRIPTOR.fields_by_name if "ersion" in name]
    else:
        names = [name for name in body.DESCRIPTOR.fields_by_name if what in name.lower()]
        for row in level_rows(body):
            row.ClearField(what)
    for name in names:
        body.ClearField(name)


class TwoLinks(Holder):
    """W-07: every message comes again, some time later."""

    def pushes(self, pushes: Sequence[Push], now_ns: int) -> list[Push]:
        found = self.due(now_ns)
        for push in pushes:
            if not push.is_text and self.meant(push, self.word("channel")) and self.act():
                self.hold(now_ns + self.ns("later"), push)
            found.append(push)
        return found


class Burst(Holder):
    """W-08: the market runs faster, and messages gather for a while before they go."""

    def begin(self, now_ns: int) -> None:
        super().begin(now_ns)
        self.scene.market_speed(self.number("times"))

    def end(self, now_ns: int) -> None:
        self.scene.market_speed(1)

    def pushes(self, pushes: Sequence[Push], now_ns: int) -> list[Push]:
        hold = max(1, self.ns("hold"))
        found = self.due(now_ns)
        for push in pushes:
            if self.meant(push) and self.act():
                self.hold((now_ns // hold + 1) * hold, push)
            else:
                found.append(push)
        return found


class NoPong(Sieve):
    """W-09."""

    def pongs(self, side: Side) -> bool:
        return False

    def said(self, side: Side, text: str, answers: list[str], now_ns: int) -> list[str]:
        left = [answer for answer in answers if answer != control.PONG]
        self.acts += len(left) < len(answers)
        return left

    def one(self, push: Push, now_ns: int) -> list[Push]:
        return [] if self.word("data") == "stops" else [push]


class Backlog(Holder):
    """W-10: everything waits for a pause, then comes at once, with its old times."""

    def begin(self, now_ns: int) -> None:
        super().begin(now_ns)
        self._until_ns = now_ns + self.ns("pause")

    def next_ns(self) -> int:
        return self._until_ns if self.held else NEVER_NS

    def pushes(self, pushes: Sequence[Push], now_ns: int) -> list[Push]:
        if now_ns >= self._until_ns:
            found = [push for _, push in self.held]
            self.held.clear()
            self._until_ns = now_ns + self.ns("pause")
            return [*found, *pushes]
        meant = [push for push in pushes if self.meant(push) and self.act()]
        for push in meant:
            self.hold(self._until_ns, push)
        kept = set(map(id, meant))
        return [push for push in pushes if id(push) not in kept]


INJECTORS: dict[str, type[Injector]] = {
    "W-01": StreamClose,
    "W-02": ConnectionLimits,
    "W-03": SilentStream,
    "W-04": SubscriptionReply,
    "W-05": FrameAbuse,
    "W-06": SchemaChange,
    "W-07": TwoLinks,
    "W-08": Burst,
    "W-09": NoPong,
    "W-10": Backlog,
}
