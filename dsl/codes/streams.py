"""Group 12, from FC1210: the exchange's streams."""

from __future__ import annotations

from ..diagnostics import Category
from .code import Code

CODES = (
    Code(
        "FC1210",
        "no stream may be opened there",
        Category.TOOLCHAIN,
        "The address is not a WebSocket URL, leaves this machine without `wss://`, or names a host that is not the "
        "exchange's. Nothing is dialled. A plain `ws://` address is for an exchange on this machine.",
        ("ws://wbs-api.mexc.com/ws",),
        "ws://127.0.0.1:8870/ws",
    ),
    Code(
        "FC1211",
        "the certificate file cannot be used",
        Category.TOOLCHAIN,
        "The file that names whom to trust is missing, cannot be read, or holds no certificate in PEM form. The local "
        "exchange makes its own certificate: give its file, so that only this server is trusted. Verification is "
        "never switched off.",
        ("(a file without a certificate)",),
        "(the certificate file that the local exchange wrote)",
    ),
)
