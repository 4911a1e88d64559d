"""The catalogue: every fault that can be injected, in the order of its number."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from ...runtime.errors import fault
from . import rows_account, rows_book, rows_exchange, rows_network, rows_orders, rows_websocket
from .spec import FaultSpec

_GROUPS = (rows_network, rows_websocket, rows_book, rows_orders, rows_account, rows_exchange)

#: What the letter of a number stands for.
GROUP_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "N": "Network",
        "W": "WebSocket",
        "B": "Order book",
        "R": "REST and order entry",
        "P": "Private stream and account",
        "X": "Behaviour of the exchange",
    }
)

#: Number -> row.
CATALOGUE: Mapping[str, FaultSpec] = MappingProxyType({row.id: row for group in _GROUPS for row in group.ROWS})

_BY_NAME: Mapping[str, FaultSpec] = MappingProxyType({row.name: row for row in CATALOGUE.values()})


def find(name: str) -> FaultSpec:
    """The row that `name` means: a number (`N-01`, `n01`) or a name (`cut-in-request`). FC1307 suggests the nearest."""
    word = name.strip()
    upper = word.upper()
    if len(upper) == 3 and upper[1:].isdigit():
        upper = f"{upper[0]}-{upper[1:]}"
    found = CATALOGUE.get(upper) or _BY_NAME.get(word.lower().replace("_", "-"))
    if found is not None:
        return found
    near = get_close_matches(word.lower(), [*_BY_NAME, *(key.lower() for key in CATALOGUE)], n=1)
    parts = [key for key in _BY_NAME if word.lower() in key.split("-")][:3]
    meant = [find(one) for one in near or parts]
    helps = tuple(f"did you mean `{row.name}` ({row.id}: {row.title})?" for row in meant)
    message = f"there is no fault `{word[:40]}`"
    raise fault("FC1307", message, "fault", helps=(*helps, "`flashc sim faults --all` lists all of them"))
