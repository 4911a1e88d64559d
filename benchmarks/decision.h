/* State and entry points of the hand-written strategy (decision.c). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <flashc/layout.h>

enum { CELLS = 65536 };

struct side {
  int64_t best;
  uint64_t words[CELLS >> 12], bits[CELLS >> 6];
  int64_t lots[CELLS];
};

struct book {
  int64_t low;
  struct side bids, asks;
};

struct wish {
  int64_t side, lots, rule, policy, style, price, ttl;
};

struct order {
  int64_t state, tag, side, left, price, policy, rule, tries, requotes, deadline;
  bool requote, halt; /* why it is being cancelled */
};

struct hand {
  /* what every book event touches */
  int64_t now, mark, decided, wake, count, reason, mask, want_cancel;
  int64_t held, cost, since, cash, value, day, day_base, halted_day, fired, again, next_rule, opened_by;
  double half_lead, edge_min, stop;
  bool due, armed, dust, trending, efficient, pressed, faded, flowing, btc_seen, eth_seen;
  struct wish want;
  struct order order;
  int64_t btc_time, eth_time, trade_time, tags, sent_at[8], hold_max;
  /* what bars, trades and timers touch */
  int64_t warm, minutes, fives, trades, fiftieths, tenths, first_trade, close, flow;
  double fast, slow, fast_alpha, slow_alpha, atr, stop_mult, last_five, pressure, press_min;
  double moves[32], closes[32], btc_mids[32], eth_mids[32], flows[600];
  int64_t panes[16][2];
  struct book btc, eth;
};

/* `ints` and `reals` are the words of the parameters in file order; each is read as what it is. */
void hand_init(struct hand *h, const int64_t *ints, const double *reals, int64_t btc_low, int64_t eth_low);
/* Level changes of one message. */
void hand_levels(struct hand *h, const int64_t *records, int64_t count);
/* Any other record, and the last one of a message after its levels. Fills `out` as a strategy does. */
void hand_event(struct hand *h, const int64_t *record, int64_t *out);
void hand_report(struct hand *h, const int64_t *record, int64_t *out);
