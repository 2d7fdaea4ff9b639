/* Go's compress/flate from 1.27 on and klauspost/compress from 1.15.10 on: the state of an encoder, its
 * tokens, history and tables.
 *
 * Follows compress/flate of Go 1.27.3: deflatefast.go and token.go. Copyright of the originals: see ../NOTICE.
 */
#ifndef BLOBFIX_MODERN_STATE_H
#define BLOBFIX_MODERN_STATE_H

#include "block_header.h"

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
