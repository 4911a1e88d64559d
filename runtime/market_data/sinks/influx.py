"""InfluxDB: line protocol over the `/write` of version 1, which newer servers and QuestDB answer too.

A point is replaced by a later one with the same measurement, tags and time, so copying a data set again changes
nothing. Rows of one time differ in the tag `n`, which the first of them lacks.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterable, Mapping

from ...errors import fault
from ...net.http import HttpAnswer, HttpRequest, HttpTransport, Transport, TransportError
from .batches import Batch
from .target import Target

TIMEOUT_NS = 30 * 10**9
_TAG_ESCAPES = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ ", "\n": "\\ "})


def line_protocol(batch: Batch) -> bytes:
    """The rows as lines: `measurement,tags fields time`, time in ns. Absent numbers (NaN) are left out."""
    head = ",".join([f"flashc_{batch.kind}", *(f"{name}={_tag(value)}" for name, value in sorted(batch.tags.items()))])
    names = list(batch.columns)
    lines = []
    for row, values in enumerate(zip(*batch.columns.values(), strict=True)):
        tag = f",n={batch.n[row]}" if batch.n[row] else ""
        fields = ",".join(
            f"{name}={_number(value)}" for name, value in zip(names, values, strict=True) if value == value
        )
        lines.append(f"{head}{tag} {fields} {batch.time_ns[row]}\n")
    return "".join(lines).encode()


def _tag(text: str) -> str:
    return text.translate(_TAG_ESCAPES).rstrip("\\") or "-"


def _number(value: float | int | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value}i" if isinstance(value, int) else repr(value)


def authorization(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The header of INFLUX_TOKEN, else of INFLUX_USERNAME and INFLUX_PASSWORD, else none."""
    token, user = environment.get("INFLUX_TOKEN"), environment.get("INFLUX_USERNAME")
    if token:
        return (("Authorization", f"Token {token}"),)
    if user:
        pair = f"{user}:{environment.get('INFLUX_PASSWORD', '')}".encode()
        return (("Authorization", f"Basic {base64.b64encode(pair).decode()}"),)
    return ()


def write(
    target: Target,
    batches: Iterable[Batch],
    environment: Mapping[str, str],
    done: Callable[[int], None],
    transport: Transport | None = None,
) -> None:
    """Copy batches. `done` hears the rows written so far. FC1041 if no server answers, FC1042 if it refuses."""
    asyncio.run(_write(target, batches, authorization(environment), done, transport or HttpTransport(target.base_url)))


async def _write(
    target: Target,
    batches: Iterable[Batch],
    headers: tuple[tuple[str, str], ...],
    done: Callable[[int], None],
    transport: Transport,
) -> None:
    rows = 0
    try:
        await _send(target, transport, HttpRequest("POST", "/query", _create(target), headers=headers), {401, 404})
        for batch in batches:
            query = f"db={target.database}&precision=ns"
            await _send(target, transport, HttpRequest("POST", "/write", query, line_protocol(batch), headers))
            rows += len(batch)
            done(rows)
    finally:
        await transport.close()


def _create(target: Target) -> str:
    return f"q=CREATE%20DATABASE%20%22{target.database}%22"


_ALLOW = ("set INFLUX_USERNAME and INFLUX_PASSWORD, or INFLUX_TOKEN",)
_WAYS = {401: _ALLOW, 403: _ALLOW, 404: ("is this an InfluxDB, and is there a database of that name?",)}


async def _send(target: Target, transport: Transport, request: HttpRequest, also: set[int] | None = None) -> None:
    """Send; a status of `also` is no refusal: a server may know no databases, or not let us make one."""
    try:
        answer = await transport.send(request, TIMEOUT_NS)
    except TransportError as error:
        helps = ("is the server running, and is its port right?", "what is written stays; copying again adds the rest")
        raise fault("FC1041", f"the database does not answer: {error.why}", str(target), helps=helps) from None
    if answer.status // 100 != 2 and answer.status not in (also or ()):
        message = f"the database refused with HTTP {answer.status}"
        raise fault("FC1042", message, str(target), notes=(_reason(answer),), helps=_WAYS.get(answer.status, ()))


def _reason(answer: HttpAnswer) -> str:
    text = answer.body[:2000].decode("utf-8", "replace")
    try:
        found = json.loads(text)
        text = str(found["error"])
    except (ValueError, KeyError, TypeError):
        pass
    return "".join(letter if letter.isprintable() else " " for letter in text)[:200] or "the server says nothing more"
