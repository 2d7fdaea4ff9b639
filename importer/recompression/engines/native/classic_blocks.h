/* Go's compress/flate up to 1.26: the state of an encoder, and its blocks.
 *
 * Follows compress/flate of Go 1.19.8: huffman_bit_writer.go. Copyright of the originals: see ../NOTICE.
 */
#ifndef BLOBFIX_CLASSIC_BLOCKS_H
#define BLOBFIX_CLASSIC_BLOCKS_H

#include "block_header.h"

enum {
    CLASSIC_WINDOW = 32768,
    CLASSIC_MIN_MATCH = 4,
    CLASSIC_BLOCK_TOKENS = 16384,
    CLASSIC_HASH_SIZE = 1 << 17,
    CLASSIC_MAX_HASH_OFFSET = 1 << 24,
    CLASSIC_LOOKAHEAD = CLASSIC_MIN_MATCH + MAX_MATCH,
    SPEED_TABLE_SIZE = 1 << 14,
    SPEED_INPUT_MARGIN = 15,
    SPEED_BUFFER_RESET = INT32_MAX - MAX_STORED * 2,
    NO_BLOCK_START = INT32_MAX
};

typedef struct {
    int lazy, nice, chain;
    int greedy; /* 0: lazy matching; else the longest match whose strings are all entered into the chains */
} ClassicLevel;

static const ClassicLevel CLASSIC_LEVELS[10] = {
    {0, 0, 0, 0},     {0, 0, 0, 0},     {0, 16, 8, 5},     {0, 32, 32, 6},      {4, 16, 16, 0},
    {16, 32, 32, 0},  {16, 128, 128, 0}, {32, 128, 256, 0}, {128, 258, 1024, 0}, {258, 258, 4096, 0},
};

typedef struct {
    Sink sink;
    int level;
    int finishing;

    int32_t literal_frequency[LITERAL_COUNT];
    int32_t offset_frequency[OFFSET_COUNT];
    Code literals[LITERAL_COUNT];
    Code offsets[OFFSET_COUNT];
    Codegen codegen;

    /* Levels 2-9: two windows of input, the second being compressed. Level 1: the previous block and
     * the one being filled, so that a match may run from one into the other. */
    uint8_t window[2 * 65536];
    int window_end;
    int index;
    int block_start;
    int byte_available;
    int length;
    int offset;
    int max_insert_index;
    int chain_head;
    int hash_offset;
    uint32_t hash_head[CLASSIC_HASH_SIZE];
    uint32_t hash_previous[CLASSIC_WINDOW];

    int has_previous_block;
    int32_t current;
    struct {
        uint32_t value;
        int32_t offset;
    } table[SPEED_TABLE_SIZE];

    int token_count;
    uint32_t tokens[MAX_STORED + 1];
} Classic;

/* --- Blocks (huffman_bit_writer.go) ---------------------------------------------------------------- */

static void classic_stored_header(Classic *encoder, int length, int is_last)
{
    if (!sink_reserve(&encoder->sink, 16)) {
        return;
    }
    put_bits(&encoder->sink, is_last ? 1 : 0, 3);
    if (!align_to_byte(&encoder->sink)) {
        return;
    }
    put_bits(&encoder->sink, (uint32_t)length, 16);
    put_bits(&encoder->sink, (uint32_t)~length & 0xffff, 16);
}

static void classic_stored_block(Classic *encoder, const uint8_t *input, int length)
{
    classic_stored_header(encoder, length, 0);
    put_bytes(&encoder->sink, input, (size_t)length);
}

/* Go's indexTokens: counts the symbols and makes their codes. */
static void classic_index_tokens(Classic *encoder, int *literal_count, int *offset_count)
{
    memset(encoder->literal_frequency, 0, sizeof encoder->literal_frequency);
    memset(encoder->offset_frequency, 0, sizeof encoder->offset_frequency);
    for (int i = 0; i < encoder->token_count; i++) {
        uint32_t token = encoder->tokens[i];
        if (token & MATCH_FLAG) {
            encoder->literal_frequency[LENGTH_CODES_START + length_code_of[token >> 16 & 255]]++;
            encoder->offset_frequency[offset_code(token & 0xffff)]++;
        } else {
            encoder->literal_frequency[token & 255]++;
        }
    }
    encoder->literal_frequency[END_OF_BLOCK]++;
    *literal_count = LITERAL_COUNT;
    while (encoder->literal_frequency[*literal_count - 1] == 0) {
        --*literal_count;
    }
    *offset_count = OFFSET_COUNT;
    while (*offset_count > 0 && encoder->offset_frequency[*offset_count - 1] == 0) {
        --*offset_count;
    }
    if (*offset_count == 0) {
        encoder->offset_frequency[0] = 1;
        *offset_count = 1;
    }
    generate_codes(encoder->literals, encoder->literal_frequency, LITERAL_COUNT, 15);
    generate_codes(encoder->offsets, encoder->offset_frequency, OFFSET_COUNT, 15);
}

