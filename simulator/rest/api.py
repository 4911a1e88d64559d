"""The REST side as one object: a call and a time in, an answer out.

The caller plays the market up to `now_ns` before, gives `collect` all events of the exchange, and sends the answer.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..exchange.events import Event
from ..exchange.exchange import Exchange
from .calls import Answer, Call, json_answer
from .endpoints import ENDPOINTS, PATHS, Endpoint
from .errors import TRANSPORT, ApiError
from .keys import ApiKey, Keys, check_permission, check_signed
from .limits import Limits
from .listen_keys import ListenKeys
from .parameters import Parameters, parameters_of
from .read_model import ReadModel
from .request import Parts, Request
from .statistics import Statistics


class RestApi:
    """Every endpoint over one exchange.

    `keys` says who may call, `limits` how often, `reads` what readers see of it; all three may be changed while the
    exchange runs. `listen_keys` is shared with the streams.
    """

    def __init__(
        self,
        exchange: Exchange,
        keys: Keys,
        listen_keys: ListenKeys,
        *,
        limits: Limits | None = None,
        reads: ReadModel | None = None,
    ) -> None:
        self.exchange, self.keys, self.listen_keys = exchange, keys, listen_keys
        self.limits, self.reads = limits or Limits(), reads or ReadModel()
        self.statistics = Statistics(exchange.floor.listings)
        self._parts = Parts(exchange, self.statistics, listen_keys, self.reads)

    def collect(self, events: Iterable[Event]) -> None:
        """Count what happened, for trades, candles and tickers."""
        self.statistics.collect(events)

    def answer(self, call: Call, now_ns: int) -> Answer:
        """The answer to any call whatever: nothing that a client sends raises."""
        try:
            return json_answer(self._value(call, now_ns))
        except ApiError as error:
            return self._refusal(error)

    def _value(self, call: Call, now_ns: int) -> object:
        self.limits.check_ban(call.address, now_ns)
        endpoint = ENDPOINTS.get((call.method, call.path))
        if endpoint is None:
            raise ApiError(405 if call.path in PATHS else 404)
        sent = parameters_of(call)
        key = self._caller(endpoint, call, sent, now_ns)
        return endpoint.handler(Request(self._parts, sent, key, now_ns))

    def _caller(self, endpoint: Endpoint, call: Call, sent: Parameters, now_ns: int) -> ApiKey | None:
        """Count the call; of a signed one, say whose it is."""
        key = self.keys.identify(call) if endpoint.is_signed else None
        account, switches = key.account if key else "", self.exchange.switches
        cost = endpoint.cost(one_symbol=bool(sent.text("symbol")))
        self.limits.check(f"{endpoint.method} {endpoint.name}", cost, call.address, account, switches, now_ns)
        if key is not None:
            server_ms = (now_ns + self.reads.clock_offset_ns) // 1_000_000
            check_signed(key, call, sent, switches, server_ms)
            check_permission(key, endpoint.permission)
        return key

    def _refusal(self, error: ApiError) -> Answer:
        in_body_only = self.exchange.switches.error_status == "200" and error.code not in TRANSPORT
        status = 200 if in_body_only else error.status
        return json_answer({"msg": error.text, "code": error.code}, status, error.headers)
