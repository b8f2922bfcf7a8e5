/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HAT_C_HAT_H
#define HAT_C_HAT_H

/* Translation of text for C and for whatever calls C: the component hat::c, libhat.so.
 *
 *     hat_translator* translator = NULL;
 *     hat_translations* translations = NULL;
 *     const char* line = "Save the file.";
 *     if (hat_open("run/model", NULL, &translator) != HAT_OK ||
 *         hat_translate(translator, &line, NULL, 1, 1, &translations) != HAT_OK)
 *         fprintf(stderr, "%s\n", hat_last_error());
 *     else
 *         puts(hat_text(translations, 0, 0, NULL));
 *     hat_free(translations);
 *     hat_close(translator);
 *
 * A line is translated as `hat translate` does it: the same text for the same options, alone or
 * among others, on any number of threads. A line that is too long for the network is translated in
 * parts.
 *
 * Any number of threads may use one translator: their calls of hat_translate wait for each other.
 * Translations belong to the caller, and are constant.
 *
 * No function throws, prints, or ends the process. But packed weights that a model keeps are read
 * from their file as they are needed: a program that writes into that file where it lies changes
 * what is computed, and one that cuts it short ends this process by SIGBUS. hat itself never does:
 * it writes a new file, and puts it in the place of the old one, which stays what it was for those
 * who have it open. */

#include <stddef.h>
#include <stdint.h>

/* Marks what the library has for others. */
#if defined(__GNUC__)
#define HAT_C_API __attribute__((visibility("default")))
#else
#define HAT_C_API
#endif

/* Of this interface: it grows when something is added, and nothing is ever taken away. */
#define HAT_C_VERSION 1

#ifdef __cplusplus
extern "C" {
#endif

/* A model, loaded. */
typedef struct hat_translator hat_translator;
/* Translations of some lines: of each up to n_best, best first, and at least one. */
typedef struct hat_translations hat_translations;

/* How a call ended. */
typedef enum hat_status {
    HAT_OK = 0,
    HAT_BAD_ARGUMENT = 1, /* an argument, an option or a line is not as it must be */
    HAT_BAD_MODEL = 2,    /* there is no model, it is damaged, or it cannot translate a line */
    HAT_OUT_OF_MEMORY = 3,
    HAT_INTERNAL_ERROR = 4 /* such as a thread that the system does not start */
} hat_status;

/* What the network computes with. */
enum {
    HAT_WEIGHTS_STORED = 0, /* as the model says (weight_bits), or what it is stored in; tables of
                               fewer bits become floats */
    HAT_WEIGHTS_FP32 = 1,
    HAT_WEIGHTS_BF16 = 2,
    HAT_WEIGHTS_INT8 = 3
};

/* What stands for text that the vocabulary lacks. */
enum {
    HAT_UNKNOWN_COPY = 0, /* the text itself */
    HAT_UNKNOWN_DROP = 1,
    HAT_UNKNOWN_MARK = 2 /* U+2047 */
};

/* To be set by hat_options_init first: what is not changed then is as in `hat translate`. It may
 * grow at its end; a library takes the sizes that it has had so far. */
typedef struct hat_options {
    size_t size;             /* sizeof(hat_options), where the program was compiled */
    int32_t threads;         /* that translate; 0: one for each processor */
    int32_t batch;           /* sentences that are translated together */
    int32_t beam;            /* hypotheses of a sentence; 1 is greedy */
    float length_penalty;    /* scores are divided by length to this power */
    float max_length_a;      /* a translation has at most a * source length + b tokens */
    int32_t max_length_b;    /* see max_length_a */
    int32_t no_repeat_ngram; /* no sequence of so many tokens twice in a translation; 0: any */
    int32_t weights;         /* HAT_WEIGHTS_... */
    int32_t unknown;         /* HAT_UNKNOWN_... */
    int32_t split_over;      /* a line of more tokens is translated in parts; 0: only what the
                                network cannot read; -1: what is longer than all of its training */
} hat_options;

/* Of the library that is there at run time: HAT_C_VERSION, and its version as text. */
HAT_C_API int hat_c_version(void);
HAT_C_API const char* hat_version(void);

/* `size` is sizeof(hat_options): no more than that is written. */
HAT_C_API void hat_options_init(hat_options* options, size_t size);

/* Loads the model directory at `path`. `options` may be NULL. On success *translator is to be given
 * to hat_close; otherwise it is NULL. */
HAT_C_API hat_status hat_open(const char* path, const hat_options* options,
                              hat_translator** translator);
/* What hat_open found wrong, and did without: packed weights beside the model that are not its own
 * or damaged. One line, which lives as long as the translator; empty if all was well. */
HAT_C_API const char* hat_note(const hat_translator* translator);
/* Takes NULL, too. No thread may be using it. */
HAT_C_API void hat_close(hat_translator* translator);

/* Translates `count` lines of UTF-8, none of which has a line feed. `lengths` are their bytes;
 * NULL: each ends in a zero byte. On success *translations is to be given to hat_free; otherwise it
 * is NULL, and none of the lines is translated. */
HAT_C_API hat_status hat_translate(hat_translator* translator, const char* const* lines,
                                   const size_t* lengths, size_t count, int n_best,
                                   hat_translations** translations);
/* Takes NULL, too. */
HAT_C_API void hat_free(hat_translations* translations);

/* How many lines were translated. */
HAT_C_API size_t hat_line_count(const hat_translations* translations);
/* How many translations a line has; 0 if there is no such line. */
HAT_C_API size_t hat_translation_count(const hat_translations* translations, size_t line);
/* The k-th best translation of a line, in UTF-8 with a zero byte behind it, which lives as long as
 * the translations do; its bytes are in *length, which may be NULL. NULL if there is none. */
HAT_C_API const char* hat_text(const hat_translations* translations, size_t line, size_t k,
                               size_t* length);
/* Its score: the logarithm of its probability, divided by its length as the options say. Not a
 * number if the network was not asked, as for a blank line, or there is no such translation. */
HAT_C_API float hat_score(const hat_translations* translations, size_t line, size_t k);
/* 1 if it, or a part of it, ended because it was as long as it may be. */
HAT_C_API int hat_is_cut(const hat_translations* translations, size_t line, size_t k);

/* What was wrong with the last call of this thread that failed: one line of UTF-8, which lives
 * until the next one. */
HAT_C_API const char* hat_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
