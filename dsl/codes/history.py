"""Group 10 from 30 on: history that is fetched from the exchange, or recorded from its streams."""

from __future__ import annotations

from ..diagnostics import Category
from .code import Code

_D, _T = Category.DATA, Category.TOOLCHAIN
_FETCH = "flashc data fetch BTC/USDC --kind 1m --from 2026-01-01 --to 2026-02-01"
_RECORD = "flashc data record BTC/USDC --url ws://127.0.0.1:8870/ws --for 10m"

CODES = (
    Code(
        "FC1030",
        "the exchange cannot be reached",
        _T,
        "There is no network, the name is not known, nobody listens there, or no answer came in time, again and again. "
        "`data fetch` and `data record` keep what came so far, and the same command goes on from there. Commands that "
        "only look have nothing to lose.",
        (f"{_FETCH} --url http://127.0.0.1:1",),
        _FETCH,
    ),
    Code(
        "FC1031",
        "the server could not prove who it is",
        _T,
        "The certificate of the server is not for this name, has expired, or is signed by nobody that is trusted. The "
        "check cannot be switched off: whoever sits between could send any prices. The local exchange makes its own "
        "certificate, which `--certificate` names.",
        (f"{_FETCH} --url https://127.0.0.1:8766",),
        f"{_FETCH} --url https://127.0.0.1:8766 --certificate sim/certificate.pem",
    ),
    Code(
        "FC1032",
        "the answer is not the exchange's",
        _T,
        "Something else answered: a firewall, a proxy, a page in HTML, or a server that is not the exchange. `--url` "
        "names the scheme, the host and the port, without a path.",
        (f"{_FETCH} --url http://127.0.0.1:8000",),
        _FETCH,
    ),
    Code(
        "FC1033",
        "the exchange refused the request",
        _T,
        "It had too many requests from this address, has banned it, or answered with an error. A wait that the "
        "exchange asks for is obeyed up to ten minutes; a longer one ends the command.",
        (_FETCH,),
        _FETCH,
    ),
    Code(
        "FC1034",
        "the exchange has no such symbol",
        _D,
        "The exchange does not list the instrument. It may be spelled in another way, or traded against another quote "
        "currency.",
        ("flashc data fetch BCT/USDC --kind 1m --from 2026-01-01",),
        "flashc data fetch BTC/USDC --kind 1m --from 2026-01-01",
    ),
    Code(
        "FC1035",
        "the answer contradicts itself",
        _D,
        "Bars or trades came out of order, off the grid of their times, or with numbers that cannot be, three times in "
        "a row. Nothing of such an answer is stored.",
        (_FETCH,),
        _FETCH,
    ),
    Code(
        "FC1036",
        "the data set is being written already",
        _T,
        "Another process records or fetches under this name. Two writers would mix their rows.",
        (f"{_RECORD} --name btc", f"{_RECORD} --name btc"),
        f"{_RECORD} --name btc_2",
    ),
    Code(
        "FC1037",
        "the recording stopped: no room on the disk",
        _T,
        "What was written before is whole. When there is room again, the next `flashc data record` of this name puts "
        "it into the data set, also with `--recover-only`.",
        (_RECORD,),
        f"{_RECORD} --recover-only",
    ),
    Code(
        "FC1038",
        "the data set holds something else",
        _D,
        "`data fetch` goes on with what it has fetched before, `data record` with what it has recorded. A data set of "
        "another origin, symbol or kind is left as it is.",
        (f"{_FETCH} --name imported",),
        f"{_FETCH} --name btc_1m",
    ),
    Code(
        "FC1039",
        "a piece of a recording cannot be read",
        _D,
        "The file that a recording left behind is damaged from its beginning on. It is put aside with the ending "
        "`.damaged`; everything else is recovered.",
        (_RECORD,),
        f"{_RECORD} --recover-only",
    ),
)
