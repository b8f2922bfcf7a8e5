// SPDX-License-Identifier: Apache-2.0

/// The C interface: handles, and every exception as a status.

#include <hat/c/hat.h>
#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/data/utf8.hpp>
#include <hat/decode/line_translator.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/version.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace hat;

struct hat_translator {
    hat_translator(const char* path, const decode::LineTranslatorOptions& options)
        : lines(io::ModelDirectory::open_to_serve(path), options), note(one_line(lines.note())),
          beam(options.search.beam) {}

    std::mutex mutex;
    decode::LineTranslator lines;
    std::string note;
    int beam;
};

struct hat_translations {
    std::vector<std::vector<decode::LineTranslation>> lines;

    [[nodiscard]] const decode::LineTranslation* find(std::size_t line, std::size_t k) const {
        return line < lines.size() && k < lines[line].size() ? &lines[line][k] : nullptr;
    }
};

namespace {

thread_local std::string last_error;

/// What is said where not even the memory for a message is left.
thread_local const char* last_message = "";

/// An argument that is not as it must be.
class BadArgument : public Error {
    using Error::Error;
};

template <class... Parts>
[[noreturn]] void reject(const Parts&... parts) {
    std::string message;
    (hat::detail::append(message, parts), ...);
    throw BadArgument(message);
}

hat_status failed(hat_status status, const char* message) noexcept {
    try {
        last_error = one_line(message);
        last_message = last_error.c_str();
    } catch (...) {
        last_message = "out of memory";
    }
    return status;
}

/// Runs `call`, which may throw.
template <class Call>
hat_status guarded(const Call& call) noexcept {
    try {
        call();
        return HAT_OK;
    } catch (const BadArgument& error) {
        return failed(HAT_BAD_ARGUMENT, error.what());
    } catch (const Error& error) {
        return failed(HAT_BAD_MODEL, error.what());
    } catch (const std::bad_alloc&) {
        return failed(HAT_OUT_OF_MEMORY, "out of memory");
    } catch (const std::exception& error) {
        return failed(HAT_INTERNAL_ERROR, error.what());
    } catch (...) {
        return failed(HAT_INTERNAL_ERROR, "an unknown exception");
    }
}

/// One of `choices`.
template <class Choice, std::size_t n>
Choice chosen(const char* name, std::int32_t number, const std::array<Choice, n>& choices) {
    if (number < 0 || static_cast<std::size_t>(number) >= n)
        reject("options: ", name, " = ", number, ", expected 0 to ", n - 1);
    return choices[static_cast<std::size_t>(number)];
}

/// How large `hat_options` was in each version of the interface in which it grew, this one last.
constexpr std::array known_sizes{sizeof(hat_options)};

hat_options default_options() {
    const decode::LineTranslatorOptions defaults;
    return {.size = sizeof(hat_options),
            .threads = defaults.threads,
            .batch = defaults.batch_sentences,
            .beam = defaults.search.beam,
            .length_penalty = defaults.search.length_penalty,
            .max_length_a = defaults.search.max_length_a,
            .max_length_b = defaults.search.max_length_b,
            .no_repeat_ngram = defaults.search.no_repeat_ngram,
            .weights = HAT_WEIGHTS_STORED,
            .unknown = HAT_UNKNOWN_COPY,
            .split_over = -1};
}

/// Those of a program that may have been compiled for an older library: what it does not know of is
/// as by default. May be null.
hat_options completed(const hat_options* given) {
    hat_options options = default_options();
    if (given == nullptr) return options;
    if (std::find(known_sizes.begin(), known_sizes.end(), given->size) == known_sizes.end())
        reject("options: size = ", given->size, ", expected ", known_sizes.back(),
               given->size > known_sizes.back() ? " or less: the program is for a newer libhat"
                                                : ": call hat_options_init first");
    std::memcpy(&options, given, given->size);
    return options;
}

decode::LineTranslatorOptions translator_options(const hat_options& options) {
    const auto require = [](bool holds, const char* name, auto value, const char* expected) {
        if (!holds) reject("options: ", name, " = ", value, ", expected ", expected);
    };
    require(options.threads >= 0 && options.threads <= 1024, "threads", options.threads,
            "0 to 1024");
    require(options.batch >= 1, "batch", options.batch, "1 or more");
    require(options.split_over >= -1, "split_over", options.split_over, "-1 or more");
    decode::LineTranslatorOptions to;
    to.search.beam = options.beam;
    to.search.length_penalty = options.length_penalty;
    to.search.max_length_a = options.max_length_a;
    to.search.max_length_b = options.max_length_b;
    to.search.no_repeat_ngram = options.no_repeat_ngram;
    try {
        validate(to.search);
    } catch (const Error& error) {
        reject("options: ", error.what());
    }
    to.threads = options.threads;
    to.batch_sentences = options.batch;
    using Kind = std::optional<decode::WeightKind>;
    to.weights = chosen("weights", options.weights,
                        std::array<Kind, 4>{std::nullopt, decode::WeightKind::fp32,
                                            decode::WeightKind::bf16, decode::WeightKind::int8});
    to.unknown = chosen("unknown", options.unknown,
                        std::array{data::UnknownPolicy::copy, data::UnknownPolicy::drop,
                                   data::UnknownPolicy::mark});
    if (options.split_over >= 0) to.split_over = options.split_over;
    return to;
}

/// Throws  `BadArgument` if that is no line of text
std::string_view checked_line(std::string_view line, std::size_t number) {
    if (const std::size_t bad = data::find_invalid_utf8(line); bad != std::string_view::npos)
        reject("line ", number, ": byte ", bad, " is not valid UTF-8");
    if (const std::size_t end = line.find('\n'); end != std::string_view::npos)
        reject("line ", number, ": byte ", end, " is a line feed, expected one line");
    return line;
}

std::vector<data::SourceLine> encoded(const decode::LineTranslator& translator,
                                      std::span<const char* const> lines,
                                      const std::size_t* lengths) {
    std::vector<data::SourceLine> sources;
    sources.reserve(lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i] == nullptr) reject("line ", i, ": is NULL");
        const std::string_view line = lengths != nullptr ? std::string_view(lines[i], lengths[i])
                                                         : std::string_view(lines[i]);
        sources.push_back(translator.encode(checked_line(line, i)));
    }
    return sources;
}

}  // namespace

