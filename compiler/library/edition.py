"""The hash of the standard library, which belongs to the edition: what `flash.lock` pins.

It covers the table, the emitters of the functions and the meaning of every operation, without comments and docstrings:
another wording of a comment is not another library. It is a constant here, because a release has one library; a test
fails when the code has moved on. To renew it, after asking whether bits of edition 1 may change at all:

    python -m flashc.compiler.library.edition
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

LIBRARY_HASH = "42b4ca6efd95a0821f1eb80aa972fd2950a4c1922f160650b9eda1d209fa03dc"

_COMPILER = Path(__file__).resolve().parent.parent
_PARTS = (
    "library/*.py",
    "lower/functions/*.py",
    "evaluate/*.py",
    "lower/library.py",
    "lower/panes.py",
    "lower/state.py",
)
_LAYOUT = frozenset({tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENCODING, tokenize.ENDMARKER})
_OPENING = frozenset({tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT})


def library_hash() -> str:
    """The hash of the code that is there now, 64 hex digits."""
    digest = sha256()
    for path in _files():
        body = "\0".join(code_tokens(path.read_text(encoding="utf-8")))
        digest.update(f"{path.relative_to(_COMPILER).as_posix()}\0{len(body)}\0{body}".encode())
    return digest.hexdigest()


def _files() -> list[Path]:
    found = {path for pattern in _PARTS for path in _COMPILER.glob(pattern)}
    return sorted(found - {Path(__file__).resolve()})


def code_tokens(text: str) -> Iterator[str]:
    """The tokens of a module without comments, docstrings and layout."""
    before = tokenize.NEWLINE
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        is_docstring = token.type == tokenize.STRING and before in _OPENING
        if token.type not in _LAYOUT and not is_docstring:
            yield {tokenize.INDENT: "{", tokenize.DEDENT: "}"}.get(token.type, token.string)
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            before = token.type


def write() -> None:
    """Put the present hash into this file."""
    path = Path(__file__)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(f'LIBRARY_HASH = "{LIBRARY_HASH}"', f'LIBRARY_HASH = "{library_hash()}"'), "utf-8")


if __name__ == "__main__":
    write()
