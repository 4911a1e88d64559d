/* A book of one symbol that depth frames keep up to date: versions by the exchange's rule, levels in the book of
   `flashc/book.h`, which covers a window of ticks.

   The book is right inside of its window, and says so when that is not enough: levels beyond the far end of a side are
   counted and left out; as soon as a best price might stand outside (a bid above the window, an ask below it, or a side
   whose last level inside went while some were left out) the book is no longer valid, and a snapshot moves the window.

   A frame that is refused, that leaves a gap or goes backwards changes no level, and makes the book invalid until a
   snapshot comes. runtime/mexc/market/depth_sync.py keeps the same book in Python. */
#pragma once

#include "../book.h"
#include "fast_depth.h"

#define FS_DEPTH_SYMBOL_BYTES 64

/* Words of the layers above `cells` ticks. */
static inline int64_t fs_book_layer(int64_t cells, int64_t layer) {
  for (; layer >= FS_BOOK_LAYER_1; layer--) cells = (cells + 63) / 64;
  return cells;
}

/* Words of the block of a book for `cells` ticks, a multiple of 64. */
static inline int64_t fs_book_words(int64_t cells) {
  int64_t words = cells;
  for (int64_t layer = FS_BOOK_LAYER_1; layer <= FS_BOOK_LAYER_3; layer++) words += fs_book_layer(cells, layer);
  return FS_BOOK_HEADER_WORDS + 2 * words;
}

/* Makes an empty book of a block of zeros. */
static inline void fs_book_init(int64_t *book, int64_t low, int64_t cells) {
  book[FS_BOOK_LOW] = low;
  book[FS_BOOK_CELLS] = cells;
  book[FS_BOOK_BEST_BID] = -1;
  book[FS_BOOK_BEST_ASK] = cells;
  book[FS_BOOK_TOP_WORDS] = fs_book_layer(cells, FS_BOOK_LAYER_3);
  int64_t at = FS_BOOK_HEADER_WORDS;
  for (int64_t side = 1; side >= -1; side -= 2) {
    for (int64_t part = FS_BOOK_LOTS; part <= FS_BOOK_LAYER_3; part++) {
      book[fs_parts(side) + part] = at;
      at += fs_book_layer(cells, part);
    }
  }
}

/* Only words, so that callers of other languages can look: their order is part of the interface. */
typedef struct {
  int64_t version; /* of the last update, or of the snapshot */
  int64_t valid;
  int64_t fresh;   /* 1: no update was applied since the snapshot, so the first may reach back before it */
  int64_t far_bids, far_asks;                     /* levels left out since the snapshot */
  int64_t applied, old, overlaps, gaps, backwards, not_depth, left_window, refused; /* frames, by outcome */
  int64_t price_decimals, qty_decimals, symbol_size;
  uint8_t symbol[FS_DEPTH_SYMBOL_BYTES];
  fs_form forms[FS_FORMS]; /* of the levels that came: a way to read the next ones faster */
} fs_depth;

static inline fs_scale fs_depth_scale(const fs_depth *depth) {
  return (fs_scale){{depth->symbol, (size_t)depth->symbol_size}, (size_t)depth->price_decimals,
                    (size_t)depth->qty_decimals};
}

/* A depth book without levels, not valid. The symbol has at most FS_DEPTH_SYMBOL_BYTES bytes. */
static inline void fs_depth_init(fs_depth *depth, const fs_scale *scale) {
  *depth = (fs_depth){.version = -1,
                      .price_decimals = (int64_t)scale->price_decimals,
                      .qty_decimals = (int64_t)scale->qty_decimals,
                      .symbol_size = (int64_t)scale->symbol.size};
  __builtin_memcpy(depth->symbol, scale->symbol.at, scale->symbol.size);
}

/* A level outside of the window; whether the book can go on without it. */
static inline bool fs_depth_far(fs_depth *depth, const int64_t *book, int64_t side, const fs_level *level) {
  if (level->lots == 0) return true;
  const bool low = level->ticks < book[FS_BOOK_LOW];
  if (side > 0) {
    depth->far_bids++;
  } else {
    depth->far_asks++;
  }
  return low == (side > 0);
}

