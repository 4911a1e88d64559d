/* The short way through a depth frame: bodies 313 of one symbol as the exchange writes them, in one way through the
   bytes: fields in the order of their numbers, asks before bids, each level a price and a quantity, nothing unknown.

   Where it gives a message, `fs_push_read` and `fs_read_depth` give the same one. Where it says false it says nothing,
   and they have to look. */
#pragma once

#include "forms.h"

/* So many forms are remembered: one for each item size, modulo this. */
#define FS_FORMS 8

/* An item that is not of the form, and gives it anew. False if it is not as expected. */
static __attribute__((noinline, unused)) bool fs_fast_item(fs_form *form, const fs_scale *scale, const uint8_t *at,
                                                           size_t left, fs_level *level) {
  const size_t size = at[1], price = at[3], quantity = size - 4 - price;
  if (size > 0x7F || size > left - 2 || at[2] != 0x0A || size < price + 5) return false;
  if (at[4 + price] != 0x12 || at[5 + price] != quantity) return false;
  const fs_span texts[2] = {{at + 4, price}, {at + 6 + price, quantity}};
  const bool alike = fs_form_of(form, at, texts[0], texts[1], scale);
  if (alike && fs_form_read(form, at, level)) return true;
  return fs_decimal(texts[0].at, price, scale->price_decimals, false, &level->ticks) == 0 &&
         fs_decimal(texts[1].at, quantity, scale->qty_decimals, false, &level->lots) == 0;
}

/* The items of one tag that stand together: behind them, and how many they are; NULL if one is not as expected. Where
   an item ends is taken from its own size and not from the form's: the next item need not wait for the form. */
static inline const uint8_t *fs_fast_items(fs_form *forms, const fs_scale *scale, const uint8_t *at, const uint8_t *end,
                                           uint8_t tag, fs_level *levels, size_t *count) {
  fs_level *level = levels;
  for (; end - at >= 8 && *at == tag; level++) {
    const size_t left = (size_t)(end - at), size = at[1];
    fs_form *const form = forms + size % FS_FORMS;
    const bool alike = fs_form_fits(form, at, left, tag) && fs_form_read(form, at, level);
    if (!alike && !fs_fast_item(form, scale, at, left, level)) return NULL;
    if (level->ticks == 0) return NULL;
    at += 2 + size;
  }
  *count = (size_t)(level - levels);
  return at;
}

/* The fields of a message one after the other: each function takes one if it comes next. */

static inline bool fs_fast_tag(fs_pb_cursor *cursor, uint8_t tag) {
  if (cursor->at == cursor->end || *cursor->at != tag) return false;
  cursor->at++;
  return true;
}

/* A text; false too if it is longer than 127 bytes. */
static inline bool fs_fast_text(fs_pb_cursor *cursor, uint8_t tag, fs_span *text) {
  const size_t left = (size_t)(cursor->end - cursor->at);
  if (left < 2 || cursor->at[0] != tag) return false;
  const size_t size = cursor->at[1];
  if (size > 0x7F || size > left - 2) return false;
  *text = (fs_span){cursor->at + 2, size};
  cursor->at += 2 + size;
  return true;
}

/* Leaves a text out, which must be ASCII, if it is there. */
static inline bool fs_fast_skip_text(fs_pb_cursor *cursor, uint8_t tag) {
  fs_span text;
  return !fs_fast_text(cursor, tag, &text) || fs_is_ascii(text.at, text.size);
}

/* Leaves a varint out if it is there; most end within eight bytes. */
static inline bool fs_fast_skip_number(fs_pb_cursor *cursor, uint8_t tag) {
  uint64_t ignored;
  if (!fs_fast_tag(cursor, tag)) return true;
  if (cursor->end - cursor->at >= 8) {
    const uint64_t last = ~fs_load8(cursor->at) & FS_EACH_BYTE(0x80);
    if (last != 0) {
      cursor->at += __builtin_ctzll(last) / 8 + 1;
      return true;
    }
  }
  return fs_pb_varint(cursor, &ignored) == 0;
}

/* A version. */
static inline bool fs_fast_version(fs_pb_cursor *cursor, uint8_t tag, int64_t *version) {
  fs_span text;
  if (!fs_fast_text(cursor, tag, &text)) return false;
  return fs_read_whole(text, version) || fs_decimal(text.at, text.size, 0, false, version) == 0;
}

static inline bool fs_fast_body(fs_form *forms, const fs_scale *scale, fs_span body, fs_level *levels,
                                fs_depth_message *message) {
  fs_pb_cursor cursor = {body.at, body.at + body.size};
  cursor.at = fs_fast_items(forms, scale, cursor.at, cursor.end, 0x0A, levels, &message->asks);
  if (cursor.at == NULL) return false;
  cursor.at = fs_fast_items(forms, scale, cursor.at, cursor.end, 0x12, levels + message->asks, &message->bids);
  if (cursor.at == NULL) return false;
  return fs_fast_skip_text(&cursor, 0x1A) && fs_fast_version(&cursor, 0x22, &message->from) &&
         fs_fast_version(&cursor, 0x2A, &message->to) && fs_fast_skip_number(&cursor, 0x30) && cursor.at == cursor.end;
}

/* `forms` are those of the frames before: they change what is fast, not what is read. */
static inline bool fs_fast_read_depth(fs_span frame, const fs_scale *scale, fs_form *forms, fs_level *levels,
                                      size_t room, fs_depth_message *message) {
  fs_pb_cursor cursor = {frame.at, frame.at + frame.size};
  fs_span symbol, body;
  if (!fs_fast_skip_text(&cursor, 0x0A)) return false;
  if (!fs_fast_text(&cursor, 0x1A, &symbol) || !fs_same_bytes(symbol, scale->symbol)) return false;
  if (!fs_fast_skip_text(&cursor, 0x22) || !fs_fast_skip_number(&cursor, 0x28)) return false;
  if (!fs_fast_skip_number(&cursor, 0x30)) return false;
  if (!fs_fast_tag(&cursor, 0xCA) || !fs_fast_tag(&cursor, 0x13) || fs_pb_bytes(&cursor, &body) != 0) return false;
  const bool enough = body.size / 8 <= room; /* an item has eight bytes at least */
  return enough && body.at - frame.at >= FS_FORM_TEXT && cursor.at == cursor.end &&
         fs_fast_body(forms, scale, body, levels, message);
}
