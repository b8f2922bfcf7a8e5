/* SPDX-License-Identifier: Apache-2.0
 *
 * Translates lines of standard input, a token at a time: between two tokens, a device would look
 * after other things. */
#include "translator.h"

#include <stdio.h>

static char line[16384];
static char text[16384];

/* Reads a line, without its LF or CR LF, and says whether there is one. Of one that has no room,
 * `size` is more than there is. */
static int read_line(size_t* size) {
    int c = getchar();
    const int is_there = c != EOF;
    for (*size = 0; c != EOF && c != '\n'; c = getchar()) {
        if (*size < sizeof line) line[*size] = (char)c;
        if (*size <= sizeof line) ++*size;
    }
    if (*size > 0 && *size <= sizeof line && line[*size - 1] == '\r') --*size;
    return is_there;
}

int main(void) {
    int number;
    int is_written;
    size_t size;
    enum translator_status status = translator_self_test();
    if (status != TRANSLATOR_DONE) {
        fprintf(stderr, "self-test: %s\n", translator_words(status));
        return 1;
    }
    for (number = 1; !ferror(stdout) && read_line(&size); ++number) {
        if (size > sizeof line) {
            status = TRANSLATOR_TOO_LONG;
            size = 0;
        } else {
            translator_start(line, size);
            while (translator_step()) {
                /* other things */
            }
            status = translator_finish(text, sizeof text, &size);
        }
        if (status != TRANSLATOR_DONE)
            fprintf(stderr, "line %d: %s\n", number, translator_words(status));
        fwrite(text, 1, size, stdout);
        putchar('\n');
    }
    if (ferror(stdin)) fputs("standard input cannot be read\n", stderr);
    is_written = fflush(stdout) == 0 && !ferror(stdout);
    if (!is_written) fputs("translations cannot be written\n", stderr);
    return ferror(stdin) || !is_written;
}
