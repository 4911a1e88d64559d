/* WebSocket frames to messages: the twin of cython_core/wire/ws_frames.py, which states the rules.

   The reader works in one block of the caller's. The caller asks for room, writes what the socket gave there, says how
   much it was, and takes messages out until there is none. Fragments are moved together in place, so a message lies in
   one piece, and the block's size bounds the memory. */
#pragma once

#include "bytes.h"
#include "codes.h"

/* Beside a message of the greatest size there is always room for a head and a control frame. */
#define FS_WS_SPARE 256

typedef struct {
  uint8_t *block;
  size_t size, most;      /* of the block; bytes of a message */
  size_t message;         /* bytes of the fragments so far; they lie at the block's begin */
  size_t begin, end;      /* bytes that were not looked at */
  size_t taken;           /* bytes of the message that was given out last; they are free at the next call */
  uint32_t fragments;
  uint8_t opcode;         /* of the message that goes on; 0: none */
  bool from_client, closed;
  int64_t fault;          /* the reason, once there was one */
} fs_ws_reader;

typedef struct {
  uint8_t opcode;
  fs_span payload; /* good until the reader is used again */
} fs_ws_message;

/* A reader of messages of at most `most` bytes; the block must have FS_WS_SPARE bytes more. */
static inline void fs_ws_init(fs_ws_reader *reader, uint8_t *block, size_t most, bool from_client) {
  *reader = (fs_ws_reader){.block = block, .size = most + FS_WS_SPARE, .most = most, .from_client = from_client};
}

/* Where the next bytes go, and how many fit: always more than none, once every message was taken out. */
static inline uint8_t *fs_ws_room(fs_ws_reader *reader, size_t *size) {
  if (reader->taken != 0) {
    reader->message = 0;
    reader->taken = 0;
  }
  const size_t waiting = reader->end - reader->begin;
  if (reader->begin != reader->message) {
    __builtin_memmove(reader->block + reader->message, reader->block + reader->begin, waiting);
    reader->begin = reader->message;
    reader->end = reader->begin + waiting;
  }
  *size = reader->size - reader->end;
  return reader->block + reader->end;
}

/* `size` bytes were written to the room. */
static inline void fs_ws_wrote(fs_ws_reader *reader, size_t size) { reader->end += size; }

typedef struct {
  uint8_t first, code;
  size_t head, size; /* bytes before the payload (0: not all there), of the payload */
} fs_ws_head;

static inline bool fs_ws_is_control(uint8_t first) { return (first & 0x08) != 0; }

static inline int64_t fs_ws_check_head(const fs_ws_reader *reader, uint8_t first, uint8_t second) {
  const uint8_t opcode = first & 0x0F;
  if ((first & 0x70) != 0) return FS_FRAME_RESERVED_BITS;
  if (opcode > 10 || (opcode > 2 && opcode < 8)) return FS_FRAME_UNKNOWN_OPCODE;
  if (((second & 0x80) != 0) != reader->from_client) {
    return reader->from_client ? FS_FRAME_UNMASKED_CLIENT_FRAME : FS_FRAME_MASKED_SERVER_FRAME;
  }
  if (fs_ws_is_control(first)) {
    if ((first & 0x80) == 0) return FS_FRAME_CONTROL_FRAGMENTED;
    return (second & 0x7F) > FS_FRAME_MOST_CONTROL ? FS_FRAME_CONTROL_TOO_LONG : 0;
  }
  if ((reader->opcode != 0) != (opcode == 0)) return FS_FRAME_BAD_CONTINUATION;
  return reader->fragments >= FS_FRAME_MOST_FRAGMENTS ? FS_FRAME_TOO_MANY_FRAGMENTS : 0;
}

/* Reads a frame's head if all of it is there. */
static inline int64_t fs_ws_read_head(const fs_ws_reader *reader, fs_ws_head *head) {
  const uint8_t *at = reader->block + reader->begin;
  const size_t left = reader->end - reader->begin;
  head->head = 0;
  if (left < 2) return 0;
  const int64_t reason = fs_ws_check_head(reader, at[0], at[1]);
  if (reason != 0) return reason;
  head->first = at[0];
  head->code = at[1] & 0x7F;
  const size_t width = head->code < 126 ? 0 : head->code == 126 ? 2 : 8;
  if (left < 2 + width) return 0;
  uint64_t size = head->code;
  if (width != 0) {
    size = 0;
    for (size_t k = 0; k < width; k++) size = size << 8 | at[2 + k];
    if (size < (width == 2 ? 126 : UINT64_C(1) << 16) || size >> 63 != 0) return FS_FRAME_BAD_LENGTH;
  }
  if (!fs_ws_is_control(head->first) && size > reader->most - reader->message) return FS_FRAME_TOO_BIG;
  head->size = (size_t)size;
  head->head = 2 + width + (reader->from_client ? 4 : 0);
  return 0;
}

