"""API keys, and the checks that every signed request passes before anything else looks at it."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address

from ..exchange.switches import Switches
from .calls import Call
from .errors import CODES, ApiError, missing
from .parameters import SIGNATURE, Parameters, encoded_text, signature_of, signed_text

ACCOUNT_READ, ACCOUNT_WRITE = "SPOT_ACCOUNT_READ", "SPOT_ACCOUNT_WRITE"
DEAL_READ, DEAL_WRITE = "SPOT_DEAL_READ", "SPOT_DEAL_WRITE"
TRANSFER_READ, TRANSFER_WRITE = "SPOT_TRANSFER_READ", "SPOT_TRANSFER_WRITE"
PERMISSIONS = (ACCOUNT_READ, ACCOUNT_WRITE, DEAL_READ, DEAL_WRITE, TRANSFER_READ, TRANSFER_WRITE)

KEY_HEADER = "x-mexc-apikey"
DEFAULT_WINDOW_MS = 5_000
MOST_WINDOW_MS = 60_000
AHEAD_MS = 1_000

_KEY = re.compile(r"[A-Za-z0-9_-]{3,64}", re.ASCII)

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of an account. Empty `networks` and `symbols` mean any address and any symbol."""

    key: str
    account: str
    secret: bytes = field(repr=False)
    permissions: frozenset[str] = frozenset(PERMISSIONS)
    networks: tuple[Network, ...] = ()
    symbols: frozenset[str] = frozenset()

    def allows(self, symbol: str) -> bool:
        return not self.symbols or symbol in self.symbols


class Keys:
    """The keys that the exchange knows, by key. Removing one is how a key is withdrawn while the exchange runs."""

    def __init__(self, keys: Iterable[ApiKey] = ()) -> None:
        self.rows: dict[str, ApiKey] = {key.key: key for key in keys}

    def identify(self, call: Call) -> ApiKey:
        """Whose call it is. Raises 400, 700001, 10072 and 700006."""
        name = call.headers.get(KEY_HEADER, "")
        if not name:
            raise ApiError(400)
        if not _KEY.fullmatch(name):
            raise ApiError(700001)
        key = self.rows.get(name)
        if key is None:
            raise ApiError(10072)
        if key.networks and not _is_inside(call.address, key.networks):
            raise ApiError(700006, CODES[700006].text.format(call.address))
        return key


def check_signed(key: ApiKey, call: Call, sent: Parameters, switches: Switches, server_ms: int) -> None:
    """Content type, the two parameters, window, time and signature, in this order (or as `check_order` says)."""
    _check_content_type(call, switches)
    given, timestamp = _signature(sent), _timestamp(sent)
    window = sent.whole("recvWindow")
    if window is not None and window > MOST_WINDOW_MS:
        raise ApiError(700005)
    late = not _is_in_time(timestamp, DEFAULT_WINDOW_MS if window is None else window, server_ms)
    if late and switches.check_order == "time":
        raise ApiError(700003)
    _check_signature(key, call, given, switches)
    if late:
        raise ApiError(700003)


def check_permission(key: ApiKey, permission: str) -> None:
    """Raises 700007."""
    if permission and permission not in key.permissions:
        raise ApiError(700007)


def _is_in_time(timestamp: int, window_ms: int, server_ms: int) -> bool:
    return timestamp < server_ms + AHEAD_MS and server_ms - timestamp <= window_ms


def _check_content_type(call: Call, switches: Switches) -> None:
    """Calls that write need the JSON type, also without a body; those that read may leave it out, as clients do."""
    kind = call.headers.get("content-type")
    if kind is None and call.method == "GET" and switches.content_type == "writes":
        return
    if kind is None or kind.partition(";")[0].strip().lower() != "application/json":
        raise ApiError(700013)


def _signature(sent: Parameters) -> str:
    return sent.need(SIGNATURE)


def _timestamp(sent: Parameters) -> int:
    sent.need("timestamp")
    try:
        value = sent.whole("timestamp")
    except ApiError:
        value = None
    if value is None:
        raise missing("timestamp")
    return value


def _check_signature(key: ApiKey, call: Call, given: str, switches: Switches) -> None:
    text = signed_text(call) if switches.signature_over == "raw" else encoded_text(call)
    if switches.upper_signature == "accepted":
        given = given.lower()
    if not hmac.compare_digest(signature_of(key.secret, text).encode(), given.encode("utf-8", "replace")):
        raise ApiError(700002)


def _is_inside(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found.version == network.version and found in network for network in networks)
