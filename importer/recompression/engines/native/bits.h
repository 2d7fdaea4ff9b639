/* What both generations of Go's compress/flate share: output by bits, and reading memory. */
#ifndef BLOBFIX_BITS_H
#define BLOBFIX_BITS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(_MSC_VER) && defined(_M_X64)
#include <intrin.h>
#endif

enum {
    LITERAL_COUNT = 286,
    OFFSET_COUNT = 30,
    CODEGEN_COUNT = 19,
    END_OF_BLOCK = 256,
    LENGTH_CODES_START = 257,
    BAD_CODE = 255,
    MAX_MATCH = 258,
    MAX_STORED = 65535,
    MAX_OFFSET = 32768
};

/* --- Output ------------------------------------------------------------------------------------ */

/* The compressed bytes ready so far, and up to 31 bits waiting behind them. */
typedef struct {
    uint8_t *data;
    size_t size;
    size_t capacity;
    uint64_t bits;
    unsigned bit_count;
    int out_of_memory;
} Sink;

/* Makes room for `more` bytes; 0 when there is no memory, and the encoder is then of no more use. */
static int sink_reserve(Sink *sink, size_t more)
{
    if (sink->out_of_memory || more > SIZE_MAX / 4 || sink->size > SIZE_MAX / 4) {
        sink->out_of_memory = 1;
        return 0;
    }
    size_t needed = sink->size + more;
    if (needed <= sink->capacity) {
        return 1;
    }
    size_t capacity = needed + needed / 2 + 4096;
    uint8_t *data = realloc(sink->data, capacity);
    if (data == NULL) {
        sink->out_of_memory = 1;
        return 0;
    }
    sink->data = data;
    sink->capacity = capacity;
    return 1;
}

/* Adds `count` (at most 32) bits. The caller has reserved the room. */
static inline void put_bits(Sink *sink, uint32_t value, unsigned count)
{
    sink->bits |= (uint64_t)value << sink->bit_count;
    sink->bit_count += count;
    if (sink->bit_count >= 32) {
        uint32_t bits = (uint32_t)sink->bits;
        uint8_t *at = sink->data + sink->size;
        at[0] = (uint8_t)bits;
        at[1] = (uint8_t)(bits >> 8);
        at[2] = (uint8_t)(bits >> 16);
        at[3] = (uint8_t)(bits >> 24);
        sink->size += 4;
        sink->bits >>= 32;
        sink->bit_count -= 32;
    }
}

/* Fills the last byte with zero bits and hands it over. */
static int align_to_byte(Sink *sink)
{
    if (!sink_reserve(sink, 8)) {
        return 0;
    }
    while (sink->bit_count != 0) {
        sink->data[sink->size++] = (uint8_t)sink->bits;
        sink->bits >>= 8;
        sink->bit_count = sink->bit_count > 8 ? sink->bit_count - 8 : 0;
    }
    sink->bits = 0;
    return 1;
}

/* Adds bytes at a byte boundary. */
static void put_bytes(Sink *sink, const uint8_t *bytes, size_t count)
{
    if (!align_to_byte(sink) || !sink_reserve(sink, count)) {
        return;
    }
    if (count != 0) {
        memcpy(sink->data + sink->size, bytes, count);
        sink->size += count;
    }
}

/* --- Reading memory ---------------------------------------------------------------------------- */

static inline uint32_t load_be32(const uint8_t *at)
{
    return (uint32_t)at[3] | (uint32_t)at[2] << 8 | (uint32_t)at[1] << 16 | (uint32_t)at[0] << 24;
}

static inline uint32_t load_le32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t load_le64(const uint8_t *at)
{
    return (uint64_t)load_le32(at) | (uint64_t)load_le32(at + 4) << 32;
}

/* How many of the first `max` bytes are equal. Both must have `max` readable bytes. */
static inline int equal_bytes(const uint8_t *a, const uint8_t *b, int max)
{
    int n = 0;
    while (n + 8 <= max) {
        uint64_t difference = load_le64(a + n) ^ load_le64(b + n);
        if (difference != 0) {
#if defined(__GNUC__) || defined(__clang__)
            return n + (__builtin_ctzll(difference) >> 3);
#elif defined(_MSC_VER) && defined(_M_X64)
            unsigned long bit;
            _BitScanForward64(&bit, difference);
            return n + (int)(bit >> 3);
#else
            while ((difference & 0xff) == 0) {
                difference >>= 8;
                n++;
            }
            return n;
#endif
        }
        n += 8;
    }
    while (n < max && a[n] == b[n]) {
        n++;
    }
    return n;
}

#endif
