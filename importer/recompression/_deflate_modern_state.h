/* Go's compress/flate from 1.27 on and klauspost/compress from 1.15.10 on: the state of an encoder, its
 * blocks, tokens, history and tables.
 *
 * Follows compress/flate of Go 1.27.3: deflatefast.go, token.go and huffman_bit_writer.go.
 * klauspost/compress 1.15.10 to 1.18.0 differs in the tables of blocks that are not the last before a
 * flush (huffman_bit_writer.go, indexTokens): they are written in full. Copyright of the originals: see
 * NOTICE in this folder.
 */
#ifndef BLOBFIX_DEFLATE_MODERN_STATE_H
#define BLOBFIX_DEFLATE_MODERN_STATE_H

#include "_deflate_common.h"

enum {
    MODERN_TABLE_BITS = 15,
    MODERN_TABLE_SIZE = 1 << 17, /* level 2 uses all of it */
    MODERN_LONG_TABLE_SIZE = 1 << 16, /* level 3 uses all of it */
    MODERN_HISTORY = MAX_STORED * 5,
    MODERN_BUFFER_RESET = (int32_t)(0x80000000u - MODERN_HISTORY - MAX_STORED - 1),
    MODERN_INPUT_MARGIN = 11,
    MODERN_FEW_TOKENS = 250,
    MODERN_IMPOSSIBLE = INT32_MAX
};

typedef struct {
    int32_t current;
    int32_t previous;
} Candidates;

/* Levels 7 to 9: two windows of input, and chains of the strings in them by their hashes. */
typedef struct {
    uint8_t window[2 * MAX_OFFSET];
    int window_end;
    int index;
    int block_start;
    int byte_available;
    int length;
    int offset;
    int max_insert_index;
    int chain_head;
    int hash_offset;
    uint16_t literal_run;
    Code literals[256];
    int32_t hash_head[1 << 17];
    int32_t hash_previous[MAX_OFFSET];
} Lazy;

typedef struct {
    Sink sink;
    int level;
    int full_tables;
    int syncing;

    /* The block being filled, and what matches may point back to. */
    uint8_t window[MAX_STORED];
    int window_end;
    uint8_t history[MODERN_HISTORY];
    int history_end;

    /* Tables of positions plus `current`, so that a move of the history leaves them valid. */
    int32_t current;
    int32_t table[MODERN_TABLE_SIZE];
    Candidates long_table[MODERN_LONG_TABLE_SIZE];

    int token_count;
    uint32_t tokens[MAX_STORED + 1];
    int32_t literal_frequency[LITERAL_COUNT];
    int32_t offset_frequency[OFFSET_COUNT];

    /* Codes may be used again by the next block: last_header is the size in bits of the header they
     * came with, or 0; last_was_huffman says that they have no codes for matches. */
    Code codes[2][LITERAL_COUNT];
    int codes_in_use;
    Code offsets[OFFSET_COUNT];
    Codegen codegen;
    int64_t last_header;
    int last_was_huffman;
    int new_table_penalty;

    Lazy lazy; /* levels 7 to 9, in place of history and tables */
} Modern;

/* --- Blocks (huffman_bit_writer.go) ---------------------------------------------------------------------- */

static Code *modern_literals(Modern *encoder)
{
    return encoder->codes[encoder->codes_in_use];
}

/* Ends the block that was left open for the next one to continue. */
static void modern_end_block(Modern *encoder)
{
    if (encoder->last_header > 0) {
        write_code(&encoder->sink, modern_literals(encoder)[END_OF_BLOCK]);
        encoder->last_header = 0;
    }
}

static void modern_stored_header(Modern *encoder, int length)
{
    modern_end_block(encoder);
    if (!sink_reserve(&encoder->sink, 16)) {
        return;
    }
    put_bits(&encoder->sink, 0, 3);
    if (!align_to_byte(&encoder->sink)) {
        return;
    }
    put_bits(&encoder->sink, (uint32_t)length, 16);
    put_bits(&encoder->sink, (uint32_t)~length & 0xffff, 16);
}

static void modern_stored_block(Modern *encoder, const uint8_t *input, int length)
{
    modern_stored_header(encoder, length);
    put_bytes(&encoder->sink, input, (size_t)length);
}

