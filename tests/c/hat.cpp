// SPDX-License-Identifier: Apache-2.0
#include <hat/c/hat.h>
#include <hat/decode/line_translator.hpp>
#include <hat/version.hpp>

#include "support/subword_text.hpp"
#include "support/temporary_directory.hpp"
#include "support/translator_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <thread>
#include <vector>

using hat::support::save_random_translator;
using hat::support::subword_text;
using hat::support::TemporaryDirectory;

namespace {

using Handle = std::unique_ptr<hat_translator, decltype(&hat_close)>;
using Translations = std::unique_ptr<hat_translations, decltype(&hat_free)>;

hat_options brief() {
    hat_options options;
    hat_options_init(&options, sizeof(options));
    options.threads = 1;
    options.beam = 3;
    options.max_length_b = 12;
    return options;
}

/// A translator of random weights, and where it lies.
struct Opened {
    explicit Opened(const hat_options& options) {
        save_random_translator(directory / "model");
        hat_translator* opened = nullptr;
        REQUIRE(hat_open((directory / "model").c_str(), &options, &opened) == HAT_OK);
        handle.reset(opened);
        CHECK(hat_note(opened) == std::string());
    }
    TemporaryDirectory directory{};
    Handle handle{nullptr, hat_close};
};

std::vector<const char*> pointers(const std::vector<std::string>& lines) {
    std::vector<const char*> pointers;
    for (const std::string& line : lines) pointers.push_back(line.c_str());
    return pointers;
}

Translations translated(hat_translator* translator, const std::vector<std::string>& lines,
                        int n_best = 1) {
    hat_translations* found = nullptr;
    REQUIRE(hat_translate(translator, pointers(lines).data(), nullptr, lines.size(), n_best,
                          &found) == HAT_OK);
    return {found, hat_free};
}

/// What is said to one call that must fail.
std::string error_of(hat_status expected, hat_status found) {
    CHECK(found == expected);
    return hat_last_error();
}

}  // namespace

