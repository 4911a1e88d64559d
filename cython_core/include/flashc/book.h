/* The order book on a block of words: the twin of runtime/backtest/market/book.py, which tests compare it with.

   A book covers a fixed window of ticks (cython_core/book_words.py has the block's layout). Per side it holds the lots
   of every tick, and a bitmap of the ticks that hold lots in three layers: a bit of a layer says that the word of the
   layer below is not zero. `side` is > 0 for bids, else asks; prices are ticks, quantities lots; levels count from the
   best, 0. A level that is not there has price and quantity 0, a tick outside of the window holds nothing. Sums wrap. */
#pragma once

#include "layout.h"
#include "ops.h"

_Static_assert(FS_BOOK_BEST_ASK == FS_BOOK_BEST_BID + 1 && FS_BOOK_ASK_LEVELS == FS_BOOK_BID_LEVELS + 1,
               "words of asks follow those of bids");

static inline int64_t fs_parts(int64_t side) { return side > 0 ? FS_BOOK_BID_PARTS : FS_BOOK_ASK_PARTS; }

/* The first word of a part of a side: FS_BOOK_LOTS, FS_BOOK_LAYER_1 .. FS_BOOK_LAYER_3. */
static inline int64_t *fs_part(int64_t *book, int64_t parts, int64_t part) { return book + book[parts + part]; }

static inline const int64_t *fs_part_of(const int64_t *book, int64_t parts, int64_t part) {
  return book + book[parts + part];
}

/* 64 for the word 0, which the builtins leave undefined. */
static inline int64_t fs_low_zeros(int64_t word) { return word == 0 ? 64 : __builtin_ctzll((uint64_t)word); }
static inline int64_t fs_high_zeros(int64_t word) { return word == 0 ? 64 : __builtin_clzll((uint64_t)word); }

/* the bitmap */

/* Says that a tick holds lots now, or that it holds none any more. A layer above changes when a word of it becomes or was
   zero, so both ways are one. */
static inline void fs_book_toggle(int64_t *book, int64_t parts, int64_t cell) {
  for (int64_t layer = FS_BOOK_LAYER_1; layer <= FS_BOOK_LAYER_3; layer++, cell >>= 6) {
    int64_t *word = fs_part(book, parts, layer) + (cell >> 6);
    const int64_t before = *word, now = before ^ fs_ishl(1, cell);
    *word = now;
    if (before != 0 && now != 0) return;
  }
}

/* The lowest cell below word `number` of a layer, which is not zero. */
static inline int64_t fs_book_lowest(const int64_t *book, int64_t parts, int64_t layer, int64_t number) {
  for (; layer >= FS_BOOK_LAYER_1; layer--) {
    number = (number << 6) + fs_low_zeros(fs_part_of(book, parts, layer)[number]);
  }
  return number;
}

/* The highest cell below word `number` of a layer, which is not zero. */
static inline int64_t fs_book_highest(const int64_t *book, int64_t parts, int64_t layer, int64_t number) {
  for (; layer >= FS_BOOK_LAYER_1; layer--) {
    number = (number << 6) + 63 - fs_high_zeros(fs_part_of(book, parts, layer)[number]);
  }
  return number;
}

/* The next level is nearly always in the same word of layer 1; the way through the other layers is kept out of line. */

static __attribute__((noinline, unused)) int64_t fs_book_far_above(const int64_t *book, int64_t cell) {
  for (int64_t layer = FS_BOOK_LAYER_2; layer <= FS_BOOK_LAYER_3; layer++) {
    cell >>= 6;
    const int64_t number = cell >> 6;
    const int64_t rest = fs_part_of(book, FS_BOOK_ASK_PARTS, layer)[number] & fs_ishl(-2, cell);
    if (rest != 0) return fs_book_lowest(book, FS_BOOK_ASK_PARTS, layer - 1, (number << 6) + fs_low_zeros(rest));
  }
  for (int64_t number = (cell >> 6) + 1; number < book[FS_BOOK_TOP_WORDS]; number++) {
    if (fs_part_of(book, FS_BOOK_ASK_PARTS, FS_BOOK_LAYER_3)[number] != 0) {
      return fs_book_lowest(book, FS_BOOK_ASK_PARTS, FS_BOOK_LAYER_3, number);
    }
  }
  return book[FS_BOOK_CELLS];
}

