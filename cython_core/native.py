"""The wire core in C, through ctypes: the same functions as `wire/`, for those who need them faster.

The library is built with the package where a C compiler is (`setup.py`). Without it everything works with the Python
twins; `reason()` then says what is missing. A library that was built from other sources is not used.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import lru_cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from .native_sources import sources_hash
from .wire import decimals, ws_frames
from .wire.messages import Push
from .wire.native_push import read_push
from .wire.push import REASONS as PUSH_REASONS
from .wire.push import PushFault

_HERE = Path(__file__).resolve().parent
#: Beside a message of the greatest size a reader needs this much: FS_WS_SPARE of ws_frames.h.
_SPARE = 256
#: Words that most frames need at most.
_FIRST_ROOM = 1024

_word, _size, _at = ctypes.c_int64, ctypes.c_size_t, ctypes.c_void_p
#: name -> (result, arguments)
_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "sources": (ctypes.c_char_p, ()),
    "decimal": (_word, (ctypes.c_char_p, _size, _size, _word, _at)),
    "push": (_word, (ctypes.c_char_p, _size, _at, _size)),
    "frames_size": (_size, ()),
    "frames_init": (None, (_at, _at, _size, _word)),
    "frames_give": (_size, (_at, ctypes.c_char_p, _size)),
    "frames_next": (_word, (_at, _at, _at, _at)),
    "frames_closed": (_word, (_at,)),
    "frame": (_size, (_at, ctypes.c_uint8, ctypes.c_char_p, _size, ctypes.c_char_p)),
    "rows": (_word, (_at, _size, ctypes.c_char_p, _size, _word, _at, _size, _at)),
    "rows_of_all": (_size, (_at, _size, ctypes.c_char_p, _at, _at, _size, _at, _size, _at, _at)),
    "depth_size": (_size, ()),
    "book_words": (_word, (_word,)),
    "book_init": (None, (_at, _word, _word)),
    "depth_init": (None, (_at, _at)),
    "depth_snapshot": (_word, (_at, _at, _word, _at, _size, _size)),
    "depth_apply": (_word, (_at, ctypes.c_char_p, _size)),
    "depth_apply_all": (None, (_at, _at, ctypes.c_char_p, _at, _size, _at, _size, _at)),
    "depth_levels": (_size, (_at, _word, _at, _size)),
}


class Library:
    """The functions of the shared library, with the signatures of their twins."""

    def __init__(self, path: Path) -> None:
        """OSError if the file cannot be mapped, AttributeError if it lacks a function."""
        loaded = ctypes.CDLL(str(path))
        self.path = path
        self.call: Any = SimpleNamespace()
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(loaded, f"fs_wire_{name}")
            function.restype, function.argtypes = result, arguments
            setattr(self.call, name, function)

    def parse_decimal(self, text: bytes | str, scale: int, *, negative: bool = False) -> int:
        """As `decimals.parse_decimal`."""
        assert 0 <= scale <= decimals.MOST_DECIMALS, "a scale of 64 bits"
        raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
        value = _word()
        got = self.call.decimal(raw, len(raw), scale, negative, ctypes.byref(value))
        if got < 0:
            raise decimals.DecimalFault(decimals.REASONS[-got - 1], raw)
        return value.value

    def decode_push(self, frame: bytes) -> Push:
        """As `push.decode_push`."""
        room, got = 0, _FIRST_ROOM
        while got > room:
            room = got
            words = (_word * room)()
            got = self.call.push(frame, len(frame), words, room)
        if got < 0:
            raise PushFault(PUSH_REASONS[-got - 1])
        return read_push(frame, words[:got])

    def encode_frame(self, opcode: int, payload: bytes, mask: bytes | None = None) -> bytes:
        """As `ws_frames.encode_frame`."""
        block = ctypes.create_string_buffer(len(payload) + 14)
        size = self.call.frame(block, opcode, payload, len(payload), mask)
        return block.raw[:size]


class NativeFrameReader:
    """As `ws_frames.FrameReader`."""

    def __init__(self, library: Library, max_payload: int, *, from_client: bool = False) -> None:
        self._library = library
        self._block = ctypes.create_string_buffer(max_payload + _SPARE)
        self._reader = ctypes.create_string_buffer(library.call.frames_size())
        library.call.frames_init(self._reader, self._block, max_payload, from_client)
        self._opcode, self._payload, self._size = _word(), ctypes.c_void_p(), _size()
        self._out = tuple(ctypes.byref(cell) for cell in (self._opcode, self._payload, self._size))

    def feed(self, data: bytes) -> list[ws_frames.Frame]:
        """The messages that are whole now. Raises `FrameFault`, at each later call too."""
        found: list[ws_frames.Frame] = []
        self._drain(found)  # after a fault nothing has room
        begin = 0
        while begin < len(data):
            chunk = data if begin == 0 else data[begin:]
            begin += self._library.call.frames_give(self._reader, chunk, len(chunk))
            self._drain(found)
        return found

    def _drain(self, found: list[ws_frames.Frame]) -> None:
        while (got := self._library.call.frames_next(self._reader, *self._out)) > 0:
            payload = ctypes.string_at(self._payload.value or 0, self._size.value)
            found.append(ws_frames.Frame(self._opcode.value, payload))
        if got < 0:
            raise ws_frames.FrameFault(ws_frames.REASONS[-got - 1], tuple(found))

    @property
    def closed(self) -> bool:
        """Whether the peer's close frame has come."""
        return bool(self._library.call.frames_closed(self._reader))


def library() -> Library | None:
    """The library, or None: then `reason` says why."""
    return _found()[0]


def reason() -> str | None:
    """Why there is no library, in one line; None if there is one."""
    return _found()[1]


@lru_cache(maxsize=1)
def _found() -> tuple[Library | None, str | None]:
    return find(sorted(path for suffix in EXTENSION_SUFFIXES for path in _HERE.glob(f"_wire{suffix}")))


def find(paths: Sequence[Path]) -> tuple[Library | None, str | None]:
    """The first of the files if it is a library of these sources; else None and the reason."""
    if not paths:
        return None, "the C core was not built: install flashc where gcc is"
    try:
        found = Library(paths[0])
    except (OSError, AttributeError) as error:
        return None, f"the C core cannot be loaded: {error}"
    if found.call.sources() != sources_hash().encode():
        return None, f"the C core is older than its sources: build it again ({paths[0].name})"
    return found, None


def frame_reader(max_payload: int, *, from_client: bool = False) -> ws_frames.FrameReader | NativeFrameReader:
    """A reader of WebSocket frames: the library's, or its twin."""
    found = library()
    if found is None:
        return ws_frames.FrameReader(max_payload, from_client=from_client)
    return NativeFrameReader(found, max_payload, from_client=from_client)
