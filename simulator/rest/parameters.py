"""The parameters of a request: read leniently, signed exactly.

The signature covers the raw query followed by the raw body. The values are read from both, whatever the content type
says, and a name that stands in both is taken from the query.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from urllib.parse import quote, unquote_plus

from .calls import Call
from .errors import missing, wrong

SIGNATURE = "signature"
UNRESERVED = "-_.~"
MOST_DIGITS = 18  # of a whole number: more cannot be a time, a limit or a window


class Parameters:
    """Decoded values by name. "" stands for a parameter that was not sent: the exchange does not tell them apart."""

    __slots__ = ("values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values

    def text(self, name: str) -> str:
        return self.values.get(name, "")

    def need(self, name: str) -> str:
        """The value of `name`. Raises 700004 if it was not sent or is empty."""
        value = self.values.get(name, "")
        if not value:
            raise missing(name)
        return value

    def whole(self, name: str) -> int | None:
        """A whole number, not negative; None if it was not sent. Raises 33333."""
        value = self.values.get(name, "")
        if not value:
            return None
        if not (value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS):
            raise wrong(name)
        return int(value)

    def limit(self, default: int, most: int) -> int:
        """How many rows are wanted; more than `most` counts as `most`. Raises 33333 for 0 and for what is no number."""
        value = self.whole("limit")
        if value is None:
            return default
        if value < 1:
            raise wrong("limit")
        return min(value, most)

    def flag(self, name: str) -> bool:
        """`true` or `false`. Raises 700004 and 33333."""
        value = self.need(name).lower()
        if value not in ("true", "false"):
            raise wrong(name)
        return value == "true"


def parameters_of(call: Call) -> Parameters:
    """All parameters of a call. Where a name stands twice in one part, the first counts."""
    values = dict(_body_pairs(call.body)) if call.body else {}
    values.update(_first(_pairs(call.query)))
    return Parameters(values)


def _first(pairs: Iterator[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split("&"):
        if part:
            name, _, value = part.partition("=")
            yield _decoded(name), _decoded(value)


def _decoded(text: str) -> str:
    if "%" in text or "+" in text:
        text = unquote_plus(text, errors="replace")
    return _clean(text)


def _clean(text: str) -> str:
    """`text` with a mark instead of whatever is no Unicode, so that it can go out again."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _body_pairs(body: str) -> Mapping[str, str]:
    start = body.lstrip()[:1]
    if start == "[":
        return {"batchOrders": body}
    if start != "{":
        return _first(_pairs(body))
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return {_clean(name): json_text(item) for name, item in value.items() if item is not None}


def json_text(value: object) -> str:
    """A value of a JSON object as the text that a query would have carried."""
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, list | dict) else str(value)


def signed_text(call: Call) -> str:
    """What the signature covers: the query and the body without the signature itself, joined with nothing."""
    return _without_signature(call.query) + _without_signature(call.body)


def encoded_text(call: Call) -> str:
    """The same after decoding and encoding anew, as a server would that does not keep the raw text."""
    return "".join(
        "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in _pairs(_without_signature(part)))
        for part in (call.query, call.body)
    )


def signature_of(secret: bytes, text: str) -> str:
    """Lower-case hex of HMAC-SHA256 over the bytes of `text`."""
    return hmac.new(secret, text.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()


def _encoded(text: str) -> str:
    return quote(text, safe=UNRESERVED)


def _without_signature(text: str) -> str:
    if SIGNATURE not in text:
        return text
    return "&".join(part for part in text.split("&") if part.partition("=")[0] != SIGNATURE)
