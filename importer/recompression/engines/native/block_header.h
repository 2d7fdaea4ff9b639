/* What both generations of Go's compress/flate share: the header of a block with codes of its own, and what
 * follows it.
 *
 * Follows compress/flate of Go 1.19.8 (huffman_bit_writer.go, token.go). Copyright of the originals: see
 * ../NOTICE.
 */
#ifndef BLOBFIX_BLOCK_HEADER_H
#define BLOBFIX_BLOCK_HEADER_H

#include "huffman.h"

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