static void modern_fixed_header(Modern *encoder, int is_last)
{
    modern_end_block(encoder);
    if (sink_reserve(&encoder->sink, 16)) {
        put_bits(&encoder->sink, is_last ? 3 : 2, 3);
    }
}

/* In bits; out of the question when the block's start has left the window or it is too long. */
static int64_t stored_size(const uint8_t *input, int length)
{
    return input != NULL && length <= MAX_STORED ? ((int64_t)length + 5) * 8 : INT64_MAX;
}

static int all_have_codes(const Code *codes, const int32_t *frequency, int size)
{
    for (int i = 0; i < size; i++) {
        if (frequency[i] != 0 && codes[i].length == 0) {
            return 0;
        }
    }
    return 1;
}

static int64_t modern_extra_bits(const Modern *encoder)
{
    int64_t bits = 0;
    for (int code = 0; code < 29; code++) {
        bits += (int64_t)encoder->literal_frequency[LENGTH_CODES_START + code] * LENGTH_EXTRA[code];
    }
    for (int code = 0; code < OFFSET_COUNT; code++) {
        bits += (int64_t)encoder->offset_frequency[code] * OFFSET_EXTRA[code];
    }
    return bits;
}

static int64_t modern_coded_size(const Modern *encoder, const Code *literals, const Code *offsets)
{
    return coded_size(literals, encoder->literal_frequency, LITERAL_COUNT) +
           coded_size(offsets, encoder->offset_frequency, OFFSET_COUNT);
}

/* Go's mFastLog2. Every step is rounded to 32 bits, as Go does on amd64: volatile keeps the compiler
 * from joining a product and a sum into one. */
static float fast_log2(float value)
{
    uint32_t pattern;
    memcpy(&pattern, &value, sizeof pattern);
    float log2 = (float)((int32_t)(pattern >> 23 & 255) - 128);
    pattern = (pattern & 0x807fffffu) + (127u << 23);
    float mantissa;
    memcpy(&mantissa, &pattern, sizeof mantissa);
    volatile float step = -0.34484843f * mantissa;
    step = step + 2.02466578f;
    step = step * mantissa;
    step = step - 0.67487759f;
    step = log2 + step;
    return step;
}

/* The sum so far plus the bits that `count` symbols of one kind take at best, each from 1 to 15. */
static float add_estimate(float sum, int32_t count, float inverse_total)
{
    volatile float share = (float)count * inverse_total;
    float bits = -fast_log2(share);
    bits = bits < 1.0f ? 1.0f : bits > 15.0f ? 15.0f : bits;
    volatile float product = bits * (float)count;
    volatile float result = sum + product;
    return result;
}

/* Go's EstimatedBits: the size that new codes would give, without making them. */
static int64_t modern_estimated_bits(const Modern *encoder)
{
    const int32_t *literals = encoder->literal_frequency;
    float sum = 0.0f;
    int64_t bits = 0;
    int matches = 0;
    float inverse = 1.0f / (float)(encoder->token_count + encoder->syncing);
    for (int i = 0; i < END_OF_BLOCK; i++) {
        if (literals[i] > 0) {
            sum = add_estimate(sum, literals[i], inverse);
        }
    }
    volatile float with_end = sum + 15.0f;
    sum = with_end;
    for (int code = 0; code < 29; code++) {
        int32_t count = literals[LENGTH_CODES_START + code];
        if (count > 0) {
            sum = add_estimate(sum, count, inverse);
            bits += (int64_t)count * LENGTH_EXTRA[code];
            matches += count;
        }
    }
    if (matches > 0) {
        inverse = 1.0f / (float)matches;
    }
    for (int code = 0; matches > 0 && code < OFFSET_COUNT; code++) {
        int32_t count = encoder->offset_frequency[code];
        if (count > 0) {
            sum = add_estimate(sum, count, inverse);
            bits += (int64_t)count * OFFSET_EXTRA[code];
        }
    }
    return (int64_t)sum + bits;
}

static void modern_write_tokens(Modern *encoder, const Code *literals, const Code *offsets, int end)
{
    write_tokens(&encoder->sink, encoder->tokens, encoder->token_count, literals, offsets);
    if (end) {
        write_code(&encoder->sink, literals[END_OF_BLOCK]);
    }
}

