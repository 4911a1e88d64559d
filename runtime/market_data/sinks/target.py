"""Where a copy goes: `influxdb://host:8086/database` or `postgresql://user@host:5432/database`.

An address never holds a password: it would stand in the list of processes and in the shell's history. Passwords come
from the variables that the databases' own tools read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import SplitResult, urlsplit

from ...errors import RuntimeFault, fault

#: scheme -> (what it is, default port)
SCHEMES: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "influxdb": ("InfluxDB over HTTP", 8086),
        "influxdb+https": ("InfluxDB over HTTPS", 8086),
        "postgresql": ("PostgreSQL, with or without TimescaleDB", 5432),
    }
)
_DATABASE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")
_EXAMPLES = (
    "`influxdb://localhost:8086/market` or `postgresql://user@localhost/market`",
    "passwords: INFLUX_USERNAME and INFLUX_PASSWORD, or INFLUX_TOKEN; PGPASSWORD or ~/.pgpass",
)


@dataclass(frozen=True, slots=True)
class Target:
    """A database. `user` is empty where the address names none; `host` may be an IPv6 address without brackets."""

    scheme: str
    host: str
    port: int
    database: str
    user: str = ""

    @property
    def is_influx(self) -> bool:
        return self.scheme.startswith("influxdb")

    @property
    def base_url(self) -> str:
        """The address of an HTTP server."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.scheme.endswith('+https') else 'http'}://{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}/{self.database}"


def parse_target(url: str) -> Target:
    """Read an address. FC1040 if it is none, or holds a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused(f"the address cannot be read: {error}") from None
    if parts.scheme not in SCHEMES:
        known = ", ".join(f"{name}: {what}" for name, (what, _) in SCHEMES.items())
        raise _refused(f"`{parts.scheme or url[:20]}` is no kind of database that flashc writes to", known)
    if parts.password is not None:
        raise _refused("an address must not hold a password: others can read the list of processes")
    if not parts.hostname or parts.query or parts.fragment:
        raise _refused("the address needs a host and a database, nothing else")
    return Target(
        parts.scheme, parts.hostname, port or SCHEMES[parts.scheme][1], _database(parts), parts.username or ""
    )


def _database(parts: SplitResult) -> str:
    name = parts.path.strip("/")
    if not _DATABASE.fullmatch(name):
        raise _refused(f"`{name[:40]}` is no name of a database")
    return name


def _refused(message: str, *notes: str) -> RuntimeFault:
    return fault("FC1040", message, "--to", notes=notes, helps=_EXAMPLES)
