/* Fuzz targets of the wire's readers, each with the signature of libFuzzer's. What they check beside what the sanitizers
   see: two ways to the same result must agree. `fs_fuzz_` functions return 0 or stop the process.

   With -DFUZZ_TARGET=fs_fuzz_push this is a libFuzzer target; driver.c runs all of them without clang. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flashc/wire/depth.h>
#include <flashc/wire/rows.h>
#include <flashc/wire/ws_frames.h>

#define CHECK(what)                                             \
  do {                                                          \
    if (!(what)) {                                              \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
      abort();                                                  \
    }                                                           \
  } while (0)

/* Memory of exactly this size, so that a byte too far is seen. */
static void *exactly(const void *from, size_t size) {
  void *found = malloc(size == 0 ? 1 : size);
  CHECK(found != NULL);
  if (from != NULL && size != 0) memcpy(found, from, size);
  return found;
}

/* An item of two texts, with 16 bytes before it that are no part of it. */
static uint8_t *new_item(const uint8_t *price, size_t a, const uint8_t *quantity, size_t b) {
  uint8_t *block = exactly(NULL, 16 + 6 + a + b), *item = block + 16;
  memset(block, '0', 16);
  memcpy(item, (uint8_t[]){0x0A, (uint8_t)(4 + a + b), 0x0A, (uint8_t)a}, 4);
  memcpy(item + 4, price, a);
  memcpy(item + 4 + a, (uint8_t[]){0x12, (uint8_t)b}, 2);
  memcpy(item + 6 + a, quantity, b);
  return block;
}

/* What the short way makes of an item is what `fs_decimal` makes of its texts. */
static void compare_item(const fs_form *form, const uint8_t *item, const fs_scale *scale) {
  const size_t a = item[3], b = item[1] - 4 - a;
  fs_level found, expected;
  if (!fs_form_fits(form, item, 6 + a + b, 0x0A) || !fs_form_read(form, item, &found)) return;
  CHECK(item[0] == 0x0A && item[2] == 0x0A && item[4 + a] == 0x12 && item[5 + a] == b);
  CHECK(fs_decimal(item + 4, a, scale->price_decimals, false, &expected.ticks) == 0);
  CHECK(fs_decimal(item + 6 + a, b, scale->qty_decimals, false, &expected.lots) == 0);
  CHECK(memcmp(&found, &expected, sizeof found) == 0);
}

/* Two texts give a form; it reads them, and also items that differ from them in one bit. */
static void compare_forms(const uint8_t *text, size_t size, size_t decimals) {
  const fs_scale scale = {{NULL, 0}, decimals, (5 * decimals + 2) % 9};
  const size_t a = size / 2, b = size - a;
  fs_form form = {0};
  if (size > 60) return;
  uint8_t *block = new_item(text, a, text + a, b), *item = block + 16;
  if (fs_form_of(&form, item, (fs_span){item + 4, a}, (fs_span){item + 6 + a, b}, &scale)) {
    compare_item(&form, item, &scale);
    for (size_t k = 0; k < 6 + a + b; k++) {
      if (k == 1 || k == 3) continue; /* the sizes that `compare_item` goes by */
      const uint8_t kept = item[k];
      item[k] ^= (uint8_t)(1 << (text[k % size] + k) % 8);
      compare_item(&form, item, &scale);
      item[k] = kept;
    }
  }
  free(block);
}

/* decimals: byte 0 is the scale and whether a sign may stand there, the rest is the text. */
static int fs_fuzz_decimals(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  const size_t decimals = (data[0] & 0x7F) % (FS_DECIMAL_MOST_DECIMALS + 1), length = size - 1;
  const bool negative = data[0] >= 0x80;
  uint8_t *text = exactly(data + 1, length);
  int64_t value = -1, other = -2;
  const int64_t reason = fs_decimal(text, length, decimals, negative, &value);
  CHECK(reason >= 0 && reason <= FS_DECIMAL_OFF_GRID);
  CHECK(reason != 0 || negative || value >= 0);
  uint8_t *wide = exactly(NULL, length + 16);
  memset(wide, '0', 16);
  memcpy(wide + 16, text, length);
  if (fs_read_whole((fs_span){wide + 16, length}, &other)) {
    CHECK(fs_decimal(text, length, 0, false, &value) == 0 && value == other);
  }
  compare_forms(text, length, decimals);
  free(wide);
  free(text);
  return 0;
}

