"""Prints the generated headers of `include/flashc/wire/`: the reasons and limits of the readers, and the push schema.

The headers are committed; a test fails when one is not fresh. To renew them:

    python -m flashc.cython_core.wire.headers
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from . import decimals, depth_codes, push, ws_frames
from .schema import BODIES, MESSAGES, WRAPPER, Field

FOLDER = Path(__file__).resolve().parents[1] / "include" / "flashc" / "wire"

_CODES = """/* Reasons and limits. Generated from the modules of cython_core/wire, which explain them. */
#pragma once
"""
_SCHEMA = """/* The push messages. Generated from cython_core/wire/schema.py, which explains them.

   fs_push_kinds[message][field number] is one of FS_KIND_*, or FS_KIND_INNER plus the number of the message that is
   repeated there. fs_push_bodies[number - FS_PUSH_FIRST_BODY] is the message of a member of the oneof. */
#pragma once

#include <stdint.h>
"""
_KINDS = {"string": "STRING", "int32": "INT32", "int64": "INT64", "bool": "BOOL"}


def print_headers() -> Mapping[str, str]:
    """File name -> text."""
    return {"codes.h": _codes(), "schema.h": _schema()}


def _codes() -> str:
    lines = [_CODES]
    for prefix, module in (
        ("DECIMAL", decimals),
        ("FRAME", ws_frames),
        ("PUSH", push),
        ("DEPTH", depth_codes),
    ):
        values = {name: value for name, value in vars(module).items() if name[0] != "_" and type(value) is int}
        values.pop("LARGEST", None)
        lines += [f"#define FS_{prefix}_{name} {value}" for name, value in values.items()]
        reasons: tuple[str, ...] = module.REASONS
        lines += [f"#define FS_{prefix}_{name.upper()} {k}" for k, name in enumerate(reasons, 1)]
        lines.append("")
    return "\n".join(lines)


def _schema() -> str:
    numbers = {name: k for k, name in enumerate(MESSAGES)}
    width = max(field.number for message in MESSAGES.values() for field in message.fields) + 1
    lines = [_SCHEMA]
    lines += [f"#define FS_KIND_{kind} {k}" for k, kind in enumerate(_KINDS.values(), 1)]
    lines += [f"#define FS_KIND_INNER {len(_KINDS) + 1}", ""]
    lines += [f"#define FS_PUSH_MESSAGES {len(MESSAGES)}", f"#define FS_PUSH_FIELDS {width}"]
    lines += [f"#define FS_PUSH_FIRST_BODY {min(BODIES)}", f"#define FS_PUSH_LAST_BODY {max(BODIES)}"]
    lines += [f"#define FS_PUSH_{name} {number}" for name, number in numbers.items()]
    lines += ["", "static const uint8_t fs_push_kinds[FS_PUSH_MESSAGES][FS_PUSH_FIELDS] = {"]
    for name, message in MESSAGES.items():
        cells = ", ".join(f"[{field.number}] = {_kind(field, numbers)}" for field in message.fields)
        lines.append(f"    [FS_PUSH_{name}] = {{{cells}}},")
    lines += ["};", "", "static const uint8_t fs_push_bodies[FS_PUSH_LAST_BODY - FS_PUSH_FIRST_BODY + 1] = {"]
    lines += [f"    [{number - min(BODIES)}] = FS_PUSH_{name}," for number, (_, name) in sorted(BODIES.items())]
    assert numbers[WRAPPER] == 0 and sorted(BODIES) == list(range(min(BODIES), max(BODIES) + 1))
    return "\n".join([*lines, "};", ""])


def _kind(field: Field, numbers: Mapping[str, int]) -> str:
    assert field.repeated == (field.type in numbers), "the readers know repeated messages and single scalars"
    return f"FS_KIND_INNER + {numbers[field.type]}" if field.repeated else f"FS_KIND_{_KINDS[field.type]}"


if __name__ == "__main__":
    for name, text in print_headers().items():
        (FOLDER / name).write_text(text)
