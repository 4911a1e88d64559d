"""Instruments as the exchange lists them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Protocol, TypeVar

from ...errors import RuntimeFault, fault
from ...mexc.rest.symbols import SymbolRules, table_of
from ..instruments import Instrument

T = TypeVar("T")
Rows = Sequence[Mapping[str, Any]]
#: Asks until there is an answer; raises a fault when there is none.
Ask = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]


#: So many instruments of an exchange are named to who asked for another one.
_FEW = 10


class Listing(Protocol):
    """What is needed of the exchange's client."""

    async def exchange_info(self, symbols: Sequence[str] = ()) -> Rows: ...


async def find_symbols(source: Listing, ask: Ask, instruments: Sequence[Instrument], url: str) -> list[SymbolRules]:
    """The rules of each instrument. FC1034 for one that the exchange does not list, with what is near."""
    rows: Rows = await ask(source.exchange_info)
    table, bad = table_of(rows)
    found, faults = [], []
    for instrument in instruments:
        symbol = f"{instrument.base}{instrument.quote}"
        if symbol in table:
            found.append(table[symbol])
        elif symbol in bad:
            faults.append(
                fault("FC1035", f"the exchange's rules of {symbol} cannot be read", url, notes=(bad[symbol],))
            )
        else:
            faults.append(_unknown(instrument, table, url))
    if faults:
        raise RuntimeFault(*(each for error in faults for each in error.faults))
    return found


def _unknown(instrument: Instrument, table: Mapping[str, SymbolRules], url: str) -> RuntimeFault:
    names = {f"{rules.base}/{rules.quote}": rules for rules in table.values()}
    bases = get_close_matches(instrument.base, {rules.base for rules in names.values()}, n=3, cutoff=0.6)
    near = [name for base in bases for name, rules in sorted(names.items()) if rules.base == base]
    near.sort(key=lambda name: not name.endswith(f"/{instrument.quote}"))
    helps = (f"did you mean {' or '.join(f'`{name}`' for name in near[:3])}?",) if near else ()
    if not near and len(names) <= _FEW:
        helps = (f"it lists {', '.join(sorted(names))}",)
    return fault("FC1034", f"the exchange does not list {instrument.symbol}", url, helps=helps)
