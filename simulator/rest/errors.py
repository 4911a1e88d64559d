"""Every code of the exchange that a refusal may carry, with its HTTP status and its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Row:
    """`why_not` says why the local exchange never gives the code by itself; "" if a request can bring it."""

    status: int
    text: str
    why_not: str = ""


_TRANSFER = "transfers between accounts are not simulated"
_WALLET = "deposits and withdrawals are not simulated"
_SUB = "sub-accounts and their keys are managed by the accounts file"
_MARGIN = "margin is not simulated"
_FAULT = "given by a fault only"
_RISK = "given by a fault only: it follows the exchange's view of a user"

#: Code -> status, text. In the order of the exchange's own table.
CODES: Mapping[int, Row] = MappingProxyType(
    {
        -2011: Row(400, "Unknown order sent."),
        -2013: Row(400, "Order does not exist."),
        -1121: Row(400, "Invalid symbol."),
        -1127: Row(400, "More than 1 hours between startTime and endTime."),
        26: Row(400, "operation not allowed"),
        400: Row(400, "Api key required"),
        401: Row(401, "No authority", _RISK),
        403: Row(403, "Access denied", _FAULT),
        404: Row(404, "Not found"),
        405: Row(405, "Method not allowed"),
        429: Row(429, "Too many requests"),
        500: Row(500, "Internal error", _FAULT),
        503: Row(503, "Service not available, please try again", _FAULT),
        504: Row(504, "Gateway timeout", _FAULT),
        602: Row(400, "Signature verification failed", _FAULT),
        10001: Row(400, "User does not exist"),
        10007: Row(400, "symbol not support api"),
        10015: Row(400, "User id cannot be empty", "every key belongs to an account"),
        10072: Row(400, "Api key info invalid"),
        10073: Row(400, "Invalid request time", _FAULT),
        10095: Row(400, "Amount cannot be empty", _TRANSFER),
        10096: Row(400, "Amount decimal places is too long", _TRANSFER),
        10097: Row(400, "Amount is error", _TRANSFER),
        10098: Row(400, "risk control system detected abnormal", _RISK),
        10099: Row(400, "User sub account does not open", _SUB),
        10100: Row(400, "This currency transfer is not supported", _TRANSFER),
        10101: Row(400, "Insufficient balance", _FAULT),
        10102: Row(400, "Amount cannot be zero or negative", _TRANSFER),
        10103: Row(400, "This account transfer is not supported", _TRANSFER),
        10200: Row(400, "Transfer operation processing", _TRANSFER),
        10201: Row(400, "Transfer in failed", _TRANSFER),
        10202: Row(400, "Transfer out failed", _TRANSFER),
        10206: Row(400, "Transfer is disabled", _TRANSFER),
        10211: Row(400, "Transfer is forbidden", _TRANSFER),
        10212: Row(400, "This withdrawal address is not on the commonly used address list", _WALLET),
        10216: Row(400, "No address available. Please try again later", _WALLET),
        10219: Row(400, "Asset flow writing failed please try again", _WALLET),
        10222: Row(400, "Currency cannot be empty", _WALLET),
        10232: Row(400, "Currency does not exist", _WALLET),
        10259: Row(400, "Commission is zero, no withdrawal", _WALLET),
        10265: Row(400, "Invalid withdrawal remark", _WALLET),
        10268: Row(400, "Invalid deposit address", _WALLET),
        11444: Row(400, "Feature temporarily unavailable", _FAULT),
        20001: Row(400, "Not supported by the subsystem", _WALLET),
        20002: Row(400, "Internal error of the subsystem", _FAULT),
        22222: Row(400, "Record does not exist"),
        30000: Row(400, "This pair is currently suspended from transactions"),
        30001: Row(400, "Current transaction direction is not allowed"),
        30002: Row(400, "The minimum transaction volume cannot be less than:{}"),
        30003: Row(400, "The maximum transaction volume cannot be greater than:{}"),
        30004: Row(400, "Insufficient position"),
        30005: Row(400, "Oversold"),
        30010: Row(400, "No valid trade price"),
        30014: Row(400, "Invalid symbol"),
        30016: Row(400, "Trading disabled"),
        30018: Row(400, "Market price order is disabled"),
        30019: Row(400, "API market order is disabled"),
        30020: Row(400, "No permission for the symbol"),
        30021: Row(400, "Invalid symbol", "30014, -1121 or 10007 is given, by the switch `unknown_symbol`"),
        30025: Row(400, "No exist opponent order"),
        30026: Row(400, "Invalid order ids"),
        30027: Row(400, "The currency has reached the maximum position limit, the buying is suspended", _RISK),
        30028: Row(400, "The currency triggered the platform risk control, the selling is suspended", _RISK),
        30029: Row(400, "The current order has exceeded the maximum order limit"),
        30032: Row(400, "Cannot exceed the maximum position", _RISK),
        30041: Row(400, "Current order type can not place order"),
        30051: Row(400, "API market order is disabled"),
        33333: Row(400, "Parameter error: {}"),
        44444: Row(400, "Parameter cannot be empty"),
        60005: Row(400, "your account is abnormal", _RISK),
        70011: Row(400, "Pair user ban trade apikey", _RISK),
        88004: Row(400, "Exceeded the maximum loan amount", _MARGIN),
        88009: Row(400, "The margin account does not exist", _MARGIN),
        88013: Row(400, "Minimum transaction amount of margin", _MARGIN),
        88015: Row(400, "The margin account cannot trade now", _MARGIN),
        140001: Row(400, "Sub account does not exist", _SUB),
        140002: Row(400, "Sub account is forbidden", _SUB),
        700001: Row(400, "Invalid API key format"),
        700002: Row(400, "Signature for this request is not valid."),
        700003: Row(400, "Timestamp for this request is outside of the recvWindow."),
        700004: Row(400, "Mandatory parameter '{}' was not sent, was empty/null, or malformed."),
        700005: Row(400, "recvWindow must less than 60000"),
        700006: Row(400, "IP [{}] not in the ip white list"),
        700007: Row(400, "No permission to access the endpoint"),
        700008: Row(400, "Illegal characters found in parameter '{}'"),
        700013: Row(400, "Invalid content Type."),
        730000: Row(400, "Request failed, please contact the customer service", _SUB),
        730001: Row(400, "User information error", _SUB),
        730002: Row(400, "Parameter error of a sub account", _SUB),
        730003: Row(400, "Unsupported operation", _SUB),
        730100: Row(400, "Unusual user status", _SUB),
        730101: Row(400, "The user has been frozen", _SUB),
        730600: Row(400, "Sub account name cannot be null", _SUB),
        730601: Row(400, "Sub account name must be a combination of 8-32 letters and numbers", _SUB),
        730602: Row(400, "Sub account remarks cannot be null", _SUB),
        730700: Row(400, "API key remarks cannot be null", _SUB),
        730701: Row(400, "API key permission cannot be null", _SUB),
        730702: Row(400, "API key permission does not exist", _SUB),
        730703: Row(400, "The IP information is incorrect", _SUB),
        730704: Row(400, "The number of bound IPs exceeds the limit", _SUB),
        730705: Row(400, "At most 30 groups of API keys are allowed", _SUB),
        730706: Row(400, "API key information does not exist", _SUB),
        730707: Row(400, "accessKey cannot be null", _SUB),
    }
)

#: Statuses that do not concern the business: the switch `error_status` leaves them alone.
TRANSPORT = frozenset({401, 403, 404, 405, 429, 500, 503, 504})


class ApiError(Exception):
    """A refusal on its way to the answer: code, text, and headers if it needs any. `status` 0: that of the code."""

    def __init__(self, code: int, text: str = "", headers: Mapping[str, str] | None = None, *, status: int = 0) -> None:
        self.code = code
        self.text = text or CODES[code].text
        self.headers = headers or {}
        row = CODES.get(code)
        self.status = status or (row.status if row is not None else 400)
        super().__init__(code, self.text)


def missing(name: str) -> ApiError:
    """700004, with the parameter's name."""
    return ApiError(700004, CODES[700004].text.format(name))


def wrong(name: str) -> ApiError:
    """33333, with the parameter's name."""
    return ApiError(33333, CODES[33333].text.format(name))
