"""`flashc sim exchange`: the local exchange itself."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..simulator.defaults import INSTRUMENTS, MOST_TRADERS, PORTS
from . import console
from .command import Json
from .data_options import Root
from .ending import ending_signals
from .problem import Problem
from .sim_options import Folder, folder_of, milliseconds

if TYPE_CHECKING:
    from ..runtime.market_data.bars import Dataset
    from ..runtime.market_data.instruments import Instrument
    from ..simulator.accounts_file import Accounts
    from ..simulator.server.build import Market, WorldOptions
    from ..simulator.server.local import LocalExchange, Ports

_MOST_SPEED = 1_000_000
_SYMBOLS = ",".join(INSTRUMENTS)
#: Seconds between two looks at the counts, and over how many looks rates are averaged.
_LOOK_S, _LOOKS = 0.5, 4


def exchange(
    data: Annotated[
        str | None,
        typer.Option(
            "--data", metavar="NAME,...", help="Books that move the market, by name or file.", show_default=False
        ),
    ] = None,
    symbols: Annotated[
        str, typer.Option("--symbols", metavar="BASE/QUOTE,...", help="Generated markets, without --data.")
    ] = _SYMBOLS,
    history: Annotated[
        str | None,
        typer.Option(
            "--history",
            metavar="NAME,...",
            help="Bars that candles reach back over, by name or file.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same market.")] = 1,
    accounts: Annotated[
        Path | None,
        typer.Option("--accounts", metavar="FILE", help="Who trades. Default: a file that is made for you."),
    ] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="HTTP and ws; 0: any free one.")] = PORTS[0],
    tls_port: Annotated[int, typer.Option("--tls-port", min=0, max=65_535, help="HTTPS and wss.")] = PORTS[1],
    control_port: Annotated[int, typer.Option("--control-port", min=0, max=65_535, help="State and faults.")] = PORTS[
        2
    ],
    traders: Annotated[
        int, typer.Option("--traders", min=0, max=MOST_TRADERS, help="Accounts that trade at random by themselves.")
    ] = 0,
    speed: Annotated[str, typer.Option("--speed", metavar="N|max", help="How fast its time runs.")] = "1",
    lasts: Annotated[
        str | None,
        typer.Option("--for", metavar="TIME", help="End by itself after this, such as 30s.", show_default=False),
    ] = None,
    switch: Annotated[
        list[str] | None, typer.Option("--switch", metavar="NAME=VALUE", help="Set a switch from the start.")
    ] = None,
    limits: Annotated[bool, typer.Option("--limits/--no-limits", help="Rate limits, as the exchange has them.")] = True,
    folder: Folder = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Run a local exchange: REST, WebSocket streams, TLS, and a control port for faults.

    Without options it trades BTCUSDC and ETHUSDC, whose books come from a seed and never end. It listens on this
    machine only. Ctrl-C ends it.
    """
    from ..simulator.server.build import WorldOptions
    from ..simulator.server.local import Ports

    # what costs nothing comes first: markets take seconds
    lasts_ms, chosen_speed, switches = milliseconds(lasts, "--for", least=1), _speed(speed), _switches(switch or [])
    if data is not None and symbols != _SYMBOLS:
        raise Problem("`--symbols` makes markets, `--data` brings them", helps=("give one of the two",))
    wanted = [] if data is not None else _instruments(symbols)
    where, ports = folder_of(folder), Ports(port, tls_port, control_port)
    _refuse_taken(ports)
    file, found = _accounts(accounts, where)
    past = tuple(_history(history, root))
    markets = tuple(_generated(wanted, seed) if data is None else _recorded(data, root))
    options = WorldOptions(markets, found, seed, switches, limits, past, traders)
    runner = _Runner(_open(options, chosen_speed, where, ports), file, lasts_ms, json)
    with asyncio.Runner(loop_factory=_loop_factory()) as loop:
        loop.run(runner.run())


def _speed(text: str) -> int:
    from ..simulator.server.clock import MAX

    if text == "max":
        return MAX
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST_SPEED):
        raise Problem(f"`--speed {text}` is no speed", helps=("a whole number such as 1 or 60, or `max`",))
    return int(text)


def _accounts(given: Path | None, folder: Path) -> tuple[Path, Accounts]:
    """The accounts file and what it says; made where the user gave none and there is none."""
    import secrets

    from ..simulator.accounts_file import read_accounts, write_default
    from ..simulator.server.folder import ACCOUNTS, Folder

    Folder(folder)
    file = folder / ACCOUNTS if given is None else given
    if given is None and not file.exists():
        write_default(file, lambda digits: secrets.token_hex(digits)[:digits])
    found = read_accounts(file)
    for advice in found.advice:
        console.err(f"note: {advice}")
    return file, found


def _switches(texts: list[str]) -> Any:
    from ..simulator.exchange.switches import switches_of

    return switches_of(texts)


