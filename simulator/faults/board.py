"""The board: which faults are injected, which of them act now, and what has been."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...runtime.errors import fault
from ...runtime.market_data.synth.prng import Stream
from ..stream.hub import NEVER_NS, Push
from .catalogue import find
from .injectors import INJECTORS
from .schedule import NS_PER_MS, Schedule, Target
from .seams import FREE, HOOKS, Ask, End, Injector, Reply, Scene, Shape, Side, overrides
from .spec import FaultSpec

#: Faults that were injected and are over; older ones are forgotten.
HISTORY = 1_000
#: Faults that may be injected at once.
MOST = 100


@dataclass(slots=True)
class Injection:
    """A fault that was injected: `number` counts them from 1."""

    number: int
    spec: FaultSpec
    injector: Injector
    schedule: Schedule
    injected_ns: int
    is_on: bool = False
    healed_ns: int | None = None

    def facts(self) -> dict[str, object]:
        """For the control port. Times are epoch ms."""
        return {
            "number": self.number,
            "id": self.spec.id,
            "name": self.spec.name,
            "title": self.spec.title,
            "values": dict(self.injector.values),
            "target": self.injector.target.facts(),
            "schedule": self.schedule.facts(),
            "on": self.is_on,
            "acts": self.injector.acts,
            "injected_ms": self.injected_ns // NS_PER_MS,
            "healed_ms": None if self.healed_ns is None else self.healed_ns // NS_PER_MS,
        }


class FaultBoard:
    """All injected faults of one exchange. `seed` decides every draw; the same calls make the same faults."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self._scene, self._seed = scene, seed
        self._active: dict[int, Injection] = {}
        self._count = 0
        self.history: deque[Injection] = deque(maxlen=HISTORY)
        self._hooks: dict[str, list[Injector]] = {hook: [] for hook in HOOKS}
        self._draining: list[Injector] = []

    @property
    def active(self) -> list[Injection]:
        """What was injected and is not over, oldest first."""
        return list(self._active.values())

    def inject(
        self,
        name: str,
        given: Mapping[str, str],
        now_ns: int,
        schedule: Schedule | None = None,
        target: Target | None = None,
    ) -> Injection:
        """Inject the fault `name`. FC1307 to FC1309 for what cannot be."""
        spec = find(name)
        values, target = spec.read(given), target or Target()
        self._check(target)
        if len(self._active) >= MOST:
            raise fault("FC1309", f"{MOST} faults are active", "fault", helps=("heal some first",))
        self._count += 1
        draws = Stream(self._seed, f"fault/{self._count}/{spec.id}")
        injector = INJECTORS[spec.id](self._scene, values, target, draws)
        schedule = schedule or Schedule()
        injector.most = schedule.count
        made = Injection(self._count, spec, injector, schedule, now_ns)
        self._active[made.number] = made
        self.turn(now_ns)
        return made

    def _check(self, target: Target) -> None:
        """FC1309 for a symbol or an account that the exchange does not have: the fault would wait for ever."""
        exchange = self._scene.exchange
        for what, name, known in (
            ("symbol", target.symbol, list(exchange.specs)),
            ("account", target.account, list(exchange.floor.accounts)),
        ):
            if name and name not in known:
                helps = (f"it has: {', '.join(known)}",)
                raise fault("FC1309", f"the exchange has no {what} `{name[:40]}`", "fault", helps=helps)

    def heal(self, which: str, now_ns: int) -> list[Injection]:
        """End the fault with this number or name; all of them for an empty text. FC1313 if none is meant."""
        found = [one for one in self._active.values() if not which or _is_meant(one, which)]
        if which and not found:
            helps = ("`flashc sim faults` lists what is active",)
            raise fault("FC1313", f"no active fault is `{which[:40]}`", "heal", helps=helps)
        for one in found:
            self._over(one, now_ns)
        return found

    def turn(self, now_ns: int) -> None:
        """Begin and end what is due, and let those act that wait for a time."""
        for one in list(self._active.values()):
            age_ns = now_ns - one.injected_ns
            self._switch(one, one.schedule.is_on(age_ns), now_ns)
            if one.is_on and one.injector.next_ns() <= now_ns:
                one.injector.turn(now_ns)
            if one.schedule.is_over(age_ns) or _is_done(one):
                self._over(one, now_ns)

    def next_ns(self) -> int:
        """When `turn` is to be called next."""
        found = NEVER_NS
        for one in self._active.values():
            change = one.schedule.next_change(max(0, self._age(one)))
            if change is not None:
                found = min(found, one.injected_ns + change)
            if one.is_on:
                found = min(found, self._turned_ns if _is_done(one) else one.injector.next_ns())
        return found

    def _age(self, one: Injection) -> int:
        return self._turned_ns - one.injected_ns

    _turned_ns = 0

    def _switch(self, one: Injection, is_on: bool, now_ns: int) -> None:
        self._turned_ns = max(self._turned_ns, now_ns)
        if is_on == one.is_on:
            return
        one.is_on = is_on
        for hook in HOOKS:
            if overrides(type(one.injector), hook):
                if is_on:
                    self._hooks[hook].append(one.injector)
                else:
                    self._hooks[hook].remove(one.injector)
        if is_on:
            one.injector.begin(now_ns)
        else:
            one.injector.end(now_ns)
            if overrides(type(one.injector), "drain"):
                self._draining.append(one.injector)
        self._scene.sockets.pump()

    def _over(self, one: Injection, now_ns: int) -> None:
        self._switch(one, False, now_ns)
        one.healed_ns = now_ns
        del self._active[one.number]
        self.history.append(one)

    # seams

    def touches(self, hook: str) -> bool:
        """Whether any fault acts at the seam now."""
        return bool(self._hooks[hook]) or (hook == "pushes" and bool(self._draining))

    def shapes(self, side: Side) -> tuple[Shape, Shape]:
        """What happens to bytes (to the client, to the exchange) of a connection now."""
        out, in_ = FREE, FREE
        for one in self._hooks["shapes"]:
            if one.target.takes(account=side.account, link=side.link, connection=side.number):
                more_out, more_in = one.shapes(side)
                out, in_ = out.joined(more_out), in_.joined(more_in)
        return out, in_

    def cut(self, side: Side, head: bytes) -> tuple[int, End] | None:
        """Where a request is cut, if it is."""
        for one in self._hooks["cut"]:
            if one.target.takes(account=side.account, link=side.link, connection=side.number):
                found = one.cut(side, head)
                if found is not None:
                    return found
        return None

    def before(self, ask: Ask) -> Reply | None:
        """The first reply that a fault gives in the place of the exchange's."""
        for one in self._hooks["before"]:
            if _takes(one, ask):
                reply = one.before(ask)
                if reply is not None:
                    return reply
        return None

    def after(self, ask: Ask, reply: Reply) -> Reply:
        """What all faults in turn make of the exchange's reply."""
        for one in self._hooks["after"]:
            if _takes(one, ask):
                reply = one.after(ask, reply)
        return reply

    def pushes(self, pushes: Sequence[Push], now_ns: int) -> list[Push]:
        """What all faults in turn make of the hub's messages. To be called also without any: some were held."""
        found = list(pushes)
        for one in list(self._draining):
            found, is_done = one.drain(found, now_ns)
            if is_done:
                self._draining.remove(one)
        for one in self._hooks["pushes"]:
            found = one.pushes(found, now_ns)
        return found

    def hears(self, side: Side, text: str) -> bool:
        """Whether a control message reaches the exchange."""
        return all(one.hears(side, text) for one in self._hooks["hears"] if _is_side(one, side))

    def said(self, side: Side, text: str, answers: list[str], now_ns: int) -> list[str]:
        """The answers to a control message."""
        for one in self._hooks["said"]:
            if _is_side(one, side):
                answers = one.said(side, text, answers, now_ns)
        return answers

    def pongs(self, side: Side) -> bool:
        """Whether a ping frame is answered."""
        return all(one.pongs(side) for one in self._hooks["pongs"] if _is_side(one, side))


def _is_done(one: Injection) -> bool:
    """Whether it has acted as often as it may, and waits for nothing."""
    return one.injector.is_spent and one.injector.next_ns() == NEVER_NS


def _is_meant(one: Injection, which: str) -> bool:
    if which.isascii() and which.isdigit():
        return one.number == int(which)
    return one.spec is find(which)


def _takes(one: Injector, ask: Ask) -> bool:
    return one.target.takes(symbol=ask.symbol, account=ask.account, link="rest", connection=ask.side.number)


def _is_side(one: Injector, side: Side) -> bool:
    return one.target.takes(account=side.account, link=side.link, connection=side.number)
