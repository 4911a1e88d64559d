"""The blocks of a strategy file by indentation, for texts that no YAML parser reads: the usual state while typing.

Nothing here fails or reports anything. A line is `key: value`, `- item`, or goes on with what stands above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(
    r"""(?P<indent>[ \t]*)(?P<dashes>(?:-[ \t]+|-$)*)
        (?:(?P<key>"[^"\n]*"|'[^'\n]*'|[A-Za-z_][\w.<-]*)(?P<colon>[ \t]*:(?=[ \t\r]|$))(?P<value>.*))?""",
    re.VERBOSE,
)
_BLOCK = re.compile(r"[|>][-+0-9]*\s*(#.*)?\Z")
_DASH = re.compile(r"^[ \t]*-(?=[ \t\n]|\Z)", re.MULTILINE)
_STRATEGY = re.compile(r"""(?:^|[{,])[ \t]*(?:"flash"|'flash'|(?<![ \t])flash)[ \t]*:(?=\s|\Z)""", re.MULTILINE)
_STRATEGY_NAME = re.compile(r"""^["']?strategy["']?\s*:""", re.MULTILINE)
_STRATEGY_BODY = re.compile(r"""^["']?(?:trade|decide|entries)["']?\s*:""", re.MULTILINE)
_PIECE = re.compile(
    r"""[ \t\r\n]+|\#[^\n]*|"[^"\n]*"?|'[^'\n]*'?|[\[\]{},]|:(?=[\s,\]}]|\Z)|(?:[^\s\[\]{},:]|:(?!\s))+"""
)

#: What a list's items are called in a path.
ITEM = "[]"


