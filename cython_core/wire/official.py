"""The push messages as classes of the official protobuf library, made from the table of `schema.py`.

They are the oracle that our decoders are compared with, and serve where speed does not matter.
"""

from __future__ import annotations

from functools import lru_cache

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message as OfficialMessage

from .schema import MESSAGES, Field, Message

_FILE = "flashc/mexc_push.proto"
_SCALARS = {
    "string": descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    "int32": descriptor_pb2.FieldDescriptorProto.TYPE_INT32,
    "int64": descriptor_pb2.FieldDescriptorProto.TYPE_INT64,
    "bool": descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
}


def message_class(name: str) -> type[OfficialMessage]:
    """The class of a message of the table. KeyError for any other name."""
    return _classes()[name]


@lru_cache(maxsize=1)
def _classes() -> dict[str, type[OfficialMessage]]:
    file = descriptor_pb2.FileDescriptorProto(name=_FILE, syntax="proto3")
    for message in MESSAGES.values():
        _describe(message, file.message_type.add())
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for name in MESSAGES}


def _describe(message: Message, target: descriptor_pb2.DescriptorProto) -> None:
    target.name = message.name
    if message.oneof:
        target.oneof_decl.add().name = "body"
    for field in message.fields:
        _describe_field(field, target)
    for field in message.oneof:
        _describe_field(field, target).oneof_index = 0
    # What proto3 makes of `optional`: a oneof of one field. These must follow the real ones.
    for field in message.fields:
        if field.optional:
            found = next(entry for entry in target.field if entry.number == field.number)
            found.proto3_optional = True
            found.oneof_index = len(target.oneof_decl)
            target.oneof_decl.add().name = f"_{field.name}"


def _describe_field(field: Field, target: descriptor_pb2.DescriptorProto) -> descriptor_pb2.FieldDescriptorProto:
    kinds = descriptor_pb2.FieldDescriptorProto
    found = target.field.add()
    found.name, found.number = field.name, field.number
    found.label = kinds.LABEL_REPEATED if field.repeated else kinds.LABEL_OPTIONAL
    if field.type in _SCALARS:
        found.type = _SCALARS[field.type]
    else:
        found.type, found.type_name = kinds.TYPE_MESSAGE, f".{field.type}"
    return found
