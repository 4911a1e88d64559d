/* Market data of push frames: what the depth book and the rows of a recording have in common. */
#pragma once

#include "decimals.h"
#include "push.h"

/* A symbol, and the decimals of its ticks and lots. */
typedef struct {
  fs_span symbol;
  size_t price_decimals, qty_decimals;
} fs_scale;

/* The lots that stand at a tick now. */
typedef struct {
  int64_t ticks, lots;
} fs_level;

/* A depth message: asks stand first in the levels, bids behind them. */
typedef struct {
  int64_t from, to;
  size_t asks, bids;
} fs_depth_message;

#define FS_DEPTH_DECIMAL(reason) ((reason) + FS_DEPTH_EMPTY - FS_DECIMAL_EMPTY)

/* A price and a quantity that stand in fields 1 and 2 of `item`: 0, or the reason against them. */
static inline int64_t fs_read_level(fs_span item, uint32_t message, const fs_scale *scale, fs_level *level) {
  fs_push_fields fields = fs_push_inner_fields(item, message);
  fs_span price = {0}, quantity = {0};
  fs_pb_field field;
  while (fs_push_next(&fields, &field) != 0) {
    if (field.number == 1) price = field.bytes;
    if (field.number == 2) quantity = field.bytes;
  }
  int64_t reason = fs_decimal(price.at, price.size, scale->price_decimals, false, &level->ticks);
  if (reason != 0) return FS_DEPTH_DECIMAL(reason);
  if (level->ticks == 0) return FS_DEPTH_ZERO_PRICE;
  reason = fs_decimal(quantity.at, quantity.size, scale->qty_decimals, false, &level->lots);
  return reason != 0 ? FS_DEPTH_DECIMAL(reason) : 0;
}

/* How many levels a body has. */
static inline size_t fs_count_levels(const fs_push *push) {
  fs_push_fields fields = fs_push_body_fields(push);
  fs_pb_field field;
  size_t count = 0;
  while (fs_push_next(&fields, &field) != 0) count += field.number <= 2;
  return count;
}

/* The levels of field `number` of a body, behind those that are there; `fs_count_levels` says how much room they need. */
static inline int64_t fs_read_levels(const fs_push *push, uint32_t number, const fs_scale *scale, fs_level *levels,
                                     size_t *count) {
  fs_push_fields fields = fs_push_body_fields(push);
  fs_pb_field field;
  uint32_t kind;
  while ((kind = fs_push_next(&fields, &field)) != 0) {
    if (field.number != number) continue;
    const int64_t reason = fs_read_level(field.bytes, kind - FS_KIND_INNER, scale, levels + *count);
    if (reason != 0) return reason;
    ++*count;
  }
  return 0;
}

/* The text of field `number` of a body; empty if there is none. */
static inline fs_span fs_read_text(const fs_push *push, uint32_t number) {
  fs_push_fields fields = fs_push_body_fields(push);
  fs_span found = {0};
  fs_pb_field field;
  while (fs_push_next(&fields, &field) != 0) {
    if (field.number == number) found = field.bytes;
  }
  return found;
}

/* A version in field `number` of a body. */
static inline int64_t fs_read_version(const fs_push *push, uint32_t number, int64_t *version) {
  const fs_span text = fs_read_text(push, number);
  return fs_decimal(text.at, text.size, 0, false, version) != 0 ? FS_DEPTH_BAD_VERSION : 0;
}

/* Versions and levels of a body 313 (two versions) or 302 or 303 (one). */
static inline int64_t fs_read_depth(const fs_push *push, const fs_scale *scale, fs_level *levels, size_t room,
                                    fs_depth_message *message) {
  size_t count = 0;
  *message = (fs_depth_message){0};
  int64_t reason = fs_read_version(push, 4, &message->from);
  message->to = message->from;
  if (reason == 0 && push->body == 313) reason = fs_read_version(push, 5, &message->to);
  if (reason == 0 && fs_count_levels(push) > room) reason = FS_DEPTH_TOO_MANY_LEVELS;
  if (reason == 0) reason = fs_read_levels(push, 1, scale, levels, &count);
  message->asks = count;
  if (reason == 0) reason = fs_read_levels(push, 2, scale, levels, &count);
  message->bids = count - message->asks;
  return reason;
}

