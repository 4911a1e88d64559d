/* The strategy of decision.yaml, written by hand: the limit that bench_decision.py compares generated code with.
 *
 * Same rules, same intents, same reasons and clause masks, same records in and out. The book is a window of 65,536 ticks
 * with a bitmap; each side is walked once for what an entry needs. Averages are recurrences, and what only a bar or a
 * timer changes is computed there. No allocation, no globals that change.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "decision.h"

enum { BARS_1M, BARS_5M, BTC_BOOK, BTC_TRADES, ETH_BOOK, TIMER_50MS, TIMER_100MS };
enum { JOIN, CROSS, OFFER, MARKET_OUT = -1 }; /* execution policies; the last is what a halted day uses */
enum { ENTRY, STOP, TARGET, DECAY, AGE, HALT }; /* rules, as intents name them */
enum { NOT_ARMED = 0, NO_ENTRY, NO_EXIT, IN_FLIGHT, COOLING, ENTERED, EXITED, TOO_SMALL, POSITION_LIMIT, DAY_LOSS, HALTED };
enum { ORDER_RATE = 16, BAND, STALE, INVARIANT };
enum { NO_ORDER, WORKING, CANCELLING };
enum { NONE = -1 };

static const int64_t MS = 1000000, SECOND = 1000000000, DAY = INT64_C(86400000000000);
static const double LOTS = 1e6, ATOMS = 1e8, TICKS = 100.0;

/* --- the book: lots by tick, a bit for each tick that has some, a bit for each word of those */

/* A level appears or disappears: its word's bit changes only when the word becomes or was zero. */
static void toggle(struct side *s, int64_t at) {
  uint64_t *word = &s->bits[at >> 6];
  const uint64_t before = *word, now = before ^ UINT64_C(1) << (at & 63);
  *word = now;
  if (before == 0 || now == 0) s->words[at >> 12] ^= UINT64_C(1) << (at >> 6 & 63);
}

static inline int64_t highest(uint64_t word) { return 63 - __builtin_clzll(word); }

static inline int64_t below(const struct side *s, int64_t at) {
  uint64_t rest = s->bits[at >> 6] & ((UINT64_C(1) << (at & 63)) - 1);
  if (rest != 0) return (at & ~INT64_C(63)) + highest(rest);
  int64_t word = at >> 6;
  rest = s->words[word >> 6] & ((UINT64_C(1) << (word & 63)) - 1);
  for (int64_t top = word >> 6; top >= 0; rest = top > 0 ? s->words[top - 1] : 0, top--) {
    if (rest == 0) continue;
    word = top * 64 + highest(rest);
    return word * 64 + highest(s->bits[word]);
  }
  return -1;
}

static inline int64_t above(const struct side *s, int64_t at) {
  uint64_t rest = s->bits[at >> 6] & (UINT64_C(-2) << (at & 63));
  if (rest != 0) return (at & ~INT64_C(63)) + __builtin_ctzll(rest);
  int64_t word = at >> 6;
  rest = s->words[word >> 6] & (UINT64_C(-2) << (word & 63));
  for (int64_t top = word >> 6; top < CELLS >> 12; rest = ++top < CELLS >> 12 ? s->words[top] : 0) {
    if (rest == 0) continue;
    word = top * 64 + __builtin_ctzll(rest);
    return word * 64 + __builtin_ctzll(s->bits[word]);
  }
  return CELLS;
}

static inline void set_level(struct book *b, int64_t side, int64_t tick, int64_t lots) {
  const int64_t at = tick - b->low;
  if (at < 0 || at >= CELLS) return;
  struct side *s = side > 0 ? &b->bids : &b->asks;
  const int64_t before = s->lots[at];
  s->lots[at] = lots;
  if ((before > 0) == (lots > 0)) return;
  toggle(s, at);
  if ((at - s->best) * (side > 0 ? 1 : -1) < 0) return;
  s->best = lots > 0 ? at : side > 0 ? below(s, at) : above(s, at);
}

static inline int64_t bid(const struct book *b) { return b->bids.best < 0 ? 0 : b->low + b->bids.best; }
static inline int64_t ask(const struct book *b) { return b->asks.best >= CELLS ? 0 : b->low + b->asks.best; }

