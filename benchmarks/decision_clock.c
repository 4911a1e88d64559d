/* Feeds one tape to a strategy, plays a simple exchange, and times every book message: the clock of bench_decision.py.
 *
 * What is timed: the level changes of one message put into the book, then the decision and its risk verdict, until the
 * intents stand in `out`. A strategy is called through pointers, as a live process calls it. Each sample is the
 * difference of two fenced readings of the processor's counter, less what two readings alone give.
 */
#define _POSIX_C_SOURCE 199309L
#include <string.h>
#include <time.h>

#include <flashc/book.h>
#include <flashc/strategy.h>

#include "decision.h"

enum { BTC_STREAM = 2, MAX_REPORTS = 8, ROW = 10, FRAME_BYTES = 1 << 16 };
static const int64_t MS = 1000000;

/* One contender: generated code (`table`) or the strategy by hand. */
typedef struct {
  const fs_strategy *table;
  fs_word *st;
  int64_t *books[8]; /* by stream */
  struct hand *hand;
  int64_t out[FS_OUT_WORDS], io[FS_IO_WORDS], rows[FS_DECISION_WORDS * 4];
  _Alignas(64) uint8_t frame[FRAME_BYTES];
} contender;

static inline uint64_t counter(void) {
#if defined(__x86_64__)
  __builtin_ia32_lfence();
  const uint64_t now = __builtin_ia32_rdtsc();
  __builtin_ia32_lfence();
  return now;
#else
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
#endif
}

static inline void levels(contender *c, const int64_t *rec, int64_t n) {
  if (c->table == NULL) {
    hand_levels(c->hand, rec, n);
    return;
  }
  int64_t *book = c->books[rec[FS_HEAD] >> FS_STREAM_SHIFT & 0xffff];
  for (; n > 0; n--, rec += FS_WORDS_PER_RECORD) fs_book_set(book, rec[FS_SIDE], rec[FS_PRICE], rec[FS_QTY]);
}

/* Until the intents stand in `out`. */
static inline void decide(contender *c, const int64_t *rec) {
  if (c->table == NULL) {
    hand_event(c->hand, rec, c->out);
    return;
  }
  c->table->event(rec, c->st, c->frame, c->out, c->io);
  c->table->risk(rec, c->st, c->frame, c->out, c->io);
}

static inline void after(contender *c, const int64_t *rec) {
  if (c->table != NULL) c->table->after(rec, c->st, c->frame, c->out, c->rows, c->io);
}

static void report(contender *c, const int64_t *rec) {
  if (c->table == NULL) {
    hand_report(c->hand, rec, c->out);
  } else {
    c->table->report(rec, c->st, c->st, c->out, c->io);
  }
}

/* --- the exchange: rejects some orders, fills some in parts, and never more than one at a time */

typedef struct {
  int64_t time, kind, side, lots, price, tag;
} happening;

typedef struct {
  contender *c;
  happening coming[MAX_REPORTS];
  int64_t count, wake, fee_rate;
  int64_t *log, logged, room; /* rows: time, intent; or time, -1, reason, mask */
} exchange;

static void add(exchange *x, happening what) {
  if (x->count < MAX_REPORTS) x->coming[x->count++] = what;
}

static void forget(exchange *x, int64_t tag) {
  int64_t kept = 0;
  for (int64_t k = 0; k < x->count; k++) {
    if (x->coming[k].tag != tag) x->coming[kept++] = x->coming[k];
  }
  x->count = kept;
}

static void take(exchange *x, int64_t now) {
  const int64_t *out = x->c->out;
  if (out[FS_OUT_WAKE] < x->wake) x->wake = out[FS_OUT_WAKE];
  for (int64_t k = 0; k < out[FS_OUT_INTENTS]; k++) {
    const int64_t *i = out + FS_OUT_FIRST_INTENT + k * FS_INTENT_WORDS, tag = i[FS_I_TAG], lots = i[FS_I_QTY];
    if (x->logged < x->room) {
      x->log[ROW * x->logged] = now, x->log[ROW * x->logged + 1] = 1;
      memcpy(x->log + ROW * x->logged++ + 2, i, 8 * FS_INTENT_WORDS);
    }
    if (i[FS_I_STYLE] == FS_STYLE_CANCEL) {
      forget(x, tag);
      add(x, (happening){now + 2 * MS, FS_KIND_DONE, 0, 0, 0, tag});
    } else if (tag % 13 == 0) {
      add(x, (happening){now + 2 * MS, FS_KIND_REJECT, i[FS_I_SIDE], lots, 0, tag});
    } else {
      const bool passive = i[FS_I_STYLE] == FS_STYLE_POST_ONLY;
      const int64_t price = i[FS_I_PRICE] > 0 ? i[FS_I_PRICE] : 6000000, first = tag % 3 == 1 ? lots / 2 : lots;
      if (passive && tag % 3 == 2) continue; /* stands until it is cancelled */
      add(x, (happening){now + (passive ? 300 : 2) * MS, FS_KIND_FILL, i[FS_I_SIDE], first, price, tag});
      if (first == lots || !passive) add(x, (happening){now + (passive ? 301 : 3) * MS, FS_KIND_DONE, 0, 0, 0, tag});
    }
  }
}

