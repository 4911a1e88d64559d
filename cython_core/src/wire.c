/* The wire core as a shared library: the functions of include/flashc/wire behind plain C calls, for cython_core/native.py.

   No Python, of the C library only what moves and compares memory, no memory of its own. Pointers are never NULL;
   results below 0 are minus the number of a reason. */
#include <flashc/wire/depth.h>
#include <flashc/wire/rows.h>
#include <flashc/wire/ws_frames.h>

#define FS_EXPORT __attribute__((visibility("default")))

#ifndef FS_WIRE_SOURCES
#error "give the hash of the sources: cython_core/native_sources.py"
#endif

FS_EXPORT const char *fs_wire_sources(void);
const char *fs_wire_sources(void) { return FS_WIRE_SOURCES; }

FS_EXPORT int64_t fs_wire_decimal(const uint8_t *text, size_t size, size_t decimals, int64_t negative, int64_t *value);
int64_t fs_wire_decimal(const uint8_t *text, size_t size, size_t decimals, int64_t negative, int64_t *value) {
  return -fs_decimal(text, size, decimals, negative != 0, value);
}

FS_EXPORT int64_t fs_wire_push(const uint8_t *frame, size_t size, int64_t *words, size_t room);
int64_t fs_wire_push(const uint8_t *frame, size_t size, int64_t *words, size_t room) {
  return fs_push_all((fs_span){frame, size}, words, room);
}

FS_EXPORT size_t fs_wire_frames_size(void);
size_t fs_wire_frames_size(void) { return sizeof(fs_ws_reader); }

FS_EXPORT void fs_wire_frames_init(fs_ws_reader *reader, uint8_t *block, size_t most, int64_t from_client);
void fs_wire_frames_init(fs_ws_reader *reader, uint8_t *block, size_t most, int64_t from_client) {
  fs_ws_init(reader, block, most, from_client != 0);
}

/* Takes as many of the bytes as there is room for; how many. */
FS_EXPORT size_t fs_wire_frames_give(fs_ws_reader *reader, const uint8_t *bytes, size_t size);
size_t fs_wire_frames_give(fs_ws_reader *reader, const uint8_t *bytes, size_t size) {
  size_t room = 0;
  uint8_t *to = fs_ws_room(reader, &room);
  if (size > room) size = room;
  __builtin_memcpy(to, bytes, size);
  fs_ws_wrote(reader, size);
  return size;
}

/* 1 and a message, 0 for none, or minus the reason. */
FS_EXPORT int64_t fs_wire_frames_next(fs_ws_reader *reader, int64_t *opcode, const uint8_t **payload, size_t *size);
int64_t fs_wire_frames_next(fs_ws_reader *reader, int64_t *opcode, const uint8_t **payload, size_t *size) {
  fs_ws_message message = {0};
  const int64_t got = fs_ws_next(reader, &message);
  *opcode = message.opcode;
  *payload = message.payload.at;
  *size = message.payload.size;
  return got;
}

FS_EXPORT int64_t fs_wire_frames_closed(const fs_ws_reader *reader);
int64_t fs_wire_frames_closed(const fs_ws_reader *reader) { return reader->closed; }

FS_EXPORT size_t fs_wire_frame(uint8_t *to, uint8_t opcode, const uint8_t *payload, size_t size, const uint8_t *mask);
size_t fs_wire_frame(uint8_t *to, uint8_t opcode, const uint8_t *payload, size_t size, const uint8_t *mask) {
  return fs_ws_encode(to, opcode, (fs_span){payload, size}, mask);
}

FS_EXPORT int64_t fs_wire_rows(const fs_scale *scales, size_t symbols, const uint8_t *frame, size_t size,
                               int64_t receive_ns, int64_t *records, size_t room, fs_rows_facts *facts);
int64_t fs_wire_rows(const fs_scale *scales, size_t symbols, const uint8_t *frame, size_t size, int64_t receive_ns,
                     int64_t *records, size_t room, fs_rows_facts *facts) {
  return fs_rows_read(scales, symbols, (fs_span){frame, size}, receive_ns, records, room, facts);
}

/* Many frames: number k lies at bytes[ends[k - 1]..ends[k]], the first at 0. Records follow each other; `results` gets
   how many each has, or minus the reason. How many records there are. */
