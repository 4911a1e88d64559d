"""Why the exchange takes no order or cancel: its codes and texts, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .orders import Refusal

#: Code -> text. `{}` takes the limit and its asset.
TEXTS: Mapping[int, str] = MappingProxyType(
    {
        -2011: "Unknown order sent.",
        26: "operation not allowed",
        10007: "symbol not support api",
        10098: "risk control system detected abnormal",
        30000: "This pair is currently suspended from transactions",
        30001: "Current transaction direction is not allowed",
        30002: "The minimum transaction volume cannot be less than:{}",
        30003: "The maximum transaction volume cannot be greater than:{}",
        30004: "Insufficient position",
        30005: "Oversold",
        30010: "No valid trade price",
        30014: "Invalid symbol",
        30016: "Trading disabled",
        30018: "Market price order is disabled",
        30019: "API market order is disabled",
        30025: "No exist opponent order",
        30026: "Invalid order ids",
        30029: "The current order has exceeded the maximum order limit",
        30041: "Current order type can not place order",
        33333: "Parameter error: {}",
        30051: "API market order is disabled",
        60005: "your account is abnormal",
        70011: "Pair user ban trade apikey",
        700004: "Mandatory parameter '{}' was not sent, was empty/null, or malformed.",
        700008: "Illegal characters found in parameter '{}'",
    }
)


def refusal(code: int, detail: str = "") -> Refusal:
    """The refusal with this code; `detail` goes into its text."""
    return Refusal(code, TEXTS.get(code, "operation not allowed").format(detail))
