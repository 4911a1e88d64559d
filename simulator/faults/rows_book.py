"""Faults B: the order book, its snapshot and its changes."""

from __future__ import annotations

from .spec import FaultSpec, Seam, choice, millis, number, words

_S = (Seam.STREAM,)

ROWS = (
    FaultSpec(
        "B-01",
        "depth-gap",
        "changes of the book are lost",
        _S,
        "the book is invalid on the message after the gap, and equal to the exchange's after a new snapshot",
        (
            number("messages", 1, "messages", "how many in a row are lost each time", least=1, most=1_000),
            number("keep", 5, "messages", "how many come through between two gaps", least=0, most=100_000),
        ),
        starred=True,
    ),
    FaultSpec(
        "B-02",
        "depth-repeat",
        "changes come again: the same, an older one, or one whose versions overlap",
        _S,
        "they are ignored and counted; the book stays equal to the exchange's",
        (
            choice(
                "kind",
                "what comes again",
                same="the message that just came",
                old="one from some messages before",
                overlap="the last two as one message with joined versions",
            ),
        ),
    ),
    FaultSpec(
        "B-03",
        "snapshot",
        "the snapshot does not fit the changes: too old, too new, late or cached",
        (Seam.REST,),
        "the client asks again, at most some times a minute; it never joins across a hole",
        (
            choice(
                "kind",
                "what GET depth gives",
                older="the book of some time ago",
                newer="a book ahead of the changes that were sent",
                late="the right book, late",
                cached="the same answer again and again",
            ),
            millis("time", 5_000, "how old, how late, how long cached", least=1, most=600_000),
            number("versions", 1_000, "versions", "how far ahead with `newer`", least=1),
        ),
    ),
    FaultSpec(
        "B-04",
        "crossed-book",
        "the best bid is above the best ask, or equal to it",
        (Seam.ENGINE, Seam.STREAM, Seam.REST),
        "the book is invalid while it is crossed; it is synchronised anew after 500 ms",
        (
            choice("kind", "how the two meet", crossed="bid above ask", locked="bid equal to ask"),
            choice("where", "what shows it", both="stream and snapshot", stream="the stream", rest="the snapshot"),
        ),
        starred=True,
    ),
    FaultSpec(
        "B-05",
        "bad-numbers",
        "prices or quantities are no usable numbers",
        _S,
        "the message is refused and counted; the book is invalid",
        (
            choice(
                "kind",
                "what stands in the place of the number",
                zero="0 as a price",
                negative="a negative number",
                long="40 digits",
                exponent="1e5",
                off_tick="more decimals than the symbol has",
                empty="nothing",
                letters="letters",
                nan="NaN",
                comma="a decimal comma",
            ),
            choice("field", "in which field", price="the price", quantity="the quantity"),
        ),
    ),
    FaultSpec(
        "B-06",
        "one-sided-book",
        "one side of the book, or both, are empty",
        (Seam.ENGINE,),
        "there is no best price on that side and no middle; no order by market",
        (choice("side", "which side is empty", asks="the asks", bids="the bids", both="both"),),
    ),
    FaultSpec(
        "B-07",
        "other-symbol",
        "a channel carries the data of another symbol",
        _S,
        "a message of another symbol is refused and counted; prices far off halt the symbol",
        (
            choice("kind", "what is wrong", body="the contents", wrapper="the symbol's name in the message"),
            words("other", "", "the other symbol; empty for any"),
        ),
    ),
    FaultSpec(
        "B-08",
        "depth-order",
        "versions run backwards, or two messages change places",
        _S,
        "the message is refused; the book is invalid and synchronised anew",
        (
            choice(
                "kind", "what is wrong", backwards="toVersion below fromVersion", swapped="two messages change places"
            ),
        ),
    ),
    FaultSpec(
        "B-09",
        "version-restart",
        "the version counter starts again, as after a restart of the exchange",
        (Seam.ENGINE,),
        "it counts as a gap: one new snapshot, and no storm of them",
        (number("version", 1, "versions", "the number with which it starts", least=1),),
    ),
    FaultSpec(
        "B-10",
        "ticker-drift",
        "book ticker and depth disagree",
        _S,
        "the book is invalid after 300 ms of disagreement",
        (number("ticks", 20, "ticks", "by how much the ticker's prices are off", least=1, most=100_000),),
    ),
)
