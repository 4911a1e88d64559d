"""What the faults N do."""

from __future__ import annotations

from ..rest.calls import Answer
from .seams import FREE, HELD, Ask, End, Injector, Reply, Shape, Side

LINKS = ("rest", "public", "private")
PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Request blocked</title></head>\n"
    b'<body><h1>Access denied</h1><p>Reference #18.5c2d3b &amp; "{}" </p></body></html>\n'
)
STALLED = Shape(is_stalled=True)


def page(status: int) -> Answer:
    """What a proxy says in the exchange's place."""
    return Answer(status, PAGE, {"Content-Type": "text/html", "Server": "AkamaiGHost"})


def is_request(ask: Ask, wanted: str) -> bool:
    """Whether a request begins as `wanted`: a method and the beginning of a path, or nothing for all."""
    return ask.name.startswith(wanted)


class CutInRequest(Injector):
    """N-01."""

    def cut(self, side: Side, head: bytes) -> tuple[int, End] | None:
        if not head.startswith(self.word("request").encode()) or not self.act():
            return None
        return self.number("bytes"), End.RESET if self.word("how") == "reset" else End.CLOSE


class ConnectRefused(Injector):
    """N-02."""

    def begin(self, now_ns: int) -> None:
        self.acts += 1
        self.scene.sockets.gate(self.word("how"))

    def end(self, now_ns: int) -> None:
        self.scene.sockets.gate("open")


class OtherCertificate(Injector):
    """N-03 and N-04."""

    def begin(self, now_ns: int) -> None:
        self.acts += 1
        self.scene.sockets.certificate(str(self.values.get("kind", "valid")), str(self.values.get("host", "")))

    def end(self, now_ns: int) -> None:
        self.scene.sockets.certificate("valid", "")


class Latency(Injector):
    """N-05."""

    def shapes(self, side: Side) -> tuple[Shape, Shape]:
        jitter = self.ns("jitter")
        out, in_ = (self.ns(name) + (self.below(jitter + 1) if jitter else 0) for name in ("to_client", "to_server"))
        return Shape(delay_ns=out), Shape(delay_ns=in_)


class Trickle(Injector):
    """N-06."""

    def shapes(self, side: Side) -> tuple[Shape, Shape]:
        small, way = Shape(piece=self.number("bytes"), gap_ns=self.ns("gap")), self.word("way")
        return FREE if way == "to_server" else small, FREE if way == "to_client" else small


class Stall(Injector):
    """N-07."""

    def begin(self, now_ns: int) -> None:
        self._is_stalled, self._until_ns = True, now_ns + self.ns("stall")

    def next_ns(self) -> int:
        return self._until_ns

    def turn(self, now_ns: int) -> None:
        self._is_stalled = not self._is_stalled
        self._until_ns = now_ns + self.ns("stall" if self._is_stalled else "flow")
        self.acts += self._is_stalled
        self.scene.sockets.pump()

    def shapes(self, side: Side) -> tuple[Shape, Shape]:
        return (STALLED, STALLED) if self._is_stalled else (FREE, FREE)


class SwizzleClog(Injector):
    """N-08: stops the links one by one in an order of its own, then heals them in another, and again."""

    def begin(self, now_ns: int) -> None:
        wanted = self.word("links")
        self._links = list(LINKS) if wanted == "all" else [wanted]
        self._stopped: list[str] = []
        self._is_stopping = True
        self._next_ns = now_ns
        self.turn(now_ns)

    def next_ns(self) -> int:
        return self._next_ns

    def turn(self, now_ns: int) -> None:
        self._next_ns = now_ns + self.ns("step")
        left = [link for link in self._links if (link in self._stopped) != self._is_stopping]
        chosen = left[self.below(len(left))]
        if self._is_stopping:
            self._stopped.append(chosen)
            self.acts += 1
        else:
            self._stopped.remove(chosen)
        if len(left) == 1:
            self._is_stopping = not self._is_stopping
        self.scene.sockets.pump()

    def shapes(self, side: Side) -> tuple[Shape, Shape]:
        return (STALLED, STALLED) if side.link in self._stopped else (FREE, FREE)


class HtmlBody(Injector):
    """N-09."""

    def before(self, ask: Ask) -> Reply | None:
        if self.word("order") != "kept" or not self._is_meant(ask):
            return None
        return Reply(page(int(self.word("status"))))

    def after(self, ask: Ask, reply: Reply) -> Reply:
        if self.word("order") != "passed" or not self._is_meant(ask):
            return reply
        return Reply(page(int(self.word("status"))))

    def _is_meant(self, ask: Ask) -> bool:
        return is_request(ask, self.word("request")) and self.act()


class SwappedAnswers(Injector):
    """N-10: an answer waits for another; when it comes, both leave in each other's place."""

    def begin(self, now_ns: int) -> None:
        self._waiting: tuple[Ask, Reply] | None = None
        self._until_ns = now_ns

    def after(self, ask: Ask, reply: Reply) -> Reply:
        if not is_request(ask, self.word("request")):
            return reply
        if self._waiting is None:
            if not self.act():
                return reply
            self._waiting, self._until_ns = (ask, reply), ask.now_ns + self.ns("hold")
            return HELD
        (other, first), self._waiting = self._waiting, None
        other.release(reply)
        return first

    def next_ns(self) -> int:
        return super().next_ns() if self._waiting is None else self._until_ns

    def turn(self, now_ns: int) -> None:
        self.end(now_ns)

    def end(self, now_ns: int) -> None:
        if self._waiting is not None:
            ask, reply = self._waiting
            self._waiting = None
            ask.release(reply)


INJECTORS: dict[str, type[Injector]] = {
    "N-01": CutInRequest,
    "N-02": ConnectRefused,
    "N-03": OtherCertificate,
    "N-04": OtherCertificate,
    "N-05": Latency,
    "N-06": Trickle,
    "N-07": Stall,
    "N-08": SwizzleClog,
    "N-09": HtmlBody,
    "N-10": SwappedAnswers,
}
__all__ = ["INJECTORS", "is_request", "page"]
