"""Faults of the local exchange: matching, queues, the ledger, the tape as a market."""

from __future__ import annotations

from faults.fault import Fault, check

_E = "simulator/exchange"
_T = "tests/simulator/exchange"
TRANSCRIPTS = check(f"{_T}/test_transcripts.py")
TAPE = check(f"{_T}/test_market.py")
MONEY = check(f"{_T}/test_ledger.py", f"{_T}/test_fees.py", f"{_T}/test_exchange.py")

FAULTS = (
    Fault(
        "exchange: who comes last stands first",
        f"{_E}/book.py",
        "self.queue.append(Entry(order, lots))",
        "self.queue.insert(0, Entry(order, lots))",
        TRANSCRIPTS,
    ),
    Fault(
        "exchange: a limit does not reach its own price",
        f"{_E}/matching.py",
        "opposite.keys and opposite.keys[-1] >= limit:",
        "opposite.keys and opposite.keys[-1] > limit:",
        TRANSCRIPTS,
    ),
    Fault(
        "exchange: a locked book counts as not crossing",
        f"{_E}/book.py",
        "self.keys[-1] >= price * self.sign",
        "self.keys[-1] > price * self.sign",
        TRANSCRIPTS,
    ),
    Fault(
        "exchange: a queue that shrinks loses its front",
        f"{_E}/book.py",
        "for entry in reversed(self.queue):",
        "for entry in self.queue:",
        TRANSCRIPTS,
    ),
    Fault(
        "exchange: lots of the tape join the order in front of them",
        f"{_E}/book.py",
        "if self.queue[-1].order is None:",
        "if self.queue[0].order is None:",
        TRANSCRIPTS,
    ),
    Fault(
        "exchange: a level of the tape keeps older ones that it crosses",
        f"{_E}/market.py",
        "level.shrink(level.total - level.own)\n            lots",
        "pass\n            lots",
        TRANSCRIPTS,
    ),
    Fault(
        "exchange: what the tape has left forgets the orders there",
        f"{_E}/market.py",
        "change = lots - level.total + level.own",
        "change = lots - level.total",
        TRANSCRIPTS,
    ),
    Fault(
        "exchange: a trade of the tape does not reach its own price",
        f"{_E}/market.py",
        "side.own_keys[-1] >= limit:",
        "side.own_keys[-1] > limit:",
        TRANSCRIPTS,
    ),
    Fault(
        "exchange: lots that absorbed a trade keep their place",
        f"{_E}/market.py",
        "                self._to_back(level, entry, absorbed)\n",
        "",
        TRANSCRIPTS,
    ),
    Fault(
        "exchange: a snapshot leaves old levels",
        f"{_E}/market.py",
        "self.state(book_side.sign, level.price, 0)",
        "pass",
        TAPE,
    ),
    Fault(
        "exchange: the second round of a tape begins early",
        f"{_E}/market.py",
        "self._at(self.tape.length_ns), 0",
        "self._at(self.tape.length_ns) - 1, 0",
        TAPE,
    ),
    Fault(
        "exchange: fees are rounded down",
        f"{_E}/settlement.py",
        "-(-exact // (RATE_UNIT * step)) * step",
        "exact // (RATE_UNIT * step) * step",
        MONEY,
    ),
    Fault(
        "exchange: a fee may exceed what was received",
        f"{_E}/settlement.py",
        "atoms = min(received, -(-exact",
        "atoms = max(0, -(-exact",
        MONEY,
    ),
    Fault(
        "exchange: a better price gives nothing back",
        f"{_E}/settlement.py",
        "        if back:\n",
        "        if back and buyer is None:\n",
        MONEY,
    ),
    Fault(
        "exchange: postings need not balance",
        f"{_E}/ledger.py",
        "        self._refuse_unbalanced(parts)\n",
        "",
        MONEY,
    ),
    Fault(
        "exchange: a refused posting leaves its first parts",
        f"{_E}/ledger.py",
        "                self._undo(moved)\n",
        "",
        MONEY,
    ),
    Fault(
        "exchange: a cancelled order keeps its money",
        f"{_E}/matching.py",
        "        self.settlement.unfreeze(order, listing, CANCEL if order.type.rests else UNFROZEN)\n",
        "",
        MONEY,
    ),
    Fault(
        "exchange: a FILL_OR_KILL takes what there is",
        f"{_E}/matching.py",
        "return order.type is OrderType.FILL_OR_KILL and not self.could_fill(order, listing)",
        "return False",
        TRANSCRIPTS,
    ),
    Fault(
        "exchange: cancel_both spares the taker",
        f"{_E}/matching.py",
        "if taker.stp_mode in (StpMode.CANCEL_TAKER, StpMode.CANCEL_BOTH):",
        "if taker.stp_mode is StpMode.CANCEL_TAKER:",
        TRANSCRIPTS,
    ),
    Fault(
        "exchange: MARKET orders go as far as the book",
        f"{_E}/checks.py",
        "return -(-best * (100 + percent) // 100)",
        "return best * 100",
        TRANSCRIPTS,
    ),
)
