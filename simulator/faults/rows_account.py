"""Faults P: the private stream and the account."""

from __future__ import annotations

from .spec import FaultSpec, Seam, choice, millis, number, words

_S = (Seam.STREAM,)

ROWS = (
    FaultSpec(
        "P-01",
        "fills-while-blind",
        "orders fill while the private stream is down",
        (Seam.TRANSPORT, Seam.ENGINE),
        "the link shows as down; after it is back the fills are read over REST, each once",
        (
            number("percent", 100, "percent", "how much of each open order fills", least=1, most=100),
            millis("down", 2_000, "how long the private stream stays away", most=600_000),
        ),
        starred=True,
    ),
    FaultSpec(
        "P-02",
        "fill-again",
        "a fill is reported again, seconds or days later",
        _S,
        "counted once; the repeat is counted as a repeat",
        (
            millis("later", 500, "how much later", most=86_400_000),
            number("times", 1, "times", "how often", least=1, most=100),
        ),
        starred=True,
    ),
    FaultSpec(
        "P-03",
        "private-order",
        "answer, fills, orders and balances come in any order; an old state after the last",
        _S,
        "the same end state in every order",
        (
            millis("window", 200, "messages of this time are shuffled", least=1, most=60_000),
            choice(
                "how",
                "the order",
                shuffled="any",
                reversed="last first",
                stale_last="each first state of an order comes again at the end",
            ),
        ),
        starred=True,
    ),
    FaultSpec(
        "P-04",
        "unknown-codes",
        "status, type or side is a number that nobody knows, or the rare 5",
        _S,
        "counted as unknown and asked over REST; 5 is final",
        (
            choice("field", "which field", status="status", orderType="order type", tradeType="side"),
            number("value", 9, "code", "the number that stands there", least=-2_147_483_648, most=2_147_483_647),
        ),
        starred=True,
    ),
    FaultSpec(
        "P-05",
        "no-client-id",
        "client ids are empty in private messages",
        _S,
        "matched by order id; nothing is dropped",
        (choice("where", "in which", both="orders and deals", orders="orders", deals="deals"),),
    ),
    FaultSpec(
        "P-06",
        "listen-key",
        "the listen key ends in silence, cannot be renewed, or there are too many",
        (Seam.ENGINE, Seam.REST),
        "the client notices, makes a new key and reads everything again",
        (
            choice(
                "how",
                "what happens",
                expire="every key ends; its stream stays open and silent",
                put_fails="renewing is refused",
                limit="making a key is refused: too many",
                delete="every key is deleted; its streams close",
            ),
        ),
        starred=True,
    ),
    FaultSpec(
        "P-07",
        "balance-timing",
        "balance messages come late, before their fills, or not at all",
        _S,
        "the sums agree after a while; what is missing is found by reading the account",
        (
            choice("how", "when they come", late="late", early="before the orders and deals", missing="never"),
            millis("time", 1_000, "how late, or how early", least=1, most=600_000),
        ),
    ),
    FaultSpec(
        "P-08",
        "foreign-order",
        "somebody else trades on the account",
        (Seam.ENGINE,),
        "an order that is not ours is noticed within 2 s",
        (
            choice("side", "its side", BUY="buy", SELL="sell"),
            choice("kind", "what it is", rest="an order far from the market", trade="an order that trades at once"),
            words("client_id", "", "its client id; empty for none, as from the web"),
        ),
    ),
    FaultSpec(
        "P-09",
        "overfill",
        "a fill is larger than its order, or negative",
        _S,
        "the symbol halts; the fill is not believed",
        (choice("kind", "the quantity", over="twice the order", negative="below zero", zero="zero"),),
    ),
    FaultSpec(
        "P-10",
        "fees",
        "fees change, or are taken in another asset",
        (Seam.ENGINE,),
        "what was received is net of the fee; balances agree with the exchange",
        (
            choice("how", "what changes", rate="the rates", mx="MX deduction is switched on"),
            number("maker", 10, "bps", "the maker's rate", least=-100, most=1_000),
            number("taker", 20, "bps", "the taker's rate", least=0, most=1_000),
        ),
    ),
    FaultSpec(
        "P-11",
        "self-trade",
        "two orders of the account meet",
        (Seam.ENGINE,),
        "the fill is marked as a self-trade and counted once for each side",
        (choice("side", "the side of the order that meets the resting one", SELL="sell", BUY="buy"),),
    ),
    FaultSpec(
        "P-12",
        "trade-ids",
        "trade ids have an odd form, or are the same on two symbols",
        (Seam.ENGINE,),
        "fills are kept apart by symbol and id",
        (
            choice(
                "form",
                "what ids look like",
                same="the same number again on each symbol, counted from 1",
                long="64 characters",
                odd="letters, signs and spaces",
            ),
        ),
    ),
)
