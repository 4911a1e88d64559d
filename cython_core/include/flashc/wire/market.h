/* Market data of push frames: what the depth book and the rows of a recording have in common. */
#pragma once

#include "../ops.h"
#include "decimals.h"
#include "push.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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
  const uint8_t *begin, *readable; /* of the frame: its begin and its end */
  fs_level *levels;
  size_t room;
  fs_depth_message *message;
} fs_fast_depth;

static inline bool fs_fast_decimal(const fs_fast_depth *to, const uint8_t *text, size_t size, size_t decimals,
                                   int64_t *value) {
  if (to->readable - text >= 16 && fs_decimal_fast(text, size, decimals, value)) return true;
  return fs_decimal(text, size, decimals, false, value) == 0;
}

#if defined(__SSE2__)

/* The two numbers that the 16 digits in `digits` spell, each byte a digit 0 to 9: the first eight in the low half. */
static inline uint64_t fs_two_numbers(__m128i digits) {
  const __m128i tens = _mm_mullo_epi16(_mm_and_si128(digits, _mm_set1_epi16(0xFF)), _mm_set1_epi16(10));
  const __m128i twos = _mm_add_epi16(tens, _mm_srli_epi16(digits, 8));
  const __m128i fours = _mm_madd_epi16(twos, _mm_set1_epi32(1 << 16 | 100));
  return (uint64_t)_mm_cvtsi128_si64(
      _mm_madd_epi16(_mm_packs_epi32(fours, fours), _mm_set1_epi32(1 << 16 | 10000)));
}

static inline bool fs_digits_only(__m128i digits) {
  const __m128i nine = _mm_set1_epi8(9);
  return _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(digits, nine), nine)) == 0xFFFF;
}

static const uint8_t fs_last_of_16[32] = {[16] = 255, 255, 255, 255, 255, 255, 255, 255,
                                          255,        255, 255, 255, 255, 255, 255, 255};

/* A whole number of 1 to 16 digits; the 16 bytes before its end must be readable. False says nothing. */
static inline bool fs_fast_whole(fs_span text, int64_t *value) {
  const __m128i keep = _mm_loadu_si128((const __m128i *)(const void *)(fs_last_of_16 + text.size));
  const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text.at + text.size - 16));
  const __m128i digits = _mm_and_si128(_mm_sub_epi8(bytes, _mm_set1_epi8('0')), keep);
  const uint64_t both = fs_two_numbers(digits);
  *value = (int64_t)((both & 0xFFFFFFFF) * 100000000 + (both >> 32));
  return fs_digits_only(digits);
}

/* The masks of `fs_fast_pair`: eight bytes from offset `n` on have 0xFF in the last n, or in the first 8 - n. */
static const uint8_t fs_last_bytes[16] = {[8] = 255, 255, 255, 255, 255, 255, 255, 255};
static const uint8_t fs_first_bytes[16] = {255, 255, 255, 255, 255, 255, 255, 255};

static inline __m128i fs_two_eights(const uint8_t *low, const uint8_t *high) {
  return _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)(const void *)low),
                            _mm_loadl_epi64((const __m128i *)(const void *)high));
}

/* By size: where a point may stand in the eight bytes that end with a text: not first, not last. */
static const uint8_t fs_point_places[9] = {[3] = 0x40, 0x60, 0x70, 0x78, 0x7C, 0x7E};

/* Where a point may stand so that at most `decimals` digits follow. */
static inline uint32_t fs_point_limit(size_t decimals) { return decimals >= 7 ? 0xFF : 0xFF80u >> decimals & 0xFF; }

/* A price and a quantity of one to eight characters each, at once: the price in the lower half of a vector, the quantity
   in the upper, both right-aligned, because the eight bytes before their ends are loaded. Those bytes must be readable.
   The decimals are at most 10; `limits` are the places for their points. False says nothing. */
FS_INLINE bool fs_fast_pair(fs_scale scale, uint32_t limits, fs_span price, fs_span quantity, fs_level *level) {
  const __m128i keep = fs_two_eights(fs_last_bytes + price.size, fs_last_bytes + quantity.size);
  const __m128i bytes = fs_two_eights(price.at + price.size - 8, quantity.at + quantity.size - 8);
  const __m128i digits = _mm_and_si128(_mm_sub_epi8(bytes, _mm_set1_epi8('0')), keep);
  const uint32_t points = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(digits, _mm_set1_epi8('.' - '0')));
  const uint32_t places = (uint32_t)fs_point_places[price.size] | (uint32_t)fs_point_places[quantity.size] << 8;
  if ((points & ~(places & limits)) != 0) return false;
  /* digits behind the point; 8 if there is none */
  const size_t a = (size_t)__builtin_clz((points & 0xFF) << 1 | 1) - 23;
  const size_t b = (size_t)__builtin_clz(points >> 8 << 1 | 1) - 23;
  const __m128i before = fs_two_eights(fs_first_bytes + a, fs_first_bytes + b); /* the point and what stands before it */
  const __m128i closed = _mm_or_si128(_mm_andnot_si128(before, digits), _mm_and_si128(before, _mm_slli_epi64(digits, 8)));
  if (!fs_digits_only(closed)) return false;
  const uint64_t both = fs_two_numbers(closed);
  level->ticks = (int64_t)(both & 0xFFFFFFFF) * fs_powers_of_ten[scale.price_decimals - (a & 7)];
  level->lots = (int64_t)(both >> 32) * fs_powers_of_ten[scale.qty_decimals - (b & 7)];
  return true;
}