@dataclass(frozen=True, slots=True)
class Key:
    """One `key:` of the text with the keys above it. Offsets are code points; `end` is where its block ends."""

    path: tuple[str, ...]
    start: int
    stop: int
    value_start: int
    end: int

    @property
    def name(self) -> str:
        return self.path[-1]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an offset lies. `path` are the keys around it; `in_key` when a key is written there, else a value of the
    last key, which begins at `start`. `siblings` are the keys of the same block. `in_flow` inside `{...}`, `[...]`."""

    path: tuple[str, ...]
    in_key: bool
    start: int
    siblings: frozenset[str] = frozenset()
    in_flow: bool = False


@dataclass(slots=True)
class _Open:
    indent: int
    path: tuple[str, ...]
    has_value: bool = False
    is_text: bool = False  # `key: |`: deeper lines are its text
    value_start: int = 0


def is_strategy(name: str, text: str) -> bool:
    """Whether a file is a strategy file: by its name, or because it has `flash:` or the shape of one."""
    if name.endswith((".flash.yaml", ".flash.yml", ".flash.json")):
        return "fn" not in _top(text) or bool(_STRATEGY.search(text))
    if not name.endswith((".yaml", ".yml", ".json")) and "." in name.rpartition("/")[2]:
        return False
    if _STRATEGY.search(text):
        return True
    return bool(_STRATEGY_NAME.search(text) and _STRATEGY_BODY.search(text))


def _top(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"^([A-Za-z_]\w*)[ \t]*:", text, re.MULTILINE))


def keys(text: str) -> list[Key]:
    """Every key of the text in block style or inside braces, in file order, with the end of its block."""
    found = sorted(_all_keys(text), key=lambda key: key[1])
    ends: list[int] = []
    for i, (path, _, _, _) in enumerate(found):
        later = (k for k in found[i + 1 :] if k[0][: len(path)] != path or len(k[0]) <= len(path))
        ends.append(next((k[1] for k in later), len(text)))
    return [
        Key(path, start, stop, value, start + len(text[start:end].rstrip()))
        for (path, start, stop, value), end in zip(found, ends, strict=True)
    ]


_Found = tuple[tuple[str, ...], int, int, int]


def _all_keys(text: str) -> Iterator[_Found]:
    for start, line, stack in _walk(text, len(text)):
        if line["key"] is None:
            if _flow_start(line["indent"] + line["dashes"], text, start):
                yield from _flow_keys(text, start, stack[-1].path if stack else (), len(text))[0]
            continue
        own = stack[-1]
        key_at = start + line.start("key") - line.start()
        yield (own.path, key_at, key_at + len(line["key"]), own.value_start)
        if text[own.value_start : own.value_start + 1] in ("{", "["):
            yield from _flow_keys(text, own.value_start, own.path, len(text))[0]


def place_at(text: str, offset: int) -> Place:
    """What is written at an offset: a key, or the value of one."""
    offset = min(max(offset, 0), len(text))
    line_start = text.rfind("\n", 0, offset) + 1
    last: list[_Open] = []
    for start, line, stack in _walk(text, line_start):
        if line["key"] is None and _flow_start(line["indent"], text, start):
            flow = _in_flow(text, start + len(line["indent"]), (), offset)
            if flow is not None:
                return flow
        last = [_Open(o.indent, o.path, o.has_value, o.is_text, o.value_start) for o in stack]
    for opened in reversed(last):  # a `{` or `[` above that is still open
        if text[opened.value_start : opened.value_start + 1] in ("{", "["):
            flow = _in_flow(text, opened.value_start, opened.path, offset)
            if flow is not None and "\n" in text[opened.value_start : offset]:
                return flow
    return _on_line(text, line_start, offset, last)


def _on_line(text: str, line_start: int, offset: int, stack: list[_Open]) -> Place:
    upto = text[line_start:offset]
    line = _LINE.match(upto)
    assert line is not None, "every part of it is optional"
    indent = len(line["indent"])
    text_of = next((o for o in stack if o.is_text and (indent > o.indent or not upto.strip())), None)
    if text_of is not None and (upto.strip() or offset > text_of.value_start):
        return Place(text_of.path, False, text_of.value_start)
    while stack and stack[-1].indent >= indent + (0 if not line["dashes"] else 1):
        stack.pop()
    parent = stack[-1] if stack else None
    path = parent.path if parent else ()
    if line["dashes"]:
        path = (*path, ITEM)
    if line["key"] is not None:
        own = (*path, _bare(line["key"]))
        start = line_start + line.start("value")
        start += len(text[start:offset]) - len(text[start:offset].lstrip())
        flow = _in_flow(text, start, own, offset) if text[start : start + 1] in ("{", "[") else None
        return flow or Place(own, False, start)
    start = line_start + line.end("dashes")
    if not line["dashes"] and text[start : start + 1] in ("{", "[") and start < offset:
        flow = _in_flow(text, start, path, offset)
        if flow is not None:
            return flow
    if parent is not None and parent.has_value and not line["dashes"]:
        return Place(parent.path, False, parent.value_start)
    return Place(path, True, start, _siblings(text, path, offset))


def _siblings(text: str, path: tuple[str, ...], offset: int) -> frozenset[str]:
    """The keys of the block at `path`; of a list, those of the item around `offset`."""
    low, high = 0, len(text)
    if path[-1:] == (ITEM,):
        items = [found.start() for found in _DASH.finditer(text)]
        low = max((at for at in items if at <= offset), default=low)
        high = min((at for at in items if at > offset), default=high)
    return frozenset(p[-1] for p, at, _, _ in _all_keys(text) if p[:-1] == path and low <= at < high)


def _bare(key: str) -> str:
    return key.strip("\"'")


def _walk(text: str, until: int) -> Iterator[tuple[int, re.Match[str], list[_Open]]]:
    """(start of the line, its parts, what is open after it), for each line that begins before `until`."""
    stack: list[_Open] = []
    at, skip_to = 0, 0
    while at < until:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = _LINE.match(text, at, end)
        assert line is not None, "every part of it is optional"
        rest = text[at:end].strip()
        if at >= skip_to and rest and not rest.startswith("#") and not _is_text(stack, len(line["indent"])):
            skip_to = _open(text, at, line, stack)
            yield at, line, stack
        at = end + 1


def _is_text(stack: list[_Open], indent: int) -> bool:
    while stack and stack[-1].is_text and indent <= stack[-1].indent:
        stack.pop()
    return bool(stack) and stack[-1].is_text


def _open(text: str, at: int, line: re.Match[str], stack: list[_Open]) -> int:
    """Put the line's key on the stack; where the lines of a bracket end that it opens."""
    indent = len(line["indent"])
    dashes = line["dashes"]
    while stack and stack[-1].indent >= indent + (0 if not dashes else 1):
        stack.pop()
    if dashes:
        path = stack[-1].path if stack else ()
        stack.append(_Open(indent + 1, (*path, ITEM), value_start=at + len(line["indent"]) + len(dashes)))
    if line["key"] is None:
        start = at + line.end("dashes") - line.start()
        return _flow_keys(text, start, (), len(text))[1] if text[start : start + 1] in ("{", "[") else 0
    value = line["value"].strip()
    value_start = at + line.start("value") - line.start()
    value_start += len(line["value"]) - len(line["value"].lstrip())
    path = (*(stack[-1].path if stack else ()), _bare(line["key"]))
    is_text = bool(_BLOCK.match(value))
    has_value = bool(value) and not value.startswith("#")
    stack.append(_Open(indent + len(dashes), path, has_value, is_text, value_start))
    return _flow_keys(text, value_start, path, len(text))[1] if value[:1] in ("{", "[") else 0