typedef struct {
  uint64_t hash, messages;
  int64_t fault;
} told;

static void tell(told *to, const fs_ws_message *message) {
  to->messages++;
  to->hash = (to->hash ^ message->opcode) * UINT64_C(0x100000001B3);
  for (size_t k = 0; k < message->payload.size; k++) {
    to->hash = (to->hash ^ message->payload.at[k]) * UINT64_C(0x100000001B3);
  }
}

/* Reads a stream in pieces of 1 to `step` bytes that follow from `cut`; 0: all at once. */
static told read_stream(const uint8_t *data, size_t size, size_t most, bool from_client, uint64_t cut) {
  fs_ws_reader reader;
  uint8_t *block = exactly(NULL, most + FS_WS_SPARE);
  told found = {0};
  fs_ws_message message;
  fs_ws_init(&reader, block, most, from_client);
  for (size_t at = 0; at < size;) {
    cut = cut * UINT64_C(6364136223846793005) + 1442695040888963407u;
    size_t step = cut == 1442695040888963407u ? size : 1 + (size_t)(cut >> 40) % 9, room = 0;
    uint8_t *to = fs_ws_room(&reader, &room);
    if (reader.fault == 0) CHECK(room > 0);
    if (step > size - at) step = size - at;
    if (step > room) step = room;
    if (step == 0) break; /* only after a fault */
    memcpy(to, data + at, step);
    fs_ws_wrote(&reader, step);
    at += step;
    while (fs_ws_next(&reader, &message) > 0) {
      CHECK(message.payload.size <= (message.opcode < FS_FRAME_CLOSE ? most : FS_FRAME_MOST_CONTROL));
      tell(&found, &message);
    }
    CHECK(reader.begin <= reader.end && reader.end <= reader.size);
  }
  found.fault = reader.fault;
  free(block);
  return found;
}

/* frames: byte 0 says who sends and how much may come, byte 1 where it is cut. A message is written and read again too. */
static int fs_fuzz_frames(const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  const size_t most = data[0] & 0x7F; /* little, so that the block fills up and is used again and again */
  const bool from_client = data[0] >= 0x80;
  uint8_t *stream = exactly(data + 2, size - 2);
  const told whole = read_stream(stream, size - 2, most, from_client, 0);
  const told cut = read_stream(stream, size - 2, most, from_client, 1 + (uint64_t)data[1]);
  CHECK(whole.fault == cut.fault && whole.messages == cut.messages && whole.hash == cut.hash);
  uint8_t *written = exactly(NULL, size + 12);
  const uint8_t mask[4] = {data[0], data[1], data[size - 1], data[size / 2]};
  const size_t length = fs_ws_encode(written, FS_FRAME_BINARY, (fs_span){stream, size - 2}, from_client ? mask : NULL);
  const told again = read_stream(written, length, size, from_client, 1 + (uint64_t)data[1]);
  CHECK(again.fault == 0 && again.messages == 1);
  free(written);
  free(stream);
  return 0;
}

/* push: the words of a frame, with room for none and for all of them. */
static int fs_fuzz_push(const uint8_t *data, size_t size) {
  uint8_t *frame = exactly(data, size);
  int64_t none;
  const int64_t count = fs_push_all((fs_span){frame, size}, &none, 0);
  CHECK(count >= -FS_PUSH_BAD_UTF8);
  if (count > 0) {
    int64_t *words = exactly(NULL, 8 * (size_t)count);
    CHECK(fs_push_all((fs_span){frame, size}, words, (size_t)count) == count);
    for (int64_t k = 0; k + 1 < count; k += 2) CHECK(words[k] >= 0);
    free(words);
  }
  free(frame);
  return 0;
}

enum { CELLS = 256, ROOM = 64 };
static const fs_scale SCALES[2] = {{{(const uint8_t *)"BTCUSDT", 7}, 2, 5}, {{(const uint8_t *)"MXUSDT", 6}, 4, 2}};

