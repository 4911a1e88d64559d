"""From options to a running world: symbols, their markets, accounts, and every part put together."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...runtime.errors import fault
from ...runtime.market_data.bars import Dataset
from ...runtime.market_data.events import EventSet
from ...runtime.market_data.instruments import parse_instrument
from ...runtime.market_data.moments import NS_PER_SECOND
from ...runtime.market_data.synth.book import BookParameters, book_for_instrument, generate_book
from ..accounts_file import Accounts
from ..exchange.config import AccountSpec, ExchangeConfig, SymbolSpec
from ..exchange.exchange import Exchange
from ..exchange.interventions import Interventions
from ..exchange.switches import Switches
from ..exchange.tape import Tape, tape_of
from ..exchange.traders import RandomTraders
from ..faults.seams import Sockets
from ..rest.api import RestApi
from ..rest.history import seed_bars
from ..rest.keys import Keys
from ..rest.limits import LimitRules, Limits
from ..rest.listen_keys import ListenKeys, seeded_digits
from ..stream.hub import StreamHub
from ..stream.market_view import MarketView
from .world import World

#: A generated market begins anew after this; its price then jumps back to where it began.
_ROUND_S = 3_600
_LEVELS = 100
#: A background trader acts once in so much of the exchange's time, on average.
_TRADER_GAP_NS = 2 * NS_PER_SECOND
#: Symbol decimals by base asset: price, quantity.
_GRIDS = {"BTC": (2, 6), "ETH": (2, 5)}


@dataclass(frozen=True, slots=True)
class Market:
    """A symbol and what moves it."""

    spec: SymbolSpec
    tape: Tape


@dataclass(frozen=True, slots=True)
class WorldOptions:
    """What an exchange is made of. `limits` off is for load tests; `history` is the past of candles.

    `traders` counts the accounts that trade at random by themselves.
    """

    markets: tuple[Market, ...]
    accounts: Accounts
    seed: int = 1
    switches: Switches = field(default_factory=Switches)
    limits: bool = True
    history: tuple[Dataset, ...] = ()
    traders: int = 0


def symbol_spec(instrument: str, price_decimals: int | None = None, qty_decimals: int | None = None) -> SymbolSpec:
    """A symbol with the usual limits for an instrument such as BTC/USDC. FC1002 and FC1018 for what is none."""
    found = parse_instrument(instrument)
    assert found is not None, instrument
    prices, quantities = _GRIDS.get(found.base, (4, 4))
    return SymbolSpec(
        found.base + found.quote,
        found.base,
        found.quote,
        prices if price_decimals is None else price_decimals,
        quantities if qty_decimals is None else qty_decimals,
        full_name=found.base,
    )


def synthetic(instrument: str, seed: int, events_per_s: float = 50.0, round_s: int = _ROUND_S) -> Market:
    """A market from a seed, the same for the same seed."""
    parameters = BookParameters(
        seed=seed,
        duration_s=round_s,
        instrument=instrument,
        events_per_s=events_per_s,
        levels=_LEVELS,
        push_ms=0,
        latency_ms=0.0,
        jitter_ms=0.0,
    )
    spec = symbol_spec(instrument)
    data = generate_book(book_for_instrument(parameters))
    return Market(spec, tape_of(data, spec.price_decimals, spec.qty_decimals))


def recorded(data: EventSet) -> Market:
    """A market from recorded data, on a grid that holds its prices and quantities."""
    spec = symbol_spec(data.instrument.symbol, *grid_of(data))
    return Market(spec, tape_of(data, spec.price_decimals, spec.qty_decimals))


def grid_of(data: EventSet) -> tuple[int, int]:
    """The fewest decimals that hold the first prices and quantities of the data, at most 8."""
    parts = list(data.parts().values())
    found = []
    for name in ("price", "qty"):
        values = [float(value) for part in parts for value in getattr(part, name)[:2_000]]
        found.append(next((k for k in range(9) if all(round(v, k) == v for v in values)), 8))
    return found[0], found[1]


def make_world(options: WorldOptions, sockets: Sockets, now_ns: int) -> World:
    """Everything put together, with its time at `now_ns`."""
    specs = tuple(market.spec for market in options.markets)
    crowd = _crowd(options)
    config = ExchangeConfig(specs, (*options.accounts.accounts, *crowd), options.switches)
    exchange = Exchange(config, options.seed, now_ns)
    for market in options.markets:
        exchange.add_tape(market.spec.name, market.tape)
    _make_groups(exchange, options.accounts)
    listen_keys = ListenKeys(seeded_digits(options.seed))
    limits = Limits(LimitRules(enabled=options.limits))
    rest = RestApi(exchange, Keys(options.accounts.keys), listen_keys, limits=limits)
    _give_past(rest, options.history, now_ns)
    hub = StreamHub(MarketView(exchange, rest.statistics), listen_keys, lambda: exchange.switches, now_ns)
    world = World(exchange, rest, hub, Interventions(exchange), sockets, options.seed)
    if crowd:
        world.crowd = RandomTraders(exchange, [one.name for one in crowd], options.seed, _TRADER_GAP_NS)
    return world


def _crowd(options: WorldOptions) -> list[AccountSpec]:
    """The accounts of the background traders: no keys, and enough of every asset to trade for weeks. FC1304."""
    bases = {market.spec.base: "1000000" for market in options.markets}
    quotes = {market.spec.quote: "10000000" for market in options.markets}
    names = [f"trader-{number}" for number in range(1, options.traders + 1)]
    taken = {account.name for account in options.accounts.accounts}
    for name in names:
        if name in taken:
            raise fault("FC1304", f"background traders and the accounts file both have an account `{name}`", name)
    return [AccountSpec(name, bases | quotes) for name in names]


def _make_groups(exchange: Exchange, accounts: Accounts) -> None:
    """The strategy groups of the accounts file. A group belongs to each master of its accounts."""
    for name, members in accounts.groups.items():
        for master in dict.fromkeys(exchange.account(member).master for member in members):
            group = exchange.groups.create(master, name)
            if group is not None:
                group.members.update(members)


def _give_past(rest: RestApi, history: tuple[Dataset, ...], now_ns: int) -> None:
    """Candles before the start. FC1014 for bars of a symbol that is not listed."""
    specs = rest.exchange.specs
    for data in history:
        symbol = data.instrument.base + data.instrument.quote
        if symbol not in specs:
            raise fault("FC1014", f"no market here trades {data.instrument.symbol}", data.name)
        seed_bars(rest.statistics[symbol], specs[symbol], data, now_ns)