int hat_c_version(void) {
    return HAT_C_VERSION;
}

const char* hat_version(void) {
    return HAT_VERSION;
}

void hat_options_init(hat_options* options, size_t size) {
    if (options == nullptr) return;
    hat_options defaults = default_options();
    defaults.size = size;
    std::memcpy(options, &defaults, std::min(size, sizeof(hat_options)));
}

hat_status hat_open(const char* path, const hat_options* options, hat_translator** translator) {
    return guarded([&] {
        if (translator == nullptr) reject("hat_open: translator is NULL");
        *translator = nullptr;
        if (path == nullptr) reject("hat_open: path is NULL");
        *translator = new hat_translator(path, translator_options(completed(options)));
    });
}

const char* hat_note(const hat_translator* translator) {
    return translator == nullptr ? "" : translator->note.c_str();
}

void hat_close(hat_translator* translator) {
    delete translator;
}

hat_status hat_translate(hat_translator* translator, const char* const* lines,
                         const size_t* lengths, size_t count, int n_best,
                         hat_translations** translations) {
    return guarded([&] {
        if (translations == nullptr) reject("hat_translate: translations is NULL");
        *translations = nullptr;
        if (translator == nullptr) reject("hat_translate: translator is NULL");
        if (lines == nullptr && count > 0) reject("hat_translate: lines is NULL");
        if (n_best < 1 || n_best > translator->beam)
            reject("hat_translate: n_best = ", n_best, ", expected 1 to ", translator->beam,
                   ", as wide as the beam is");
        auto result = std::make_unique<hat_translations>();
        const std::lock_guard lock(translator->mutex);
        result->lines = translator->lines.translate(
            encoded(translator->lines, {lines, count}, lengths), n_best);
        *translations = result.release();
    });
}

void hat_free(hat_translations* translations) {
    delete translations;
}

size_t hat_line_count(const hat_translations* translations) {
    return translations != nullptr ? translations->lines.size() : 0;
}

size_t hat_translation_count(const hat_translations* translations, size_t line) {
    return line < hat_line_count(translations) ? translations->lines[line].size() : 0;
}

const char* hat_text(const hat_translations* translations, size_t line, size_t k, size_t* length) {
    const auto* found = translations != nullptr ? translations->find(line, k) : nullptr;
    if (length != nullptr) *length = found != nullptr ? found->text.size() : 0;
    return found != nullptr ? found->text.c_str() : nullptr;
}

float hat_score(const hat_translations* translations, size_t line, size_t k) {
    const auto* found = translations != nullptr ? translations->find(line, k) : nullptr;
    return found != nullptr && found->score ? *found->score
                                            : std::numeric_limits<float>::quiet_NaN();
}

int hat_is_cut(const hat_translations* translations, size_t line, size_t k) {
    const auto* found = translations != nullptr ? translations->find(line, k) : nullptr;
    return found != nullptr && found->is_cut ? 1 : 0;
}

const char* hat_last_error(void) {
    return last_message;
}