struct depth { int64_t lots, value; };

/* Lots, and ticks times lots, of the k best levels. */
static inline struct depth depth_of_bids(const struct book *b, int k) {
  struct depth d = {0, 0};
  for (int64_t at = b->bids.best; k > 0 && at >= 0; at = below(&b->bids, at), k--) {
    d.lots += b->bids.lots[at];
    d.value += (b->low + at) * b->bids.lots[at];
  }
  return d;
}

static inline struct depth depth_of_asks(const struct book *b, int k) {
  struct depth d = {0, 0};
  for (int64_t at = b->asks.best; k > 0 && at < CELLS; at = above(&b->asks, at), k--) {
    d.lots += b->asks.lots[at];
    d.value += (b->low + at) * b->asks.lots[at];
  }
  return d;
}

static void reset_book(struct book *b, int64_t low) {
  memset(b, 0, sizeof *b);
  b->low = low, b->bids.best = -1, b->asks.best = CELLS;
}

/* --- values that bars, trades and timers change */

static double ema(double last, double alpha, double x, bool first) { return first ? x : last + alpha * (x - last); }

static void on_minute(struct hand *h, const int64_t *bar) {
  const int64_t high = bar[FS_HIGH], low = bar[FS_LOW], before = h->close;
  const double close = (double)bar[FS_CLOSE] / TICKS;
  const bool first = ++h->minutes <= 1;
  h->fast = ema(h->fast, h->fast_alpha, close, first);
  h->slow = ema(h->slow, h->slow_alpha, close, first);
  int64_t range = high - low;
  if (!first && llabs(high - before) > range) range = llabs(high - before);
  if (!first && llabs(low - before) > range) range = llabs(low - before);
  h->close = bar[FS_CLOSE];
  h->atr = ema(h->atr, 1.0 / 14.0, (double)range / TICKS, h->minutes <= 2);
  h->trending = h->atr != 0.0 && (h->fast - h->slow) / h->atr > 0.25;
  h->stop = h->stop_mult * h->atr;
}

static void on_five_minutes(struct hand *h, const int64_t *bar) {
  const double close = (double)bar[FS_CLOSE] / TICKS;
  const uint64_t tick = (uint64_t)(bar[FS_TIME] / (300 * SECOND));
  h->moves[tick & 31] = fabs(close - h->last_five);
  h->closes[tick & 31] = close;
  h->last_five = close, h->fives++;
  double path = 0.0;
  for (uint64_t k = 0; k < 30; k++) path += h->moves[(tick - 29 + k) & 31];
  h->efficient = path != 0.0 && fabs(close - h->closes[(tick - 30) & 31]) / path > 0.30;
}

static void on_trade(struct hand *h, const int64_t *trade) {
  const int64_t pane = trade[FS_TIME] / (100 * MS);
  if (h->trades++ == 0) h->first_trade = trade[FS_TIME];
  int64_t *own = h->panes[pane & 15];
  if (own[0] != pane) own[0] = pane, own[1] = 0;
  own[1] += trade[FS_SIDE] * trade[FS_QTY];
  h->flow = 0;
  for (int64_t p = pane - 9; p <= pane; p++) {
    if (h->panes[p & 15][0] == p) h->flow += h->panes[p & 15][1];
  }
  h->trade_time = trade[FS_TIME];
}

static void on_50ms(struct hand *h) {
  const int64_t bids = depth_of_bids(&h->btc, 5).lots, asks = depth_of_asks(&h->btc, 5).lots;
  const double lean = (double)(bids - asks) / (double)(bids + asks);
  h->pressure = ema(h->pressure, 2.0 / 13.0, lean, ++h->fiftieths <= 1);
  h->pressed = h->pressure > h->press_min;
  h->faded = h->pressure < -h->press_min;
}

/* The change of a mid in 20 ticks of 100 ms. */
static double change(double *ring, uint64_t tick, double mid) {
  ring[tick & 31] = mid;
  const double before = ring[(tick - 20) & 31];
  return before != 0.0 ? (mid - before) / before : 0.0;
}

