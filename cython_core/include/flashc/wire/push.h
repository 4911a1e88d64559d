/* Push frames (protobuf): the twin of cython_core/wire/push.py, which states the rules.

   `fs_push_read` looks at every byte of a frame and says whether it is one. What stands in it is then read in place, with
   cursors: a body that comes in several pieces is read as if they were one, which is what merging them means. */
#pragma once

#include "bytes.h"
#include "codes.h"
#include "schema.h"

/* Ways of writing a field. */
#define FS_PB_VARINT 0
#define FS_PB_FIXED64 1
#define FS_PB_BYTES 2
#define FS_PB_GROUP 3
#define FS_PB_GROUP_END 4
#define FS_PB_FIXED32 5

typedef struct {
  const uint8_t *at, *end;
} fs_pb_cursor;

typedef struct {
  uint32_t number, form; /* FS_PB_VARINT, FS_PB_BYTES, or one of the fixed ones */
  uint64_t value;        /* of a varint */
  fs_span bytes;         /* of FS_PB_BYTES */
} fs_pb_field;

/* A varint of at most `width` bytes and `most` in value: 0, or `reason`, or FS_PUSH_TRUNCATED. */
static inline int64_t fs_pb_number(fs_pb_cursor *cursor, size_t width, uint64_t most, int64_t reason,
                                   uint64_t *value) {
  if (cursor->at < cursor->end && *cursor->at < 0x80) {
    *value = *cursor->at++;
    return 0;
  }
  if (cursor->end - cursor->at >= 2 && cursor->at[1] < 0x80) {
    *value = (uint64_t)(cursor->at[0] & 0x7F) | (uint64_t)cursor->at[1] << 7;
    cursor->at += 2;
    return 0;
  }
  uint64_t found = 0;
  for (size_t k = 0; k < width; k++) {
    if (cursor->at == cursor->end) return FS_PUSH_TRUNCATED;
    const uint8_t byte = *cursor->at++;
    found |= (uint64_t)(byte & 0x7F) << (7 * k);
    if (byte < 0x80) {
      *value = found;
      return found > most ? reason : 0;
    }
  }
  return reason;
}

static inline int64_t fs_pb_varint(fs_pb_cursor *cursor, uint64_t *value) {
  return fs_pb_number(cursor, 10, UINT64_MAX, FS_PUSH_BAD_VARINT, value);
}

static inline int64_t fs_pb_tag(fs_pb_cursor *cursor, uint32_t *number, uint32_t *form) {
  uint64_t tag = 0;
  const int64_t reason = fs_pb_number(cursor, 5, UINT32_MAX, FS_PUSH_BAD_TAG, &tag);
  *number = (uint32_t)(tag >> 3);
  *form = (uint32_t)(tag & 7);
  return reason;
}

/* A length, and so many bytes. */
static inline int64_t fs_pb_bytes(fs_pb_cursor *cursor, fs_span *bytes) {
  uint64_t size = 0;
  const int64_t reason = fs_pb_number(cursor, 5, INT32_MAX, FS_PUSH_BAD_LENGTH, &size);
  if (reason != 0) return reason;
  if (size > (uint64_t)(cursor->end - cursor->at)) return FS_PUSH_TRUNCATED;
  *bytes = (fs_span){cursor->at, (size_t)size};
  cursor->at += size;
  return 0;
}

/* The content of a field that is no group. */
static inline int64_t fs_pb_content(fs_pb_cursor *cursor, fs_pb_field *field) {
  if (field->form == FS_PB_VARINT) return fs_pb_varint(cursor, &field->value);
  if (field->form == FS_PB_BYTES) return fs_pb_bytes(cursor, &field->bytes);
  if (field->form != FS_PB_FIXED64 && field->form != FS_PB_FIXED32) {
    return field->form == FS_PB_GROUP_END ? FS_PUSH_BAD_GROUP : FS_PUSH_BAD_WIRE_TYPE;
  }
  const ptrdiff_t size = field->form == FS_PB_FIXED64 ? 8 : 4;
  if (cursor->end - cursor->at < size) return FS_PUSH_TRUNCATED;
  cursor->at += size;
  return 0;
}

/* Leaves a group out whose first tag was read; `depth` messages and groups may still stand in one another. */
static __attribute__((noinline, unused)) int64_t fs_pb_skip_group(fs_pb_cursor *cursor, uint32_t number,
                                                                  size_t depth) {
  uint32_t open[FS_PUSH_MOST_DEPTH];
  size_t count = 0;
  fs_pb_field field = {.number = number, .form = FS_PB_GROUP};
  for (;;) {
    int64_t reason = 0;
    if (field.form == FS_PB_GROUP) {
      if (count == depth) return FS_PUSH_TOO_DEEP;
      open[count++] = field.number;
    } else if (field.form == FS_PB_GROUP_END) {
      if (field.number != open[count - 1]) return FS_PUSH_BAD_GROUP;
      if (--count == 0) return 0;
    } else {
      reason = fs_pb_content(cursor, &field);
    }
    if (reason != 0) return reason;
    if (cursor->at == cursor->end) return FS_PUSH_TRUNCATED;
    reason = fs_pb_tag(cursor, &field.number, &field.form);
    if (reason != 0) return reason;
  }
}