/* The same for a body 313 of one symbol as the exchange writes it, in one way through the bytes: asks before bids, each
   level a price and a quantity, nothing unknown. False says nothing: then `fs_push_read` has to look. */

typedef struct {
  const fs_scale *scale;
  const uint8_t *readable; /* end of the frame */
  fs_level *levels;
  size_t room;
  fs_depth_message *message;
} fs_fast_depth;

static inline bool fs_fast_decimal(const fs_fast_depth *to, const uint8_t *text, size_t size, size_t decimals,
                                   int64_t *value) {
  if (to->readable - text >= 16 && fs_decimal_fast(text, size, decimals, value)) return true;
  return fs_decimal(text, size, decimals, false, value) == 0;
}

/* `bytes` is the content of an item: a price of at least one byte in field 1, a quantity in field 2. */
static inline bool fs_fast_level(const fs_fast_depth *to, const uint8_t *at, size_t size, fs_level *level) {
  if (size < 6 || at[0] != 0x0A) return false;
  const size_t price = at[1];
  if (price + 4 > size || at[2 + price] != 0x12) return false;
  const size_t quantity = at[3 + price];
  if (price + quantity + 4 != size) return false;
  return fs_fast_decimal(to, at + 2, price, to->scale->price_decimals, &level->ticks) && level->ticks != 0 &&
         fs_fast_decimal(to, at + 4 + price, quantity, to->scale->qty_decimals, &level->lots);
}

static inline bool fs_fast_body(fs_fast_depth *to, fs_span body) {
  const uint8_t *at = body.at, *const end = at + body.size;
  bool from = false, upto = false;
  while (end - at >= 2) {
    const uint8_t tag = at[0];
    const size_t size = at[1];
    at += tag == 0x30 ? 1 : 2;
    if (tag == 0x30) {
      fs_pb_cursor cursor = {at, end};
      uint64_t ignored;
      if (fs_pb_varint(&cursor, &ignored) != 0) return false;
      at = cursor.at;
      continue;
    }
    if (size > 0x7F || size > (size_t)(end - at)) return false;
    const size_t count = to->message->asks + to->message->bids;
    if (tag == 0x0A || tag == 0x12) {
      if (count == to->room || !fs_fast_level(to, at, size, to->levels + count)) return false;
      if (tag == 0x0A && to->message->bids != 0) return false;
      to->message->asks += tag == 0x0A;
      to->message->bids += tag == 0x12;
    } else if (tag == 0x22 || tag == 0x2A) {
      if (!fs_fast_decimal(to, at, size, 0, tag == 0x22 ? &to->message->from : &to->message->to)) return false;
      if (tag == 0x22) from = true;
      if (tag == 0x2A) upto = true;
    } else if (tag != 0x1A || !fs_is_ascii(at, size)) {
      return false;
    }
    at += size;
  }
  return at == end && from && upto;
}

static inline bool fs_fast_read_depth(fs_span frame, const fs_scale *scale, fs_level *levels, size_t room,
                                      fs_depth_message *message) {
  fs_fast_depth to = {scale, frame.at + frame.size, levels, room, message};
  fs_pb_cursor cursor = {frame.at, frame.at + frame.size};
  bool symbol = false, body = false;
  *message = (fs_depth_message){0};
  while (cursor.end - cursor.at >= 2) {
    const uint8_t tag = *cursor.at++;
    fs_span bytes;
    uint64_t ignored;
    if (tag == 0x28 || tag == 0x30) {
      if (fs_pb_varint(&cursor, &ignored) != 0) return false;
    } else if (tag == 0xCA) {
      if (*cursor.at++ != 0x13 || body || fs_pb_bytes(&cursor, &bytes) != 0 || !fs_fast_body(&to, bytes)) return false;
      body = true;
    } else {
      if ((tag != 0x0A && tag != 0x1A && tag != 0x22) || fs_pb_bytes(&cursor, &bytes) != 0) return false;
      if (!fs_is_ascii(bytes.at, bytes.size)) return false;
      if (tag == 0x1A) {
        symbol = fs_same_bytes(bytes, scale->symbol);
        if (!symbol) return false;
      }
    }
  }
  return cursor.at == cursor.end && symbol && body;
}
