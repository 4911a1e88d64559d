"""Keys of the exchange: which exchange they belong to, and where they come from.

Sources in this order: a credential of the service manager, the keyring of the operating system, a file that only its
owner may read; the environment only when it is asked for. Never an argument, a strategy or a URL.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from ...errors import fault
from ...net.loopback import is_loopback, shown_url
from .secret import Secret

LIVE_HOSTS = frozenset({"api.mexc.com"})


class Namespace(Enum):
    """Whose keys. Keys of one are never sent to the other."""

    LIVE = "mexc"
    SIMULATOR = "mexc-sim"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key and its secret. `source` says where they came from, for messages."""

    namespace: Namespace
    key: Secret
    secret: Secret
    source: str = ""


def namespace_of(base_url: str) -> Namespace:
    """Which exchange `base_url` is: MEXC's own hosts over https, or the simulator on loopback. Else FC1202."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # no URL, or no port
        host, port = "", None
    else:
        if parts.username or parts.path not in ("", "/") or parts.query or parts.fragment:
            host = ""
    if host in LIVE_HOSTS and parts.scheme == "https" and port in (None, 443):
        return Namespace.LIVE
    if is_loopback(host) and parts.scheme in ("http", "https"):
        return Namespace.SIMULATOR
    helps = (f"the exchange is https://{min(LIVE_HOSTS)}; a simulator is http://127.0.0.1 with its port",)
    raise fault("FC1202", "not an address of the exchange", shown_url(base_url) or "--url", helps=helps)


def checked(credentials: Credentials | None, base_url: str) -> Credentials | None:
    """`credentials` if they may be sent to `base_url`, else FC1203."""
    target = namespace_of(base_url)
    if credentials is not None and credentials.namespace is not target:
        message = f"keys of {credentials.namespace.value} are not sent to {target.value}"
        raise fault("FC1203", message, base_url, helps=("give the keys of that exchange",))
    return credentials
