"""The `flashc sim` commands that speak to a running local exchange over its control port."""

from __future__ import annotations

import json as json_module
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import console
from .command import Json
from .problem import Problem
from .sim_options import Folder, folder_of, milliseconds, pairs

if TYPE_CHECKING:
    from ..simulator.server.folder import Running

_PATIENCE_S = 10.0
_VERSION = {"version": 1}
_LINKS = ("rest", "public", "private")


def _time(name: str, text: str) -> Any:
    return typer.Option(name, metavar="TIME", help=text, show_default=False)


def fault(
    name: Annotated[str, typer.Argument(metavar="FAULT", help="A number or name: `flashc sim faults --all`.")],
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the fault.")
    ] = None,
    after: Annotated[str | None, _time("--after", "When it begins, from now.")] = None,
    lasts: Annotated[str | None, _time("--for", "How long it lasts; until `flashc sim heal` if left out.")] = None,
    every: Annotated[str | None, _time("--every", "It comes again, from beginning to beginning.")] = None,
    count: Annotated[int | None, typer.Option("--count", min=1, help="How often it acts at most.")] = None,
    symbol: Annotated[str, typer.Option("--symbol", help="Only this symbol.", show_default=False)] = "",
    account: Annotated[str, typer.Option("--account", help="Only this account.", show_default=False)] = "",
    link: Annotated[str, typer.Option("--link", help="Only rest, public or private.", show_default=False)] = "",
    connection: Annotated[int | None, typer.Option("--connection", min=1, help="Only this connection.")] = None,
    chance: Annotated[int, typer.Option("--chance", min=1, max=100, help="Of 100 it could act on.")] = 100,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Inject a fault into the running exchange."""
    from ..simulator.faults.catalogue import find

    spec, given = find(name), pairs(values, "--set")
    spec.read(given)
    if link not in ("", *_LINKS):
        raise Problem(f"`--link {link}` is no link", helps=(f"links are {', '.join(_LINKS)}",))
    times = {"after_ms": (after, "--after"), "for_ms": (lasts, "--for"), "every_ms": (every, "--every")}
    schedule = {key: milliseconds(text, option, key != "after_ms") for key, (text, option) in times.items()}
    if schedule["every_ms"] is not None and not 0 < (schedule["for_ms"] or 0) < schedule["every_ms"]:
        raise Problem("`--every` needs a shorter `--for`", helps=("such as --every 1m --for 5s",))
    body = {
        "name": spec.id,
        "set": given,
        **schedule,
        "count": count,
        "symbol": symbol.replace("/", "").upper(),
        "account": account,
        "link": link,
        "connection": connection,
        "chance": chance,
    }
    found = _ask("POST", "/faults", folder, body)
    if json:
        console.out_json({**_VERSION, **found})
        return
    from .sim_text import fault_line

    console.out(fault_line(found["fault"]))
    console.hint(f"a correct client: {spec.shows}")


def heal(
    which: Annotated[str, typer.Argument(metavar="FAULT", help="A number or name; all if left out.")] = "",
    folder: Folder = None,
    json: Json = False,
) -> None:
    """End a fault, or all of them."""
    found = _ask("POST", "/heal", folder, {"which": which})
    if json:
        console.out_json({**_VERSION, **found})
        return
    from .sim_text import fault_line

    lines = [fault_line(one) for one in found["healed"]]
    console.out("\n".join(lines) if lines else "no fault was active")


def faults(
    name: Annotated[str, typer.Argument(metavar="FAULT", help="Show this one and its parameters.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="List the catalogue.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """List the faults that are active and were, the whole catalogue, or one fault's parameters."""
    from ..simulator.faults.catalogue import CATALOGUE, find
    from .sim_text import catalogue_text, fault_page, faults_text

    rows = [find(name)] if name else list(CATALOGUE.values()) if everything else []
    if not rows:
        found = _ask("GET", "/faults", folder)
        console.out_json({**_VERSION, **found}) if json else console.out(faults_text(found))
    elif json:
        console.out_json({**_VERSION, "faults": [row.facts() for row in rows]})
    else:
        console.out(fault_page(rows[0]) if name else catalogue_text(rows))


