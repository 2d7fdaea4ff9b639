/* What both generations of Go's compress/flate share: the tables of RFC 1951, the bit writer and
 * the length-limited Huffman codes.
 *
 * Follows compress/flate of Go 1.19.8 (token.go, huffman_code.go, huffman_bit_writer.go). Go 1.27 and
 * klauspost/compress choose the same codes, so one form serves all. Copyright of the originals: see
 * NOTICE in this folder.
 */
#ifndef BLOBFIX_DEFLATE_COMMON_H
#define BLOBFIX_DEFLATE_COMMON_H

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

/* --- Tables of RFC 1951, section 3.2.5 ---------------------------------------------------------- */

static const uint8_t LENGTH_EXTRA[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                         2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint16_t LENGTH_BASE[29] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  10,  12,  14,  16,  20, 24,
                                         28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 255};
static const uint8_t OFFSET_EXTRA[OFFSET_COUNT] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                                   6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
static const uint16_t OFFSET_BASE[OFFSET_COUNT] = {
    0,   1,   2,   3,   4,   6,    8,    12,   16,   24,   32,   48,   64,    96,    128,
    192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 24576};
static const uint8_t CODEGEN_ORDER[CODEGEN_COUNT] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                     11, 4,  12, 3, 13, 2, 14, 1, 15};

typedef struct {
    uint16_t code;
    uint16_t length;
} Code;

/* Filled once by prepare_tables, before any encoder exists. */
static uint8_t length_code_of[256]; /* by length - 3 */
static uint8_t near_offset_code[256]; /* by offset - 1, below 256 */
static uint8_t far_offset_code[256]; /* by (offset - 1) >> 7 */
static Code fixed_literals[LITERAL_COUNT];
static Code fixed_offsets[OFFSET_COUNT];
static Code single_offset[OFFSET_COUNT]; /* Go's huffOffset: for blocks without matches */

static uint16_t reverse_bits(uint16_t value, int count)
{
    uint16_t reversed = 0;
    for (int i = 0; i < count; i++) {
        reversed = (uint16_t)(reversed << 1 | (value >> i & 1));
    }
    return reversed;
}

static Code fixed_literal(int symbol)
{
    int bits = symbol < 144 ? symbol + 48 : symbol < 256 ? symbol + 256 : symbol < 280 ? symbol - 256 : symbol - 88;
    int length = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
    Code code = {reverse_bits((uint16_t)bits, length), (uint16_t)length};
    return code;
}

static void prepare_tables(void)
{
    if (single_offset[0].length != 0) {
        return;
    }
    for (int code = 0; code < 29; code++) {
        int last = code == 28 ? 255 : LENGTH_BASE[code] + (1 << LENGTH_EXTRA[code]) - 1;
        for (int length = LENGTH_BASE[code]; length <= last; length++) {
            length_code_of[length] = (uint8_t)code;
        }
    }
    for (int code = 0; code < OFFSET_COUNT; code++) {
        for (int offset = OFFSET_BASE[code]; offset < OFFSET_BASE[code] + (1 << OFFSET_EXTRA[code]); offset++) {
            if (offset < 256) {
                near_offset_code[offset] = (uint8_t)code;
            }
            far_offset_code[offset >> 7] = (uint8_t)code;
        }
        fixed_offsets[code].code = reverse_bits((uint16_t)code, 5);
        fixed_offsets[code].length = 5;
    }
    for (int symbol = 0; symbol < LITERAL_COUNT; symbol++) {
        fixed_literals[symbol] = fixed_literal(symbol);
    }
    single_offset[0].length = 1;
}

/* The code of an offset less one (0..32767). */
static inline unsigned offset_code(uint32_t offset)
{
    return offset < 256 ? near_offset_code[offset] : far_offset_code[offset >> 7 & 255];
}

/* --- Huffman codes (huffman_code.go) ------------------------------------------------------------ */

typedef struct {
    int32_t last_frequency;
    int32_t next_leaf;
    int32_t next_pair;
    int32_t needed;
} Level;

/* Go's bitCounts: how many symbols get codes of 1..max_bits bits. `frequency` ascends, has
 * `count` >= 3 entries and INT32_MAX behind them. */