FS_EXPORT size_t fs_wire_rows_of_all(const fs_scale *scales, size_t symbols, const uint8_t *bytes, const int64_t *ends,
                                     const int64_t *receive_ns, size_t frames, int64_t *records, size_t room,
                                     int64_t *results, fs_rows_facts *facts);
size_t fs_wire_rows_of_all(const fs_scale *scales, size_t symbols, const uint8_t *bytes, const int64_t *ends,
                           const int64_t *receive_ns, size_t frames, int64_t *records, size_t room, int64_t *results,
                           fs_rows_facts *facts) {
  size_t count = 0, begin = 0;
  for (size_t k = 0; k < frames; k++) {
    const fs_span frame = {bytes + begin, (size_t)ends[k] - begin};
    begin = (size_t)ends[k];
    results[k] = fs_rows_read(scales, symbols, frame, receive_ns[k], records + FS_WORDS_PER_RECORD * count,
                              room - count, facts + k);
    if (results[k] > 0) count += (size_t)results[k];
  }
  return count;
}

FS_EXPORT size_t fs_wire_depth_size(void);
size_t fs_wire_depth_size(void) { return sizeof(fs_depth); }

FS_EXPORT int64_t fs_wire_book_words(int64_t cells);
int64_t fs_wire_book_words(int64_t cells) { return fs_book_words(cells); }

FS_EXPORT void fs_wire_book_init(int64_t *book, int64_t low, int64_t cells);
void fs_wire_book_init(int64_t *book, int64_t low, int64_t cells) { fs_book_init(book, low, cells); }

FS_EXPORT void fs_wire_depth_init(fs_depth *depth, const fs_scale *scale);
void fs_wire_depth_init(fs_depth *depth, const fs_scale *scale) { fs_depth_init(depth, scale); }

FS_EXPORT int64_t fs_wire_depth_snapshot(fs_depth *depth, int64_t *book, int64_t version, const fs_level *levels,
                                         size_t asks, size_t bids);
int64_t fs_wire_depth_snapshot(fs_depth *depth, int64_t *book, int64_t version, const fs_level *levels, size_t asks,
                               size_t bids) {
  return fs_depth_snapshot(depth, book, version, levels, asks, bids);
}

/* What a frame needs, in one argument: a call from Python costs by the argument. */
typedef struct {
  fs_depth *depth;
  int64_t *book;
  fs_level *levels;
  size_t room;
} fs_wire_memory;

FS_EXPORT int64_t fs_wire_depth_apply(const fs_wire_memory *at, const uint8_t *frame, size_t size);
int64_t fs_wire_depth_apply(const fs_wire_memory *at, const uint8_t *frame, size_t size) {
  return fs_depth_apply(at->depth, at->book, (fs_span){frame, size}, at->levels, at->room);
}

/* Many frames, as above; what each did. */
FS_EXPORT void fs_wire_depth_apply_all(fs_depth *depth, int64_t *book, const uint8_t *bytes, const int64_t *ends,
                                       size_t frames, fs_level *levels, size_t room, int64_t *outcomes);
void fs_wire_depth_apply_all(fs_depth *depth, int64_t *book, const uint8_t *bytes, const int64_t *ends, size_t frames,
                             fs_level *levels, size_t room, int64_t *outcomes) {
  size_t begin = 0;
  for (size_t k = 0; k < frames; k++) {
    outcomes[k] = fs_depth_apply(depth, book, (fs_span){bytes + begin, (size_t)ends[k] - begin}, levels, room);
    begin = (size_t)ends[k];
  }
}

/* The best levels of a side, best first; how many there are, at most `room`. */
FS_EXPORT size_t fs_wire_depth_levels(const int64_t *book, int64_t side, fs_level *levels, size_t room);
size_t fs_wire_depth_levels(const int64_t *book, int64_t side, fs_level *levels, size_t room) {
  size_t count = 0;
  for (int64_t cell = fs_book_first(book, side); count < room && fs_book_there(book, cell); count++) {
    levels[count] = (fs_level){book[FS_BOOK_LOW] + cell, fs_book_lots(book, side, cell)};
    cell = fs_book_next(book, side, cell);
  }
  return count;
}
