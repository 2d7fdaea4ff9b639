/* What both generations of Go's compress/flate share: the tables of RFC 1951 and the length-limited Huffman
 * codes.
 *
 * Follows compress/flate of Go 1.19.8 (token.go, huffman_code.go). Go 1.27 and klauspost/compress choose the
 * same codes, so one form serves all. Copyright of the originals: see ../NOTICE.
 */
#ifndef BLOBFIX_HUFFMAN_H
#define BLOBFIX_HUFFMAN_H

#include "bits.h"

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

#endif