static __attribute__((noinline, unused)) int64_t fs_book_far_below(const int64_t *book, int64_t cell) {
  for (int64_t layer = FS_BOOK_LAYER_2; layer <= FS_BOOK_LAYER_3; layer++) {
    cell >>= 6;
    const int64_t number = cell >> 6;
    const int64_t rest = fs_part_of(book, FS_BOOK_BID_PARTS, layer)[number] & fs_isub(fs_ishl(1, cell), 1);
    if (rest != 0) {
      return fs_book_highest(book, FS_BOOK_BID_PARTS, layer - 1, (number << 6) + 63 - fs_high_zeros(rest));
    }
  }
  for (int64_t number = (cell >> 6) - 1; number >= 0; number--) {
    if (fs_part_of(book, FS_BOOK_BID_PARTS, FS_BOOK_LAYER_3)[number] != 0) {
      return fs_book_highest(book, FS_BOOK_BID_PARTS, FS_BOOK_LAYER_3, number);
    }
  }
  return -1;
}

/* The lowest ask above a cell; the number of cells if there is none. */
static inline int64_t fs_book_above(const int64_t *book, int64_t cell) {
  const int64_t rest = fs_part_of(book, FS_BOOK_ASK_PARTS, FS_BOOK_LAYER_1)[cell >> 6] & fs_ishl(-2, cell);
  return rest != 0 ? (cell & ~INT64_C(63)) + fs_low_zeros(rest) : fs_book_far_above(book, cell);
}

/* The highest bid below a cell; -1 if there is none. */
static inline int64_t fs_book_below(const int64_t *book, int64_t cell) {
  const int64_t rest = fs_part_of(book, FS_BOOK_BID_PARTS, FS_BOOK_LAYER_1)[cell >> 6] & fs_isub(fs_ishl(1, cell), 1);
  return rest != 0 ? (cell & ~INT64_C(63)) + 63 - fs_high_zeros(rest) : fs_book_far_below(book, cell);
}

/* changes */

/* Lets `lots` (0: none) stand at a tick; how many stood there.

   Sides come at random, and so do levels that appear and disappear: as few branches as can be depend on them. */
static inline int64_t fs_book_set(int64_t *book, int64_t side, int64_t tick, int64_t lots) {
  const int64_t cell = fs_isub(tick, book[FS_BOOK_LOW]), parts = fs_parts(side), asks = side <= 0;
  if (cell < 0 || cell >= book[FS_BOOK_CELLS]) {
    book[FS_BOOK_OUTSIDE]++;
    return 0;
  }
  int64_t *there = fs_part(book, parts, FS_BOOK_LOTS) + cell;
  const int64_t before = *there;
  *there = lots;
  if ((before > 0) == (lots > 0)) return before;
  fs_book_toggle(book, parts, cell);
  book[FS_BOOK_BID_LEVELS + asks] += lots > 0 ? 1 : -1;
  int64_t *best = book + FS_BOOK_BEST_BID + asks;
  if ((cell - *best) * (1 - 2 * asks) < 0) return before;
  if (lots > 0) {
    *best = cell;
  } else {
    *best = side > 0 ? fs_book_below(book, cell) : fs_book_above(book, cell);
  }
  return before;
}

/* Brings the memory of a level near: it will be set soon. Changes nothing, whatever the tick. */
static inline void fs_book_expect(const int64_t *book, int64_t side, int64_t tick) {
  const int64_t word = fs_isub(fs_iadd(book[fs_parts(side) + FS_BOOK_LOTS], tick), book[FS_BOOK_LOW]);
  __builtin_prefetch((const void *)((uintptr_t)book + 8 * (uintptr_t)word), 1, 3);
}

/* Takes every level out. Costs a step per level, not per tick. */
static inline void fs_book_clear(int64_t *book) {
  while (book[FS_BOOK_BID_LEVELS] > 0) fs_book_set(book, 1, book[FS_BOOK_LOW] + book[FS_BOOK_BEST_BID], 0);
  while (book[FS_BOOK_ASK_LEVELS] > 0) fs_book_set(book, -1, book[FS_BOOK_LOW] + book[FS_BOOK_BEST_ASK], 0);
}

