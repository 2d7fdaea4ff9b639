/* Go's compress/flate up to 1.26, levels 1 to 9.
 *
 * Follows compress/flate of Go 1.19.8: deflate.go (levels 2-9), deflatefast.go (level 1) and
 * huffman_bit_writer.go. Go 1.15 to 1.26 write the same bytes. Copyright of the originals: see NOTICE
 * in this folder.
 */
#ifndef BLOBFIX_DEFLATE_CLASSIC_H
#define BLOBFIX_DEFLATE_CLASSIC_H

#include "_deflate_common.h"

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

/* --- Levels 2 to 9 (deflate.go) --------------------------------------------------------------------- */

static inline uint32_t classic_hash(const uint8_t *at)
{
    return load_be32(at) * 0x1e35a7bdu >> (32 - 17);
}

static void classic_lower_hashes(uint32_t *hashes, int count, uint32_t delta)
{
    for (int i = 0; i < count; i++) {
        hashes[i] = hashes[i] > delta ? hashes[i] - delta : 0;
    }
}

static void classic_shift_window(Classic *encoder)
{
    memmove(encoder->window, encoder->window + CLASSIC_WINDOW, CLASSIC_WINDOW);
    encoder->index -= CLASSIC_WINDOW;
    encoder->window_end -= CLASSIC_WINDOW;
    encoder->block_start =
        encoder->block_start >= CLASSIC_WINDOW && encoder->block_start != NO_BLOCK_START
            ? encoder->block_start - CLASSIC_WINDOW
            : NO_BLOCK_START;
    encoder->hash_offset += CLASSIC_WINDOW;
    if (encoder->hash_offset > CLASSIC_MAX_HASH_OFFSET) {
        int delta = encoder->hash_offset - 1;
        encoder->hash_offset -= delta;
        encoder->chain_head -= delta;
        classic_lower_hashes(encoder->hash_previous, CLASSIC_WINDOW, (uint32_t)delta);
        classic_lower_hashes(encoder->hash_head, CLASSIC_HASH_SIZE, (uint32_t)delta);
    }
}

static void classic_flush_tokens(Classic *encoder, int index)
{
    const uint8_t *input = encoder->block_start <= index ? encoder->window + encoder->block_start : NULL;
    int length = input != NULL ? index - encoder->block_start : 0;
    encoder->block_start = index;
    classic_write_block(encoder, input, length);
}

/* Enters the string at `index` into the hash chains; returns the chain's head before it. */
static inline int classic_insert(Classic *encoder, int index)
{
    uint32_t *head = &encoder->hash_head[classic_hash(encoder->window + index)];
    uint32_t previous = *head;
    encoder->hash_previous[index & (CLASSIC_WINDOW - 1)] = previous;
    *head = (uint32_t)(index + encoder->hash_offset);
    return (int)previous;
}

/* Go's findMatch: walks the chain from `candidate` and keeps the longest match in length and offset. */
static void classic_find_match(Classic *encoder, int candidate, int lookahead)
{
    const ClassicLevel *level = &CLASSIC_LEVELS[encoder->level];
    const uint8_t *window = encoder->window;
    const uint32_t *previous = encoder->hash_previous;
    int position = encoder->index;
    int longest = lookahead < MAX_MATCH ? lookahead : MAX_MATCH;
    int nice = level->nice < longest ? level->nice : longest;
    int length = CLASSIC_MIN_MATCH - 1;
    int hash_offset = encoder->hash_offset;
    int lowest = position - CLASSIC_WINDOW;
    int floor = lowest > 0 ? lowest : 0;
    uint8_t wanted = window[position + length];
    for (int tries = level->chain; tries > 0 && candidate < position; tries--) {
        if (wanted == window[candidate + length]) {
            int n = equal_bytes(window + candidate, window + position, longest);
            if (n > length && (n > CLASSIC_MIN_MATCH || position - candidate <= 4096)) {
                length = n;
                encoder->length = n;
                encoder->offset = position - candidate;
                if (n >= nice) {
                    break;
                }
                wanted = window[position + n];
            }
        }
        if (candidate == lowest) {
            break;
        }
        candidate = (int)previous[candidate & (CLASSIC_WINDOW - 1)] - hash_offset;
        if (candidate < floor) {
            break;
        }
    }
}

/* The match of the step before stays the better one: writes it and enters its strings. */
static void classic_emit_match(Classic *encoder, int length, int offset)
{
    encoder->tokens[encoder->token_count++] = match_token(length, offset);
    int next = encoder->index + length - 1;
    int last = next < encoder->max_insert_index ? next : encoder->max_insert_index;
    for (int index = encoder->index + 1; index < last; index++) {
        classic_insert(encoder, index);
    }
    encoder->index = next;
    encoder->byte_available = 0;
    encoder->length = CLASSIC_MIN_MATCH - 1;
    if (encoder->token_count == CLASSIC_BLOCK_TOKENS) {
        classic_flush_tokens(encoder, encoder->index);
    }
}

