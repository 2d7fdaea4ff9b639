/* The encoders for a fuzzer that looks for new paths through them (clang's libFuzzer).
 *
 * The first bytes say which encoder works and how the rest is handed to it; the rest is its input. What comes
 * out must unpack to what went in. Built and run by `make fuzz`.
 */
#include <stdio.h>
#include <zlib.h>

#include "feeding.h"

enum { CHOICES = 5 };

int LLVMFuzzerInitialize(int *argument_count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argument_count, char ***arguments)
{
    (void)argument_count;
    (void)arguments;
    prepare_tables();
    return 0;
}

/* The input is repeated, so that small inputs reach past the windows and blocks, too. */
static uint8_t *repeated(const uint8_t *data, size_t size, size_t times)
{
    uint8_t *whole = allocate(size * times);
    for (size_t i = 0; i < times; i++) {
        for (size_t at = 0; at < size; at++) {
            /* Every other time round a few bytes are others. */
            whole[i * size + at] = (uint8_t)(data[at] + (i % 2 != 0 && at % 61 == i % 61));
        }
    }
    return whole;
}

static void check(const Sink *sink, const uint8_t *content, size_t length)
{
    uint8_t *unpacked = allocate(length + 1);
    z_stream stream = {0};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
        exit(3);
    }
    stream.next_in = sink->data;
    stream.avail_in = (uInt)sink->size;
    stream.next_out = unpacked;
    stream.avail_out = (uInt)length + 1;
    if (inflate(&stream, Z_FINISH) != Z_STREAM_END || stream.avail_in != 0 || stream.total_out != length ||
        memcmp(unpacked, content, length) != 0) {
        fprintf(stderr, "what came out doesn't unpack to what went in\n");
        abort();
    }
    inflateEnd(&stream);
    free(unpacked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int level = size < CHOICES ? 0 : data[0] % 10;
    int is_classic = level != 0 && data[1] % 2 == 0;
    if (is_classic ? !classic_level_exists(level) : !modern_level_exists(level)) {
        return 0;
    }
    Feeding feeding = {
        .level = level,
        .full_tables = data[0] / 10 % 2,
        .block = data[1] / 2 % 2 != 0 ? TAIL + 1 + 300u * data[1] : 0,
        .piece = 1 + (size_t)data[2] * data[2] * 4,
        .is_late = data[3] % 2,
    };
    size_t times = 1 + (size_t)data[3] / 2 * (1 + data[4] % 8);
    size_t length = (size - CHOICES) * times;
    uint8_t *content = repeated(data + CHOICES, size - CHOICES, times);
    Sink sink = is_classic ? fed_classic(&feeding, content, length) : fed_modern(&feeding, content, length);
    check(&sink, content, length);
    free(sink.data);
    free(content);
    return 0;
}
