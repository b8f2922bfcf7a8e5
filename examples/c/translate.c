/* SPDX-License-Identifier: Apache-2.0 */

/* Translates standard input, line by line, from C:
 *
 *     cc -std=c99 examples/c/translate.c -lhat -o translate
 *     ./translate run/model < lines.en */

#define _POSIX_C_SOURCE 200809L /* for getline */

#include <hat/c/hat.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

/* Writes the translation of a line, which may have zero bytes. Returns whether that went well. */
static int translate(hat_translator* translator, const char* line, size_t length) {
    hat_translations* translations = NULL;
    int is_well = hat_translate(translator, &line, &length, 1, 1, &translations) == HAT_OK;
    if (is_well) {
        const char* text = hat_text(translations, 0, 0, &length);
        is_well = fwrite(text, 1, length, stdout) == length && putchar('\n') != EOF;
        if (!is_well) perror("translate: standard output");
    } else {
        fprintf(stderr, "translate: %s\n", hat_last_error());
    }
    hat_free(translations);
    return is_well;
}

int main(int argc, char** argv) {
    hat_options options;
    hat_translator* translator = NULL;
    char* line = NULL;
    size_t room = 0;
    ssize_t length = 0;
    int is_well = 1;
    if (argc != 2) {
        fprintf(stderr, "usage: translate MODEL < lines\n");
        return 2;
    }
    hat_options_init(&options, sizeof(options));
    options.beam = 1;
    if (hat_open(argv[1], &options, &translator) != HAT_OK) {
        fprintf(stderr, "translate: %s\n", hat_last_error());
        return 1;
    }
    while (is_well && (length = getline(&line, &room, stdin)) >= 0) {
        if (length > 0 && line[length - 1] == '\n') --length;
        if (length > 0 && line[length - 1] == '\r') --length;
        is_well = translate(translator, line, (size_t)length);
    }
    if (is_well && (ferror(stdin) || fflush(stdout) != 0)) {
        perror("translate");
        is_well = 0;
    }
    free(line);
    hat_close(translator);
    return is_well ? 0 : 1;
}
