/* A hand-written limit for bench_ema_cross.py: the same rules as strategies/ema_cross.yaml with `size: 1 BTC`, in one
 * loop that knows everything at compile time. It keeps what the kernel keeps: one equity value a bar, one decision
 * record (time, reason, mask) a bar, the fills. Same arithmetic, so the same trades. */
#include <stdint.h>

typedef struct { int64_t time, head, open, high, low, close, volume, notional; } bar;
typedef struct { int64_t time, reason, mask; } decision;
typedef struct { int64_t time, qty, price, fee; } fill;

enum { IDLE = 0, NO_ENTRY = 1, NO_EXIT = 2, ENTERED = 5, EXITED = 6 };

int64_t ema_cross(const bar *bars, int64_t n, int64_t fast, int64_t slow, int64_t warm, int64_t lots, int64_t rate,
                  int64_t *equity, decision *decisions, fill *fills)
{
    const double a = 2.0 / ((double)fast + 1.0), b = 2.0 / ((double)slow + 1.0);
    double quick = 0.0, calm = 0.0;
    int64_t cash = 0, position = 0, wanted = 0, count = 0, below = 0, above = 0;
    for (int64_t k = 0; k < n; k++) {
        const bar *e = &bars[k];
        if (wanted != 0 && e->volume > 0) {
            const int64_t value = wanted * e->open, size = value < 0 ? -value : value;
            const int64_t fee = (size * (rate / 1000) + 50000) / 100000;
            cash -= value + fee;
            position += wanted;
            fills[count++] = (fill){e->time, wanted, e->open, fee};
            wanted = 0;
        }
        const double close = (double)e->close / 100.0;
        quick = k == 0 ? close : quick + a * (close - quick);
        calm = k == 0 ? close : calm + b * (close - calm);
        const int64_t le = quick <= calm, ge = calm <= quick;
        const int64_t up = !le & below, down = !ge & above;
        below = le;
        above = ge;
        int64_t reason = IDLE, mask = 0;
        if (k + 1 >= warm && wanted == 0) {
            mask = position == 0 ? up : down;
            reason = position == 0 ? (up ? ENTERED : NO_ENTRY) : (down ? EXITED : NO_EXIT);
            if (mask) wanted = position == 0 ? lots : -position;
        }
        equity[k] = cash + position * e->close;
        decisions[k] = (decision){e->time, reason, mask};
    }
    return count;
}