static void count_code_lengths(const int32_t *frequency, int count, int max_bits, int32_t lengths[16])
{
    Level levels[17];
    int32_t leaves[16][16];
    memset(levels, 0, sizeof levels);
    memset(leaves, 0, sizeof leaves);
    for (int level = 1; level <= max_bits; level++) {
        levels[level].last_frequency = frequency[1];
        levels[level].next_leaf = frequency[2];
        levels[level].next_pair = level == 1 ? INT32_MAX : frequency[0] + frequency[1];
        leaves[level][level] = 2;
    }
    levels[max_bits].needed = 2 * count - 4;
    int level = max_bits;
    while (level <= max_bits) {
        Level *here = &levels[level];
        if (here->next_pair == INT32_MAX && here->next_leaf == INT32_MAX) {
            here->needed = 0;
            levels[level + 1].next_pair = INT32_MAX;
            level++;
            continue;
        }
        int32_t previous = here->last_frequency;
        if (here->next_leaf < here->next_pair) {
            int32_t n = leaves[level][level] + 1;
            here->last_frequency = here->next_leaf;
            leaves[level][level] = n;
            here->next_leaf = n <= count ? frequency[n] : INT32_MAX;
        } else {
            here->last_frequency = here->next_pair;
            memcpy(leaves[level], leaves[level - 1], (size_t)level * sizeof(int32_t));
            levels[level - 1].needed = 2;
        }
        if (--here->needed == 0) {
            if (level == max_bits) {
                break;
            }
            levels[level + 1].next_pair = previous + here->last_frequency;
            level++;
        } else {
            while (level > 1 && levels[level - 1].needed > 0) {
                level--;
            }
        }
    }
    for (int bits = 1, at = max_bits; at > 0; at--, bits++) {
        lengths[bits] = leaves[max_bits][at] - leaves[max_bits][at - 1];
    }
}

/* Shell sort: at most 286 keys, nearly sorted in no way that would pay off. */
static void sort_keys(uint32_t *keys, int count)
{
    static const int gaps[] = {132, 57, 23, 10, 4, 1};
    for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++) {
        int gap = gaps[g];
        for (int i = gap; i < count; i++) {
            uint32_t key = keys[i];
            int j = i;
            for (; j >= gap && keys[j - gap] > key; j -= gap) {
                keys[j] = keys[j - gap];
            }
            keys[j] = key;
        }
    }
}

/* Gives the rarest symbols the longest codes, and equal lengths their codes in order of the symbol. */
static void assign_codes(Code *codes, const uint32_t *keys, int count, int size, const int32_t lengths[16])
{
    int end = count;
    for (int bits = 1; bits < 16; bits++) {
        for (int i = 0; i < lengths[bits] && end > 0; i++) {
            codes[keys[--end] & 511].length = (uint16_t)bits;
        }
    }
    uint16_t next[16] = {0};
    for (int bits = 1; bits < 15; bits++) {
        next[bits + 1] = (uint16_t)((next[bits] + lengths[bits]) << 1);
    }
    for (int symbol = 0; symbol < size; symbol++) {
        int bits = codes[symbol].length;
        if (bits != 0) {
            codes[symbol].code = reverse_bits(next[bits]++, bits);
        }
    }
}

/* Go's huffmanEncoder.generate: the best codes of at most max_bits (<= 15) bits for the frequencies
 * (each below 2^22) of `size` (<= 286) symbols. */
static void generate_codes(Code *codes, const int32_t *frequency, int size, int max_bits)
{
    uint32_t keys[LITERAL_COUNT];
    int32_t sorted[LITERAL_COUNT + 1];
    int32_t lengths[16] = {0};
    int count = 0;
    for (int symbol = 0; symbol < size; symbol++) {
        codes[symbol].code = 0;
        codes[symbol].length = 0;
        if (frequency[symbol] != 0) {
            keys[count++] = (uint32_t)frequency[symbol] << 9 | (uint32_t)symbol;
        }
    }
    if (count <= 2) {
        for (int i = 0; i < count; i++) {
            codes[keys[i] & 511].code = (uint16_t)i;
            codes[keys[i] & 511].length = 1;
        }
        return;
    }
    sort_keys(keys, count);
    for (int i = 0; i < count; i++) {
        sorted[i] = (int32_t)(keys[i] >> 9);
    }
    sorted[count] = INT32_MAX;
    count_code_lengths(sorted, count, max_bits < count - 1 ? max_bits : count - 1, lengths);
    assign_codes(codes, keys, count, size, lengths);
}

static int64_t coded_size(const Code *codes, const int32_t *frequency, int size)
{
    int64_t bits = 0;
    for (int i = 0; i < size; i++) {
        bits += (int64_t)frequency[i] * codes[i].length;
    }
    return bits;
}

/* --- The header of a dynamic block (huffman_bit_writer.go) --------------------------------------- */

typedef struct {
    uint8_t symbols[LITERAL_COUNT + OFFSET_COUNT + 1];
    int32_t frequency[CODEGEN_COUNT];
    Code codes[CODEGEN_COUNT];
    int count; /* of code lengths written */
    int64_t size; /* of the whole header, in bits */
} Codegen;

/* Writes one run of equal code lengths into the codegen; returns the next free index. */
static int codegen_run(Codegen *codegen, int at, uint8_t length, int count)
{
    if (length != 0) {
        codegen->symbols[at++] = length;
        codegen->frequency[length]++;
        for (count--; count >= 3;) {
            int n = count < 6 ? count : 6;
            codegen->symbols[at++] = 16;
            codegen->symbols[at++] = (uint8_t)(n - 3);
            codegen->frequency[16]++;
            count -= n;
        }
    } else {
        while (count >= 11) {
            int n = count < 138 ? count : 138;
            codegen->symbols[at++] = 18;
            codegen->symbols[at++] = (uint8_t)(n - 11);
            codegen->frequency[18]++;
            count -= n;
        }
        if (count >= 3) {
            codegen->symbols[at++] = 17;
            codegen->symbols[at++] = (uint8_t)(count - 3);
            codegen->frequency[17]++;
            count = 0;
        }
    }
    for (; count > 0; count--) {
        codegen->symbols[at++] = length;
        codegen->frequency[length]++;
    }
    return at;
}