/* A frame that the short way reads means the same to the long one, whatever came before. */
static void compare_ways(fs_span frame, const fs_scale *scale, fs_form *forms) {
  fs_level fast[ROOM], slow[ROOM];
  fs_depth_message found, expected;
  if (!fs_fast_read_depth(frame, scale, forms, fast, ROOM, &found)) return;
  CHECK(fs_depth_look(frame, scale, slow, ROOM, &expected) == 0);
  CHECK(found.from == expected.from && found.to == expected.to);
  CHECK(found.asks == expected.asks && found.bids == expected.bids);
  CHECK(memcmp(fast, slow, sizeof(fs_level) * (found.asks + found.bids)) == 0);
}

static int64_t *new_book(void) {
  int64_t *book = calloc((size_t)fs_book_words(CELLS), 8);
  CHECK(book != NULL);
  fs_book_init(book, 24900, CELLS);
  return book;
}

/* Levels set one by one, as `fs_book_set` does it. */
static void set_plainly(int64_t *book, const fs_level *levels, size_t asks, size_t bids) {
  for (size_t k = 0; k < asks + bids; k++) {
    if (fs_book_there(book, fs_isub(levels[k].ticks, book[FS_BOOK_LOW]))) {
      fs_book_set(book, k < asks ? -1 : 1, levels[k].ticks, levels[k].lots);
    }
  }
}

/* depth: up to eight frames, each behind its length of two bytes, go to a book; and through the plain way to another. */
static int fs_fuzz_depth(const uint8_t *data, size_t size) {
  static const fs_level snapshot[] = {{25100, 7}, {25101, 3}, {25160, 1}, {24999, 5}, {24950, 2}};
  int64_t *book = new_book(), *plain = new_book();
  fs_depth depth;
  fs_level levels[ROOM];
  fs_depth_init(&depth, SCALES + 1);
  fs_depth_snapshot(&depth, book, 10, snapshot, 3, 2);
  memcpy(plain, book, 8 * (size_t)fs_book_words(CELLS));
  for (size_t at = 0, k = 0; k < 8 && size - at >= 2; k++) {
    size_t length = (size_t)data[at] | (size_t)data[at + 1] << 8;
    at += 2;
    if (length > size - at) length = size - at;
    uint8_t *frame = exactly(data + at, length);
    const fs_span span = {frame, length};
    fs_depth_message message;
    compare_ways(span, SCALES + 1, depth.forms);
    const int64_t read = fs_depth_look(span, SCALES + 1, levels, ROOM, &message);
    const int64_t done = fs_depth_apply(&depth, book, span, levels, ROOM);
    CHECK(done >= -FS_DEPTH_TOO_MANY_LEVELS && done <= FS_DEPTH_LEFT_WINDOW);
    CHECK(done != FS_DEPTH_APPLIED || read == 0);
    if (done == FS_DEPTH_APPLIED || done == FS_DEPTH_OVERLAP || done == FS_DEPTH_LEFT_WINDOW) {
      fs_depth_look(span, SCALES + 1, levels, ROOM, &message);
      set_plainly(plain, levels, message.asks, message.bids);
    }
    CHECK(memcmp(book, plain, 8 * (size_t)fs_book_words(CELLS)) == 0);
    free(frame);
    at += length;
  }
  free(book);
  free(plain);
  return 0;
}

/* rows: records of a frame, in memory that just suffices. */
static int fs_fuzz_rows(const uint8_t *data, size_t size) {
  uint8_t *frame = exactly(data, size);
  const size_t room = size / 8 + 3;
  int64_t *records = exactly(NULL, 8 * FS_WORDS_PER_RECORD * room);
  fs_rows_facts facts;
  const int64_t count = fs_rows_read(SCALES, 2, (fs_span){frame, size}, 7, records, room, &facts);
  CHECK(count > -FS_DEPTH_TOO_MANY_LEVELS && count <= (int64_t)room);
  for (int64_t k = 0; k < count; k++) {
    CHECK(records[8 * k + FS_PRICE] >= 0 && records[8 * k + FS_QTY] >= 0 && records[8 * k + FS_TIME] == 7);
  }
  free(records);
  free(frame);
  return 0;
}

#ifdef FUZZ_TARGET
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return FUZZ_TARGET(data, size); }
#endif
