/* Levels of a depth message without a step per character: the short way of `fs_decimal`, for a price and a quantity at
   once.

   The exchange writes levels of the same size alike: digits and points at the same places. So a level gives a form, and
   the next one of its size is compared with it, eight characters of its price and eight of its quantity at once: where
   a digit must be, the character differs from '0' by at most 9; all else does not differ. That checks every byte. What
   differs are the digits already, and multiplications make them a number. A level that is written otherwise is
   noticed, and gives a new form.

   Characters lie in words of eight bytes, right-aligned: the last one in the highest byte. `last` are the last eight of
   the characters that count, `first` those before, `tail` the zeros behind them that are finer than the grid. Pairs of
   words are vectors of the compiler's own, on every processor. */
#pragma once

#include "market.h"

/* Characters that count, and others behind them: at most so many. 16 bytes before each text's end must be readable. */
#define FS_FORM_TEXT 16
#define FS_FORM_TAIL 8

/* A word of the price, and one of the quantity. */
typedef uint64_t fs_pair __attribute__((vector_size(16)));
typedef uint16_t fs_pair_halves __attribute__((vector_size(16)));
typedef char fs_pair_bytes __attribute__((vector_size(16)));

/* What two words are compared with. */
typedef struct {
  fs_pair keep;  /* 0xFF in the bytes that are looked at */
  fs_pair zero;  /* the characters there: '0' for a digit, or the point */
  fs_pair most;  /* 0x7F less what a character may differ from that */
  fs_pair whole; /* 0xFF in the bytes before the point, if it is here */
} fs_places;

/* How an item is written: its tag, its size, 0x0A, the price's size, the price, 0x12, the quantity's size, the
   quantity. Made of zeros it is the form of no item, because no tag is zero. */
typedef struct {
  size_t size, middle;     /* of the item with its tag; where the quantity's tag is */
  uint32_t head, quantity; /* the first four bytes without the tag; the tag and the size of the quantity */
  ptrdiff_t ends[2];       /* where the characters that count end, less 8 */
  fs_places last;
  uint64_t grid[2];        /* factors of the numbers */
  bool wide;               /* whether anything stands in these: */
  fs_places first, tail;
  ptrdiff_t tail_ends[2];  /* where the texts end, less 8 */
  uint64_t lift[2];        /* factors of the numbers in the first words */
} fs_form;

/* 0xFF in the last `n` of eight bytes; all of them if n is more. */
static inline uint64_t fs_last_bytes(size_t n) { return n == 0 ? 0 : n < 8 ? UINT64_MAX << (64 - 8 * n) : UINT64_MAX; }

static inline fs_pair fs_in_each(uint64_t byte) { return (fs_pair){FS_EACH_BYTE(byte), FS_EACH_BYTE(byte)}; }

static inline fs_pair fs_load_two(const uint8_t *item, const ptrdiff_t *at, ptrdiff_t less) {
  return (fs_pair){fs_load8(item + at[0] - less), fs_load8(item + at[1] - less)};
}

static inline bool fs_has_high_bit(fs_pair words) {
#if defined(__SSE2__)
  return __builtin_ia32_pmovmskb128((fs_pair_bytes)words) != 0;
#else
  return ((words[0] | words[1]) & FS_EACH_BYTE(0x80)) != 0;
#endif
}

/* What the characters differ from those of the places; `*wrong` gets high bits where that is too much. */
static inline fs_pair fs_compare(const fs_places *places, fs_pair characters, fs_pair *wrong) {
  const fs_pair digits = (characters ^ places->zero) & places->keep;
  *wrong |= (digits + places->most) | digits;
  return digits;
}

/* Eight digits become two numbers of four: in bits 0 to 15, and 32 to 47. */
static inline fs_pair fs_by_four(fs_pair digits) {
  const fs_pair_halves hundreds = {100, 1, 100, 1, 100, 1, 100, 1};
  const fs_pair low = {UINT64_C(0x0000FFFF0000FFFF), UINT64_C(0x0000FFFF0000FFFF)};
  const fs_pair_halves by_two = ((fs_pair_halves)digits * (1 + (10 << 8)) >> 8) * hundreds;
  return (fs_pair)(by_two + (fs_pair_halves)((fs_pair)by_two >> 16)) & low;
}

