"""`flashc sim exchange`: the local exchange itself."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import console
from .command import Json
from .data_options import Root
from .problem import Problem
from .sim_options import Folder, folder_of, milliseconds

if TYPE_CHECKING:
    from ..runtime.market_data.bars import Dataset
    from ..simulator.accounts_file import Accounts
    from ..simulator.server.build import Market, WorldOptions
    from ..simulator.server.local import LocalExchange, Ports

_MOST_SPEED = 1_000_000
_SYMBOLS = "BTC/USDC,ETH/USDC"


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
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="HTTP and ws; 0: any free one.")] = 8870,
    tls_port: Annotated[int, typer.Option("--tls-port", min=0, max=65_535, help="HTTPS and wss.")] = 8871,
    control_port: Annotated[int, typer.Option("--control-port", min=0, max=65_535, help="State and faults.")] = 8872,
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

    lasts_ms, chosen_speed = milliseconds(lasts, "--for"), _speed(speed)
    if data and symbols != _SYMBOLS:
        raise Problem("`--symbols` makes markets, `--data` brings them", helps=("give one of the two",))
    where = folder_of(folder)
    file, found = _accounts(accounts, where)
    markets = tuple(_recorded(data, root) if data else _generated(symbols, seed))
    options = WorldOptions(markets, found, seed, _switches(switch or []), limits, tuple(_history(history, root)))
    ports = Ports(port, tls_port, control_port)
    opened = _open(options, chosen_speed, where, ports)
    runner = _Runner(opened, file, lasts_ms, json)
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


def _generated(symbols: str, seed: int) -> Iterator[Market]:
    from ..runtime.market_data.instruments import parse_instrument
    from ..simulator.server.build import synthetic

    names = [name.strip() for name in symbols.split(",") if name.strip()]
    for name in names:
        if parse_instrument(name) is None:
            raise Problem(f"`{name}` is not an instrument", helps=("write BASE/QUOTE, such as BTC/USDC",))
    if not names or len({parse_instrument(name) for name in names}) < len(names):
        raise Problem("`--symbols` needs instruments, each once", helps=("such as --symbols BTC/USDC,ETH/USDC",))
    with console.progress("making markets", len(names)) as tick:
        for number, name in enumerate(names, 1):
            yield synthetic(name, seed)
            tick(number)


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
    import time

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
        from .sim_text import started_json, started_text

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

    async def _watch(self, show: Callable[[str], None]) -> None:
        """Show one line, twice a second."""
        from .sim_text import live_line

        before = dict(self._local.world.counts)
        while True:
            await asyncio.sleep(0.5)
            now = dict(self._local.world.counts)
            show(live_line(self._local, {name: 2 * (now[name] - before[name]) for name in now}))
            before = now


@contextmanager
def _ended_by(over: asyncio.Event) -> Iterator[None]:
    """Let SIGTERM end the exchange as the end of its time does. Ctrl-C is left to the runner: it ends with 130."""
    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError):
        loop.add_signal_handler(signal.SIGTERM, over.set)
    yield
    with suppress(NotImplementedError):
        loop.remove_signal_handler(signal.SIGTERM)