static void on_100ms(struct hand *h, int64_t now) {
  const uint64_t tick = (uint64_t)(now / (100 * MS));
  const double btc = (double)(bid(&h->btc) + ask(&h->btc)) / 200.0;
  const double eth = (double)(bid(&h->eth) + ask(&h->eth)) / 200.0;
  h->half_lead = 0.5 * (change(h->eth_mids, tick, eth) - change(h->btc_mids, tick, btc));
  const double flow = (double)h->flow / LOTS;
  double sum = 0.0, squares = 0.0;
  h->flows[tick % 600] = flow;
  for (int k = 0; k < 600; k++) sum += h->flows[k];
  const double mean = sum / 600.0;
  for (int k = 0; k < 600; k++) squares += (h->flows[k] - mean) * (h->flows[k] - mean);
  const double deviation = sqrt(squares / 600.0);
  h->flowing = deviation == 0.0 || (flow - mean) / deviation > -1.0;
  h->tenths++;
}

/* --- what is wanted, and the order on its way */

static inline int64_t half(int64_t doubled) { return doubled / 2; }

static inline void wake(struct hand *h, int64_t time) {
  if (time < h->wake) h->wake = time;
}

/* The fewest lots that are worth one USDC, the venue's minimum. */
static inline int64_t least_lots(const struct hand *h) {
  const int64_t mid = half(h->mark) > 1 ? half(h->mark) : 1, lots = (99999999 + mid) / mid;
  return lots > 1 ? lots : 1;
}

static void want(struct hand *h, int64_t side, int64_t lots, int64_t rule, int64_t policy) {
  struct wish *w = &h->want;
  w->side = side, w->lots = lots, w->rule = rule, w->policy = policy;
  w->style = policy == CROSS ? FS_STYLE_IOC : policy == MARKET_OUT ? FS_STYLE_MARKET : FS_STYLE_POST_ONLY;
  w->price = policy == JOIN ? bid(&h->btc) : policy == OFFER ? ask(&h->btc) : policy == CROSS ? bid(&h->btc) - 6 : 0;
  w->ttl = policy == JOIN ? 900 * MS : policy == OFFER ? 700 * MS : 0;
}

/* Sells everything by an exit's rule; false if what is held is too little. */
static bool leave(struct hand *h, int64_t rule) {
  if (h->held < least_lots(h)) return false;
  want(h, -1, h->held, rule, rule == TARGET || rule == DECAY ? OFFER : CROSS);
  return true;
}

/* Orders that ended or have to: what is due at a decision, a wake and a report alike. */
static void manage(struct hand *h, int64_t now) {
  struct order *o = &h->order;
  h->now = now;
  if (now / DAY != h->day) h->day = now / DAY, h->day_base = h->value;
  h->value = h->cash + half(h->held * h->mark);
  if (o->state == WORKING && o->deadline > 0) {
    if (o->deadline <= now) h->want_cancel = 2;
    if (o->deadline > now) wake(h, o->deadline);
  }
  if (o->state != NO_ORDER) return;
  if (h->next_rule > NONE) {
    if (!leave(h, h->next_rule)) h->next_rule = NONE, h->dust = h->held > 0;
  } else if (h->again > 0) {
    const int64_t lots = o->side < 0 && h->held < h->again ? h->held : h->again;
    if (lots >= least_lots(h)) {
      want(h, o->side, lots, o->rule, o->policy);
    } else {
      h->again = 0;
      if (o->side < 0 && h->held > 0 && h->held == lots) h->dust = true;
    }
  }
}

/* --- the rules */

static bool is_armed(struct hand *h) {
  if (h->armed) return true;
  const int64_t since = h->now / (100 * MS) - h->first_trade / (100 * MS);
  h->armed = h->minutes >= h->warm && h->fives >= 31 && h->btc_seen && h->trades >= 1 && h->eth_seen &&
             h->fiftieths >= 83 && (h->tenths < since ? h->tenths : since) >= 609;
  return h->armed;
}

static inline double edge(const struct hand *h, double mid) {
  const struct depth b = depth_of_bids(&h->btc, 3), a = depth_of_asks(&h->btc, 3);
  const double bids = (double)b.lots, asks = (double)a.lots;
  const double micro = (bids * ((double)a.value / asks) + asks * ((double)b.value / bids)) / ((bids + asks) * TICKS);
  return (micro - mid) / mid;
}

