// SPDX-License-Identifier: Apache-2.0
/// What a page calls of a translator that `hat export` wrote as model.hpp. A line goes in, and its
/// translation comes out, by one piece of memory: `hat_text()`, of `hat_room()` bytes.

#include "model.hpp"

#include <cstddef>
#include <string_view>

namespace {

using hat::deploy::TranslationStatus;

constinit translator::Translator::Memory memory{};
constinit char text[65536]{};

translator::Translator& the_translator() {
    static translator::Translator translator(memory);
    return translator;
}

}  // namespace

extern "C" {

[[clang::export_name("hat_text")]] char* hat_text() {
    return text;
}

[[clang::export_name("hat_room")]] std::size_t hat_room() {
    return sizeof text;
}

/// Translates the first `bytes` bytes of the text. Bytes of the translation; below 0 a status, as
/// −1 − status.
[[clang::export_name("hat_translate")]] int hat_translate(std::size_t bytes) {
    const auto [status, size] = the_translator().translate(std::string_view(text, bytes), text);
    return status == TranslationStatus::done ? static_cast<int>(size)
                                             : -1 - static_cast<int>(status);
}

/// 0 if the translator makes of its sentences here what it made of them where it is from.
[[clang::export_name("hat_self_test")]] int hat_self_test() {
    return static_cast<int>(the_translator().self_test(text));
}

/// A status in words, which end in a byte of 0.
[[clang::export_name("hat_status")]] const char* hat_status(int status) {
    return name(static_cast<TranslationStatus>(status));
}

/// Bytes that the translator works in, beside its weights and tables.
[[clang::export_name("hat_memory")]] std::size_t hat_memory() {
    return translator::Translator::memory_bytes;
}
}
