"""Expressions compared with the names of the other file."""

from __future__ import annotations

from collections.abc import Mapping


def renaming(value: object, words: Mapping[str, str]) -> object:
    """A meaning (`dsl.meaning`) with its names replaced."""
    if isinstance(value, tuple):
        if len(value) == 2 and value[0] == "name" and isinstance(value[1], str):
            return ("name", words.get(value[1], value[1]))
        return tuple(renaming(item, words) for item in value)
    return value
