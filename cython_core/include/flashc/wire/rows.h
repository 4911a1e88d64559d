/* Market data of push frames to records of a tape: the twin of cython_core/wire/rows.py, which states the rules. */
#pragma once

#include "../layout.h"
#include "market.h"

typedef struct {
  const fs_scale *scales;
  size_t symbols;
  int64_t *records;
  size_t room, count; /* records */
  int64_t receive_ns, venue_ns;
  int64_t stream; /* number of the symbol */
  int64_t id, first_id;
} fs_rows;

/* What a frame was. */
typedef struct {
  int64_t stream, body, first_id, last_id, venue_ns;
} fs_rows_facts;

static inline int64_t fs_rows_put(fs_rows *rows, int64_t kind, int64_t side, const fs_level *level) {
  if (rows->count == rows->room) return FS_DEPTH_TOO_MANY_LEVELS;
  int64_t *record = rows->records + FS_WORDS_PER_RECORD * rows->count++;
  record[FS_TIME] = rows->receive_ns;
  record[FS_HEAD] = kind | rows->stream << FS_STREAM_SHIFT;
  record[FS_SIDE] = side;
  record[FS_QTY] = level->lots;
  record[FS_PRICE] = level->ticks;
  record[FS_VENUE_TIME] = rows->venue_ns;
  record[FS_UPDATE_ID] = rows->id;
  record[7] = rows->first_id;
  return 0;
}

/* Marks the last record as the end of a message. */
static inline void fs_rows_end(fs_rows *rows) {
  if (rows->count == 0) return;
  int64_t *record = rows->records + FS_WORDS_PER_RECORD * (rows->count - 1);
  record[FS_HEAD] |= (int64_t)FS_FLAG_MESSAGE_END << FS_FLAG_SHIFT;
}

static inline int64_t fs_rows_levels(fs_rows *rows, const fs_push *push, uint32_t number, int64_t side) {
  const fs_scale *scale = rows->scales + rows->stream;
  fs_push_fields fields = fs_push_body_fields(push);
  fs_pb_field field;
  uint32_t kind;
  while ((kind = fs_push_next(&fields, &field)) != 0) {
    if (field.number != number) continue;
    fs_level level = {0, 0};
    int64_t reason = fs_read_level(field.bytes, kind - FS_KIND_INNER, scale, &level);
    if (reason == 0) reason = fs_rows_put(rows, FS_KIND_LEVEL, side, &level);
    if (reason != 0) return reason;
  }
  return 0;
}

static inline int64_t fs_rows_reset(fs_rows *rows) {
  const fs_level none = {0, 0};
  return fs_rows_put(rows, FS_KIND_RESET, 0, &none);
}

/* 302, 303, 313 */
static inline int64_t fs_rows_depth(fs_rows *rows, const fs_push *push) {
  int64_t reason = fs_read_version(push, push->body == 313 ? 5 : 4, &rows->id);
  if (reason == 0 && push->body == 313) reason = fs_read_version(push, 4, &rows->first_id);
  if (reason == 0 && rows->first_id > rows->id) reason = FS_DEPTH_BAD_VERSION;
  if (reason == 0 && push->body == 303) reason = fs_rows_reset(rows);
  if (reason == 0) reason = fs_rows_levels(rows, push, 1, -1);
  if (reason == 0) reason = fs_rows_levels(rows, push, 2, 1);
  fs_rows_end(rows);
  return reason;
}

/* One side of a book ticker: nothing stands there if its price is left out or its quantity is zero. */
static inline int64_t fs_rows_best(fs_rows *rows, const fs_push *push, uint32_t number, int64_t side) {
  const fs_scale *scale = rows->scales + rows->stream;
  const fs_span price = fs_read_text(push, number), quantity = fs_read_text(push, number + 1);
  fs_level level = {0, 0};
  if (price.size == 0) return 0;
  int64_t reason = fs_decimal(price.at, price.size, scale->price_decimals, false, &level.ticks);
  if (reason == 0) reason = fs_decimal(quantity.at, quantity.size, scale->qty_decimals, false, &level.lots);
  if (reason != 0) return FS_DEPTH_DECIMAL(reason);
  if (level.lots == 0) return 0;
  return level.ticks == 0 ? FS_DEPTH_ZERO_PRICE : fs_rows_put(rows, FS_KIND_LEVEL, side, &level);
}

/* 305, 315 */
static inline int64_t fs_rows_ticker(fs_rows *rows, const fs_push *push) {
  int64_t reason = 0;
  if (push->body == 315 && fs_read_text(push, 5).size != 0) reason = fs_read_version(push, 5, &rows->id);
  if (reason == 0) reason = fs_rows_reset(rows);
  if (reason == 0) reason = fs_rows_best(rows, push, 3, -1);
  if (reason == 0) reason = fs_rows_best(rows, push, 1, 1);
  fs_rows_end(rows);
  return reason;
}