TEST_SUITE("c/hat") {
    TEST_CASE("lines have the translations, scores and order of the C++ library") {
        const Opened opened(brief());
        hat::decode::LineTranslator expected(
            hat::io::ModelDirectory::open(opened.directory / "model"),
            {.search = {.beam = 3, .max_length_b = 12}, .threads = 1});
        const Translations found = translated(opened.handle.get(), subword_text, 2);
        REQUIRE(hat_line_count(found.get()) == subword_text.size());
        for (std::size_t i = 0; i < subword_text.size(); ++i) {
            const std::vector source{expected.encode(subword_text[i])};
            const auto of_line = expected.translate(source, 2);
            REQUIRE(hat_translation_count(found.get(), i) == of_line[0].size());
            for (std::size_t k = 0; k < of_line[0].size(); ++k) {
                std::size_t length = 0;
                CHECK(hat_text(found.get(), i, k, &length) == of_line[0][k].text);
                CHECK(length == of_line[0][k].text.size());
                CHECK(hat_score(found.get(), i, k) == of_line[0][k].score);
                CHECK((hat_is_cut(found.get(), i, k) == 1) == of_line[0][k].is_cut);
            }
        }
    }

    TEST_CASE("lines with lengths may have zero bytes, and need none at the end") {
        const Opened opened(brief());
        const std::string text("the dog\0runs", 12);
        const char* const line = text.data();
        hat::decode::LineTranslator expected(
            hat::io::ModelDirectory::open(opened.directory / "model"),
            {.search = {.beam = 3, .max_length_b = 12}, .threads = 1});
        for (const std::size_t length : {text.size(), std::size_t{5}}) {
            hat_translations* found = nullptr;
            REQUIRE(hat_translate(opened.handle.get(), &line, &length, 1, 1, &found) == HAT_OK);
            const Translations translations(found, hat_free);
            const std::vector source{expected.encode(std::string_view(text).substr(0, length))};
            const std::string of_line = expected.translate(source)[0][0].text;
            std::size_t bytes = 0;
            const char* const own = hat_text(found, 0, 0, &bytes);
            CHECK(std::string(own, bytes) == of_line);
        }
    }

    TEST_CASE("threads that share a translator find what one finds") {
        hat_options options = brief();
        options.threads = 2;
        const Opened opened(options);
        const Translations expected = translated(opened.handle.get(), subword_text);
        std::vector<std::string> wrong(2);
        std::vector<std::thread> threads;
        for (std::string& fault : wrong)
            threads.emplace_back([&] {
                for (int round = 0; round < 5; ++round) {
                    hat_translations* found = nullptr;
                    if (hat_translate(opened.handle.get(), pointers(subword_text).data(), nullptr,
                                      subword_text.size(), 1, &found) != HAT_OK)
                        fault = hat_last_error();
                    for (std::size_t i = 0; i < subword_text.size() && fault.empty(); ++i)
                        if (std::string(hat_text(found, i, 0, nullptr)) !=
                            hat_text(expected.get(), i, 0, nullptr))
                            fault = "line " + std::to_string(i);
                    hat_free(found);
                }
            });
        for (std::thread& thread : threads) thread.join();
        CHECK(wrong == std::vector<std::string>(2));
    }

    TEST_CASE("an error is of the thread whose call failed") {
        const Opened opened(brief());
        hat_translations* found = nullptr;
        CHECK(hat_translate(opened.handle.get(), nullptr, nullptr, 1, 1, &found) ==
              HAT_BAD_ARGUMENT);
        const std::string own = hat_last_error();
        std::string of_other = "not asked";
        std::thread([&] { of_other = hat_last_error(); }).join();
        CHECK(own == "hat_translate: lines is NULL");
        CHECK(of_other.empty());
    }

    TEST_CASE("what is not as it must be has a status and one line, and gives nothing") {
        const Opened opened(brief());
        hat_translator* translator = opened.handle.get();
        hat_translations* found = nullptr;
        const auto translate_line = [&](const char* line, int n_best = 1) {
            return hat_translate(translator, &line, nullptr, 1, n_best, &found);
        };
        CHECK(error_of(HAT_BAD_ARGUMENT, translate_line("a \xff b")) ==
              "line 0: byte 2 is not valid UTF-8");
        CHECK(error_of(HAT_BAD_ARGUMENT, translate_line("one\ntwo")) ==
              "line 0: byte 3 is a line feed, expected one line");
        CHECK(error_of(HAT_BAD_ARGUMENT, translate_line(nullptr)) == "line 0: is NULL");
        CHECK(error_of(HAT_BAD_ARGUMENT, translate_line("a", 4)) ==
              "hat_translate: n_best = 4, expected 1 to 3, as wide as the beam is");
        CHECK(found == nullptr);

        hat_translator* other = translator;
        CHECK(error_of(HAT_BAD_MODEL, hat_open("/nowhere", nullptr, &other)) ==
              "/nowhere: there is no such model directory");
        CHECK(other == nullptr);
        CHECK(error_of(HAT_BAD_MODEL, hat_open("/no\n\xFF", nullptr, &other)) ==
              "/no\\n\uFFFD: there is no such model directory");  // one line of UTF-8
        hat_options options = brief();
        options.beam = 0;
        CHECK(error_of(HAT_BAD_ARGUMENT, hat_open("/nowhere", &options, &other)) ==
              "options: search: beam = 0, expected 1 to 10000");
        options = brief();
        options.weights = 9;
        CHECK(error_of(HAT_BAD_ARGUMENT, hat_open("/nowhere", &options, &other)) ==
              "options: weights = 9, expected 0 to 3");
    }

    TEST_CASE("of options no more is written than the program has, and other sizes are refused") {
        constexpr std::size_t known = sizeof(hat_options);
        struct {
            hat_options options;
            char behind[16];
        } program;
        for (const std::size_t size : {std::size_t{0}, known - 4, known, known + 8}) {
            std::memset(&program, 0x55, sizeof(program));
            hat_options_init(&program.options, size);
            const auto* const bytes = reinterpret_cast<const unsigned char*>(&program);
            for (std::size_t i = std::min(size, known); i < sizeof(program); ++i)
                CHECK(bytes[i] == 0x55);
        }
        const auto refusal = [&](std::size_t size) {
            hat_options_init(&program.options, known);
            program.options.size = size;
            hat_translator* none = nullptr;
            return error_of(HAT_BAD_ARGUMENT, hat_open("/nowhere", &program.options, &none));
        };
        const std::string expected = ", expected " + std::to_string(known);
        for (const std::size_t size : {std::size_t{0}, known - 4})
            CHECK(refusal(size) == "options: size = " + std::to_string(size) + expected +
                                       ": call hat_options_init first");
        CHECK(refusal(known + 8) == "options: size = " + std::to_string(known + 8) + expected +
                                        " or less: the program is for a newer libhat");
    }

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they need more memory
    TEST_CASE("a thread that the system does not start is no fault of the model") {
        const Opened opened(brief());
        hat_options options = brief();
        options.threads = 1000;
        hat_translator* none = nullptr;
        rlimit before{};
        REQUIRE(getrlimit(RLIMIT_AS, &before) == 0);
        const rlimit for_few_stacks{.rlim_cur = rlim_t{3} << 30, .rlim_max = before.rlim_max};
        REQUIRE(setrlimit(RLIMIT_AS, &for_few_stacks) == 0);
        const hat_status status = hat_open((opened.directory / "model").c_str(), &options, &none);
        REQUIRE(setrlimit(RLIMIT_AS, &before) == 0);
        CHECK(error_of(HAT_INTERNAL_ERROR, status).starts_with("threads: the system starts "));
        CHECK(none == nullptr);
    }
#endif

    TEST_CASE("what is not there is nothing") {
        const Opened opened(brief());
        const Translations found = translated(opened.handle.get(), {"the dog", ""});
        CHECK(hat_text(found.get(), 2, 0, nullptr) == nullptr);
        CHECK(hat_text(found.get(), 0, 1, nullptr) == nullptr);
        CHECK(hat_translation_count(found.get(), 2) == 0);
        CHECK(std::isnan(hat_score(found.get(), 1, 0)));
        CHECK(hat_line_count(nullptr) == 0);
        CHECK(hat_text(nullptr, 0, 0, nullptr) == nullptr);
        CHECK(hat_note(nullptr) == std::string());
        hat_free(nullptr);
        hat_close(nullptr);
    }

    TEST_CASE("the version is that of the headers") {
        CHECK(hat_c_version() == HAT_C_VERSION);
        CHECK(hat::version == hat_version());
    }
}
