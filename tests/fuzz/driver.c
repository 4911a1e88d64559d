/* Runs a target of harness.c on inputs that follow from a seed alone: driver TARGET COUNT SEED < seeds

   Standard input holds seed inputs, each behind its length of four bytes. An input is one of them, or one that was made
   before, with a few mutations: bits, bytes, neighbours that change places, numbers at their limits, pieces cut out,
   doubled, or taken from another.

   driver short < frames: how many of the frames the short way through depth frames reads. */
#include "harness.c"

enum { MOST = 1024, POOL = 256 };

typedef struct {
  size_t size;
  uint8_t bytes[MOST];
} input;

static input pool[POOL];
static size_t pooled;
static uint64_t state;

/* SplitMix64. */
static uint64_t word(void) {
  uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

static size_t below(size_t limit) { return limit == 0 ? 0 : (size_t)(word() % limit); }

/* Lets `size` bytes stand in place of `gone` bytes at `at`. */
static void put(input *to, size_t at, size_t gone, const uint8_t *from, size_t size) {
  if (gone > to->size - at) gone = to->size - at;
  if (to->size - gone + size > MOST) return;
  memmove(to->bytes + at + size, to->bytes + at + gone, to->size - at - gone);
  if (size != 0) memcpy(to->bytes + at, from, size);
  to->size = to->size - gone + size;
}

static void mutate(input *to) {
  static const char *const tokens[] = {"\x0a", "\x12", "\x1a", "\x22", "\x2a", "\xca\x13", "\xd2\x13", "\xff\xff\xff\xff\x0f",
                                       "0", ".", "-", "e", "9999999999999999999", "0.00000000", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02",
                                       "\x81\x00", "\x88\x02\x03\xe8", "\x01\x00", "\x0b\x0c", "\xe6\xb3\xa8", "\x7f", "\x82\x7e"};
  const size_t at = below(to->size + 1);
  uint8_t piece[64];
  switch (word() % 9) {
  case 0:
    if (at < to->size) to->bytes[at] ^= (uint8_t)(1 << (word() & 7));
    break;
  case 1:
    if (at < to->size) to->bytes[at] = (uint8_t)word();
    break;
  case 2: {
    static const uint8_t limits[] = {0, 1, 0x7F, 0x80, 0xFF, '0', '9', '.'};
    if (at < to->size) to->bytes[at] = limits[word() & 7];
    break;
  }
  case 3:
    put(to, at, 1 + below(8), NULL, 0);
    break;
  case 4: {
    const char *token = tokens[below(sizeof tokens / sizeof *tokens)];
    put(to, at, below(3), (const uint8_t *)token, strlen(token));
    break;
  }
  case 5: {
    const input *other = pool + below(pooled);
    const size_t from = below(other->size), size = below(other->size - from + 1);
    put(to, at, below(16), other->bytes + from, size);
    break;
  }
  case 6: {
    const size_t size = below(sizeof piece), from = below(to->size);
    const size_t taken = size > to->size - from ? to->size - from : size;
    memcpy(piece, to->bytes + from, taken);
    put(to, at, 0, piece, taken);
    break;
  }
  case 7: /* texts keep their length, and structures stay whole */
    if (at + 1 < to->size) {
      const uint8_t first = to->bytes[at];
      to->bytes[at] = to->bytes[at + 1];
      to->bytes[at + 1] = first;
    }
    break;
  default:
    if (at < to->size) to->bytes[at] = (uint8_t)(to->bytes[at] + (word() & 1 ? 1 : -1));
  }
}

static bool read_seeds(void) {
  uint32_t size;
  while (pooled < POOL / 2 && fread(&size, 4, 1, stdin) == 1) {
    if (size > MOST || fread(pool[pooled].bytes, 1, size, stdin) != size) return false;
    pool[pooled++].size = size;
  }
  return pooled > 0;
}

static const struct {
  const char *name;
  int (*run)(const uint8_t *, size_t);
} targets[] = {{"decimals", fs_fuzz_decimals},
               {"frames", fs_fuzz_frames},
               {"push", fs_fuzz_push},
               {"depth", fs_fuzz_depth},
               {"rows", fs_fuzz_rows}};

static int count_short(void) {
  fs_form forms[FS_FORMS] = {0};
  size_t found = 0;
  for (size_t k = 0; k < pooled; k++) {
    fs_level levels[ROOM];
    fs_depth_message message;
    const fs_span frame = {pool[k].bytes, pool[k].size};
    found += fs_fast_read_depth(frame, SCALES + 1, forms, levels, ROOM, &message);
  }
  printf("%zu\n", found);
  return 0;
}

int main(int count, char **words) {
  if (count == 2 && strcmp(words[1], "short") == 0) return read_seeds() ? count_short() : 2;
  int (*run)(const uint8_t *, size_t) = NULL;
  for (size_t k = 0; count == 4 && k < sizeof targets / sizeof *targets; k++) {
    if (strcmp(words[1], targets[k].name) == 0) run = targets[k].run;
  }
  if (run == NULL || !read_seeds()) return 2;
  const uint64_t inputs = strtoull(words[2], NULL, 10);
  const size_t given = pooled;
  state = strtoull(words[3], NULL, 10);
  for (uint64_t k = 0; k < inputs; k++) {
    static input next;
    next = pool[below(pooled)];
    if (k >= given) {
      for (size_t n = 1 + below(5); n > 0; n--) mutate(&next);
    } else {
      next = pool[k];
    }
    run(next.bytes, next.size);
    /* Some become sources of others; the given ones stay. */
    if (word() % 16 == 0) {
      const size_t place = pooled < POOL ? pooled++ : given + below(POOL - given);
      pool[place] = next;
    }
  }
  printf("%llu\n", (unsigned long long)inputs);
  return 0;
}