/* The digits from `*at` on as a number, at most 18 of them; false if there is none. */
static inline bool fs_rows_digits(fs_span text, size_t *at, int64_t *value) {
  const size_t count = fs_digits(text.at, text.size, *at);
  if (count == 0 || count > 18) return false;
  *value = 0;
  for (size_t k = 0; k < count; k++) *value = 10 * *value + (text.at[*at + k] - '0');
  *at += count;
  return true;
}

/* A trade id `<digits>X<digits>`, alone or before `_`: both numbers, else 0 and 0. */
static inline void fs_rows_trade_id(fs_rows *rows, fs_span text) {
  size_t at = 0;
  rows->id = rows->first_id = 0;
  int64_t id = 0, part = 0;
  if (!fs_rows_digits(text, &at, &id) || at == text.size || text.at[at++] != 'X') return;
  if (!fs_rows_digits(text, &at, &part) || (at != text.size && text.at[at] != '_')) return;
  rows->id = id;
  rows->first_id = part;
}

static inline int64_t fs_rows_time(int64_t ms, int64_t *ns) {
  if (ms < 0 || ms > FS_DEPTH_MOST_MS) return FS_DEPTH_BAD_TIME;
  *ns = ms * 1000000;
  return 0;
}

static inline int64_t fs_rows_deal(fs_rows *rows, fs_span item, uint32_t message) {
  fs_push_fields fields = fs_push_inner_fields(item, message);
  fs_level level = {0, 0};
  fs_span id = {0};
  int64_t side = 0, ms = 0;
  fs_pb_field field;
  uint32_t kind;
  while ((kind = fs_push_next(&fields, &field)) != 0) {
    if (field.number == 3) side = fs_push_number(kind, field.value);
    if (field.number == 4) ms = fs_push_number(kind, field.value);
    if (field.number == 5) id = field.bytes;
  }
  int64_t reason = fs_read_level(item, message, rows->scales + rows->stream, &level);
  if (reason == 0 && level.lots == 0) reason = FS_DEPTH_ZERO_QUANTITY;
  if (reason == 0 && side != 1 && side != 2) reason = FS_DEPTH_BAD_SIDE;
  if (reason == 0) reason = fs_rows_time(ms, &rows->venue_ns);
  if (reason != 0) return reason;
  fs_rows_trade_id(rows, id);
  return fs_rows_put(rows, FS_KIND_TRADE, side == 1 ? 1 : -1, &level);
}

/* 301, 314 */
static inline int64_t fs_rows_deals(fs_rows *rows, const fs_push *push) {
  fs_push_fields fields = fs_push_body_fields(push);
  fs_pb_field field;
  uint32_t kind;
  while ((kind = fs_push_next(&fields, &field)) != 0) {
    if (field.number != 1) continue;
    const int64_t reason = fs_rows_deal(rows, field.bytes, kind - FS_KIND_INNER);
    if (reason != 0) return reason;
  }
  rows->id = rows->first_id = 0;
  return 0;
}

static inline int64_t fs_rows_body(fs_rows *rows, const fs_push *push) {
  switch (push->body) {
  case 301:
  case 314:
    return fs_rows_deals(rows, push);
  case 305:
  case 315:
    return fs_rows_ticker(rows, push);
  default:
    return fs_rows_depth(rows, push);
  }
}

static inline bool fs_rows_has_rows(uint32_t body) {
  return body == 301 || body == 302 || body == 303 || body == 305 || body >= 313;
}

/* The records of one frame: how many, 0 for frames of another kind, or minus the reason why it is refused. */
static inline int64_t fs_rows_read(const fs_scale *scales, size_t symbols, fs_span frame, int64_t receive_ns,
                                   int64_t *records, size_t room, fs_rows_facts *facts) {
  fs_rows rows = {.scales = scales, .symbols = symbols, .records = records, .room = room, .receive_ns = receive_ns};
  fs_push push;
  *facts = (fs_rows_facts){.stream = -1};
  int64_t reason = fs_push_read(frame, &push);
  if (reason != 0) return -reason;
  facts->body = push.body;
  if (!fs_rows_has_rows(push.body)) return 0;
  while ((size_t)rows.stream < symbols && !fs_same_bytes(scales[rows.stream].symbol, push.symbol)) rows.stream++;
  if ((size_t)rows.stream == symbols) return -FS_DEPTH_UNKNOWN_SYMBOL;
  facts->stream = rows.stream;
  reason = fs_rows_time(push.has_send ? push.send_ms : push.create_ms, &rows.venue_ns);
  facts->venue_ns = rows.venue_ns;
  if (reason == 0) reason = fs_rows_body(&rows, &push);
  facts->first_id = rows.first_id;
  facts->last_id = rows.id;
  return reason != 0 ? -reason : (int64_t)rows.count;
}