/* Everything that happens before `until`, in order of time. */
static void pass(exchange *x, int64_t until) {
  for (;;) {
    int64_t next = 0;
    for (int64_t k = 1; k < x->count; k++) {
      if (x->coming[k].time < x->coming[next].time) next = k;
    }
    const int64_t told = x->count > 0 ? x->coming[next].time : FS_NEVER;
    if (told >= until && x->wake >= until) return;
    if (x->wake <= told) {
      const int64_t wake[FS_WORDS_PER_RECORD] = {x->wake, FS_WAKE_HEAD};
      x->wake = FS_NEVER;
      decide(x->c, wake);
      take(x, wake[FS_TIME]);
      after(x->c, wake);
      continue;
    }
    const happening h = x->coming[next];
    x->coming[next] = x->coming[--x->count];
    const int64_t value = h.kind == FS_KIND_FILL ? h.lots * h.price : 0;
    const int64_t rec[FS_WORDS_PER_RECORD] = {h.time, h.kind, h.side, h.lots, h.price, value, value / 5000, h.tag};
    report(x->c, rec);
    take(x, h.time);
  }
}

/* --- the run */

static void note(exchange *x, int64_t now) {
  if (x->c->out[FS_OUT_DECIDED] == 0 || x->logged >= x->room) return;
  int64_t *row = x->log + ROW * x->logged++;
  memset(row, 0, 8 * ROW);
  row[0] = now, row[2] = x->c->out[FS_OUT_REASON], row[3] = x->c->out[FS_OUT_MASK];
}

/* The least of many differences of two readings. */
static uint64_t overhead(void) {
  uint64_t least = UINT64_MAX;
  for (int k = 0; k < 100000; k++) {
    const uint64_t start = counter(), took = counter() - start;
    if (took < least) least = took;
  }
  return least;
}

static inline bool ends(const int64_t *rec, int64_t flag) { return (rec[FS_HEAD] >> FS_FLAG_SHIFT & flag) != 0; }

/* Samples are counts of the counter: [message][0] until the intents stand, [1] with `after`. Returns the messages. */
__attribute__((visibility("default"))) int64_t decision_run(contender *c, const int64_t *rec, int64_t n, double *samples,
                                                            int64_t *log, int64_t room, int64_t *logged) {
  exchange x = {.c = c, .wake = FS_NEVER, .log = log, .room = room};
  const uint64_t idle = overhead();
  int64_t messages = 0;
  for (int64_t k = 0, size; k < n; k += size, rec += size * FS_WORDS_PER_RECORD) {
    const bool book = (rec[FS_HEAD] & 0xff) == FS_KIND_LEVEL;
    size = 1;
    while (book && !ends(rec + (size - 1) * FS_WORDS_PER_RECORD, FS_FLAG_MESSAGE_END)) size++;
    const int64_t *last = rec + (size - 1) * FS_WORDS_PER_RECORD;
    pass(&x, last[FS_TIME]);
    const bool timed = book && (rec[FS_HEAD] >> FS_STREAM_SHIFT & 0xffff) == BTC_STREAM;
    const uint64_t start = counter();
    if (book) levels(c, rec, size);
    decide(c, last);
    const uint64_t decided = counter();
    if (timed) samples[2 * messages] = (double)(decided - start) - (double)idle;
    take(&x, last[FS_TIME]);
    const uint64_t rest = counter();
    after(c, last);
    if (timed) samples[2 * messages + 1] = samples[2 * messages] + (double)(counter() - rest) - (double)idle;
    note(&x, last[FS_TIME]);
    messages += timed;
  }
  *logged = x.logged;
  return messages;
}

/* Counts of the counter in a second. */
__attribute__((visibility("default"))) double decision_rate(void) {
  struct timespec a, b;
  clock_gettime(CLOCK_MONOTONIC, &a);
  const uint64_t start = counter();
  do clock_gettime(CLOCK_MONOTONIC, &b);
  while ((b.tv_sec - a.tv_sec) * 1000000000LL + (b.tv_nsec - a.tv_nsec) < 50000000LL);
  const double seconds = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
  return (double)(counter() - start) / seconds;
}

/* A fresh contender in memory of `decision_bytes()`: generated code if `table` is not NULL. */
__attribute__((visibility("default"))) int64_t decision_start(contender *c, const fs_strategy *table, fs_word *st,
                                                              int64_t *btc, int64_t *eth, struct hand *hand,
                                                              const int64_t *params, int64_t btc_low, int64_t eth_low) {
  memset(c, 0, sizeof *c);
  c->table = table, c->st = st, c->hand = hand, c->books[2] = btc, c->books[4] = eth;
  c->io[FS_IO_FIRST_BOOK + 2] = (int64_t)(intptr_t)btc, c->io[FS_IO_FIRST_BOOK + 4] = (int64_t)(intptr_t)eth;
  if (table == NULL) {
    hand_init(hand, params, (const double *)(const void *)params, btc_low, eth_low);
    return 0;
  }
  if (table->frame_bytes > FRAME_BYTES) return 100;
  return table->init(params, (const double *)(const void *)params, st, st);
}

__attribute__((visibility("default"))) int64_t decision_bytes(void) { return (int64_t)sizeof(contender); }
__attribute__((visibility("default"))) int64_t decision_hand_bytes(void) { return (int64_t)sizeof(struct hand); }
