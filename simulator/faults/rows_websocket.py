"""Faults W: the WebSocket and what is said on it."""

from __future__ import annotations

from .spec import FaultSpec, Seam, choice, millis, number, words

_T, _S = (Seam.TRANSPORT,), (Seam.STREAM,)
_CHANNEL = "beginning of the channels that are meant, without `spot@`; empty for all"

ROWS = (
    FaultSpec(
        "W-01",
        "stream-close",
        "the WebSocket closes: with or without a close frame, between frames or inside one",
        _T,
        "the book is invalid at once; the client connects, subscribes and synchronises again",
        (
            choice(
                "how",
                "how it ends",
                reset="with a reset",
                frame="with a close frame",
                end="without a close frame",
                inside="inside a frame",
            ),
            number("code", 1001, "code", "code of the close frame", least=1000, most=4999),
        ),
    ),
    FaultSpec(
        "W-02",
        "connection-limits",
        "the limits of a connection's life come soon",
        (Seam.ENGINE,),
        "the client renews the connection before the limit; the book stays valid",
        (
            millis("life", 60_000, "greatest age of a connection (24 h by the text)"),
            millis("unsubscribed", 5_000, "close without a subscription (30 s by the text)"),
            millis("quiet", 10_000, "close without traffic (60 s by the text)"),
        ),
    ),
    FaultSpec(
        "W-03",
        "silent-stream",
        "data stops on one channel or on all; pings are answered",
        _S,
        "the channel is stale and the book invalid within 2 s",
        (words("channel", "", _CHANNEL),),
        starred=True,
    ),
    FaultSpec(
        "W-04",
        "subscription-reply",
        "a subscription is not confirmed, or otherwise than asked",
        _S,
        "the channel does not count as subscribed until data comes; an alarm after 3 s",
        (
            choice(
                "how",
                "what becomes of the reply",
                dropped="no reply, and no subscription",
                refused="the exchange's refusal, which has code 0",
                code="a code other than 0",
                other="the name of another channel",
                full="a refusal because 30 channels are taken",
            ),
        ),
    ),
    FaultSpec(
        "W-05",
        "frame-abuse",
        "frames that RFC 6455 forbids, or that never end",
        _T,
        "the connection is closed by the client with a counted reason; memory stays bounded",
        (
            choice(
                "kind",
                "what is sent",
                huge="a frame that announces 2^62 bytes",
                fragments="fragments without an end",
                rsv1="a reserved bit, as for compression that nobody agreed on",
                masked="a masked frame",
                length="a length in more bytes than it needs",
                opcode="an opcode that is not defined",
                utf8="a text that is not UTF-8",
                control="a ping of 126 bytes",
                continuation="a continuation of nothing",
            ),
            millis("gap", 1_000, "time between two such frames", least=1, most=600_000),
        ),
    ),
    FaultSpec(
        "W-06",
        "schema-change",
        "messages change: a new field, a new code, a missing field",
        _S,
        "a new field is skipped; a message without a price is refused, counted, and the book invalid",
        (
            choice(
                "kind",
                "what changes",
                new_field="fields that no definition has, of each wire type",
                missing_price="prices are left out",
                missing_quantity="quantities are left out",
                missing_version="versions are left out",
                no_body="the message has no body",
                garbage="bytes that are no message",
                truncated="the last bytes are missing",
            ),
            words("channel", "public.aggre.depth", _CHANNEL),
        ),
    ),
    FaultSpec(
        "W-07",
        "two-links",
        "the same stream comes twice, as while a connection is renewed",
        _S,
        "every message counts once; repeats are counted as old",
        (
            millis("later", 200, "how much later the second comes", most=60_000),
            words("channel", "", _CHANNEL),
        ),
    ),
    FaultSpec(
        "W-08",
        "burst",
        "data comes 10 to 50 times as fast",
        (Seam.ENGINE, Seam.STREAM),
        "the queue stays bounded; a book that lags is invalid and synchronised anew",
        (
            number("times", 20, "times", "how many times as many messages come", least=2, most=50),
            millis("hold", 500, "messages are held this long and then come at once", most=60_000),
        ),
    ),
    FaultSpec(
        "W-09",
        "no-pong",
        "pings are not answered",
        _S,
        "the connection is dead within two ping periods and renewed",
        (choice("data", "what else stops", flows="nothing: data still comes", stops="data stops too"),),
    ),
    FaultSpec(
        "W-10",
        "backlog",
        "a backlog of old messages comes at once, as after a pause of the client",
        _S,
        "the data is old by its send times: the book is invalid until the backlog is over",
        (millis("pause", 3_000, "how much is held back", least=100, most=60_000),),
    ),
)