static void enter(struct hand *h, int64_t best_bid, int64_t best_ask) {
  const double mid = (double)(best_bid + best_ask) / 200.0;
  const bool clauses[] = {h->trending,
                          h->efficient,
                          h->pressed,
                          edge(h, mid) + h->half_lead > h->edge_min,
                          h->flowing,
                          best_ask - best_bid <= 3};
  for (int k = 0; k < 6; k++) h->mask |= (int64_t)clauses[k] << k;
  h->reason = NO_ENTRY;
  if (h->mask != 63) return;
  h->reason = COOLING;
  if (h->now - h->fired < 3 * SECOND) return;
  const double size = 60.0 / mid;
  double lots = rint(size * LOTS);
  if (lots / LOTS > size) lots -= 1.0;
  h->reason = TOO_SMALL;
  if ((int64_t)lots < least_lots(h)) return;
  want(h, 1, (int64_t)lots, ENTRY, JOIN);
  h->reason = ENTERED, h->fired = h->now;
}

/* The first exit that holds, or NONE. */
static int64_t exit_rule(struct hand *h, int64_t best_bid, int64_t best_ask) {
  const double mid = (double)(best_bid + best_ask) / 200.0, cost = (double)(h->cost > 1 ? h->cost : 1);
  const double entry = (double)h->cost / ATOMS / ((double)h->held / LOTS);
  const int64_t age = h->now - h->since;
  const bool hit = mid < entry - h->stop, reached = ((double)half(h->held * h->mark) - cost) / cost > 0.0012;
  const bool aged = age > 5 * SECOND, old = age > h->hold_max;
  h->mask |= hit | reached << 1 | h->faded << 2 | aged << 3 | old << 4;
  return hit ? STOP : reached ? TARGET : h->faded && aged ? DECAY : old ? AGE : NONE;
}

static void decide(struct hand *h) {
  struct order *o = &h->order;
  const int64_t best_bid = bid(&h->btc), best_ask = ask(&h->btc);
  const bool idle = o->state == NO_ORDER && h->again == 0 && h->next_rule == NONE, open = h->held != 0 && !h->dust;
  h->reason = NOT_ARMED, h->mask = 0;
  if (!is_armed(h)) return;
  if (!idle) {
    h->reason = IN_FLIGHT;
    if (o->state == WORKING && o->policy == JOIN && o->requotes < 4 && best_bid - o->price >= 2) {
      h->want_cancel = 1, o->requote = true;
    }
  }
  if (!open) {
    if (idle) enter(h, best_bid, best_ask);
    return;
  }
  if (idle) h->reason = NO_EXIT;
  const int64_t rule = exit_rule(h, best_bid, best_ask);
  if (rule == NONE) return;
  if (idle) {
    const bool sent = leave(h, rule);
    h->reason = rule << 16 | (sent ? EXITED : TOO_SMALL);
    if (!sent) h->dust = true;
  } else if ((o->side > 0 || (rule < o->rule && o->rule < HALT)) && (h->next_rule == NONE || rule < h->next_rule)) {
    h->next_rule = rule, h->again = 0;
    if (o->state == WORKING) h->want_cancel = 1;
    if (o->state == NO_ORDER) h->want.side = 0, wake(h, h->now);
    h->reason = rule << 16 | EXITED;
  }
}

/* --- risk: what alone may send */

static void forbid(struct hand *h, int64_t reason) {
  h->want.side = 0, h->again = 0;
  h->reason = h->want.rule << 16 | reason;
}

static void halt(struct hand *h) {
  struct order *o = &h->order;
  h->halted_day = h->day;
  if (h->want.side > 0) forbid(h, HALTED);
  if (o->state == WORKING && o->side > 0) h->want_cancel = 1, o->halt = true;
  if (o->state == NO_ORDER && h->want.side == 0 && h->held >= least_lots(h)) {
    want(h, -1, h->held, HALT, MARKET_OUT);
    h->reason = HALT << 16 | DAY_LOSS;
  }
}

