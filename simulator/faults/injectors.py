"""Number of a fault -> the class that makes it happen."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from . import on_account, on_book, on_exchange, on_network, on_orders, on_streams
from .seams import Injector

_GROUPS = (on_network, on_streams, on_book, on_orders, on_account, on_exchange)

INJECTORS: Mapping[str, type[Injector]] = MappingProxyType(
    {number: kind for group in _GROUPS for number, kind in group.INJECTORS.items()}
)
