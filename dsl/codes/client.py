"""Group 12: the client of the exchange."""

from __future__ import annotations

from ..diagnostics import Category
from .code import Code

_D, _T = Category.DATA, Category.TOOLCHAIN

CODES = (
    Code(
        "FC1201",
        "no keys for the exchange",
        _T,
        "What was asked for needs the keys of an account, and none were found: not as a credential of the service "
        "manager, not in the keyring of the operating system, not in a file. The environment is read only when "
        "`--keys-from-environment` says so.",
        ("(a command for an account, before any keys are stored)",),
        "flashc keys set",
    ),
    Code(
        "FC1202",
        "not an address of the exchange",
        _T,
        "Requests go to MEXC's own host over https, or to a simulator on this machine by a loopback address or "
        "`localhost`. Names other than MEXC's may lead elsewhere, and orders with them.",
        ("flashc keys check --url https://mexc.example.org",),
        "flashc keys check --for simulator --url http://127.0.0.1:8870",
    ),
    Code(
        "FC1203",
        "keys of another exchange",
        _T,
        "Keys belong to MEXC or to a simulator, and are stored apart. Those of a simulator are never sent to MEXC, and "
        "real ones never to a simulator.",
        ("(keys of a simulator, used with https://api.mexc.com)",),
        "flashc keys set --for simulator --in file",
    ),
    Code(
        "FC1204",
        "others can read the file of keys",
        _T,
        "A file with keys must belong to you, be an ordinary file, and be readable and writable by nobody else.",
        ("(a file of keys with mode 0644)",),
        "chmod 600 ~/.config/flashc/mexc.keys",
    ),
    Code(
        "FC1205",
        "not a file of keys",
        _D,
        "A file of keys has two lines, `key = ...` and `secret = ...`. Comments begin with `#`. Keys and secrets are "
        "printable ASCII without blanks; those of a simulator begin with `sim-`, and only those.",
        ("key: mx0vglabc\n",),
        "key = mx0vglabc\nsecret = 0123456789abcdef\n",
    ),
    Code(
        "FC1206",
        "keys cannot be stored",
        _T,
        "The operating system has no keyring that is open and encrypted, or it refused. Keys are never written to a "
        "place that was not asked for.",
        ("flashc keys set --in keyring    (on a server without a keyring)",),
        "flashc keys set --in file",
    ),
    Code(
        "FC1207",
        "the exchange refused the keys",
        _D,
        "The key is unknown, has run out, lacks a permission, is bound to another address, or its secret is another "
        "one. flashc stops asking: repeated requests with refused keys look like an attack.",
        ("(a key that was deleted at the exchange)",),
        "flashc keys check",
    ),
    Code(
        "FC1208",
        "the symbol cannot be traded",
        _D,
        "The exchange does not list the symbol, has paused it, or has not opened it to programs. The message says "
        "which. Market data may still be there.",
        ("(an order for a symbol with `isSpotTradingAllowed` false)",),
        "flashc data fetch MXUSDT",
    ),
    Code(
        "FC1209",
        "the exchange's time is not known",
        _T,
        "Requests for an account carry the time, and the exchange refuses those that are more than a second ahead or "
        "two behind. flashc asks the exchange for its time; the answers came too late or contradict each other.",
        ("(a line on which answers take half a second)",),
        "flashc keys check",
    ),
)