/* Each byte xor the key's; masks and unmasks. */
static inline void fs_ws_mask(uint8_t *to, const uint8_t *from, size_t size, const uint8_t *key) {
  for (size_t k = 0; k < size; k++) to[k] = (uint8_t)(from[k] ^ key[k & 3]);
}

static inline bool fs_ws_close_code(uint32_t code) {
  if (code >= 1000 && code <= 1014) return code != 1004 && code != 1005 && code != 1006;
  return code >= 3000 && code <= 4999;
}

static inline int64_t fs_ws_check_close(const uint8_t *payload, size_t size) {
  if (size == 0) return 0;
  if (size == 1 || !fs_ws_close_code((uint32_t)payload[0] << 8 | payload[1])) return FS_FRAME_BAD_CLOSE;
  return fs_is_utf8(payload + 2, size - 2) ? 0 : FS_FRAME_BAD_UTF8;
}

/* The payload of a frame that is all there, unmasked in place. */
static inline uint8_t *fs_ws_payload(fs_ws_reader *reader, const fs_ws_head *head) {
  uint8_t *payload = reader->block + reader->begin + head->head;
  if (reader->from_client) fs_ws_mask(payload, payload, head->size, payload - 4);
  reader->begin += head->head + head->size;
  return payload;
}

static inline int64_t fs_ws_take_control(fs_ws_reader *reader, const fs_ws_head *head, fs_ws_message *found) {
  const uint8_t *payload = fs_ws_payload(reader, head);
  found->opcode = head->first & 0x0F;
  found->payload = (fs_span){payload, head->size};
  if (found->opcode != FS_FRAME_CLOSE) return 0;
  const int64_t reason = fs_ws_check_close(payload, head->size);
  reader->closed = reason == 0;
  return reason;
}

/* Adds a fragment; `found->opcode` stays 0 until the message is whole. */
static inline int64_t fs_ws_take_data(fs_ws_reader *reader, const fs_ws_head *head, fs_ws_message *found) {
  const uint8_t *payload = fs_ws_payload(reader, head);
  if ((head->first & 0x0F) != 0) reader->opcode = head->first & 0x0F;
  reader->fragments++;
  const bool last = (head->first & 0x80) != 0;
  if (!last || reader->message != 0) {
    __builtin_memmove(reader->block + reader->message, payload, head->size);
    payload = reader->block;
    reader->message += head->size;
  }
  if (!last) return 0;
  found->opcode = reader->opcode;
  found->payload = (fs_span){payload, reader->message != 0 ? reader->message : head->size};
  reader->taken = 1;
  reader->opcode = 0;
  reader->fragments = 0;
  return found->opcode == FS_FRAME_TEXT && !fs_is_utf8(payload, found->payload.size) ? FS_FRAME_BAD_UTF8 : 0;
}

static inline int64_t fs_ws_step(fs_ws_reader *reader, fs_ws_message *found, bool *more) {
  fs_ws_head head;
  const int64_t reason = fs_ws_read_head(reader, &head);
  *more = false;
  if (reason != 0) return reason;
  if (head.head == 0 || reader->end - reader->begin < head.head ||
      reader->end - reader->begin - head.head < head.size) {
    return 0;
  }
  *more = true;
  return fs_ws_is_control(head.first) ? fs_ws_take_control(reader, &head, found)
                                      : fs_ws_take_data(reader, &head, found);
}

/* Takes the next message out: 1, or 0 if none is whole, or minus the reason of a fault, now and at each later call. */
static inline int64_t fs_ws_next(fs_ws_reader *reader, fs_ws_message *found) {
  if (reader->taken != 0) {
    reader->message = 0;
    reader->taken = 0;
  }
  bool more = true;
  found->opcode = 0;
  while (reader->fault == 0 && !reader->closed && more && found->opcode == 0) {
    reader->fault = fs_ws_step(reader, found, &more);
  }
  if (reader->fault != 0) return -reader->fault;
  if (reader->closed) reader->begin = reader->end = 0;
  return found->opcode != 0;
}

/* Writes a whole frame: its bytes, at most 14 more than the payload's. `mask` has four bytes, or is NULL. */
static inline size_t fs_ws_encode(uint8_t *to, uint8_t opcode, fs_span payload, const uint8_t *mask) {
  const size_t width = payload.size < 126 ? 0 : payload.size < 65536 ? 2 : 8;
  size_t at = 2;
  to[0] = (uint8_t)(0x80 | opcode);
  to[1] = (uint8_t)((mask != NULL ? 0x80 : 0) | (width == 0 ? payload.size : width == 2 ? 126 : 127));
  for (size_t k = width; k > 0; k--) to[at++] = (uint8_t)(payload.size >> (8 * (k - 1)));
  if (mask != NULL) {
    for (size_t k = 0; k < 4; k++) to[at++] = mask[k];
    fs_ws_mask(to + at, payload.at, payload.size, mask);
  } else if (payload.size != 0) {
    __builtin_memcpy(to + at, payload.at, payload.size);
  }
  return at + payload.size;
}