static inline uint64_t fs_by_eight(uint64_t by_four) { return by_four * (1 + (UINT64_C(10000) << 32)) >> 32; }

/* The same for characters of the places, without the gap that the point leaves. */
static inline fs_pair fs_read_words(const fs_places *places, fs_pair characters, fs_pair *wrong) {
  const fs_pair digits = fs_compare(places, characters, wrong), whole = digits & places->whole;
  return fs_by_four(whole << 8 | (digits ^ whole));
}

/* Whether an item's tags and sizes are those of the form; `left` bytes from its first on may be read, at least four. */
static inline bool fs_form_fits(const fs_form *form, const uint8_t *item, size_t left, uint8_t tag) {
  return left >= form->size && fs_load4(item) == (form->head | tag) && fs_load2(item + form->middle) == form->quantity;
}

/* Reads an item that fits: false if its numbers are not of the form, and then what the level is means nothing. */
FS_INLINE bool fs_form_read(const fs_form *form, const uint8_t *item, fs_level *level) {
  fs_pair wrong = {0, 0};
  const fs_pair last = fs_read_words(&form->last, fs_load_two(item, form->ends, 0), &wrong);
  uint64_t a = fs_by_eight(last[0]), b = fs_by_eight(last[1]);
  if (form->wide) {
    const fs_pair first = fs_read_words(&form->first, fs_load_two(item, form->ends, 8), &wrong);
    fs_compare(&form->tail, fs_load_two(item, form->tail_ends, 0), &wrong);
    a += fs_by_eight(first[0]) * form->lift[0];
    b += fs_by_eight(first[1]) * form->lift[1];
  }
  level->ticks = (int64_t)(a * form->grid[0]);
  level->lots = (int64_t)(b * form->grid[1]);
  return !fs_has_high_bit(wrong);
}

/* 0x80 in each byte of `word` that is zero, up to the first such byte from below; bits above it may be wrong. */
static inline uint64_t fs_zero_bytes(uint64_t word) { return (word - FS_EACH_BYTE(0x01)) & ~word & FS_EACH_BYTE(0x80); }

/* Digits behind the point of a text; its size if there is none. */
static inline size_t fs_behind_point(fs_span text) {
  for (size_t done = 0; done < text.size; done += 8) {
    const size_t left = text.size - done;
    const uint64_t word = (fs_load8(text.at + left - 8) ^ FS_EACH_BYTE('.')) | ~fs_last_bytes(left);
    const uint64_t point = fs_zero_bytes(word);
    if (point != 0) return done + 7 - (size_t)__builtin_ctzll(point) / 8;
  }
  return text.size;
}

/* 0x01 in the byte of a word where the point is, `behind` characters before the last one; 0 if it is not here. */
static inline uint64_t fs_point(size_t behind) { return behind < 8 ? UINT64_C(1) << 8 * (7 - behind) : 0; }

/* So many digits each, with points there. */
FS_INLINE fs_places fs_digits_of(size_t price, size_t quantity, uint64_t price_point, uint64_t quantity_point) {
  const fs_pair points = {price_point, quantity_point};
  return (fs_places){{fs_last_bytes(price), fs_last_bytes(quantity)},
                     fs_in_each('0') ^ ((points << 5) - (points << 1)), /* '0' ^ '.' is 32 - 2 */
                     fs_in_each(0x7F - 9) + ((points << 3) + points),
                     {price_point - (price_point != 0), quantity_point - (quantity_point != 0)}};
}

/* A text of an item: `size` characters count, `behind` of these are behind a point; `tail` characters follow, zeros,
   and perhaps the point, `tail_behind` characters before the last. */