static void classic_emit_literal(Classic *encoder)
{
    if (encoder->byte_available) {
        int at = encoder->index - 1;
        encoder->tokens[encoder->token_count++] = encoder->window[at];
        if (encoder->token_count == CLASSIC_BLOCK_TOKENS) {
            classic_flush_tokens(encoder, at + 1);
        }
    }
    encoder->index++;
    encoder->byte_available = 1;
}

static void classic_flush_rest(Classic *encoder)
{
    if (encoder->byte_available) {
        encoder->tokens[encoder->token_count++] = encoder->window[encoder->index - 1];
        encoder->byte_available = 0;
    }
    if (encoder->token_count > 0) {
        classic_flush_tokens(encoder, encoder->index);
    }
}

/* One step of lazy matching: a match waits until the next one turns out no longer. */
static void classic_lazy_step(Classic *encoder, int candidate, int lowest, int lookahead)
{
    int length = encoder->length;
    int offset = encoder->offset;
    encoder->length = CLASSIC_MIN_MATCH - 1;
    encoder->offset = 0;
    if (candidate >= lowest && lookahead > length && length < CLASSIC_LEVELS[encoder->level].lazy) {
        classic_find_match(encoder, candidate, lookahead);
    }
    if (length >= CLASSIC_MIN_MATCH && encoder->length <= length) {
        classic_emit_match(encoder, length, offset);
    } else {
        classic_emit_literal(encoder);
    }
}

/* One step of levels 2 and 3: every match is taken, and the strings of long ones are not entered. */
static void classic_greedy_step(Classic *encoder, int candidate, int lowest, int lookahead)
{
    int start = encoder->index;
    encoder->length = CLASSIC_MIN_MATCH - 1;
    if (candidate >= lowest && lookahead > CLASSIC_MIN_MATCH - 1) {
        classic_find_match(encoder, candidate, lookahead);
    }
    if (encoder->length >= CLASSIC_MIN_MATCH) {
        encoder->tokens[encoder->token_count++] = match_token(encoder->length, encoder->offset);
        encoder->index += encoder->length;
        int last = encoder->index < encoder->max_insert_index ? encoder->index : encoder->max_insert_index;
        for (int i = start + 1; encoder->length <= CLASSIC_LEVELS[encoder->level].greedy && i < last; i++) {
            classic_insert(encoder, i);
        }
    } else {
        encoder->tokens[encoder->token_count++] = encoder->window[encoder->index++];
    }
    if (encoder->token_count == CLASSIC_BLOCK_TOKENS) {
        classic_flush_tokens(encoder, encoder->index);
    }
}

/* Go's deflate: compresses the window as far as the lookahead allows, or to its end. */
static void classic_deflate(Classic *encoder)
{
    if (encoder->window_end - encoder->index < CLASSIC_LOOKAHEAD && !encoder->finishing) {
        return;
    }
    encoder->max_insert_index = encoder->window_end - (CLASSIC_MIN_MATCH - 1);
    while (!encoder->sink.out_of_memory) {
        int lookahead = encoder->window_end - encoder->index;
        if (lookahead < CLASSIC_LOOKAHEAD && !encoder->finishing) {
            return;
        }
        if (lookahead == 0) {
            classic_flush_rest(encoder);
            return;
        }
        if (encoder->index < encoder->max_insert_index) {
            encoder->chain_head = classic_insert(encoder, encoder->index);
        }
        int lowest = encoder->index > CLASSIC_WINDOW ? encoder->index - CLASSIC_WINDOW : 0;
        int candidate = encoder->chain_head - encoder->hash_offset;
        if (CLASSIC_LEVELS[encoder->level].greedy) {
            classic_greedy_step(encoder, candidate, lowest, lookahead);
        } else {
            classic_lazy_step(encoder, candidate, lowest, lookahead);
        }
    }
}

/* --- Level 1 (deflatefast.go) ------------------------------------------------------------------------ */

static inline uint32_t speed_hash(uint32_t value)
{
    return value * 0x1e35a7bdu >> (32 - 14);
}

/* Go's shiftOffsets: keeps positions within 31 bits, every 2 GiB. */
static void speed_shift_offsets(Classic *encoder)
{
    if (!encoder->has_previous_block) {
        memset(encoder->table, 0, sizeof encoder->table);
    } else {
        for (int i = 0; i < SPEED_TABLE_SIZE; i++) {
            int32_t offset = encoder->table[i].offset - encoder->current + MAX_OFFSET + 1;
            encoder->table[i].offset = offset > 0 ? offset : 0;
        }
    }
    encoder->current = MAX_OFFSET + 1;
}

static void speed_literals(Classic *encoder, const uint8_t *input, int start, int end)
{
    for (int i = start; i < end; i++) {
        encoder->tokens[encoder->token_count++] = input[i];
    }
}

