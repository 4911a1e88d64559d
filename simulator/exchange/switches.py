"""What nobody outside the exchange knows for certain, as named switches. A client must be right under every setting.

The table is the class: each field of `Switches` says its meaning and its choices, and the docs page, the command line
and the tests read them from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from ...runtime.errors import RuntimeFault, fault

NO_CHOICES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Switch:
    """One row: a name, what it decides, and its settings. A switch without `choices` is a number of `unit`."""

    name: str
    meaning: str
    default: str
    choices: Mapping[str, str] = field(default_factory=lambda: NO_CHOICES)
    unit: str = ""
    most: int = 0

    def read(self, text: str) -> str | int:
        """The setting that `text` names. Raises FC1306 and lists the settings."""
        text = text.strip()
        if self.choices:
            if text in self.choices:
                return text
        elif text.isascii() and text.isdigit() and len(text) <= 12 and int(text) <= self.most:
            return int(text)
        raise self._refusal(text)

    def settings(self) -> str:
        """All settings in one phrase."""
        return ", ".join(self.choices) if self.choices else f"0 to {self.most} {self.unit}"

    def _refusal(self, text: str) -> RuntimeFault:
        return fault(
            "FC1306",
            f"`{self.name}` has no setting `{text[:40]}`",
            "switch",
            notes=(self.meaning,),
            helps=(f"settings: {self.settings()}",),
        )


def _choice(meaning: str, default: str, /, **choices: str) -> Any:
    """A field with named settings. A trailing `_` of a setting's name is dropped."""
    named = {name.strip("_"): text for name, text in choices.items()}
    assert default in named, default
    return field(default=default, metadata={"meaning": meaning, "choices": MappingProxyType(named)})


