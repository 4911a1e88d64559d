"""Which hosts are this machine, and what messages show of addresses: one rule for requests and streams.

A literal loopback address is this machine, and so is the one name `localhost`. That name is never looked up: a resolver
may be wrong or hostile, so it stands for 127.0.0.1 and nothing else. A certificate is still checked against the name.
"""

from __future__ import annotations

import ipaddress

LOCALHOST = "localhost"


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine: `localhost` or a literal loopback address. No other name is."""
    if host == LOCALHOST:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def dialled(host: str) -> str:
    """The host that is dialled for `host`."""
    return "127.0.0.1" if host == LOCALHOST else host


def shown_url(url: str) -> str:
    """What a message may show of an address that somebody typed: no user, no password, no query."""
    return url.partition("?")[0].rpartition("@")[2][:80]
