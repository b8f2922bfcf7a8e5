// SPDX-License-Identifier: Apache-2.0
/// Translates lines of standard input with a model that `hat export` wrote as model.hpp. What runs
/// here is all that runs on a device: replace how lines come and go.

#include "model.hpp"

#include <cstddef>
#include <cstdio>

namespace {

translator::Translator::Memory memory;
char line[16384];
char text[16384];

/// What was read of a line, without its LF or CR LF.
struct Read {
    bool is_there = false;  ///< or the input has ended
    bool is_whole = true;   ///< or it has no room
    std::size_t size = 0;
};

Read read_line() {
    Read read;
    int c = std::getchar();
    read.is_there = c != EOF;
    for (; c != EOF && c != '\n'; c = std::getchar()) {
        read.is_whole = read.size < sizeof line;
        if (read.is_whole) line[read.size++] = static_cast<char>(c);
    }
    if (read.is_whole && read.size > 0 && line[read.size - 1] == '\r') --read.size;
    return read;
}

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
    for (int number = 1; std::ferror(stdout) == 0; ++number) {
        const Read read = read_line();
        if (!read.is_there) break;
        hat::deploy::Translation said{hat::deploy::TranslationStatus::too_long};
        if (read.is_whole) said = translator.translate({line, read.size}, text);
        if (said.status != hat::deploy::TranslationStatus::done)
            std::fprintf(stderr, "line %d: %s\n", number, name(said.status));
        std::fwrite(text, 1, said.size, stdout);
        std::putchar('\n');
    }
    if (std::ferror(stdin) != 0) std::fputs("standard input cannot be read\n", stderr);
    const bool is_written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    if (!is_written) std::fputs("translations cannot be written\n", stderr);
    return std::ferror(stdin) == 0 && is_written ? 0 : 1;
}
