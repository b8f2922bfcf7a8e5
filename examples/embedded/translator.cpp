// SPDX-License-Identifier: Apache-2.0
/// translator.h in terms of model.hpp, which `hat export` wrote.

#include "translator.h"

#include "model.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>

namespace {

using hat::deploy::Translation;
using hat::deploy::TranslationStatus;
using translator::Translator;

static_assert(TRANSLATOR_OTHER_WEIGHTS == static_cast<int>(TranslationStatus::other_weights));

Translator::Memory memory;

/// Made when it is first asked for: nothing runs before main.
Translator& the_translator() {
    alignas(Translator) static std::byte place[sizeof(Translator)];
    static Translator* const made =
        std::construct_at(static_cast<Translator*>(static_cast<void*>(place)), memory);
    return *made;
}

translator_status status_of(TranslationStatus status) {
    return static_cast<translator_status>(status);
}

translator_status status_of(const Translation& translation, std::size_t* size) {
    *size = translation.size;
    return status_of(translation.status);
}

}  // namespace

const char* translator_words(translator_status status) {
    // Of C, it may be any number; the last of a byte is no status.
    return name(static_cast<TranslationStatus>(std::min(static_cast<unsigned>(status), 255U)));
}

translator_status translator_self_test() {
    static char text[16384];
    return status_of(the_translator().self_test(text));
}

translator_status translator_translate(const char* line, std::size_t bytes, char* to,
                                       std::size_t room, std::size_t* size) {
    return status_of(the_translator().translate({line, bytes}, std::span(to, room)), size);
}

void translator_start(const char* line, std::size_t bytes) {
    the_translator().start({line, bytes});
}

int translator_step() {
    return the_translator().step() ? 1 : 0;
}

translator_status translator_finish(char* to, std::size_t room, std::size_t* size) {
    return status_of(the_translator().finish(std::span(to, room)), size);
}