/* The layers above the first: the word of `cell` in the first became, or was, zero. */
static __attribute__((noinline, unused)) void fs_depth_toggle_above(int64_t *book, int64_t parts, int64_t cell) {
  for (int64_t layer = FS_BOOK_LAYER_2; layer <= FS_BOOK_LAYER_3; layer++) {
    cell >>= 6;
    int64_t *word = fs_part(book, parts, layer) + (cell >> 6);
    const int64_t before = *word, now = before ^ fs_ishl(1, cell);
    *word = now;
    if (before != 0 && now != 0) return;
  }
}

/* What `fs_book_set` does, for all levels of one side of a message. Whether a level appears or goes is close to random,
   so no branch depends on it; rare is a word of the bitmap that becomes or was zero. The best level is looked for once,
   at the end: it is the first one from the old best or the best cell of the message on. Returns whether the book can go
   on without the levels outside of the window. */
FS_INLINE bool fs_depth_set(fs_depth *depth, int64_t *book, int64_t side, const fs_level *levels, size_t count) {
  const int64_t parts = fs_parts(side), low = book[FS_BOOK_LOW];
  const uint64_t cells = (uint64_t)book[FS_BOOK_CELLS];
  int64_t *const lots = fs_part(book, parts, FS_BOOK_LOTS), *const bits = fs_part(book, parts, FS_BOOK_LAYER_1);
  int64_t *const best = book + (side > 0 ? FS_BOOK_BEST_BID : FS_BOOK_BEST_ASK);
  int64_t first = *best, more = 0;
  bool whole = true;
  for (size_t k = 0; k < count; k++) {
    const int64_t cell = fs_isub(levels[k].ticks, low), now = levels[k].lots;
    if (__builtin_expect((uint64_t)cell >= cells, 0)) {
      whole = fs_depth_far(depth, book, side, levels + k) && whole;
      continue;
    }
    const int64_t old = bits[cell >> 6], was_there = fs_ishr(old, cell) & 1, is_there = now > 0;
    const int64_t word = old ^ fs_ishl(was_there ^ is_there, cell);
    lots[cell] = now;
    bits[cell >> 6] = word;
    more += is_there - was_there;
    first = side > 0 ? fs_imax(first, cell) : fs_imin(first, cell);
    if (__builtin_expect((old & word) == 0, 0) && old != word) fs_depth_toggle_above(book, parts, cell);
  }
  const bool gone = fs_book_there(book, first) && (fs_ishr(bits[first >> 6], first) & 1) == 0;
  *best = gone ? fs_book_next(book, side, first) : first;
  book[side > 0 ? FS_BOOK_BID_LEVELS : FS_BOOK_ASK_LEVELS] += more;
  return whole;
}

/* Sets the levels of a message; whether the best prices are known then. */
static inline bool fs_depth_write(fs_depth *depth, int64_t *book, const fs_level *levels, size_t asks, size_t bids) {
  const bool asks_whole = fs_depth_set(depth, book, -1, levels, asks);
  const bool bids_whole = fs_depth_set(depth, book, 1, levels + asks, bids);
  return asks_whole && bids_whole && (depth->far_asks == 0 || book[FS_BOOK_ASK_LEVELS] != 0) &&
         (depth->far_bids == 0 || book[FS_BOOK_BID_LEVELS] != 0);
}

/* The tick in the middle of the levels' best prices; -1 if there are none. */
static inline int64_t fs_depth_middle(const fs_level *levels, size_t asks, size_t bids) {
  int64_t ask = INT64_MAX, bid = -1;
  for (size_t k = 0; k < asks; k++) {
    if (levels[k].lots != 0 && levels[k].ticks < ask) ask = levels[k].ticks;
  }
  for (size_t k = 0; k < bids; k++) {
    if (levels[asks + k].lots != 0 && levels[asks + k].ticks > bid) bid = levels[asks + k].ticks;
  }
  if (ask == INT64_MAX) return bid;
  return bid < 0 ? ask : ask / 2 + bid / 2;
}

