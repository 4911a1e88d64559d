"""Reads what is checked of 64-bit little-endian ELF files: machine, kind, symbols (System V ABI, chapters 4 and 5)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

OBJECT, SHARED = 1, 3  # ET_REL, ET_DYN
X86_64, AARCH64 = 62, 183  # EM_X86_64, EM_AARCH64

_HEADER = struct.Struct("<4sBBB9xHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_SYMTAB, _DYNAMIC, _DYNSYM = 2, 6, 11  # SHT_SYMTAB, SHT_DYNAMIC, SHT_DYNSYM
_RUN_AT_START = frozenset({14, 16})  # SHT_INIT_ARRAY, SHT_PREINIT_ARRAY
_INIT_TAGS = frozenset({12, 25, 32})  # DT_INIT, DT_INIT_ARRAY, DT_PREINIT_ARRAY


class NotElf(ValueError):
    """The bytes are no ELF file of this form, or are cut off."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """An entry of a symbol table: `defined` in this file, or left to the loader; `local` ones nobody else sees."""

    name: str
    defined: bool
    local: bool


@dataclass(frozen=True, slots=True)
class Elf:
    """What a file is, and the symbols of its static and dynamic tables."""

    kind: int
    machine: int
    static: tuple[Symbol, ...]
    dynamic: tuple[Symbol, ...]
    starts: bool  # code of it runs as soon as it is loaded

    def undefined(self) -> list[str]:
        """Sorted names that the file leaves to the loader."""
        table = self.dynamic if self.kind == SHARED else self.static
        return sorted({s.name for s in table if not s.defined})

    def exported(self) -> list[str]:
        """Sorted names that a shared object offers to others."""
        return sorted({s.name for s in self.dynamic if s.defined and not s.local})


def read_elf(content: bytes) -> Elf:
    """Raises `NotElf`."""
    try:
        return _read(content)
    except (struct.error, ValueError, IndexError) as error:
        raise NotElf(str(error)) from None


def _read(content: bytes) -> Elf:
    magic, bits, order, _, kind, machine, _, _, _, at, _, _, _, _, entry, count, _ = _HEADER.unpack_from(content)
    if magic != b"\x7fELF" or bits != 2 or order != 1:
        raise ValueError("the first bytes are not those of a 64-bit little-endian ELF file")
    if entry != _SECTION.size and count:
        raise ValueError("sections have an unknown size")
    sections = [_SECTION.unpack_from(content, at + k * entry) for k in range(count)]
    for section in sections:
        if section[1] != 8 and section[4] + section[5] > len(content):  # SHT_NOBITS has no bytes
            raise ValueError("the file is cut off")
    tables = [tuple(_symbols(content, sections, own)) for own in (_SYMTAB, _DYNSYM)]
    return Elf(kind, machine, tables[0], tables[1], _starts(content, sections))


def _starts(content: bytes, sections: list[tuple[int, ...]]) -> bool:
    for _, kind, _, _, at, size, *_ in sections:
        if kind in _RUN_AT_START and size:
            return True
        if kind == _DYNAMIC:
            tags = [struct.unpack_from("<q", content, place)[0] for place in range(at, at + size, 16)]
            if _INIT_TAGS & set(tags):
                return True
    return False


def _symbols(content: bytes, sections: list[tuple[int, ...]], wanted: int) -> Iterator[Symbol]:
    for _, kind, _, _, at, size, link, *_ in sections:
        if kind != wanted:
            continue
        names_at = sections[link][4]
        for place in range(at + _SYMBOL.size, at + size, _SYMBOL.size):  # the first entry is empty
            name, info, _, section, _, _ = _SYMBOL.unpack_from(content, place)
            start = names_at + name
            text = content[start : content.index(b"\0", start)].decode()
            yield Symbol(text, section != 0, info >> 4 == 0)