/* The next field, groups left out: 1, or 0 at the end, or minus the reason against the bytes. */
static inline int64_t fs_pb_next(fs_pb_cursor *cursor, size_t depth, fs_pb_field *field) {
  while (cursor->at < cursor->end) {
    int64_t reason = fs_pb_tag(cursor, &field->number, &field->form);
    if (reason != 0) return -reason;
    if (field->number == 0) return -FS_PUSH_BAD_TAG;
    const bool group = field->form == FS_PB_GROUP;
    reason = group ? fs_pb_skip_group(cursor, field->number, depth) : fs_pb_content(cursor, field);
    if (reason != 0) return -reason;
    if (!group) return 1;
  }
  return 0;
}

/* FS_KIND_* of a field of a message as it is written; 0 if it is not known. */
static inline uint32_t fs_push_kind(uint32_t message, const fs_pb_field *field) {
  const uint32_t kind = field->number < FS_PUSH_FIELDS ? fs_push_kinds[message][field->number] : 0;
  const uint32_t form = kind == FS_KIND_STRING || kind >= FS_KIND_INNER ? FS_PB_BYTES : FS_PB_VARINT;
  return field->form == form ? kind : 0;
}

/* Every byte of a message: 0, or the reason against it. As deep as the schema, not as the bytes. */
static inline int64_t fs_push_check(fs_span bytes, uint32_t message, size_t depth) {
  fs_pb_cursor cursor = {bytes.at, bytes.at + bytes.size};
  fs_pb_field field;
  int64_t got;
  while ((got = fs_pb_next(&cursor, depth, &field)) > 0) {
    const uint32_t kind = fs_push_kind(message, &field);
    if (kind == FS_KIND_STRING && !fs_is_utf8(field.bytes.at, field.bytes.size)) return FS_PUSH_BAD_UTF8;
    if (kind < FS_KIND_INNER) continue;
    if (depth == 0) return FS_PUSH_TOO_DEEP;
    const int64_t reason = fs_push_check(field.bytes, kind - FS_KIND_INNER, depth - 1);
    if (reason != 0) return reason;
  }
  return -got;
}

typedef struct {
  fs_span channel, symbol, symbol_id;
  int64_t create_ms, send_ms;
  bool has_symbol, has_symbol_id, has_create, has_send;
  uint32_t body;      /* number in the oneof, or 0 */
  fs_pb_cursor pieces; /* of the wrapper, from the first piece of the body on */
} fs_push;

static inline bool fs_push_is_body(const fs_pb_field *field) {
  return field->form == FS_PB_BYTES && field->number >= FS_PUSH_FIRST_BODY && field->number <= FS_PUSH_LAST_BODY;
}

static inline uint32_t fs_push_body_message(uint32_t body) { return fs_push_bodies[body - FS_PUSH_FIRST_BODY]; }

static inline void fs_push_keep(fs_push *push, const fs_pb_field *field) {
  switch (field->number) {
  case 1:
    push->channel = field->bytes;
    break;
  case 3:
    push->symbol = field->bytes;
    push->has_symbol = true;
    break;
  case 4:
    push->symbol_id = field->bytes;
    push->has_symbol_id = true;
    break;
  case 5:
    push->create_ms = (int64_t)field->value;
    push->has_create = true;
    break;
  case 6:
    push->send_ms = (int64_t)field->value;
    push->has_send = true;
    break;
  }
}

/* The facts of a frame: 0, or the reason why it is none. */
static inline int64_t fs_push_read(fs_span frame, fs_push *push) {
  *push = (fs_push){0};
  fs_pb_cursor cursor = {frame.at, frame.at + frame.size};
  fs_pb_field field;
  for (;;) {
    const uint8_t *const begin = cursor.at;
    const int64_t got = fs_pb_next(&cursor, FS_PUSH_MOST_DEPTH, &field);
    if (got <= 0) return -got;
    if (fs_push_is_body(&field)) {
      const uint32_t message = fs_push_body_message(field.number);
      const int64_t reason = fs_push_check(field.bytes, message, FS_PUSH_MOST_DEPTH - 1);
      if (reason != 0) return reason;
      if (push->body != field.number) push->pieces = (fs_pb_cursor){begin, cursor.end};
      push->body = field.number;
      continue;
    }
    const uint32_t kind = fs_push_kind(FS_PUSH_PushDataV3ApiWrapper, &field);
    if (kind == FS_KIND_STRING && !fs_is_utf8(field.bytes.at, field.bytes.size)) return FS_PUSH_BAD_UTF8;
    if (kind != 0) fs_push_keep(push, &field);
  }
}

