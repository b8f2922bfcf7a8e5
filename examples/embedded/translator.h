/* SPDX-License-Identifier: Apache-2.0
 *
 * A translator that `hat export` wrote, for C. One line is translated at a time, in memory that
 * stands ready; nothing is allocated. translator.cpp is what is behind it. */
#ifndef TRANSLATOR_H
#define TRANSLATOR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a translation ended. */
enum translator_status {
    TRANSLATOR_DONE,
    TRANSLATOR_TOO_LONG,             /* the line or its translation has no room */
    TRANSLATOR_TOO_MANY_TOKENS,      /* the line has more than the header was made for */
    TRANSLATOR_NOT_UTF8,             /* the line is no UTF-8 */
    TRANSLATOR_BAD_TOKEN,            /* a token is not in the vocabulary */
    TRANSLATOR_TRANSLATION_TOO_LONG, /* the search came to the end of its memory */
    TRANSLATOR_OTHER_TRANSLATIONS,   /* of the test: not those that were expected */
    TRANSLATOR_OTHER_WEIGHTS         /* damaged, or those of another model */
};

/* A status in words; "unknown status" of any other number. */
const char* translator_words(enum translator_status status);

/* Whether this compiler and this device make of the model what they should, and the weights are its own:
 * with others, nothing is translated from then on. Of weights of --split the first translation asks, too; of
 * those in the header nothing but this does, and where they are damaged a translation before it may end the
 * program. */
enum translator_status translator_self_test(void);

/* Writes the translation of a line, `bytes` of UTF-8 without a line feed, to `to`, which has room for
 * `room` bytes, and how many they are to `size`: 0 unless the status is TRANSLATOR_DONE. */
enum translator_status translator_translate(const char* line, size_t bytes, char* to, size_t room,
                                            size_t* size);

/* The same in pieces, for a device that has other things to do meanwhile. The line must last until
 * `translator_finish`. The first `translator_start` with weights of --split reads all of them, unless a test
 * did so before. `translator_step` adds a token to every hypothesis; 0 when there is nothing more
 * to do. `translator_finish` does what is left of that. */
void translator_start(const char* line, size_t bytes);
int translator_step(void);
enum translator_status translator_finish(char* to, size_t room, size_t* size);

#ifdef __cplusplus
}
#endif

#endif
