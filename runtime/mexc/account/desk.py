"""Orders and cancels, each sent once, with everything that came of them written down as facts.

The desk decides nothing and repeats nothing. An outcome that is not known stays UNKNOWN in the `Knowledge`, and asks
for a pass of reconciliation, which looks the order up by its client id.
"""

from __future__ import annotations

from collections.abc import Callable

from ..rest.client import MexcRest
from ..rest.errors import ClockFault, Definitive, Mismatch, NotSent, RateLimited, UnknownOutcome
from ..rest.results import NewOrder
from .facts import Evidence, RequestFact, fact_of_ack
from .knowledge import Knowledge, Request

#: The exchange does not know the order to cancel: it may be done, or never have been.
_UNKNOWN_ORDER = -2011


class Desk:
    """`on_doubt` is called when an outcome is not known."""

    def __init__(self, rest: MexcRest, knowledge: Knowledge, on_doubt: Callable[[], None]) -> None:
        self._rest = rest
        self._knowledge = knowledge
        self._on_doubt = on_doubt

    async def place(self, order: NewOrder) -> Request:
        """Send an order. The request's `outcome` says what is known of it."""
        if self._knowledge.request(order.symbol, order.client_id).evidence:
            raise NotSent("this client id was used before")
        # Written down before the first byte can leave; UNKNOWN until an answer says more, also if we are cancelled.
        self._note(order, Evidence.SENT)
        try:
            ack = await self._rest.place(order)
        except NotSent:
            self._note(order, Evidence.NOT_SENT)
        except ClockFault as error:
            self._note(order, Evidence.REFUSED if error.code else Evidence.NOT_SENT, error.code)
        except RateLimited:
            self._note(order, Evidence.REFUSED, 429)
        except Definitive as error:
            self._note(order, Evidence.REFUSED, error.code)
        except UnknownOutcome as error:
            self._note(order, Evidence.MISMATCH if isinstance(error, Mismatch) else Evidence.UNKNOWN, error.code)
            self._on_doubt()
        else:
            self._note(order, Evidence.ACKED)
            self._knowledge.apply(fact_of_ack(ack, order.client_id))
        return self._knowledge.request(order.symbol, order.client_id)

    async def cancel(self, symbol: str, client_id: str) -> bool:
        """Send a cancel by client id. True if the exchange took it; the order's state alone says what became of it.

        `NotSent` when it could not leave.
        """
        self._cancel_note(symbol, client_id, Evidence.CANCEL_SENT)
        try:
            await self._rest.cancel(symbol, client_id=client_id)
        except Definitive as error:
            if error.code == _UNKNOWN_ORDER:
                self._cancel_note(symbol, client_id, Evidence.CANCEL_UNKNOWN)
            self._on_doubt()
            return False
        except (UnknownOutcome, ClockFault, RateLimited):
            self._on_doubt()
            return False
        self._cancel_note(symbol, client_id, Evidence.CANCEL_TAKEN)
        return True

    def _note(self, order: NewOrder, evidence: Evidence, code: int = 0) -> None:
        self._knowledge.apply(RequestFact(order.symbol, order.client_id, evidence, self._now_ms(), code))

    def _cancel_note(self, symbol: str, client_id: str, evidence: Evidence) -> None:
        self._knowledge.apply(RequestFact(symbol, client_id, evidence, self._now_ms()))

    def _now_ms(self) -> int:
        return self._rest.server_clock.server_ms(self._rest.clock.mono_ns())
