"""The library in C gives what its twins in Python give, for every input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flashc.cython_core import native
from flashc.cython_core.wire import decimals, push, ws_frames
from flashc.cython_core.wire.headers import FOLDER, print_headers
from hypothesis import given, settings
from hypothesis import strategies as st
from support.wire_bytes import SAMPLES, frames, mutated


@pytest.fixture(scope="module")
def library() -> native.Library:
    found = native.library()
    assert found is not None, f"{native.reason()}: `python setup.py build_ext --inplace`, or `make`"
    return found


def outcome(function: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """What a function gives, or its reason."""
    try:
        return function(*args, **named)
    except (decimals.DecimalFault, push.PushFault) as error:
        return error.reason


_digits = st.text("0123456789", max_size=21)
_texts = (
    st.builds("{}.{}".format, _digits, _digits)
    | st.builds(
        "{}.{}{}".format, st.text("0123456789", max_size=9), st.text("0123456789", max_size=9), st.text("0", max_size=9)
    )
    | _digits
    | st.text("0123456789.eE+- \x00/:٣", max_size=70)
)


@settings(max_examples=200, deadline=None)
@given(_texts, st.integers(0, 18), st.booleans())
def test_decimals_are_the_same(library: native.Library, text: str, scale: int, negative: bool) -> None:
    expected = outcome(decimals.parse_decimal, text, scale, negative=negative)
    assert outcome(library.parse_decimal, text, scale, negative=negative) == expected


@settings(max_examples=150, deadline=None)
@given(frames())
def test_push_messages_are_the_same(library: native.Library, frame: bytes) -> None:
    assert outcome(library.decode_push, frame) == outcome(push.decode_push, frame)


def test_text_is_utf8_by_the_same_rules(library: native.Library) -> None:
    """Each first byte with second, third and fourth bytes at the ends of what may follow."""
    edges = (0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF)
    for first in range(0x80, 256):
        for second in edges:
            for rest in (b"", b"\x80", b"\x80\x80", b"\xbf\x7f", b"\x80\xbf\x80"):
                text = bytes((first, second)) + rest
                frame = b"\x0a" + bytes([len(text)]) + text
                assert outcome(library.decode_push, frame) == outcome(push.decode_push, frame), text


def test_a_message_of_many_words_is_read_whole(library: native.Library) -> None:
    frame = b"\xca\x13\xa0\x1f" + b"\x0a\x00" * 2000
    found = library.decode_push(frame)
    assert found == push.decode_push(frame)


def read(reader: Any, pieces: list[bytes]) -> tuple[list[ws_frames.Frame], str | None, bool]:
    """All messages, the reason against the rest, and whether a close came."""
    found: list[ws_frames.Frame] = []
    for piece in pieces:
        try:
            found += reader.feed(piece)
        except ws_frames.FrameFault as error:
            return [*found, *error.frames], error.reason, False
    return found, None, reader.closed


def _head(first: int, size: int, masked: bool, code: int | None) -> bytes:
    code = code if code is not None else size if size < 126 else 126
    width = {126: 2, 127: 8}.get(code)
    length = size.to_bytes(width, "big") if width else b""
    return bytes((first, code | 128 * masked)) + length + b"mask" * masked


_heads = st.builds(
    lambda first, payload, masked, code: _head(first, len(payload), masked, code) + payload,
    st.sampled_from([0x82, 0x82, 0x81, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8A, 0x88, 0x83, 0xC2, 0x09]),
    st.binary(max_size=8) | st.sampled_from(["注".encode()[:2], "注".encode(), b"\x03\xe8", b"\x03\xed", b"x" * 130]),
    st.sampled_from([False] * 9 + [True]),
    st.sampled_from([None] * 9 + [126, 127]),
)
_streams = st.lists(_heads, max_size=6).map(b"".join)


@settings(max_examples=150, deadline=None)
@given(_streams | mutated(_streams) | st.binary(max_size=30), st.sampled_from([10, 300]), st.booleans(), st.data())
def test_websocket_messages_are_the_same_however_they_are_cut(
    library: native.Library, stream: bytes, most: int, from_client: bool, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole = read(ws_frames.FrameReader(most, from_client=from_client), [stream])
    assert read(ws_frames.FrameReader(most, from_client=from_client), pieces) == whole
    assert read(native.NativeFrameReader(library, most, from_client=from_client), pieces) == whole


@given(st.sampled_from([1, 2, 9]), st.binary(max_size=125), st.none() | st.binary(min_size=4, max_size=4))
def test_frames_are_written_the_same(library: native.Library, opcode: int, payload: bytes, mask: bytes | None) -> None:
    assert library.encode_frame(opcode, payload, mask) == ws_frames.encode_frame(opcode, payload, mask)


@pytest.mark.parametrize("size", [126, 65535, 65536])
def test_long_frames_are_written_the_same(library: native.Library, size: int) -> None:
    assert library.encode_frame(2, b"x" * size, b"abcd") == ws_frames.encode_frame(2, b"x" * size, b"abcd")


def test_a_reader_is_the_librarys_where_there_is_one(library: native.Library) -> None:
    assert isinstance(native.frame_reader(100), native.NativeFrameReader)
    assert library.decode_push(SAMPLES[0]).symbol == "MXUSDT"


def test_the_headers_are_fresh() -> None:
    stale = [name for name, text in print_headers().items() if (FOLDER / name).read_text() != text]
    assert not stale, "run `python -m flashc.cython_core.wire.headers`"


def test_without_a_library_one_line_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "_wire.so"
    broken.write_bytes(b"no object")
    assert native.find([])[1] == "the C core was not built: install flashc where gcc is"
    assert str(native.find([broken])[1]).startswith("the C core cannot be loaded: ")


def test_a_library_of_other_sources_is_not_used(library: native.Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "sources_hash", lambda: "other")
    assert (
        native.find([library.path])[1] == f"the C core is older than its sources: build it again ({library.path.name})"
    )