/* reading */

static inline int64_t fs_book_first(const int64_t *book, int64_t side) {
  return book[side > 0 ? FS_BOOK_BEST_BID : FS_BOOK_BEST_ASK];
}

/* The next worse occupied cell of a side. */
static inline int64_t fs_book_next(const int64_t *book, int64_t side, int64_t cell) {
  return side > 0 ? fs_book_below(book, cell) : fs_book_above(book, cell);
}

static inline bool fs_book_there(const int64_t *book, int64_t cell) { return 0 <= cell && cell < book[FS_BOOK_CELLS]; }

static inline int64_t fs_book_lots(const int64_t *book, int64_t side, int64_t cell) {
  return fs_part_of(book, fs_parts(side), FS_BOOK_LOTS)[cell];
}

/* The cell of the k-th level; -1 if there is none. */
static inline int64_t fs_book_level(const int64_t *book, int64_t side, int64_t k) {
  if (k < 0 || k >= book[side > 0 ? FS_BOOK_BID_LEVELS : FS_BOOK_ASK_LEVELS]) return -1;
  int64_t cell = fs_book_first(book, side);
  for (; k > 0; k--) cell = fs_book_next(book, side, cell);
  return cell;
}

/* Lots at a tick. */
static inline int64_t fs_book_at(const int64_t *book, int64_t side, int64_t tick) {
  const int64_t cell = fs_isub(tick, book[FS_BOOK_LOW]);
  return fs_book_there(book, cell) ? fs_book_lots(book, side, cell) : 0;
}

/* Price of the k-th level, ticks. */
static inline int64_t fs_book_px(const int64_t *book, int64_t side, int64_t k) {
  const int64_t cell = fs_book_level(book, side, k);
  return cell >= 0 ? book[FS_BOOK_LOW] + cell : 0;
}

/* Lots at the k-th level. */
static inline int64_t fs_book_qty(const int64_t *book, int64_t side, int64_t k) {
  const int64_t cell = fs_book_level(book, side, k);
  return cell >= 0 ? fs_book_lots(book, side, cell) : 0;
}

/* Lots of the k best levels. */
static inline int64_t fs_book_depth(const int64_t *book, int64_t side, int64_t k) {
  int64_t total = 0;
  for (int64_t cell = fs_book_first(book, side); k > 0 && fs_book_there(book, cell); k--) {
    total = fs_iadd(total, fs_book_lots(book, side, cell));
    cell = fs_book_next(book, side, cell);
  }
  return total;
}

/* Ticks times lots, summed over the k best levels. */
static inline int64_t fs_book_value(const int64_t *book, int64_t side, int64_t k) {
  int64_t total = 0;
  for (int64_t cell = fs_book_first(book, side); k > 0 && fs_book_there(book, cell); k--) {
    total = fs_iadd(total, fs_imul(book[FS_BOOK_LOW] + cell, fs_book_lots(book, side, cell)));
    cell = fs_book_next(book, side, cell);
  }
  return total;
}

/* Ticks times lots of taking `lots` from a side, best first; of what is there if that is less. */
static inline int64_t fs_book_cost(const int64_t *book, int64_t side, int64_t lots) {
  int64_t total = 0;
  for (int64_t cell = fs_book_first(book, side); lots > 0 && fs_book_there(book, cell);) {
    const int64_t part = fs_imin(lots, fs_book_lots(book, side, cell));
    total = fs_iadd(total, fs_imul(book[FS_BOOK_LOW] + cell, part));
    cell = fs_book_next(book, side, cell);
    lots -= part;
  }
  return total;
}

/* How many of `lots` a side holds. */
static inline int64_t fs_book_reach(const int64_t *book, int64_t side, int64_t lots) {
  int64_t left = lots;
  for (int64_t cell = fs_book_first(book, side); left > 0 && fs_book_there(book, cell);) {
    left -= fs_imin(left, fs_book_lots(book, side, cell));
    cell = fs_book_next(book, side, cell);
  }
  return lots > 0 ? lots - left : 0;
}
