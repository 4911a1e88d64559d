"""Bytes for the wire's readers: the sample frames, messages as Hypothesis draws them, and bytes that nearly are one."""

from __future__ import annotations

from typing import Any

from flashc.cython_core.wire.messages import CLASSES, Push
from flashc.cython_core.wire.official import message_class
from flashc.cython_core.wire.schema import BODIES, MESSAGES, WRAPPER, Message
from google.protobuf.message import DecodeError
from hypothesis import strategies as st

DEAL = bytes.fromhex(
    "0a2e73706f74407075626c69632e61676772652e6465616c732e76332e6170692e7062403130306d73404d5855534454d2134d0a220a06322e3530"
    "3031120431322e35180120fbd8c1a28c342a09313058305f31315830122773706f74407075626c69632e61676772652e6465616c732e76332e6170"
    "692e7062403130306d731a064d58555344543082d9c1a28c34"
)
DEPTH = bytes.fromhex(
    "0a2e73706f74407075626c69632e61676772652e64657074682e76332e6170692e7062403130306d73404d58555344541a064d58555344543082d9"
    "c1a28c34ca134f0a090a04322e3531120130120d0a04322e343912053130302e301a2773706f74407075626c69632e61676772652e64657074682e"
    "76332e6170692e7062403130306d732204313030312a0431303033"
)
ORDER = bytes.fromhex(
    "0a1d73706f7440707269766174652e6f72646572732e76332e6170692e70621a064d58555344543082d9c1a28c3482133d0a064330325f5f311205"
    "61625f30311a03322e35220231302a023235320130380140014801520232355a0231306a013072013078018001e4d8c1a28c34"
)
SAMPLES = (DEAL, DEPTH, ORDER)


def official(frame: bytes) -> Push | None:
    """What the official decoder makes of a frame, in our classes; None if it refuses it."""
    try:
        found: Any = message_class(WRAPPER).FromString(frame)
    except DecodeError:
        return None
    name = found.WhichOneof("body")
    number = next((n for n, (field, _) in BODIES.items() if field == name), 0)
    body = _built(getattr(found, name), MESSAGES[BODIES[number][1]]) if name else None
    return Push(*_values(found, MESSAGES[WRAPPER]), number, body)


def _values(found: Any, table: Message) -> list[Any]:
    values: list[Any] = []
    for field in table.fields:
        value = getattr(found, field.name)
        if field.repeated:
            value = tuple(_built(item, MESSAGES[field.type]) for item in value)
        elif field.optional and not found.HasField(field.name):
            value = None
        values.append(value)
    return values


def _built(found: Any, table: Message) -> Any:
    return CLASSES[table.name](*_values(found, table))


_NUMBERS = [0, 1, 2, 127, 128, 300, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1]
_FIELDS = [0, *range(1, 28), *range(299, 318), 2**29 - 1]


def varint(value: int, pad: int = 0) -> bytes:
    """A varint, with `pad` bytes more than it needs."""
    out = bytearray()
    while value >= 128 or pad:
        pad -= value < 128
        out.append(value & 127 | 128)
        value >>= 7
    return bytes((*out, value))


_padded = st.sampled_from([0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 9])
_varints = st.builds(varint, st.sampled_from(_NUMBERS) | st.integers(0, 2**64 - 1), _padded)
_texts = st.sampled_from([b"", b"0", b"2.51", b"100.0", b"1001", "注".encode(), b"\xff", b"\xed\xa0\x80", b"\xc0\x80"])


def _tag(number: int, kind: int, pad: int) -> bytes:
    return varint(number << 3 | kind, pad)


def _tags(kind: int) -> st.SearchStrategy[bytes]:
    return st.builds(_tag, st.sampled_from(_FIELDS), st.just(kind), _padded)


def _with_length(tag: bytes, pad: int, content: bytes) -> bytes:
    return tag + varint(len(content), pad) + content


def _group(number: int, content: bytes, end: int) -> bytes:
    return varint(number << 3 | 3) + content + varint(end << 3 | 4)


def _more(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    many = st.lists(inner, max_size=4).map(b"".join)
    number = st.shared(st.sampled_from(_FIELDS), key="group")
    return st.builds(_with_length, _tags(2), _padded, many) | st.builds(
        _group, number, many, number | st.sampled_from(_FIELDS)
    )


_leaves = (
    st.builds(lambda tag, value: tag + value, _tags(0), _varints)
    | st.builds(_with_length, _tags(2), _padded, _texts)
    | st.builds(lambda tag, value: tag + value, _tags(1), st.binary(min_size=8, max_size=8))
    | st.builds(lambda tag, value: tag + value, _tags(5), st.binary(min_size=4, max_size=4))
    | st.sampled_from([4, 6, 7]).flatmap(_tags)
)

#: Bytes made like a protobuf message, with the fields of ours and others, right and wrong.
protobuf_bytes = st.lists(st.recursive(_leaves, _more, max_leaves=8), max_size=5).map(b"".join)


@st.composite
def mutated(draw: st.DrawFn, sources: st.SearchStrategy[bytes]) -> bytes:
    """Bytes of a source with a few bytes set, cut out or put in, or the end cut off."""
    data = bytearray(draw(sources))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, max(0, len(data))))
        new = draw(st.sampled_from([b"", b"\x00", b"\x01", b"\x7f", b"\x80", b"\xff", b"\x0a", b"\xca\x13"]))
        data[at : at + draw(st.integers(0, 2))] = new
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


def frames() -> st.SearchStrategy[bytes]:
    """Frames that are right, nearly right and wrong."""
    known = st.sampled_from(SAMPLES)
    return known | mutated(known) | protobuf_bytes | mutated(protobuf_bytes) | messages().map(_serialised)


def _serialised(values: Any) -> bytes:
    data: bytes = values.SerializeToString()
    return data


_NUMBER_TEXTS = st.sampled_from(["", "0", "0.00000000", "2.51", "65123.45", "1e5", "-1", "x", "9" * 30, "1001", "1002"])
_INTEGERS = {
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
    "string": _NUMBER_TEXTS | st.text(max_size=8),
}


@st.composite
def messages(draw: st.DrawFn, name: str = WRAPPER) -> Any:
    """A message of the official library with any of its fields set."""
    target: Any = message_class(name)()
    table = MESSAGES[name]
    for field in table.fields:
        if not draw(st.booleans()):
            continue
        if field.repeated:
            getattr(target, field.name).extend(draw(st.lists(messages(field.type), max_size=3)))
        else:
            setattr(target, field.name, draw(_INTEGERS[field.type]))
    if table.oneof and draw(st.booleans()):
        field = draw(st.sampled_from(table.oneof))
        getattr(target, field.name).CopyFrom(draw(messages(field.type)))
    return target