static void limit_buys(struct hand *h) {
  struct wish *w = &h->want;
  const int64_t mid = half(h->mark) > 1 ? half(h->mark) : 1, held = half(h->held * h->mark);
  if (h->now - h->btc_time > 400 * MS || h->now - h->eth_time > SECOND || h->now - h->trade_time > 10 * SECOND) {
    forbid(h, STALE);
    return;
  }
  const int64_t room = 40000000000 - held, most = room / mid - (room % mid < 0);
  if (w->lots > most) w->lots = most;
  if (w->lots < least_lots(h)) {
    forbid(h, POSITION_LIMIT);
    return;
  }
  const struct order *o = &h->order;
  int64_t working = w->lots * (w->price > 0 ? w->price : half(h->mark));
  if (o->state != NO_ORDER && o->side > 0) working += o->left * o->price;
  if (!((double)held / ATOMS + (double)working / ATOMS <= 520.0)) forbid(h, INVARIANT);
}

static void send(struct hand *h, int64_t *out) {
  struct wish *w = &h->want;
  struct order *o = &h->order;
  h->sent_at[h->tags++ & 7] = h->now;
  if (h->again == 0) o->tries = 0, o->requotes = 0;
  h->again = 0, h->next_rule = NONE;
  o->state = WORKING, o->tag = h->tags, o->rule = w->rule, o->side = w->side, o->left = w->lots, o->policy = w->policy;
  o->price = w->price > 0 ? w->price : half(h->mark);
  o->deadline = w->ttl > 0 ? h->now + w->ttl : 0;
  if (w->ttl > 0) wake(h, o->deadline);
  if (h->count < FS_MAX_INTENTS) {
    const int64_t words[] = {w->side, w->style, w->lots, w->price, w->ttl, w->rule, o->tag, 0};
    memcpy(out + FS_OUT_FIRST_INTENT + FS_INTENT_WORDS * h->count++, words, sizeof words);
  }
  w->side = 0;
}

static void risk(struct hand *h, int64_t *out) {
  struct wish *w = &h->want;
  if (h->day_base - h->value >= 2500000000 || h->halted_day == h->day) halt(h);
  if (w->side > 0) limit_buys(h);
  if (w->side != 0 && w->price > 0) {
    const double mid = (double)(bid(&h->btc) + ask(&h->btc)) / 200.0;
    if (fabs((double)w->price / TICKS - mid) > 0.0025 * mid) forbid(h, BAND);
  }
  if (w->side != 0 && h->now < h->sent_at[h->tags & 7] + SECOND) {
    if (h->again > 0) wake(h, h->sent_at[h->tags & 7] + SECOND);
    w->side = 0, h->reason = w->rule << 16 | ORDER_RATE;
  }
  if (h->want_cancel != 0) {
    const int64_t words[] = {0, FS_STYLE_CANCEL, 0, 0, 0, h->want_cancel == 2, h->order.tag, 0};
    memcpy(out + FS_OUT_FIRST_INTENT + FS_INTENT_WORDS * h->count++, words, sizeof words);
    h->order.state = CANCELLING, h->want_cancel = 0;
  }
  if (w->side != 0) send(h, out);
}

/* --- records in, intents out */

void hand_init(struct hand *h, const int64_t *ints, const double *reals, int64_t btc_low, int64_t eth_low) {
  memset(h, 0, sizeof *h);
  reset_book(&h->btc, btc_low);
  reset_book(&h->eth, eth_low);
  h->fast_alpha = 2.0 / ((double)ints[0] + 1.0), h->slow_alpha = 2.0 / ((double)ints[1] + 1.0);
  h->press_min = reals[2], h->edge_min = reals[3], h->stop_mult = reals[4], h->hold_max = ints[5];
  h->warm = (int64_t)ceil(log(1e-6) / log(1.0 - fmin(h->fast_alpha, h->slow_alpha)));
  if (h->warm < 188) h->warm = 188;
  h->next_rule = NONE, h->halted_day = -1, h->fired = -(INT64_C(1) << 62);
  h->btc_time = h->eth_time = h->trade_time = -1;
  for (int k = 0; k < 8; k++) h->sent_at[k] = -(INT64_C(1) << 62);
  for (int k = 0; k < 16; k++) h->panes[k][0] = -1;
}