def ledger(
    account: Annotated[str, typer.Option("--account", help="Only this account.", show_default=False)] = "",
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Show what the exchange itself has: balances, orders and fills of every account, and its audit."""
    from urllib.parse import quote

    from .sim_text import ledger_text

    found = _ask("GET", f"/ledger?account={quote(account)}", folder)
    if account and not found["accounts"]:
        raise Problem(f"the exchange has no account `{account}`", helps=("`flashc sim status` lists them",))
    console.out_json({**_VERSION, **found}) if json else console.out(ledger_text(found))


def status(folder: Folder = None, json: Json = False) -> None:
    """Show the running exchange: time, prices, connections, counts, faults."""
    from .sim_text import status_text

    found = _ask("GET", "/state", folder)
    console.out_json({**_VERSION, **found}) if json else console.out(status_text(found, _running(folder).http))


def switch(
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE...", help="What to set; all are shown if left out.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="List what can be set, and what it means.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Show or set what is not known for certain about the exchange."""
    from ..simulator.exchange.switches import SWITCHES, parse_switch
    from .sim_text import switch_facts, switch_list

    if everything and settings:
        raise Problem("`--all` lists what can be set, and sets nothing", helps=("leave one of the two out",))
    if everything:
        rows = list(SWITCHES.values())
        console.out_json({**_VERSION, "switches": switch_facts(rows)}) if json else console.out(switch_list(rows))
        return
    wanted = dict(parse_switch(text) for text in settings or ())
    if wanted:
        found = _ask("POST", "/switches", folder, wanted)
        found = {name: value for name, value in found.items() if name in wanted}
    else:
        found = _ask("GET", "/switches", folder)
    if json:
        console.out_json({**_VERSION, "switches": found})
    else:
        console.out("\n".join(f"{name}={value}" for name, value in found.items()))


# the control port


def _running(folder: Path | None) -> Running:
    """Where the exchange listens. FC1310 if none does."""
    from ..simulator.server.folder import read_running

    where = folder_of(folder)
    found = read_running(where)
    if found is None:
        raise _silent(str(where))
    return found


def _silent(where: str) -> Exception:
    from ..runtime.errors import fault as fault_of

    helps = ("`flashc sim exchange` runs one", "`--folder DIR` names the folder of another one")
    return fault_of("FC1310", "no local exchange answers", where, helps=helps)


def _ask(method: str, path: str, folder: Path | None, body: Mapping[str, object] | None = None) -> dict[str, Any]:
    """One request to the control port; its JSON. FC1310, FC1314, or what the exchange says is wrong."""
    from http.client import HTTPConnection, HTTPException
    from urllib.parse import urlsplit

    from ..simulator.server.folder import read_token

    where = folder_of(folder)
    try:
        address = urlsplit(_running(folder).control)
        line = HTTPConnection(address.hostname or "", address.port, timeout=_PATIENCE_S)
    except ValueError:  # somebody wrote into the folder
        raise _silent(str(where)) from None
    headers = {"Authorization": f"Bearer {read_token(where)}", "Content-Type": "application/json"}
    try:
        line.request(method, path, None if body is None else json_module.dumps(body), headers)
        answer = line.getresponse()
        found = json_module.loads(answer.read())
    except (OSError, HTTPException, ValueError):
        raise _silent(_running(folder).control) from None
    finally:
        line.close()
    if answer.status != 200:
        raise _refused(answer.status, found.get("error", {}), where)
    return dict(found)


def _refused(status: int, error: Mapping[str, Any], where: Path) -> Exception:
    from ..runtime.errors import FAULT_TITLES
    from ..runtime.errors import fault as fault_of

    if error.get("code") in FAULT_TITLES:
        helps, notes = tuple(error.get("helps", ())), tuple(error.get("notes", ()))
        return fault_of(error["code"], error["message"], "control port", notes=notes, helps=helps)
    if status in (401, 403):
        helps = ("start the exchange anew, or name its folder with `--folder`",)
        return fault_of("FC1314", str(error.get("message", "refused")), str(where), helps=helps)
    return Problem(str(error.get("message", f"the control port answers {status}")))