/* Fields of a message of a frame that `fs_push_read` accepted, from all pieces of it. */
typedef struct {
  fs_pb_cursor pieces, fields;
  uint32_t body, message;
} fs_push_fields;

static inline fs_push_fields fs_push_body_fields(const fs_push *push) {
  return (fs_push_fields){.pieces = push->pieces, .body = push->body, .message = fs_push_body_message(push->body)};
}

static inline fs_push_fields fs_push_inner_fields(fs_span bytes, uint32_t message) {
  return (fs_push_fields){.fields = {bytes.at, bytes.at + bytes.size}, .message = message};
}

/* The next field that the schema knows, and its kind; 0 at the end. */
static inline uint32_t fs_push_next(fs_push_fields *fields, fs_pb_field *field) {
  for (;;) {
    while (fs_pb_next(&fields->fields, FS_PUSH_MOST_DEPTH, field) > 0) {
      const uint32_t kind = fs_push_kind(fields->message, field);
      if (kind != 0) return kind;
    }
    for (;;) {
      if (fs_pb_next(&fields->pieces, FS_PUSH_MOST_DEPTH, field) <= 0) return 0;
      if (fs_push_is_body(field) && field->number == fields->body) break;
    }
    fields->fields = (fs_pb_cursor){field->bytes.at, field->bytes.at + field->bytes.size};
  }
}

/* What a varint is as a number of a kind: its low bits, with sign. */
static inline int64_t fs_push_number(uint32_t kind, uint64_t value) {
  if (kind == FS_KIND_BOOL) return value != 0;
  return kind == FS_KIND_INT32 ? (int64_t)(int32_t)(uint32_t)value : (int64_t)value;
}

/* All values of a message as words, for callers that have no schema: for each field of the table, in its order, two
   words. A text: 1 + its offset in the frame (0: absent), its size. A number: 1 (0: absent), its value. Messages: how
   many, 0, and then the words of each. */
typedef struct {
  const uint8_t *frame;
  int64_t *words;
  size_t room, count; /* words beyond the room are counted, not written */
} fs_push_words;

static inline void fs_push_put(fs_push_words *out, size_t at, int64_t first, int64_t second) {
  if (at + 2 > out->room) return;
  out->words[at] = first;
  out->words[at + 1] = second;
}

static inline void fs_push_write(fs_push_words *out, fs_push_fields fields);

/* The words of one field: of a scalar the last one, of messages each. */
static inline void fs_push_write_field(fs_push_words *out, fs_push_fields fields, uint32_t number) {
  const size_t at = out->count;
  int64_t first = 0, second = 0;
  fs_pb_field field;
  uint32_t kind;
  out->count += 2;
  while ((kind = fs_push_next(&fields, &field)) != 0) {
    if (field.number != number) continue;
    if (kind >= FS_KIND_INNER) {
      first++;
      fs_push_write(out, fs_push_inner_fields(field.bytes, kind - FS_KIND_INNER));
    } else if (kind == FS_KIND_STRING) {
      first = 1 + (field.bytes.at - out->frame);
      second = (int64_t)field.bytes.size;
    } else {
      first = 1;
      second = fs_push_number(kind, field.value);
    }
  }
  fs_push_put(out, at, first, second);
}

static inline void fs_push_write(fs_push_words *out, fs_push_fields fields) {
  for (uint32_t number = 1; number < FS_PUSH_FIELDS; number++) {
    if (fs_push_kinds[fields.message][number] != 0) fs_push_write_field(out, fields, number);
  }
}

/* A frame's words: those of the wrapper's fields, the body's number and 0, those of the body. How many there are, which
   may be more than there is room for; or minus the reason why it is no frame. */
static inline int64_t fs_push_all(fs_span frame, int64_t *words, size_t room) {
  fs_push push;
  const int64_t reason = fs_push_read(frame, &push);
  if (reason != 0) return -reason;
  fs_push_words out = {frame.at, words, room, 0};
  fs_push_write(&out, fs_push_inner_fields(frame, FS_PUSH_PushDataV3ApiWrapper));
  fs_push_put(&out, out.count, push.body, 0);
  out.count += 2;
  if (push.body != 0) fs_push_write(&out, fs_push_body_fields(&push));
  return (int64_t)out.count;
}
