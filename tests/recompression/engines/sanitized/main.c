/* The encoders without Python, to be built with AddressSanitizer and UndefinedBehaviorSanitizer.
 *
 * A request is a line "KIND LEVEL FULL BLOCK PIECE LATE LENGTH" and LENGTH bytes; the answer is a line "LENGTH"
 * and that many bytes. KIND is c (classic) or m (modern); the rest as in Feeding.
 */
#include <stdio.h>

#include "feeding.h"

static void answer(Sink sink)
{
    printf("%zu\n", sink.size);
    fwrite(sink.data, 1, sink.size, stdout);
    fflush(stdout);
    free(sink.data);
}

int main(void)
{
    char kind;
    size_t length;
    Feeding feeding;
    prepare_tables();
    while (scanf("%c %d %d %zu %zu %d %zu", &kind, &feeding.level, &feeding.full_tables, &feeding.block,
                 &feeding.piece, &feeding.is_late, &length) == 7) {
        uint8_t *data = allocate(length);
        if (getchar() != '\n' || fread(data, 1, length, stdin) != length || feeding.piece == 0) {
            return 2;
        }
        if (kind == 'c' && classic_level_exists(feeding.level)) {
            answer(fed_classic(&feeding, data, length));
        } else if (kind == 'm' && modern_level_exists(feeding.level)) {
            answer(fed_modern(&feeding, data, length));
        } else {
            return 2;
        }
        free(data);
    }
    return 0;
}