#else

static inline bool fs_fast_whole(fs_span text, int64_t *value) {
  (void)text, (void)value;
  return false;
}

static inline bool fs_fast_pair(fs_scale scale, uint32_t limits, fs_span price, fs_span quantity, fs_level *level) {
  (void)scale, (void)limits, (void)price, (void)quantity, (void)level;
  return false;
}

static inline uint32_t fs_point_limit(size_t decimals) { return (uint32_t)decimals; }

#endif

static __attribute__((noinline, unused)) bool fs_long_pair(const fs_fast_depth *to, fs_span price, fs_span quantity,
                                                           fs_level *level) {
  return fs_fast_decimal(to, price.at, price.size, to->scale->price_decimals, &level->ticks) &&
         fs_fast_decimal(to, quantity.at, quantity.size, to->scale->qty_decimals, &level->lots);
}

static inline uint32_t fs_load4(const uint8_t *at) {
  uint32_t word;
  __builtin_memcpy(&word, at, 4);
  return word;
}

static inline uint32_t fs_load2(const uint8_t *at) {
  uint16_t word;
  __builtin_memcpy(&word, at, 2);
  return word;
}

/* The items of one tag that stand together: behind them, or NULL. An item is the tag, its size, 0x0A, the price's size, the
   price, 0x12, the quantity's size, the quantity. Three bytes before it are readable: the body's tag and size, at least.
   What does not change is copied: the compiler cannot know that levels are written elsewhere. */
static inline const uint8_t *fs_fast_items(const fs_fast_depth *to, const uint8_t *at, const uint8_t *end, uint8_t tag,
                                           size_t *count) {
  const size_t before = to->message->asks + to->message->bids;
  const fs_scale scale = *to->scale;
  const bool small = scale.price_decimals <= 10 && scale.qty_decimals <= 10;
  const uint32_t limits = fs_point_limit(scale.price_decimals) | fs_point_limit(scale.qty_decimals) << 8;
  fs_level *level = to->levels + before;
  bool zero = false;
  for (; end - at >= 8 && at[0] == tag; level++) {
    const uint32_t head = fs_load4(at);
    const size_t size = head >> 8 & 0xFF, price = head >> 24;
    if ((head & 0x00FF80FF) != (0x0A0000u | tag) || size > (size_t)(end - at - 2) || price + 4 > size) return NULL;
    const uint8_t *const middle = at + 4 + price;
    const size_t quantity = size - 4 - price;
    if (fs_load2(middle) != (0x12 | quantity << 8)) return NULL;
    const fs_span first = {at + 4, price}, second = {middle + 2, quantity};
    const bool both_short = small && ((price - 1) | (quantity - 1)) < 8;
    if (!(both_short && fs_fast_pair(scale, limits, first, second, level)) && !fs_long_pair(to, first, second, level)) {
      return NULL;
    }
    zero |= level->ticks == 0;
    at += 2 + size;
  }
  *count = (size_t)(level - to->levels) - before;
  return zero ? NULL : at;
}

static inline bool fs_fast_version(const fs_fast_depth *to, fs_span text, int64_t *version) {
  const bool readable = text.size - 1 < 16 && (size_t)(text.at - to->begin) + text.size >= 16;
  if (readable && fs_fast_whole(text, version)) return true;
  return fs_decimal(text.at, text.size, 0, false, version) == 0;
}

/* Leaves a varint out; most end within eight bytes. */
static inline bool fs_fast_skip(fs_pb_cursor *cursor) {
  uint64_t ignored;
  if (cursor->end - cursor->at >= 8) {
    const uint64_t last = ~fs_load8(cursor->at) & FS_EACH_BYTE(0x80);
    if (last != 0) {
      cursor->at += __builtin_ctzll(last) / 8 + 1;
      return true;
    }
  }
  return fs_pb_varint(cursor, &ignored) == 0;
}

static inline bool fs_fast_body(fs_fast_depth *to, fs_span body) {
  const uint8_t *at = body.at, *const end = at + body.size;
  bool from = false, upto = false;
  if (body.size / 8 > to->room) return false; /* an item has eight bytes at least */
  at = fs_fast_items(to, at, end, 0x0A, &to->message->asks);
  if (at != NULL) at = fs_fast_items(to, at, end, 0x12, &to->message->bids);
  if (at == NULL) return false;
  while (end - at >= 2) {
    const uint8_t tag = *at++;
    if (tag == 0x30) {
      fs_pb_cursor cursor = {at, end};
      if (!fs_fast_skip(&cursor)) return false;
      at = cursor.at;
      continue;
    }
    const size_t size = *at++;
    if (size > 0x7F || size > (size_t)(end - at)) return false;
    if (tag == 0x22 || tag == 0x2A) {
      int64_t *const version = tag == 0x22 ? &to->message->from : &to->message->to;
      if (!fs_fast_version(to, (fs_span){at, size}, version)) return false;
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
  fs_fast_depth to = {scale, frame.at, frame.at + frame.size, levels, room, message};
  fs_pb_cursor cursor = {frame.at, frame.at + frame.size};
  bool symbol = false, body = false;
  *message = (fs_depth_message){0};
  while (cursor.end - cursor.at >= 2) {
    const uint8_t tag = *cursor.at++;
    fs_span bytes;
    if (tag == 0x28 || tag == 0x30) {
      if (!fs_fast_skip(&cursor)) return false;
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
