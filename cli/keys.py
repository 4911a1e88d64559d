"""`flashc keys`: store the keys of an exchange, check them, forget them. They are typed, never given as arguments."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .command import Json, example, make_app
from .data_fetch import REST_URL
from .problem import Problem
from .text import pairs

if TYPE_CHECKING:
    from ..runtime.mexc.keys.credentials import Credentials, Namespace

app = make_app(
    help="Store, check and forget the keys of the exchange.",
    epilog=example("flashc keys set --in file", "flashc keys check"),
)

PLACES = ("keyring", "file")
EXCHANGES = ("mexc", "simulator")

For = Annotated[str, typer.Option("--for", metavar="EXCHANGE", help="mexc, or simulator: a local exchange.")]
File = Annotated[Path | None, typer.Option("--file", help="The file of keys, instead of the usual one.")]


@app.command(epilog=example("flashc keys set --in file", "flashc keys set --for simulator --in file"))
def set(
    for_: For = "mexc",
    in_: Annotated[str, typer.Option("--in", metavar="PLACE", help="keyring, or file.")] = "keyring",
    file: File = None,
) -> None:
    """Ask for a key and its secret, without showing the secret, and store them."""
    from ..runtime.mexc.keys.secret import Secret
    from ..runtime.mexc.keys.sources import checked_keys, default_file, need_keyring, store_in_file, store_in_keyring

    if in_ not in PLACES:
        raise Problem(f"`{in_}` is not a place for keys", where="--in", helps=(f"one of: {', '.join(PLACES)}",))
    if file is not None and in_ != "file":
        raise Problem("`--file` names a file, and `--in` says keyring", helps=("`--in file` writes a file",))
    namespace = _namespace(for_)
    if in_ == "keyring":
        need_keyring()
    key, secret = Secret(_typed("access key")), Secret(_typed("secret"))
    found = checked_keys(key, secret, namespace, "what was typed")
    if in_ == "keyring":
        store_in_keyring(found)
        console.out("stored in the keyring")
    else:
        path = file or default_file(namespace)
        store_in_file(found, path)
        console.out(f"stored in {path}, which only you can read")


@app.command(epilog=example("flashc keys check", "flashc keys check --for simulator --url http://127.0.0.1:8870"))
def check(
    for_: For = "mexc",
    url: Annotated[str | None, typer.Option("--url", help="The address of the exchange.")] = None,
    file: File = None,
    from_environment: Annotated[
        bool, typer.Option("--keys-from-environment", help="Also look for FLASHC_MEXC_KEY and FLASHC_MEXC_SECRET.")
    ] = False,
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", metavar="FILE", help="The one certificate to trust, for a local exchange."),
    ] = None,
    json: Json = False,
) -> None:
    """Find the keys, and ask the exchange whether it takes them. Reads the account once; changes nothing."""
    from ..runtime.mexc.keys.sources import load_credentials

    namespace = _namespace(for_)
    if url is None and for_ == "simulator":
        raise Problem("a simulator has no usual address", where="--url", helps=("`flashc sim status` prints it",))
    found = load_credentials(namespace, file=file, from_environment=from_environment)
    facts = asyncio.run(_asked(found, REST_URL if url is None else url, certificate))
    if json:
        console.out_json({"version": 1, **facts})
    else:
        words = {name: ("no", "yes")[value] if isinstance(value, bool) else str(value) for name, value in facts.items()}
        console.out(pairs([(name.replace("_", " "), word) for name, word in words.items()]))


@app.command(epilog=example("flashc keys forget"))
def forget(for_: For = "mexc", file: File = None) -> None:
    """Remove the keys from keyring and file. At the exchange they stay valid until you delete them there."""
    from ..runtime.mexc.keys.sources import forget as removed

    gone = removed(_namespace(for_), file)
    console.out(f"removed from {' and '.join(gone)}" if gone else "there were none")


def _typed(what: str) -> str:
    """One line, not shown while it is typed. From a pipe or a file it is the next line."""
    if _is_typed():
        return str(typer.prompt(what, hide_input=True, err=True)).strip()
    try:
        return sys.stdin.readline().strip()
    except (OSError, ValueError):
        return ""


def _is_typed() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _namespace(name: str) -> Namespace:
    from ..runtime.mexc.keys.credentials import Namespace

    if name not in EXCHANGES:
        raise Problem(f"`{name}` is not an exchange", where="--for", helps=(f"one of: {', '.join(EXCHANGES)}",))
    return Namespace.LIVE if name == "mexc" else Namespace.SIMULATOR


async def _asked(credentials: Credentials, url: str, certificate: Path | None) -> dict[str, object]:
    """What the exchange says of the keys."""
    from ..runtime.mexc.keys.credentials import namespace_of
    from ..runtime.mexc.rest.client import MexcRest
    from ..runtime.mexc.rest.errors import MexcError
    from ..runtime.mexc.rest.said import as_fault
    from ..runtime.net.http import HttpTransport

    namespace_of(url)
    rest = MexcRest(url, credentials, HttpTransport(url, certificate=None if certificate is None else str(certificate)))
    try:
        account = await rest.account()
    except MexcError as error:
        failure = as_fault(error, url)
    else:
        return {
            "keys_from": credentials.source,
            "exchange": url,
            "can_trade": account.can_trade,
            "assets": len(account.balances),
        }
    finally:
        await rest.close()
    raise failure
