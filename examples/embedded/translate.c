/* SPDX-License-Identifier: Apache-2.0
 *
 * Translates lines of standard input, a token at a time: between two tokens, a device would look after
 * other things. */
#include "translator.h"

#include <stdio.h>
#include <string.h>

static char line[16384];
static char text[16384];

int main(void) {
    int number;
    enum translator_status status = translator_self_test();
    if (status != TRANSLATOR_DONE) {
        fprintf(stderr, "self-test: %s\n", translator_words(status));
        return 1;
    }
    for (number = 1; fgets(line, sizeof line, stdin) != NULL; ++number) {
        size_t size = strlen(line);
        if (size > 0 && line[size - 1] == '\n') --size;
        translator_start(line, size);
        while (translator_step()) {
            /* other things */
        }
        status = translator_finish(text, sizeof text, &size);
        if (status != TRANSLATOR_DONE)
            fprintf(stderr, "line %d: %s\n", number, translator_words(status));
        fwrite(text, 1, size, stdout);
        putchar('\n');
    }
    return 0;
}