static int64_t classic_coded_size(const Classic *encoder, const Code *literals, const Code *offsets)
{
    return coded_size(literals, encoder->literal_frequency, LITERAL_COUNT) +
           coded_size(offsets, encoder->offset_frequency, OFFSET_COUNT);
}

static void classic_write_tokens(Classic *encoder, const Code *literals, const Code *offsets)
{
    write_tokens(&encoder->sink, encoder->tokens, encoder->token_count, literals, offsets);
    write_code(&encoder->sink, literals[END_OF_BLOCK]);
}

/* Go counts the extra bits only where a stored block is possible; the comparison of fixed against
 * dynamic is the same either way. */
static int64_t classic_extra_bits(const Classic *encoder)
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

/* Go's writeBlock: the tokens as the smallest of the three kinds of block. `input` is NULL when the
 * window no longer holds the block's start. */
static void classic_write_block(Classic *encoder, const uint8_t *input, int length)
{
    int literal_count, offset_count;
    classic_index_tokens(encoder, &literal_count, &offset_count);
    int64_t extra = classic_extra_bits(encoder);
    int64_t fixed_size = 3 + classic_coded_size(encoder, fixed_literals, fixed_offsets) + extra;
    make_codegen(&encoder->codegen, encoder->literals, literal_count, encoder->offsets, offset_count);
    int64_t dynamic_size =
        encoder->codegen.size + classic_coded_size(encoder, encoder->literals, encoder->offsets) + extra;
    int64_t size = dynamic_size < fixed_size ? dynamic_size : fixed_size;
    if (input != NULL && length <= MAX_STORED && ((int64_t)length + 5) * 8 < size) {
        classic_stored_block(encoder, input, length);
    } else if (dynamic_size < fixed_size) {
        write_dynamic_header(&encoder->sink, &encoder->codegen, literal_count, offset_count);
        classic_write_tokens(encoder, encoder->literals, encoder->offsets);
    } else if (sink_reserve(&encoder->sink, 8)) {
        put_bits(&encoder->sink, 2, 3);
        classic_write_tokens(encoder, fixed_literals, fixed_offsets);
    }
    encoder->token_count = 0;
}

/* Go's writeBlockDynamic, of level 1. */
static void classic_write_dynamic(Classic *encoder, const uint8_t *input, int length)
{
    int literal_count, offset_count;
    classic_index_tokens(encoder, &literal_count, &offset_count);
    make_codegen(&encoder->codegen, encoder->literals, literal_count, encoder->offsets, offset_count);
    int64_t size = encoder->codegen.size + classic_coded_size(encoder, encoder->literals, encoder->offsets);
    if (((int64_t)length + 5) * 8 < size + (size >> 4)) {
        classic_stored_block(encoder, input, length);
        return;
    }
    write_dynamic_header(&encoder->sink, &encoder->codegen, literal_count, offset_count);
    classic_write_tokens(encoder, encoder->literals, encoder->offsets);
}

/* Go's writeBlockHuff, of level 1: literals only. */
static void classic_write_huffman(Classic *encoder, const uint8_t *input, int length)
{
    memset(encoder->literal_frequency, 0, sizeof encoder->literal_frequency);
    for (int i = 0; i < length; i++) {
        encoder->literal_frequency[input[i]]++;
    }
    encoder->literal_frequency[END_OF_BLOCK] = 1;
    generate_codes(encoder->literals, encoder->literal_frequency, LITERAL_COUNT, 15);
    make_codegen(&encoder->codegen, encoder->literals, END_OF_BLOCK + 1, single_offset, 1);
    int64_t size =
        encoder->codegen.size + coded_size(encoder->literals, encoder->literal_frequency, LITERAL_COUNT) + 1;
    if (((int64_t)length + 5) * 8 < size + (size >> 4)) {
        classic_stored_block(encoder, input, length);
        return;
    }
    write_dynamic_header(&encoder->sink, &encoder->codegen, END_OF_BLOCK + 1, 1);
    write_literals(&encoder->sink, input, length, encoder->literals);
    write_code(&encoder->sink, encoder->literals[END_OF_BLOCK]);
}

#endif