typedef struct {
  size_t size, behind, tail, tail_behind;
} fs_column;

/* False if texts like this have no form: too long, or numbers that might not fit. */
FS_INLINE bool fs_column_of(fs_column *column, fs_span text, size_t decimals) {
  const size_t found = fs_behind_point(text), part = found == text.size ? 0 : found;
  const size_t behind = part < decimals ? part : decimals;
  const bool in_tail = behind == 0 && part != 0;
  const size_t tail = part - behind + in_tail, size = text.size - tail, least = behind == 0 ? 1 : behind + 2;
  *column = (fs_column){size, behind, tail, in_tail ? part : 8};
  return size >= least && size <= FS_FORM_TEXT && size + decimals - behind <= 18 && tail <= FS_FORM_TAIL;
}

static inline uint64_t fs_last_point(const fs_column *column) {
  return fs_point(column->behind == 0 ? 8 : column->behind);
}

static inline size_t fs_first_size(const fs_column *column) { return column->size < 8 ? 0 : column->size - 8; }

/* What a number in the first word is worth: eight digits follow, or seven and the point. */
static inline uint64_t fs_lift(const fs_column *column) { return fs_last_point(column) == 0 ? 100000000 : 10000000; }

/* What only long numbers need. */
static inline void fs_form_widen(fs_form *form, const fs_column *a, const fs_column *b) {
  form->first = fs_digits_of(fs_first_size(a), fs_first_size(b), fs_point(a->behind - 8), fs_point(b->behind - 8));
  form->tail = fs_digits_of(a->tail, b->tail, fs_point(a->tail_behind), fs_point(b->tail_behind));
  form->tail.most = fs_in_each(0x7F);
  form->tail_ends[0] = form->ends[0] + (ptrdiff_t)a->tail;
  form->tail_ends[1] = form->ends[1] + (ptrdiff_t)b->tail;
  form->lift[0] = fs_lift(a);
  form->lift[1] = fs_lift(b);
}

/* The form of an item with these texts: false if it has none. */
FS_INLINE bool fs_form_of(fs_form *form, const uint8_t *item, fs_span price, fs_span quantity, const fs_scale *scale) {
  fs_column a, b;
  if (!fs_column_of(&a, price, scale->price_decimals) || !fs_column_of(&b, quantity, scale->qty_decimals)) return false;
  form->middle = 4 + price.size;
  form->size = form->middle + 2 + quantity.size;
  form->head = fs_load4(item) & ~UINT32_C(0xFF);
  form->quantity = fs_load2(item + form->middle);
  form->ends[0] = (ptrdiff_t)(4 + a.size) - 8;
  form->ends[1] = (ptrdiff_t)(form->middle + 2 + b.size) - 8;
  form->last = fs_digits_of(a.size, b.size, fs_last_point(&a), fs_last_point(&b));
  form->grid[0] = (uint64_t)fs_powers_of_ten[scale->price_decimals - a.behind];
  form->grid[1] = (uint64_t)fs_powers_of_ten[scale->qty_decimals - b.behind];
  form->wide = price.size > 8 || quantity.size > 8 || (a.tail | b.tail) != 0;
  if (form->wide) fs_form_widen(form, &a, &b);
  return true;
}

/* A whole number of 1 to 16 digits; false says nothing. */
static inline bool fs_read_whole(fs_span text, int64_t *value) {
  if (text.size - 1 >= 16) return false;
  const ptrdiff_t at[2] = {(ptrdiff_t)text.size - 16, (ptrdiff_t)text.size - 8};
  const fs_places places = fs_digits_of(text.size < 8 ? 0 : text.size - 8, text.size, 0, 0);
  fs_pair wrong = {0, 0};
  const fs_pair fours = fs_by_four(fs_compare(&places, fs_load_two(text.at, at, 0), &wrong));
  *value = (int64_t)(fs_by_eight(fours[0]) * 100000000 + fs_by_eight(fours[1]));
  return !fs_has_high_bit(wrong);
}
