/* Market data of push frames: what the depth book and the rows of a recording have in common. */
#pragma once

#include "../ops.h"
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