static void modern_write_fixed(Modern *encoder)
{
    modern_fixed_header(encoder, 0);
    modern_write_tokens(encoder, fixed_literals, fixed_offsets, 1);
}

/* How many codes the header lists; the middle versions list all of them unless a flush follows. */
static void modern_count_codes(Modern *encoder, int *literal_count, int *offset_count)
{
    *literal_count = LITERAL_COUNT;
    *offset_count = OFFSET_COUNT;
    if (encoder->full_tables && !encoder->syncing) {
        return;
    }
    while (*literal_count > END_OF_BLOCK + 1 && encoder->literal_frequency[*literal_count - 1] == 0) {
        --*literal_count;
    }
    while (*offset_count > 0 && encoder->offset_frequency[*offset_count - 1] == 0) {
        --*offset_count;
    }
    if (*offset_count == 0) {
        encoder->offset_frequency[0] = 1;
        *offset_count = 1;
    }
}

/* Weighs the open block's codes against new ones. Returns 1 when the block has been written already;
 * leaves last_header at 0 when new codes are to be made. */
static int modern_try_reuse(Modern *encoder, const uint8_t *input, int length, int64_t extra)
{
    Code end = modern_literals(encoder)[END_OF_BLOCK];
    int64_t fresh = encoder->last_header + modern_estimated_bits(encoder);
    fresh += end.length + (fresh >> encoder->new_table_penalty);
    int64_t size = modern_coded_size(encoder, modern_literals(encoder), encoder->offsets) + extra;
    if (fresh < size) {
        modern_end_block(encoder);
        size = fresh;
    }
    if (encoder->token_count + encoder->syncing < MODERN_FEW_TOKENS) {
        int64_t fixed = 3 + modern_coded_size(encoder, fixed_literals, fixed_offsets) + extra + 7;
        if (fixed < size && stored_size(input, length) > size) {
            modern_write_fixed(encoder);
            return 1;
        }
    }
    if (stored_size(input, length) <= size) {
        modern_stored_block(encoder, input, length);
        return 1;
    }
    return 0;
}

/* Makes codes for this block and writes their header. Returns 1 when the block was better off without
 * and has been written. */
static int modern_new_codes(Modern *encoder, const uint8_t *input, int length, int64_t extra, int literal_count,
                            int offset_count)
{
    encoder->literal_frequency[END_OF_BLOCK] = 1;
    generate_codes(modern_literals(encoder), encoder->literal_frequency, LITERAL_COUNT, 15);
    generate_codes(encoder->offsets, encoder->offset_frequency, OFFSET_COUNT, 15);
    make_codegen(&encoder->codegen, modern_literals(encoder), literal_count, encoder->offsets, offset_count);
    int64_t size = encoder->codegen.size + modern_coded_size(encoder, modern_literals(encoder), encoder->offsets) + extra;
    if (encoder->token_count + encoder->syncing < MODERN_FEW_TOKENS) {
        int64_t fixed = 3 + modern_coded_size(encoder, fixed_literals, fixed_offsets) + extra;
        if (fixed <= size && stored_size(input, length) > fixed) {
            modern_write_fixed(encoder);
            return 1;
        }
        if (fixed <= size) {
            size = fixed;
        }
    }
    if (stored_size(input, length) <= size) {
        modern_stored_block(encoder, input, length);
        return 1;
    }
    write_dynamic_header(&encoder->sink, &encoder->codegen, literal_count, offset_count);
    if (!encoder->syncing) {
        encoder->last_header = encoder->codegen.size;
    }
    encoder->last_was_huffman = 0;
    return 0;
}

/* Go's writeBlockDynamic. */
static void modern_write_dynamic(Modern *encoder, const uint8_t *input, int length)
{
    encoder->literal_frequency[END_OF_BLOCK] = encoder->syncing || !encoder->full_tables;
    if (encoder->last_was_huffman && encoder->last_header > 0) {
        modern_end_block(encoder);
        encoder->last_was_huffman = 0;
    }
    if (encoder->last_header > 0 &&
        !(all_have_codes(encoder->offsets, encoder->offset_frequency, OFFSET_COUNT) &&
          all_have_codes(modern_literals(encoder), encoder->literal_frequency, LITERAL_COUNT))) {
        modern_end_block(encoder);
    }
    int literal_count, offset_count;
    modern_count_codes(encoder, &literal_count, &offset_count);
    int64_t extra = modern_extra_bits(encoder);
    if (encoder->last_header > 0 && modern_try_reuse(encoder, input, length, extra)) {
        return;
    }
    if (encoder->last_header == 0 && modern_new_codes(encoder, input, length, extra, literal_count, offset_count)) {
        return;
    }
    if (encoder->syncing) {
        encoder->last_header = 0;
    }
    modern_write_tokens(encoder, modern_literals(encoder), encoder->offsets, encoder->syncing);
}

