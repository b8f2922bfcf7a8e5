/* SPDX-License-Identifier: Apache-2.0 */

/* Translates standard input, line by line, from C:
 *
 *     cc -std=c99 examples/c/translate.c -lhat -o translate
 *     ./translate run/model < lines.en */

#include <hat/c/hat.h>

#include <stdio.h>
#include <string.h>

enum { max_line = 1 << 16 };

int main(int argc, char** argv) {
    static char text[max_line];
    const char* line = text;
    hat_options options;
    hat_translator* translator = NULL;
    int is_well = 1;
    if (argc != 2) {
        fprintf(stderr, "usage: translate MODEL < lines\n");
        return 2;
    }
    hat_options_init(&options);
    options.beam = 1;
    if (hat_open(argv[1], &options, &translator) != HAT_OK) {
        fprintf(stderr, "translate: %s\n", hat_last_error());
        return 1;
    }
    while (is_well && fgets(text, max_line, stdin) != NULL) {
        hat_translations* translations = NULL;
        text[strcspn(text, "\n")] = '\0';
        is_well = hat_translate(translator, &line, NULL, 1, 1, &translations) == HAT_OK;
        if (is_well)
            puts(hat_text(translations, 0, 0, NULL));
        else
            fprintf(stderr, "translate: %s\n", hat_last_error());
        hat_free(translations);
    }
    hat_close(translator);
    return is_well ? 0 : 1;
}