static void finish(struct hand *h, int64_t *out) {
  out[FS_OUT_INTENTS] = h->count, out[FS_OUT_WAKE] = h->wake;
  out[FS_OUT_REASON] = h->reason, out[FS_OUT_MASK] = h->mask;
}

static void instant_end(struct hand *h, int64_t now, bool woken, int64_t *out) {
  h->count = 0, h->wake = FS_NEVER, h->reason = 0, h->mask = 0;
  out[FS_OUT_DECIDED] = 0;
  if (h->due && now - h->decided < 20 * MS) {
    wake(h, h->decided + 20 * MS);
  } else if (h->due) {
    h->due = false, h->decided = now;
    manage(h, now);
    decide(h);
    risk(h, out);
    out[FS_OUT_DECIDED] = 1;
    finish(h, out);
    return;
  }
  if (woken) {
    manage(h, now);
    risk(h, out);
  }
  h->reason = 0;
  finish(h, out);
}

void hand_levels(struct hand *h, const int64_t *records, int64_t count) {
  struct book *b = (records[FS_HEAD] >> FS_STREAM_SHIFT & 0xffff) == BTC_BOOK ? &h->btc : &h->eth;
  for (; count > 0; count--, records += FS_WORDS_PER_RECORD) {
    set_level(b, records[FS_SIDE], records[FS_PRICE], records[FS_QTY]);
  }
}

void hand_event(struct hand *h, const int64_t *record, int64_t *out) {
  const int64_t now = record[FS_TIME];
  switch (record[FS_HEAD] >> FS_STREAM_SHIFT & 0xffff) {
    case BTC_BOOK:
      h->btc_seen = true, h->btc_time = now, h->due = true;
      h->mark = bid(&h->btc) + ask(&h->btc);
      break;
    case ETH_BOOK: h->eth_seen = true, h->eth_time = now; break;
    case BARS_1M: on_minute(h, record); break;
    case BARS_5M: on_five_minutes(h, record); break;
    case BTC_TRADES: on_trade(h, record); break;
    case TIMER_50MS: on_50ms(h); break;
    case TIMER_100MS: on_100ms(h, now); break;
    default: break;
  }
  instant_end(h, now, (record[FS_HEAD] & 0xff) == FS_KIND_WAKE, out);
}

static void filled(struct hand *h, const int64_t *r) {
  const int64_t lots = r[FS_QTY], value = r[FS_VALUE];
  if (r[FS_SIDE] > 0) {
    if (h->held == 0 || h->dust) h->since = r[FS_TIME], h->dust = false, h->opened_by = h->order.rule;
    if (h->held == 0) h->cost = 0;
    h->held += lots, h->cost += value;
  } else {
    const int64_t left = h->held - lots;
    const double share = (double)left / (double)(h->held > 1 ? h->held : 1);
    h->cost = left <= 0 ? 0 : (int64_t)rint((double)h->cost * share);
    h->held = left;
    if (left <= 0 && h->opened_by == ENTRY) h->fired = r[FS_TIME];
  }
  h->cash += (r[FS_SIDE] > 0 ? -value : value) - r[FS_FEE];
  h->order.left -= lots;
}

/* The order is over: try again what its policy says. */
static void ended(struct hand *h) {
  struct order *o = &h->order;
  const bool requote = o->requote, halted = o->halt;
  o->state = NO_ORDER, o->requote = o->halt = false, h->again = 0;
  if (o->left <= 0 || h->next_rule > NONE || halted) return;
  if (requote) {
    o->requotes++, h->again = o->left;
  } else if (o->policy == CROSS && o->tries < 5) {
    o->tries++, h->again = o->left;
  } else if (o->policy == OFFER) {
    o->policy = CROSS, o->tries = 0, o->requotes = 0, h->again = o->left;
  }
}

void hand_report(struct hand *h, const int64_t *record, int64_t *out) {
  const int64_t kind = record[FS_HEAD] & 0xff;
  h->count = 0, h->wake = FS_NEVER;
  if (kind == FS_KIND_FILL) filled(h, record);
  if ((kind == FS_KIND_DONE || kind == FS_KIND_REJECT) && record[FS_TAG] == h->order.tag) ended(h);
  manage(h, record[FS_TIME]);
  risk(h, out);
  out[FS_OUT_DECIDED] = 0;
  finish(h, out);
}
