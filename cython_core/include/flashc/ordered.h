/* Rings that keep their order, and rings of pairs. The rules stand in compiler/evaluate/ordered.py.

   A put moves one word of the order and leaves the rest, so it costs the distance moved; the result is the full sort. */
#pragma once

#include "windows.h"

/* sorted rings of N values: word N + i holds (place of the i-th least - i) mod N */

/* An integer that orders doubles: -0.0 before 0.0, NaN last. */
static inline int64_t fs_sort_key(double x) {
  const int64_t bits = fs_fbits(x);
  return bits ^ ((bits >> 63) & INT64_MAX);
}

static inline int64_t fs_sort_place(const fs_word *ring, int64_t leaves, int64_t i) {
  return fs_iadd(i, fs_f2i(ring[leaves + i].f)) & (leaves - 1);
}

static inline void fs_sort_set(fs_word *ring, int64_t leaves, int64_t i, int64_t place) {
  ring[leaves + i].f = fs_i2f((place - i) & (leaves - 1));
}

/* Whether the word at a place stands before (key, at) in the order. */
static inline bool fs_sort_before(const fs_word *ring, int64_t place, int64_t key, int64_t at) {
  const int64_t own = fs_sort_key(ring[place].f);
  return own < key || (own == key && place < at);
}

/* How many words of the ring stand before (key, at): a binary search of the order. */
static inline int64_t fs_sort_rank(const fs_word *ring, int64_t leaves, int64_t key, int64_t at) {
  int64_t low = 0, high = leaves - 1;
  while (low < high) {
    const int64_t middle = (low + high) >> 1;
    if (fs_sort_before(ring, fs_sort_place(ring, leaves, middle), key, at)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static inline void fs_sort_put(fs_word *st, int64_t base, int64_t words, int64_t tick, double x) {
  fs_word *ring = st + base;
  const int64_t leaves = words >> 1, at = tick & (leaves - 1), key = fs_sort_key(x);
  int64_t i = fs_sort_rank(ring, leaves, fs_sort_key(ring[at].f), at);
  ring[at].f = x;
  for (; i < leaves - 1; i++) {
    const int64_t above = fs_sort_place(ring, leaves, i + 1);
    if (!fs_sort_before(ring, above, key, at)) break;
    fs_sort_set(ring, leaves, i, above);
  }
  for (; i > 0; i--) {
    const int64_t below = fs_sort_place(ring, leaves, i - 1);
    if (fs_sort_before(ring, below, key, at)) break;
    fs_sort_set(ring, leaves, i, below);
  }
  fs_sort_set(ring, leaves, i, at);
}

static inline double fs_sort_nth(
  const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length, int64_t k) {
  const fs_word *ring = st + base;
  const int64_t leaves = words >> 1, n = fs_clamped(length, leaves);
  int64_t left = fs_clamped(k, n - 1);
  if (n == leaves) return ring[fs_sort_place(ring, leaves, left)].f; /* the window is the whole ring */
  for (int64_t i = 0; i < leaves; i++) {
    const int64_t place = fs_sort_place(ring, leaves, i);
    if ((fs_isub(tick, place) & (leaves - 1)) < n && left-- == 0) return ring[place].f;
  }
  return 0.0;
}

/* pair rings: words 2p and 2p + 1 are x and y of place p */

static inline void fs_pair_put(fs_word *st, int64_t base, int64_t words, int64_t tick, double x, double y) {
  const int64_t at = base + 2 * (tick & ((words >> 1) - 1));
  st[at].f = x;
  st[at + 1].f = y;
}

static inline double fs_pair_co(
  const fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length, double a, double b) {
  const int64_t leaves = words >> 1;
  double total = 0.0;
  for (int64_t back = fs_clamped(length, leaves) - 1; back >= 0; back--) {
    const int64_t at = base + 2 * (fs_isub(tick, back) & (leaves - 1));
    const double dx = st[at].f - a, dy = st[at + 1].f - b;
    const double product = dx * dy;
    total = total + product;
  }
  return total;
}
