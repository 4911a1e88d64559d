"""Port numbers for servers that must be told one before they start."""

from __future__ import annotations

import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_MANY = 10_000


def free_port() -> int:
    """A port of loopback that nobody has.

    It lies below the ports that the kernel gives to whoever connects or asks for any: until the server starts, other
    tests would be given it.
    """
    above = int(_RANGE.read_text().split()[0]) if _RANGE.exists() else 32_768
    while True:
        port = random.SystemRandom().randrange(max(1_024, above - _MANY), above)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
