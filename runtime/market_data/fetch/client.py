"""A client of the exchange that only reads public data."""

from __future__ import annotations

from pathlib import Path

from ...errors import fault
from ...mexc.rest.budget import Budget, Limits
from ...mexc.rest.client import MexcRest
from ...net.http import HttpTransport


def reading_client(url: str, certificate: Path | None) -> MexcRest:
    """A client without keys that uses the whole budget of readers. FC1031 for a certificate that cannot be read."""
    try:
        transport = HttpTransport(url, certificate=None if certificate is None else str(certificate))
    except OSError as error:
        why = error.strerror or "it holds no certificate"
        raise fault("FC1031", f"the certificate cannot be used: {why}", str(certificate)) from error
    return MexcRest(url, transport=transport, budget=Budget(Limits.for_reading()))