def _number(meaning: str, default: int, unit: str, most: int) -> Any:
    """A field that is a whole number from 0 to `most`."""
    return field(default=default, metadata={"meaning": meaning, "unit": unit, "most": most})


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """One setting for each. Times are milliseconds; the rest are names of settings."""

    # orders
    cancel_status: str = _choice(
        "the status in the answer to DELETE order",
        "after",
        after="the state after: CANCELED, or PARTIALLY_CANCELED if some was filled",
        before="the state just before: NEW or PARTIALLY_FILLED",
        canceled="always CANCELED",
    )
    ack_client_id: str = _choice(
        "whether the answer to POST order repeats the client's order id",
        "absent",
        absent="no `clientOrderId` in it",
        present="`clientOrderId` in it, if one was given",
    )
    maker_cross: str = _choice(
        "a LIMIT_MAKER that would trade at once",
        "refused",
        refused="refused with code 30041",
        no_price="refused with code 30010",
        cancelled="accepted, then CANCELED at once",
    )
    ioc_unfilled: str = _choice(
        "an IMMEDIATE_OR_CANCEL that meets nothing",
        "cancelled",
        cancelled="accepted, then CANCELED",
        refused="refused with code 30025",
    )
    fok_unfilled: str = _choice(
        "a FILL_OR_KILL that cannot fill wholly",
        "cancelled",
        cancelled="accepted, then CANCELED",
        refused="refused with code 30025",
    )
    part_filled: str = _choice(
        "the last state of an IMMEDIATE_OR_CANCEL or MARKET order that filled in part",
        "partially_canceled",
        partially_canceled="PARTIALLY_CANCELED",
        filled="FILLED, with less executed than asked",
    )
    market_price: str = _choice(
        "the price that is shown for a MARKET order",
        "protective",
        protective="a price some per cent away from the market, to which the order may trade",
        zero='"0"',
    )
    market_freeze: str = _choice(
        "what a MARKET order by quantity freezes until it is done",
        "protective",
        protective="quantity times the protective price",
        last="quantity times the best opposite price",
    )
    market_buy_quantity: str = _choice(
        "MARKET buys by `quantity`", "accepted", accepted="as by quote amount", refused="refused with code 30041"
    )
    market_disabled: str = _choice(
        "the code for a MARKET order of a symbol that takes none",
        "30018",
        **{"30018": "as the table of codes reads", "30019": "as recorded", "30051": "as one client saw it"},
    )
    price_band: str = _choice(
        "the filter PERCENT_PRICE_BY_SIDE",
        "on",
        on="buys up to last x (1 + m), sells down to last x (1 - m), else code 30010",
        off="shown, but not checked",
    )
    reused_client_id: str = _choice(
        "an order with a client order id that the account has used",
        "refused",
        refused="refused with code 30026",
        accepted="a second order under the same id",
    )
    client_id_check: str = _choice(
        "which client order ids may be given",
        "strict",
        strict="1 to 32 letters, digits, `-` and `_`, else code 700008",
        off="anything",
    )
    order_ids: str = _choice(
        "the form of order ids",
        "prefixed",
        prefixed="`C02__` and digits",
        hex_="32 hexadecimal digits",
    )
    batch_type: str = _choice(
        "type names such as LIMIT_ORDER in batchOrders",
        "both",
        both="read like LIMIT",
        short="refused with code 33333",
    )
    batch_mixed: str = _choice(
        "batchOrders with several symbols",
        "refused",
        refused="refused as a whole with code 33333",
        accepted="each order on its own",
    )
    cancel_open_symbols: str = _choice(
        "symbols in DELETE openOrders", "one", one="one; a list is an unknown symbol", five="up to five, with commas"
    )
    order_all_code: str = _choice(
        "the success code of DELETE order/all", "200", **{"200": "as the text says", "0": "as clients expect"}
    )
    # reading
    open_orders_symbol: str = _choice(
        "`symbol` in GET openOrders", "optional", optional="may be left out, or up to five", required="must be there"
    )
    my_trades_limit: str = _choice(
        "rows of GET myTrades: by default, and at most",
        "100/100",
        **{"100/100": "newer text", "10/1000": "a client's comment", "500/1000": "older text"},
    )
    fills_lag_ms: int = _number("how long after a fill GET myTrades shows it", 0, "ms", 600_000)
    order_lag_ms: int = _number("how long after placing GET order answers -2013", 0, "ms", 600_000)
    time_in_force: str = _choice(
        "`timeInForce` of orders", "null", null="null, as recorded", text="GTC, IOC or FOK, as the text says"
    )
    new_update_time: str = _choice("`updateTime` of an order nobody touched", "null", null="null", time="as `time`")
    not_found: str = _choice(
        "GET order of an order that does not exist",
        "-2013",
        **{"-2013": "as clients saw it", "22222": "as the table of codes reads"},
    )
    unknown_symbol: str = _choice(
        "the code for a symbol that does not exist",
        "-1121",
        **{"-1121": "as clients saw it", "10007": "as for a closed symbol", "30014": "as the table of codes reads"},
    )
    klines_limit: str = _choice("most rows of GET klines", "500", **{"500": "newer text", "1000": "older text"})
    klines_8h: str = _choice(
        "the interval 8h of GET klines", "refused", refused="not an interval", accepted="as one copy of the text lists"
    )
    klines_narrow: str = _choice(
        "GET klines with `limit` and a window of fewer bars",
        "older",
        older="bars before startTime fill up to `limit`, as recorded",
        strict="only bars of the window",
    )
    klines_wide: str = _choice(
        "GET klines with a window of more bars than fit",
        "first",
        first="the oldest of the window",
        last="the newest of the window",
    )
    klines_end: str = _choice(
        "whether a bar that opens at `endTime` is in the window of GET klines",
        "exclusive",
        exclusive="no, as clients saw it",
        inclusive="yes",
    )
    status_words: str = _choice(
        "`status` in exchangeInfo",
        "numbers",
        numbers='"1", "2", "3"',
        words='"ENABLED" and "DISABLED", as before August 2024',
    )
    wrapper_code: str = _choice(
        "the code of success in wrapped answers", "0", **{"0": "as recorded", "200": "as the text says"}
    )
    error_status: str = _choice(
        "the HTTP status of a refusal that concerns the business",
        "400",
        **{"400": "as recorded", "200": "the code stands in the body only"},
    )
    # keys and signatures
    check_order: str = _choice(
        "which is looked at first, time or signature",
        "time",
        time="time, then signature",
        signature="signature, then time",
    )
    upper_signature: str = _choice(
        "a signature in upper-case hex digits", "refused", refused="code 700002", accepted="as lower case"
    )
    signature_over: str = _choice(
        "what the exchange signs to compare",
        "raw",
        raw="the bytes as sent",
        encoded="the decoded text, percent-encoded anew",
    )
    content_type: str = _choice(
        "signed requests without a content type",
        "writes",
        writes="code 700013 for POST, PUT and DELETE",
        all="code 700013 for GET too",
    )
    # limits
    rate_rule: str = _choice(
        "how weights are counted in 10 s",
        "shared",
        shared="300 for all endpoints of an address, 500 for those of an account",
        endpoint="500 for each endpoint on its own",
    )
    order_pool: str = _choice(
        "12 order calls a second", "account", account="for each account", address="for each address"
    )
    retry_after: str = _choice("the header Retry-After with 429", "present", present="in seconds", absent="not sent")
    # listen keys and streams
    listen_key_answer: str = _choice(
        "the answer to PUT and DELETE userDataStream", "key", key='{"listenKey":"..."}', empty="{}"
    )
    listen_key_post: str = _choice(
        "POST userDataStream while a key is valid",
        "same",
        same="gives the newest valid key again",
        new="gives a new one",
    )
    listen_keys: str = _choice("listen keys of an account", "60", **{"60": "as the text says", "200": "as seen live"})
    private_order: str = _choice(
        "the order of the three private frames of one fill",
        "orders,deals,account",
        **{
            "orders,deals,account": "as in the official sample",
            "orders,account,deals": "",
            "deals,orders,account": "",
            "deals,account,orders": "",
            "account,orders,deals": "",
            "account,deals,orders": "",
        },
    )
    private_when: str = _choice(
        "private frames of a placed order",
        "after",
        after="leave after the HTTP answer",
        before="leave before the HTTP answer",
    )
    account_frames: str = _choice(
        "frames of a balance that one fill moves more than once, such as by its fee",
        "each",
        each="one for each move",
        one="one with the last state and the sum",
    )
    private_repeats: str = _choice("private frames", "once", once="each once", twice="each twice")
    mixed_subscription: str = _choice(
        "a subscription with one bad channel among good ones",
        "all_refused",
        all_refused="nothing is subscribed",
        bad_refused="the good ones are subscribed",
    )
    too_many_channels: str = _choice(
        "the 31st channel of a connection",
        "refused",
        refused="refused like a bad channel",
        closed="the connection is closed",
    )
    bad_listen_key: str = _choice(
        "a connection with a listen key that is not valid",
        "refused",
        refused="refused with HTTP 400",
        silent="opened, and nothing comes",
    )
    ping_letters: str = _choice(
        "the method PING in other letters than capitals",
        "any",
        any="answered with PONG, as clients that write it so stay connected",
        capitals="an unknown method",
    )
    removal: str = _choice(
        "the quantity of a level that is gone, in changes of the book",
        "zero",
        zero="`0`",
        zeros="`0.00000000`",
    )
    empty_frames: str = _choice(
        "frames with a channel and no body", "none", none="never", **{"5s": "on every public channel, every 5 seconds"}
    )
    server_ping: str = _choice(
        "ping frames of the server", "none", none="never", **{"20s": "every 20 seconds; no pong for 60 closes"}
    )
    close_code: str = _choice(
        "how the exchange closes a stream",
        "1000",
        **{"1000": "with code 1000", "1001": "with code 1001", "none": "without a close frame"},
    )
    compression: str = _choice(
        "an offer of permessage-deflate",
        "declined",
        declined="no message is compressed",
        accepted="every message is compressed, each on its own",
    )

    def set(self, text: str) -> Switches:
        """These switches with one changed: `name=value`. Raises FC1306."""
        name, value = parse_switch(text)
        changed: dict[str, Any] = {name: value}
        return replace(self, **changed)

    def lines(self) -> list[str]:
        """`name=value` of every switch, in the order of the table."""
        return [f"{name}={getattr(self, name)}" for name in SWITCHES]

    @property
    def success_code(self) -> int:
        return int(self.wrapper_code)