/* Go's generateCodegen and headerSize: the run-length form of the code lengths. Written over its own
 * input, as the output never overtakes what was read. */
static void make_codegen(Codegen *codegen, const Code *literals, int literal_count, const Code *offsets,
                         int offset_count)
{
    uint8_t *lengths = codegen->symbols;
    int total = literal_count + offset_count;
    int at = 0;
    memset(codegen->frequency, 0, sizeof codegen->frequency);
    for (int i = 0; i < literal_count; i++) {
        lengths[i] = (uint8_t)literals[i].length;
    }
    for (int i = 0; i < offset_count; i++) {
        lengths[literal_count + i] = (uint8_t)offsets[i].length;
    }
    for (int start = 0, end; start < total; start = end) {
        uint8_t length = lengths[start];
        for (end = start + 1; end < total && lengths[end] == length; end++) {
        }
        at = codegen_run(codegen, at, length, end - start);
    }
    codegen->symbols[at] = BAD_CODE;
    generate_codes(codegen->codes, codegen->frequency, CODEGEN_COUNT, 7);
    codegen->count = CODEGEN_COUNT;
    while (codegen->count > 4 && codegen->frequency[CODEGEN_ORDER[codegen->count - 1]] == 0) {
        codegen->count--;
    }
    codegen->size = 3 + 5 + 5 + 4 + 3 * codegen->count +
                    coded_size(codegen->codes, codegen->frequency, CODEGEN_COUNT) +
                    codegen->frequency[16] * 2 + codegen->frequency[17] * 3 + codegen->frequency[18] * 7;
}

static void write_dynamic_header(Sink *sink, const Codegen *codegen, int literal_count, int offset_count)
{
    if (!sink_reserve(sink, 1024)) {
        return;
    }
    put_bits(sink, 4, 3);
    put_bits(sink, (uint32_t)(literal_count - 257), 5);
    put_bits(sink, (uint32_t)(offset_count - 1), 5);
    put_bits(sink, (uint32_t)(codegen->count - 4), 4);
    for (int i = 0; i < codegen->count; i++) {
        put_bits(sink, codegen->codes[CODEGEN_ORDER[i]].length, 3);
    }
    for (int i = 0; codegen->symbols[i] != BAD_CODE; i++) {
        unsigned symbol = codegen->symbols[i];
        put_bits(sink, codegen->codes[symbol].code, codegen->codes[symbol].length);
        if (symbol >= 16) {
            put_bits(sink, codegen->symbols[++i], symbol == 16 ? 2 : symbol == 17 ? 3 : 7);
        }
    }
}

/* --- Tokens ------------------------------------------------------------------------------------- */

/* A literal is its byte; a match is (length - 3) << 16 | (offset - 1) with bit 31 set. */
#define MATCH_FLAG 0x80000000u

static inline uint32_t match_token(int length, int offset)
{
    return MATCH_FLAG | (uint32_t)(length - 3) << 16 | (uint32_t)(offset - 1);
}

static inline void write_match(Sink *sink, uint32_t token, const Code *literals, const Code *offsets)
{
    unsigned length = token >> 16 & 255;
    uint32_t offset = token & 0xffff;
    unsigned code = length_code_of[length];
    Code symbol = literals[LENGTH_CODES_START + code];
    put_bits(sink, symbol.code | (length - LENGTH_BASE[code]) << symbol.length, symbol.length + LENGTH_EXTRA[code]);
    code = offset_code(offset);
    symbol = offsets[code];
    put_bits(sink, symbol.code | (offset - OFFSET_BASE[code]) << symbol.length, symbol.length + OFFSET_EXTRA[code]);
}

/* Every token takes at most 48 bits: 15 + 5 for the length, 15 + 13 for the offset. */
static void write_tokens(Sink *sink, const uint32_t *tokens, int count, const Code *literals, const Code *offsets)
{
    if (!sink_reserve(sink, (size_t)count * 6 + 16)) {
        return;
    }
    for (int i = 0; i < count; i++) {
        uint32_t token = tokens[i];
        if (token & MATCH_FLAG) {
            write_match(sink, token, literals, offsets);
        } else {
            put_bits(sink, literals[token & 255].code, literals[token & 255].length);
        }
    }
}

static void write_literals(Sink *sink, const uint8_t *bytes, int count, const Code *literals)
{
    if (!sink_reserve(sink, (size_t)count * 2 + 16)) {
        return;
    }
    for (int i = 0; i < count; i++) {
        put_bits(sink, literals[bytes[i]].code, literals[bytes[i]].length);
    }
}

static void write_code(Sink *sink, Code code)
{
    if (sink_reserve(sink, 8)) {
        put_bits(sink, code.code, code.length);
    }
}

#endif