/* Moves the window of an empty book so that `middle` stands in its middle half. */
static inline void fs_depth_center(int64_t *book, int64_t middle) {
  const int64_t quarter = book[FS_BOOK_CELLS] / 4, low = book[FS_BOOK_LOW];
  if (middle < 0 || (middle - low >= quarter && middle - low < 3 * quarter)) return;
  book[FS_BOOK_LOW] = fs_imax(middle - 2 * quarter, 0);
}

static inline int64_t fs_depth_snapshot(fs_depth *depth, int64_t *book, int64_t version, const fs_level *levels,
                                        size_t asks, size_t bids) {
  fs_book_clear(book);
  fs_depth_center(book, fs_depth_middle(levels, asks, bids));
  depth->far_bids = depth->far_asks = 0;
  depth->version = version;
  depth->fresh = 1;
  depth->valid = fs_depth_write(depth, book, levels, asks, bids);
  depth->left_window += depth->valid == 0;
  return depth->valid != 0 ? FS_DEPTH_APPLIED : FS_DEPTH_LEFT_WINDOW;
}

static inline int64_t fs_depth_invalid(fs_depth *depth, int64_t *counter, int64_t outcome) {
  depth->valid = 0;
  ++*counter;
  return outcome;
}

/* A message that was read: what it does to the book. */
static inline int64_t fs_depth_take(fs_depth *depth, int64_t *book, const fs_depth_message *message,
                                    const fs_level *levels) {
  if (message->to < message->from) return fs_depth_invalid(depth, &depth->backwards, FS_DEPTH_BACKWARDS);
  if (depth->valid == 0) return fs_depth_invalid(depth, &depth->gaps, FS_DEPTH_GAP);
  if (message->to <= depth->version) {
    depth->old++;
    return FS_DEPTH_OLD;
  }
  if (message->from - 1 > depth->version) return fs_depth_invalid(depth, &depth->gaps, FS_DEPTH_GAP);
  const bool overlap = message->from <= depth->version && depth->fresh == 0;
  if (!fs_depth_write(depth, book, levels, message->asks, message->bids)) {
    return fs_depth_invalid(depth, &depth->left_window, FS_DEPTH_LEFT_WINDOW);
  }
  depth->version = message->to;
  depth->fresh = 0;
  depth->overlaps += overlap;
  depth->applied += !overlap;
  return overlap ? FS_DEPTH_OVERLAP : FS_DEPTH_APPLIED;
}

/* Reads any frame, the long way: 0, FS_DEPTH_NOT_DEPTH, or minus the reason why it is refused. */
static __attribute__((noinline, unused)) int64_t fs_depth_look(fs_span frame, const fs_scale *scale, fs_level *levels,
                                                               size_t room, fs_depth_message *message) {
  fs_push push;
  int64_t reason = fs_push_read(frame, &push);
  if (reason != 0) return -reason;
  if (push.body != 313) return FS_DEPTH_NOT_DEPTH;
  if (!fs_same_bytes(push.symbol, scale->symbol)) return -FS_DEPTH_UNKNOWN_SYMBOL;
  reason = fs_read_depth(&push, scale, levels, room, message);
  return -reason;
}

static inline int64_t fs_depth_not_read(fs_depth *depth, int64_t outcome) {
  if (outcome < 0) return fs_depth_invalid(depth, &depth->refused, outcome);
  depth->not_depth++;
  return outcome;
}

/* Applies one frame of `aggre.depth` (body 313): FS_DEPTH_APPLIED and so on, or minus the reason why it is refused.

   `levels` is memory for the levels of one message, `room` of them. */
static inline int64_t fs_depth_apply(fs_depth *depth, int64_t *book, fs_span frame, fs_level *levels, size_t room) {
  const fs_scale scale = fs_depth_scale(depth);
  fs_depth_message message;
  if (!fs_fast_read_depth(frame, &scale, depth->forms, levels, room, &message)) {
    const int64_t outcome = fs_depth_look(frame, &scale, levels, room, &message);
    if (outcome != 0) return fs_depth_not_read(depth, outcome);
  }
  return fs_depth_take(depth, book, &message, levels);
}
