/* Go's compress/flate from 1.27 on and klauspost/compress from 1.15.10 on: how large a block would get.
 *
 * Follows compress/flate of Go 1.27.3: token.go. Copyright of the originals: see ../NOTICE.
 */
#ifndef BLOBFIX_MODERN_ESTIMATE_H
#define BLOBFIX_MODERN_ESTIMATE_H

#include "modern_state.h"

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

#endif