/* Go's quick look: are all byte values about equally frequent? */
static int is_incompressible(const int32_t *frequency, int length)
{
    double average = (double)length / 256;
    double most = (double)length * 2;
    double sum = 0;
    for (int i = 0; i < 256 && sum <= most; i++) {
        double difference = (double)frequency[i] - average;
        sum += difference * difference;
    }
    return sum < most;
}

/* Go's canReuseBits: the size, or MODERN_IMPOSSIBLE when a symbol has no code. */
static int64_t size_if_coded(const Code *codes, const int32_t *frequency, int size)
{
    return all_have_codes(codes, frequency, size) ? coded_size(codes, frequency, size) : MODERN_IMPOSSIBLE;
}

static void modern_huffman_codes(Modern *encoder)
{
    encoder->codes_in_use = !encoder->codes_in_use;
    make_codegen(&encoder->codegen, modern_literals(encoder), END_OF_BLOCK + 1, single_offset, 1);
    write_dynamic_header(&encoder->sink, &encoder->codegen, END_OF_BLOCK + 1, 1);
    encoder->last_was_huffman = 1;
    encoder->last_header = encoder->codegen.size;
}

/* Go's writeBlockHuff: literals only. A flush follows when `ending`. */
static void modern_write_huffman(Modern *encoder, const uint8_t *input, int length, int ending)
{
    int32_t frequency[END_OF_BLOCK + 1] = {0};
    for (int i = 0; i < length; i++) {
        frequency[input[i]]++;
    }
    if (length > 1024 && is_incompressible(frequency, length)) {
        modern_stored_block(encoder, input, length);
        return;
    }
    frequency[END_OF_BLOCK] = 1;
    Code *fresh = encoder->codes[!encoder->codes_in_use];
    generate_codes(fresh, frequency, END_OF_BLOCK + 1, 15);
    int64_t estimate = size_if_coded(fresh, frequency, END_OF_BLOCK + 1);
    estimate += encoder->last_header == 0 ? 70 * 8 : encoder->last_header;
    estimate += estimate >> encoder->new_table_penalty;
    if (stored_size(input, length) <= estimate) {
        modern_stored_block(encoder, input, length);
        return;
    }
    if (encoder->last_header > 0 && estimate < size_if_coded(modern_literals(encoder), frequency, 256)) {
        modern_end_block(encoder);
    }
    if (encoder->last_header == 0) {
        modern_huffman_codes(encoder);
    }
    write_literals(&encoder->sink, input, length, modern_literals(encoder));
    if (ending) {
        write_code(&encoder->sink, modern_literals(encoder)[END_OF_BLOCK]);
        encoder->last_header = 0;
        encoder->last_was_huffman = 0;
    }
}

/* --- Tokens (token.go) --------------------------------------------------------------------------------------- */

static void modern_reset_tokens(Modern *encoder)
{
    encoder->token_count = 0;
    memset(encoder->literal_frequency, 0, sizeof encoder->literal_frequency);
    memset(encoder->offset_frequency, 0, sizeof encoder->offset_frequency);
}

static void modern_add_literals(Modern *encoder, int start, int end)
{
    for (int i = start; i < end; i++) {
        uint8_t byte = encoder->history[i];
        encoder->tokens[encoder->token_count++] = byte;
        encoder->literal_frequency[byte]++;
    }
}

/* Go's AddMatchLong: splits what is longer than 258 bytes so that no piece is shorter than 3. */
static void modern_add_match(Modern *encoder, int length, int offset)
{
    unsigned code = offset_code((uint32_t)(offset - 1));
    while (length > 0) {
        int piece = length <= 258 ? length : length > 258 + 3 ? 258 : 258 - 3;
        length -= piece;
        encoder->literal_frequency[LENGTH_CODES_START + length_code_of[(piece - 3) & 255]]++;
        encoder->offset_frequency[code]++;
        encoder->tokens[encoder->token_count++] = match_token(piece, offset);
    }
}