def _rows() -> Mapping[str, Switch]:
    found = {}
    for item in fields(Switches):
        assert item.default is not MISSING
        facts = item.metadata
        found[item.name] = Switch(
            item.name,
            facts["meaning"],
            str(item.default),
            facts.get("choices", NO_CHOICES),
            facts.get("unit", ""),
            facts.get("most", 0),
        )
    return MappingProxyType(found)


#: Name -> row, in the order of the class.
SWITCHES: Mapping[str, Switch] = _rows()


def parse_switch(text: str) -> tuple[str, str | int]:
    """`name=value` as a name of `SWITCHES` and a setting of it. Raises FC1306."""
    name, equals, value = text.partition("=")
    wanted = name.strip().replace("-", "_")
    row = SWITCHES.get(wanted)
    if row is None:
        near = get_close_matches(wanted, SWITCHES, n=1, cutoff=0.5)
        helps = (*(f"did you mean `{one}`?" for one in near), "`flashc sim switch --all` lists them")
        raise fault("FC1306", f"no switch `{name.strip()[:40]}`", "switch", helps=helps)
    if not equals:
        raise fault("FC1306", f"`{row.name}` needs a setting", "switch", helps=(f"settings: {row.settings()}",))
    return row.name, row.read(value)


def switches_of(texts: list[str]) -> Switches:
    """The defaults, changed by each `name=value` in turn. Raises FC1306."""
    found = Switches()
    for text in texts:
        found = found.set(text)
    return found


def switch_table() -> str:
    """The table of docs/exchange.md: one row for each setting, the default first."""
    lines = ["| switch | decides | settings |", "|---|---|---|"]
    for row in SWITCHES.values():
        lines.append(f"| `{row.name}` | {row.meaning} | {_settings_cell(row)} |")
    return "\n".join(lines) + "\n"


def _settings_cell(row: Switch) -> str:
    if not row.choices:
        return f"**`{row.default}`**; {row.settings()}"
    names = [row.default, *(name for name in row.choices if name != row.default)]
    cells = [f"**`{name}`**" if name == row.default else f"`{name}`" for name in names]
    texts = [f" {row.choices[name]}" if row.choices[name] else "" for name in names]
    return "; ".join(cell + text for cell, text in zip(cells, texts, strict=True))
