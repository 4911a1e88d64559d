"""Where a stream is: an address that may be dialled, or a fault. The only place that decides whom we talk to.

Plain sockets are for this machine only. Every other address needs TLS, a name of `HOSTS`, and `remote=True`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ...errors import fault
from ...net.loopback import is_loopback, shown_url

#: The exchange's hosts of streams.
HOSTS = frozenset({"wbs-api.mexc.com"})
PATH = "/ws"
_PORTS = {"ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One server of streams. `path` is without a query: what identifies an account is given to each connection."""

    host: str
    port: int
    tls: bool
    path: str = PATH
    is_loopback: bool = field(default=True)

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{'wss' if self.tls else 'ws'}://{self.authority}{self.path}"


def endpoint(url: str, *, remote: bool = False) -> Endpoint:
    """The endpoint that a `ws://` or `wss://` URL names. FC1210 unless it may be dialled.

    `remote` allows the exchange's own hosts; without it only this machine is allowed.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused(url, "it is not a URL") from None
    host = parts.hostname or ""
    if parts.scheme not in _PORTS or not host:
        raise _refused(url, "it does not begin with `ws://` or `wss://` and a host")
    if parts.username is not None or parts.query or parts.fragment:
        raise _refused(url, "it holds more than a host, a port and a path")
    tls, local = parts.scheme == "wss", is_loopback(host)
    if not local and not tls:
        raise _refused(url, "a connection that leaves this machine must be secured", "write `wss://`")
    if not local and not (remote and host in HOSTS):
        raise _refused(url, f"`{host}` is not a host of this exchange" if remote else "only this machine is allowed")
    return Endpoint(host, port or _PORTS[parts.scheme], tls, parts.path if parts.path not in ("", "/") else PATH, local)


def _refused(url: str, why: str, help_: str = "give an address such as `ws://127.0.0.1:8870`") -> Exception:
    return fault("FC1210", why, shown_url(url) or "the stream's address", helps=(help_,))
