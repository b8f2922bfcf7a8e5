// SPDX-License-Identifier: Apache-2.0
/// Translates lines of standard input with a model that `hat export` wrote as model.hpp. What runs
/// here is all that runs on a device: replace how lines come and go.

#include "model.hpp"

#include <cstdio>
#include <cstring>
#include <string_view>

namespace {

translator::Translator::Memory memory;
char line[16384];
char text[16384];

/// Whether this compiler and this processor make of the model what they should.
bool passes_self_test(translator::Translator& translator) {
    const auto status = translator.self_test(text);
    if (status != hat::deploy::TranslationStatus::done)
        std::fprintf(stderr, "self-test: %s\n", name(status));
    return status == hat::deploy::TranslationStatus::done;
}

}  // namespace

int main() {
    translator::Translator translator(memory);
    if (!passes_self_test(translator)) return 1;
    // Not %zu, which small C libraries do not know.
    std::fprintf(stderr, "%lu bytes of memory\n",
                 static_cast<unsigned long>(translator.memory_bytes));
    for (int number = 1; std::fgets(line, sizeof line, stdin) != nullptr; ++number) {
        std::string_view read(line, std::strlen(line));
        if (read.ends_with('\n')) read.remove_suffix(1);
        const auto [status, size] = translator.translate(read, text);
        if (status != hat::deploy::TranslationStatus::done)
            std::fprintf(stderr, "line %d: %s\n", number, name(status));
        std::fwrite(text, 1, size, stdout);
        std::putchar('\n');
    }
}
