"""Signatures of REST requests: HMAC-SHA256 over exactly the bytes that travel. The only place that signs.

`total = query + body`, joined with nothing. The signature is lower-case hex and travels as the last parameter.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from urllib.parse import quote

from ..keys.secret import Secret

#: Names and values in their order. A value that must not be seen is a `Secret` until it is encoded.
Parameters = Sequence[tuple[str, str | Secret]]


def encode(value: str) -> str:
    """Percent-encoding of UTF-8 with upper-case digits. Letters, digits, `-`, `_`, `.` and `~` stay as they are."""
    return quote(value, safe="")


def parameter_text(parameters: Parameters) -> str:
    """`name=value&...` in the order given, values encoded."""
    return "&".join(f"{name}={encode(_shown(value))}" for name, value in parameters)


def _shown(value: str | Secret) -> str:
    return value.reveal().decode("utf-8") if isinstance(value, Secret) else value


def signature(secret: Secret, total: bytes) -> str:
    """Lower-case hex of HMAC-SHA256 over `total`."""
    return hmac.digest(secret.reveal(), total, "sha256").hex()


def signed_query(secret: Secret, parameters: Parameters, timestamp_ms: int, recv_window_ms: int) -> str:
    """The whole query of a signed request without a body: parameters, `recvWindow`, `timestamp`, `signature`."""
    window = ("recvWindow", str(recv_window_ms))
    query = parameter_text([*parameters, window, ("timestamp", str(timestamp_ms))])
    return f"{query}&signature={signature(secret, query.encode('ascii'))}"
