"""Every error code of the exchange, and what it proves. A closed table: what is not in it proves nothing.

`creates`: on a request that creates an order, an answer with this code and one of the row's HTTP statuses proves that
there is no order. For anything else a create is of unknown outcome. An unknown code is never retried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class Kind(Enum):
    """What an answer with the code tells a caller."""

    DEFINITIVE = "refused: it did not happen"
    UNKNOWN = "unknown: it may have happened"
    RATE = "too many requests: wait, then ask again"
    CLOCK = "the time of the request was refused: set the clock, then ask once more"
    AUTH = "the key or its rights are at fault: stop"


class Retry(Enum):
    """Whether to repeat the same intent."""

    NEVER = "no"
    LATER = "later"
    AFTER_WAIT = "after the wait that the exchange names"
    AFTER_RESYNC = "once, after the clock is set"
    AFTER_LOOKUP = "only after looking up what happened"


class Halt(Enum):
    """How much must stop until a human or new facts say otherwise."""

    NONE = "nothing"
    SYMBOL = "the symbol"
    ACCOUNT = "the account"


@dataclass(frozen=True, slots=True)
class Row:
    """One code. `http`: the statuses it comes with; `creates`: see above."""

    code: int
    meaning: str
    kind: Kind = Kind.DEFINITIVE
    retry: Retry = Retry.NEVER
    creates: bool = False
    halt: Halt = Halt.NONE
    http: tuple[int, ...] = (400,)


def _auth(code: int, meaning: str, http: tuple[int, ...] = (400, 401)) -> Row:
    """The request was turned away before anything else: stop everything that uses the key."""
    return Row(code, meaning, Kind.AUTH, creates=True, halt=Halt.ACCOUNT, http=http)


def _order(code: int, meaning: str, retry: Retry = Retry.NEVER, halt: Halt = Halt.NONE) -> Row:
    """An order was refused."""
    return Row(code, meaning, retry=retry, creates=True, halt=halt)


def _unknown(code: int, meaning: str, http: tuple[int, ...]) -> Row:
    return Row(code, meaning, Kind.UNKNOWN, Retry.AFTER_LOOKUP, http=http)


_ROWS = (
    Row(-2011, "the order to cancel is not known, or already done", retry=Retry.AFTER_LOOKUP),
    Row(-2013, "the order does not exist, or is too new to be seen", retry=Retry.LATER),
    _order(-1121, "no such symbol", halt=Halt.SYMBOL),
    Row(-1127, "the range of time is longer than an hour"),
    _order(26, "the operation is not allowed", halt=Halt.ACCOUNT),
    _auth(400, "a key is required"),
    _auth(401, "no authority"),
    _unknown(403, "access denied", (403,)),
    Row(429, "too many requests", Kind.RATE, Retry.AFTER_WAIT, creates=True, http=(429, 418)),
    _unknown(500, "internal error, or maintenance", (500,)),
    _unknown(503, "service not available", (503,)),
    _unknown(504, "no answer from behind the gateway", (504,)),
    _auth(602, "the signature is wrong"),
    _auth(10001, "the user does not exist"),
    _order(10007, "the symbol is not open to the API", halt=Halt.SYMBOL),
    _auth(10015, "the user is empty"),
    _auth(10072, "the key is not valid"),
    Row(10073, "the time of the request is not valid", Kind.CLOCK, Retry.AFTER_RESYNC, creates=True),
    Row(10095, "the amount is empty"),
    Row(10096, "the amount has too many decimals"),
    Row(10097, "the amount is wrong"),
    _order(10098, "risk control saw something abnormal", halt=Halt.ACCOUNT),
    _order(10099, "the sub-account is not opened", halt=Halt.ACCOUNT),
    Row(10100, "this currency cannot be transferred"),
    _order(10101, "the balance is too small"),
    Row(10102, "the amount is zero or negative"),
    Row(10103, "this account cannot be transferred to"),
    Row(10200, "a transfer is in progress"),
    Row(10201, "the transfer in has failed"),
    Row(10202, "the transfer out has failed"),
    Row(10206, "transfers are disabled"),
    Row(10211, "transfers are forbidden"),
    Row(10212, "the address of the withdrawal is wrong"),
    Row(10216, "there is no address for deposits"),
    Row(10219, "the flow of assets could not be written", Kind.UNKNOWN, Retry.AFTER_LOOKUP),
    Row(10222, "the currency is empty"),
    Row(10232, "the currency is not known"),
    Row(10259, "the remark of the withdrawal is wrong"),
    Row(10265, "the withdrawal is refused"),
    Row(10268, "the withdrawal is refused"),
    _order(11444, "the feature is not available for now", Retry.LATER),
    _order(20001, "the subsystem is not supported"),
    Row(20002, "internal error of a subsystem", Kind.UNKNOWN, Retry.AFTER_LOOKUP),
    Row(22222, "there is no such record"),
    _order(30000, "trading of this symbol is suspended", Retry.LATER, Halt.SYMBOL),
    _order(30001, "this side is not allowed for the symbol", halt=Halt.SYMBOL),
    _order(30002, "under the smallest volume of an order"),
    _order(30003, "over the greatest volume of an order"),
    _order(30004, "not enough balance"),
    _order(30005, "more is sold than is held"),
    _order(30010, "the price is not valid"),
    _order(30014, "the symbol is not valid", halt=Halt.SYMBOL),
    _order(30016, "trading is disabled", Retry.LATER, Halt.SYMBOL),
    _order(30018, "market orders are disabled"),
    _order(30019, "market orders through the API are disabled"),
    _order(30020, "no permission for the symbol", halt=Halt.SYMBOL),
    _order(30021, "the symbol is not valid", halt=Halt.SYMBOL),
    _order(30025, "there is no order on the other side", Retry.LATER),
    Row(30026, "the ids of orders are not valid"),
    _order(30027, "buying is suspended", halt=Halt.SYMBOL),
    _order(30028, "selling is suspended", halt=Halt.SYMBOL),
    _order(30029, "over the limit of orders", Retry.LATER),
    _order(30032, "over the greatest position"),
    _order(30041, "orders of this type cannot be placed now"),
    _order(30051, "market orders through the API are disabled"),
    _order(33333, "a parameter is wrong"),
    _order(44444, "a parameter is empty"),
    _order(60005, "the account is abnormal", halt=Halt.ACCOUNT),
    _order(70011, "the pair is banned for this user", halt=Halt.ACCOUNT),
    *(Row(code, "only for margin trading") for code in (88004, 88009, 88013, 88015)),
    _auth(140001, "there is no such sub-account"),
    _auth(140002, "the sub-account is forbidden"),
    _auth(700001, "the form of the key is not valid"),
    _auth(700002, "the signature is not valid"),
    Row(700003, "the time of the request is outside of its window", Kind.CLOCK, Retry.AFTER_RESYNC, creates=True),
    _order(700004, "a required parameter is missing"),
    _order(700005, "the window of the request is longer than a minute"),
    _auth(700006, "the address of this machine is not on the key's list"),
    _auth(700007, "the key lacks permission"),
    _order(700008, "a parameter has characters that are not allowed"),
    _order(700013, "the content type is not valid"),
    *(
        Row(code, "management of sub-accounts and keys")
        for code in (*range(730000, 730004), 730100, 730101, *range(730600, 730603), *range(730700, 730708))
    ),
)

#: Code -> row.
CODES: Mapping[int, Row] = MappingProxyType({row.code: row for row in _ROWS})

#: What an answer without an error may carry as `code`.
SUCCESS_CODES = frozenset({0, 200})


def kind_of(http: int, code: int, *, creates: bool) -> Kind:
    """What an error answer proves. `creates`: the request was to create an order, so doubt means UNKNOWN.

    An unknown code, or a known one with an HTTP status that it does not come with, is UNKNOWN for a create. For other
    requests an unknown code of a 4xx answer is DEFINITIVE: it was refused, and must not be repeated.
    """
    row = CODES.get(code)
    if creates:
        proven = row is not None and row.creates and http in row.http
        return row.kind if row is not None and proven else Kind.UNKNOWN
    if http >= 500 or 300 <= http < 400 or http == 403:
        return Kind.UNKNOWN
    if row is not None:
        return row.kind
    return Kind.RATE if http in (418, 429) else Kind.AUTH if http == 401 else Kind.DEFINITIVE