def _instruments(symbols: str) -> list[Instrument]:
    """What `--symbols` names."""
    from ..runtime.market_data.instruments import parse_instrument

    found = []
    for name in (part.strip() for part in symbols.split(",") if part.strip()):
        if (instrument := parse_instrument(name)) is None:
            raise Problem(f"`{name}` is not an instrument", helps=("write BASE/QUOTE, such as BTC/USDC",))
        if instrument.base == instrument.quote:
            raise Problem(f"`{name}` trades an asset for itself", helps=("write BASE/QUOTE, such as BTC/USDC",))
        found.append(instrument)
    if not found or len({one.base + one.quote for one in found}) < len(found):
        raise Problem("`--symbols` needs instruments, each once", helps=(f"such as --symbols {_SYMBOLS}",))
    return found


def _refuse_taken(ports: Ports) -> None:
    """FC1311 for a port that cannot be had, before the markets are made."""
    from ..simulator.server.local import HOST
    from ..simulator.server.ports import listen

    wanted = (("http", ports.http), ("tls", ports.tls or 0), ("control", ports.control))
    numbers = [number for _, number in wanted if number]
    if len(set(numbers)) < len(numbers):
        raise Problem("two of the ports are the same", helps=("give each of the three its own",))
    for what, number in wanted:
        listen(HOST, number, what).close()


def _generated(instruments: list[Instrument], seed: int) -> Iterator[Market]:
    from ..simulator.server.build import synthetic

    with console.progress("making markets", len(instruments), after_s=0.0) as tick:
        for number, instrument in enumerate(instruments):
            tick(number)
            yield synthetic(instrument.symbol, seed)


def _recorded(names: str, root: str | None) -> Iterator[Market]:
    from ..runtime.errors import fault
    from ..runtime.market_data.events import EventSet
    from ..runtime.market_data.store.catalog import resolve
    from ..simulator.server.build import recorded

    seen: set[str] = set()
    for name in (part.strip() for part in names.split(",") if part.strip()):
        found = resolve(name, root)
        if not isinstance(found, EventSet) or found.book is None:
            helps = ("`flashc data synth --kind book` makes one",)
            raise fault("FC1010", "a market needs a book, and this has none", name, helps=helps)
        market = recorded(found)
        if market.spec.name in seen:
            raise Problem(f"`--data` has two books of {market.spec.name}")
        seen.add(market.spec.name)
        yield market
    if not seen:
        raise Problem("`--data` names no data set", helps=("`flashc data list` shows them",))


def _history(names: str | None, root: str | None) -> Iterator[Dataset]:
    from ..runtime.errors import fault
    from ..runtime.market_data.bars import Dataset
    from ..runtime.market_data.store.catalog import resolve

    for name in (part.strip() for part in (names or "").split(",") if part.strip()):
        found = resolve(name, root)
        if not isinstance(found, Dataset):
            raise fault("FC1010", "the past of candles is bars, and this has none", name)
        yield found


def _open(options: WorldOptions, speed: int, folder: Path, ports: Ports) -> LocalExchange:
    from ..simulator.server.build import make_world
    from ..simulator.server.clock import Clock
    from ..simulator.server.folder import Folder
    from ..simulator.server.local import LocalExchange

    clock = Clock(time.time_ns(), speed)
    return LocalExchange(lambda app, now_ns: make_world(options, app, now_ns), clock, Folder(folder), ports)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's loop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


class _Runner:
    """Runs an exchange until it is over, and shows how it goes on a terminal."""

    def __init__(self, local: LocalExchange, accounts: Path, lasts_ms: int | None, as_json: bool) -> None:
        self._local, self._accounts, self._lasts_ms, self._as_json = local, accounts, lasts_ms, as_json

    async def run(self) -> None:
        from .sim_text import ended_text, started_json, started_text

        over = asyncio.Event()
        with _ended_by(over):
            async with self._local as local:
                if self._as_json:
                    console.out_json(started_json(local, self._accounts))
                else:
                    console.out(started_text(local, self._accounts))
                with console.live() as show:
                    watcher = asyncio.create_task(self._watch(show))
                    with suppress(TimeoutError):
                        await asyncio.wait_for(over.wait(), None if self._lasts_ms is None else self._lasts_ms / 1000)
                    watcher.cancel()
                console.hint(ended_text(local))

    async def _watch(self, show: Callable[[Sequence[console.Row]], None]) -> None:
        """Show how it goes, twice a second. Rates are those of the last two seconds."""
        from .sim_text import live_rows

        looks = deque[tuple[float, dict[str, int]]](maxlen=_LOOKS + 1)
        began_ns = self._local.world.now_ns
        while True:
            counts = dict(self._local.world.counts)
            looks.append((time.monotonic(), counts))
            first, seconds = looks[0][1], max(looks[-1][0] - looks[0][0], _LOOK_S)
            show(live_rows(self._local, began_ns, {name: (counts[name] - first[name]) / seconds for name in counts}))
            await asyncio.sleep(_LOOK_S)


@contextmanager
def _ended_by(over: asyncio.Event) -> Iterator[None]:
    """Let signals end the exchange as the end of its time does. Ctrl-C is left to the runner: it ends with 130."""
    loop, numbers = asyncio.get_running_loop(), ending_signals()
    for number in numbers:
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, over.set)
    yield
    for number in numbers:
        with suppress(NotImplementedError):
            loop.remove_signal_handler(number)