/* Replaces the entry of `value`; returns how far back the old one is, or 0 if it is no match. */
static inline int speed_swap(Classic *encoder, uint32_t hash, uint32_t value, int at)
{
    int32_t offset = at - (encoder->table[hash].offset - encoder->current);
    uint32_t old = encoder->table[hash].value;
    encoder->table[hash].offset = at + encoder->current;
    encoder->table[hash].value = value;
    return offset <= MAX_OFFSET && old == value ? offset : 0;
}

/* Go's deflateFast.encode: turns the block into tokens. `input` has the previous block before it. */
static void speed_encode(Classic *encoder, const uint8_t *input, int length)
{
    int limit = length - SPEED_INPUT_MARGIN;
    int emitted = 0;
    int at = 0;
    uint32_t value = load_le32(input);
    for (;;) {
        int skip = 32;
        int next = at;
        int offset;
        do {
            at = next;
            next = at + (skip >> 5);
            skip += skip >> 5;
            if (next > limit) {
                speed_literals(encoder, input, emitted, length);
                return;
            }
            offset = speed_swap(encoder, speed_hash(value), value, at);
            if (offset == 0) {
                value = load_le32(input + next);
            }
        } while (offset == 0);
        speed_literals(encoder, input, emitted, at);
        while (offset != 0) {
            at += 4;
            int most = length - at < MAX_MATCH - 4 ? length - at : MAX_MATCH - 4;
            int more = equal_bytes(input + at, input + at - offset, most);
            encoder->tokens[encoder->token_count++] = match_token(more + 4, offset);
            at += more;
            emitted = at;
            if (at >= limit) {
                speed_literals(encoder, input, emitted, length);
                return;
            }
            uint32_t before = load_le32(input + at - 1);
            uint32_t hash = speed_hash(before);
            encoder->table[hash].offset = encoder->current + at - 1;
            encoder->table[hash].value = before;
            value = load_le32(input + at);
            offset = speed_swap(encoder, speed_hash(value), value, at);
        }
        at++;
        value = load_le32(input + at);
    }
}

/* Go's encSpeed. The block is at `window + MAX_STORED`. */
static void speed_block(Classic *encoder)
{
    uint8_t *input = encoder->window + MAX_STORED;
    int length = encoder->window_end;
    if (length == 0 || (length < MAX_STORED && !encoder->finishing)) {
        return;
    }
    encoder->window_end = 0;
    if (length <= 16) {
        classic_stored_block(encoder, input, length);
        return;
    }
    if (length < 128) {
        classic_write_huffman(encoder, input, length);
        return;
    }
    if (encoder->current >= SPEED_BUFFER_RESET) {
        speed_shift_offsets(encoder);
    }
    encoder->token_count = 0;
    speed_encode(encoder, input, length);
    encoder->current += length;
    if (encoder->token_count > length - (length >> 4)) {
        classic_write_huffman(encoder, input, length);
    } else {
        classic_write_dynamic(encoder, input, length);
    }
    memcpy(encoder->window, input, MAX_STORED);
    encoder->has_previous_block = 1;
}

/* --- The stream ---------------------------------------------------------------------------------------- */

static int classic_level_exists(int level)
{
    return level >= 1 && level <= 9;
}

static void classic_start(Classic *encoder, int level)
{
    memset(encoder, 0, sizeof *encoder);
    encoder->level = level;
    encoder->hash_offset = 1;
    encoder->length = CLASSIC_MIN_MATCH - 1;
    encoder->chain_head = -1;
    encoder->current = MAX_STORED;
}

static void classic_step(Classic *encoder)
{
    if (encoder->level == 1) {
        speed_block(encoder);
    } else {
        classic_deflate(encoder);
    }
}

/* Copies as much as fits into the window; returns how much that was. */
static size_t classic_fill(Classic *encoder, const uint8_t *input, size_t length)
{
    int start = encoder->level == 1 ? MAX_STORED : 0;
    int capacity = encoder->level == 1 ? MAX_STORED : 2 * CLASSIC_WINDOW;
    if (encoder->level != 1 && encoder->index >= 2 * CLASSIC_WINDOW - CLASSIC_LOOKAHEAD) {
        classic_shift_window(encoder);
    }
    size_t room = (size_t)(capacity - encoder->window_end);
    size_t count = length < room ? length : room;
    memcpy(encoder->window + start + encoder->window_end, input, count);
    encoder->window_end += (int)count;
    return count;
}

static void classic_write(Classic *encoder, const uint8_t *input, size_t length)
{
    while (length > 0 && !encoder->sink.out_of_memory) {
        classic_step(encoder);
        size_t count = classic_fill(encoder, input, length);
        input += count;
        length -= count;
    }
}

static void classic_finish(Classic *encoder)
{
    encoder->finishing = 1;
    classic_step(encoder);
    classic_stored_header(encoder, 0, 1);
    align_to_byte(&encoder->sink);
}

#endif