/* --- The history and its tables (deflatefast.go) ------------------------------------------------------------- */

static inline uint32_t hash4(uint64_t value)
{
    return (uint32_t)value * 2654435761u >> (32 - MODERN_TABLE_BITS);
}

static inline uint32_t hash5(uint64_t value, int bits)
{
    return (uint32_t)((value << 24) * 889523592379u >> (64 - bits));
}

static inline uint32_t hash7(uint64_t value)
{
    return (uint32_t)((value << 8) * 58295818150454627u >> (64 - MODERN_TABLE_BITS));
}

static inline void push_candidate(Candidates *candidates, int32_t position)
{
    candidates->previous = candidates->current;
    candidates->current = position;
}

static int32_t lowered(int32_t position, int32_t lowest, int32_t current)
{
    return position <= lowest ? 0 : position - current + MAX_OFFSET;
}

/* Keeps positions within 31 bits, every 2 GiB. */
static void modern_lower_positions(Modern *encoder)
{
    if (encoder->history_end == 0) {
        memset(encoder->table, 0, sizeof encoder->table);
        memset(encoder->long_table, 0, sizeof encoder->long_table);
        encoder->current = MAX_OFFSET;
        return;
    }
    int32_t lowest = encoder->current + encoder->history_end - MAX_OFFSET;
    for (int i = 0; i < MODERN_TABLE_SIZE; i++) {
        encoder->table[i] = lowered(encoder->table[i], lowest, encoder->current);
    }
    for (int i = 0; i < MODERN_LONG_TABLE_SIZE; i++) {
        Candidates *candidates = &encoder->long_table[i];
        candidates->previous =
            candidates->current <= lowest ? 0 : lowered(candidates->previous, lowest, encoder->current);
        candidates->current = lowered(candidates->current, lowest, encoder->current);
    }
    encoder->current = MAX_OFFSET;
}

/* Go's addBlock: appends the block, keeping 32 KiB before it; returns where it starts. */
static int modern_add_block(Modern *encoder, const uint8_t *input, int length)
{
    if (encoder->history_end + length > MODERN_HISTORY) {
        int offset = encoder->history_end - MAX_OFFSET;
        memmove(encoder->history, encoder->history + offset, MAX_OFFSET);
        encoder->current += offset;
        encoder->history_end = MAX_OFFSET;
    }
    int start = encoder->history_end;
    if (length != 0) {
        memcpy(encoder->history + start, input, (size_t)length);
    }
    encoder->history_end += length;
    return start;
}

/* Whether the 4 bytes at `candidate` may serve a match at `at` and equal `value`. */
static inline int is_match(const Modern *encoder, int at, int candidate, uint32_t value)
{
    return candidate >= 0 && at - candidate < MAX_OFFSET && load_le32(encoder->history + candidate) == value;
}

static inline int match_length(const Modern *encoder, int at, int candidate)
{
    return equal_bytes(encoder->history + at, encoder->history + candidate, encoder->history_end - at);
}

/* The same, as far as one token reaches, when the first 4 bytes are known to be equal. */
static inline int limited_length(const Modern *encoder, int at, int candidate)
{
    int left = encoder->history_end - at - 4;
    int most = left < MAX_MATCH - 4 ? left : MAX_MATCH - 4;
    return 4 + equal_bytes(encoder->history + at + 4, encoder->history + candidate + 4, most);
}

typedef struct {
    int at;
    int candidate;
    int length; /* 0: at least 4, not measured yet */
} Match;

/* Takes in what is equal before the match too, down to what was written. */
static inline void extend_backwards(const Modern *encoder, Match *match, int emitted)
{
    const uint8_t *history = encoder->history;
    while (match->candidate > 0 && match->at > emitted && history[match->candidate - 1] == history[match->at - 1]) {
        match->at--;
        match->candidate--;
        match->length++;
    }
}

/* The literals after the last match; none when there was no match at all, so that the block is stored. */
static void modern_add_rest(Modern *encoder, int emitted)
{
    if (encoder->token_count != 0) {
        modern_add_literals(encoder, emitted, encoder->history_end);
    }
}

#endif
