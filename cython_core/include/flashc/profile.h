/* Amounts by level over a window. The exact order stands in compiler/evaluate/profile.py.

   A profile slot of N ticks: 64 bins, total, fullest, lowest and highest bin of the last fill, unused words up to 128,
   then the levels and the amounts of the last N ticks. All words are integers. */
#pragma once

#include "windows.h"

enum { FS_BINS = 64, FS_TOTAL = 64, FS_FULLEST = 65, FS_LOWEST = 66, FS_HIGHEST = 67, FS_PROFILE_HEADER = 128 };

static inline void fs_profile_put_i(
  fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t level, int64_t amount) {
  const int64_t ticks = (words - FS_PROFILE_HEADER) >> 1;
  const int64_t at = base + FS_PROFILE_HEADER + (tick & (ticks - 1));
  st[at].i = level;
  st[at + ticks].i = amount;
}

static inline int64_t fs_profile_get_i(const fs_word *st, int64_t base, int64_t words, int64_t which) {
  (void)words;
  return st[base + FS_TOTAL + (which & 3)].i;
}

/* Adds the amounts of the window to their bins; the total. */
static inline int64_t fs_profile_spread(
  fs_word *slot, int64_t ticks, int64_t tick, int64_t length, int64_t low, int64_t span, int64_t bins) {
  const fs_word *levels = slot + FS_PROFILE_HEADER, *amounts = levels + ticks;
  int64_t total = 0;
  for (int64_t back = fs_clamped(length, ticks) - 1; back >= 0; back--) {
    const int64_t at = fs_isub(tick, back) & (ticks - 1);
    const int64_t scaled = fs_imul(fs_isub(levels[at].i, low), bins);
    const int64_t bin = fs_clamped(fs_idiv(scaled, span), bins - 1);
    slot[bin].i = fs_iadd(slot[bin].i, amounts[at].i);
    total = fs_iadd(total, amounts[at].i);
  }
  return total;
}

/* Widens the area from the fullest bin until it holds 70 %. */
static inline void fs_profile_grow(fs_word *slot, int64_t bins) {
  const int64_t wanted = fs_imul(slot[FS_TOTAL].i, 7);
  int64_t low = slot[FS_FULLEST].i, high = low, inside = slot[low].i;
  while (fs_imul(inside, 10) < wanted && (low > 0 || high < bins - 1)) {
    if (high + 1 < bins && (low == 0 || slot[high + 1].i >= slot[low - 1].i)) {
      inside = fs_iadd(inside, slot[++high].i);
    } else {
      inside = fs_iadd(inside, slot[--low].i);
    }
  }
  slot[FS_LOWEST].i = low;
  slot[FS_HIGHEST].i = high;
}

static inline void fs_profile_fill_i(fs_word *st, int64_t base, int64_t words, int64_t tick, int64_t length,
                                     int64_t low, int64_t high, int64_t bins) {
  fs_word *slot = st + base;
  const int64_t ticks = (words - FS_PROFILE_HEADER) >> 1;
  bins = fs_imax(1, fs_imin(bins, FS_BINS));
  fs_fill_i(st, base, FS_BINS, 0);
  slot[FS_TOTAL].i = fs_profile_spread(slot, ticks, tick, length, low, fs_isub(high, low), bins);
  int64_t fullest = 0;
  for (int64_t k = 1; k < bins; k++) {
    if (slot[k].i > slot[fullest].i) fullest = k;
  }
  slot[FS_FULLEST].i = fullest;
  fs_profile_grow(slot, bins);
}
