/* Go's compress/flate from 1.27 on and klauspost/compress from 1.15.10 on: the blocks.
 *
 * Follows compress/flate of Go 1.27.3: huffman_bit_writer.go. klauspost/compress 1.15.10 to 1.18.0 differs in
 * the tables of blocks that are not the last before a flush (indexTokens): they are written in full.
 * Copyright of the originals: see ../NOTICE.
 */
#ifndef BLOBFIX_MODERN_BLOCKS_H
#define BLOBFIX_MODERN_BLOCKS_H

#include "modern_estimate.h"

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

#endif