# inside brackets


def _flow_start(indent: str, text: str, start: int) -> bool:
    return text[start + len(indent) : start + len(indent) + 1] in ("{", "[")


@dataclass(slots=True)
class _Bracket:
    opener: str
    path: tuple[str, ...]
    key: str = ""
    value_at: int = 0


def _in_flow(text: str, start: int, path: tuple[str, ...], offset: int) -> Place | None:
    """The place inside the bracket at `start`; None when it is closed before the offset."""
    _, end, stack, last = _scan(text, start, path, offset)
    if not stack or end < offset:
        return None
    top = stack[-1]
    if top.opener == "{" and not top.key:
        return Place(top.path, True, last, _flow_siblings(text, start, path, top.path), True)
    inner = (*top.path, top.key) if top.opener == "{" else (*top.path, ITEM)
    return Place(inner, False, max(top.value_at, start + 1), frozenset(), True)


def _flow_siblings(text: str, start: int, path: tuple[str, ...], own: tuple[str, ...]) -> frozenset[str]:
    return frozenset(p[-1] for p, _, _, _ in _flow_keys(text, start, path, len(text))[0] if p[:-1] == own)


def _flow_keys(text: str, start: int, path: tuple[str, ...], until: int) -> tuple[list[_Found], int]:
    while start < len(text) and text[start] in " \t":
        start += 1
    found, end, _, _ = _scan(text, start, path, until)
    return found, end


def _scan(text: str, start: int, path: tuple[str, ...], until: int) -> tuple[list[_Found], int, list[_Bracket], int]:
    """Keys, the end, what is still open there, and where the last word begins."""
    found: list[_Found] = []
    stack: list[_Bracket] = []
    word, word_at, at, last = "", start, start, start
    for piece in _PIECE.finditer(text, start, until):
        token, at = piece.group(), piece.end()
        if token[0] in " \t\r\n#":
            last = at
            continue
        if token in ("{", "["):
            top = stack[-1] if stack else None
            base = path if top is None else (*top.path, top.key or ITEM)
            stack.append(_Bracket(token, base, value_at=at))
        elif token in ("}", "]"):
            if stack:
                stack.pop()
            if not stack:
                return found, at, stack, at
        elif stack and token == ":" and not stack[-1].key and stack[-1].opener == "{" and word:
            stack[-1].key, stack[-1].value_at = _bare(word), at + 1
            found.append(((*stack[-1].path, _bare(word)), word_at, word_at + len(word), at + 1))
        elif stack and token == ",":
            stack[-1].key, stack[-1].value_at = "", at
        else:
            word, word_at, last = token, piece.start(), piece.start()
            continue
        word, last = "", at
    return found, max(at, min(until, len(text))), stack, last
