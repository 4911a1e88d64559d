"""Reading the files that the user names."""

from __future__ import annotations

from pathlib import Path

from ..dsl.diagnostics import Diagnostics
from ..dsl.source import Source
from .problem import Problem

#: More than any strategy file may have (the reader's own limit is lower and gives the better message).
_READ_AT_MOST = 16 * 1024 * 1024


def read_bytes(path: Path) -> bytes:
    """The file's bytes, cut at 16 MiB. Raises `Problem` for what is not a readable file."""
    try:
        with path.open("rb") as file:
            return file.read(_READ_AT_MOST)
    except FileNotFoundError:
        raise _unreadable(f"there is no file `{path}`", _neighbours(path)) from None
    except IsADirectoryError:
        raise _unreadable(f"`{path}` is a directory, not a strategy file", _inside(path)) from None
    except PermissionError:
        raise _unreadable(f"no permission to read `{path}`", kind="environment") from None
    except OSError as error:
        raise _unreadable(f"cannot read `{path}`: {error.strerror}", kind="environment") from None
    except ValueError:
        raise _unreadable(f"`{path!s}` cannot be a file name") from None


def _unreadable(message: str, helps: tuple[str, ...] = (), kind: str = "usage") -> Problem:
    return Problem(message, kind=kind, helps=helps, code="FC1106")


def read_source(path: Path) -> tuple[Source | None, Diagnostics]:
    """The file as text; what is wrong with its encoding or size as diagnostics."""
    data = read_bytes(path)
    from ..dsl.yaml_reader import load

    return load(str(path), data)


def _neighbours(path: Path) -> tuple[str, ...]:
    from difflib import get_close_matches

    folder = path.parent
    names = sorted(p.name for p in folder.iterdir() if p.is_file()) if folder.is_dir() else []
    near = get_close_matches(path.name, names, n=1)
    return (f"did you mean `{folder / near[0]}`?",) if near else ("`flashc new NAME` writes a starter file",)


def _inside(path: Path) -> tuple[str, ...]:
    own = path / "strategy.yaml"
    if own.is_file():  # an artefact, or the folder of a run
        return (f"the strategy in it is `{own}`",)
    files = sorted(p for p in path.iterdir() if p.suffix in {".yaml", ".yml", ".json"})
    return (f"for example `{files[0]}`",) if files else ()
