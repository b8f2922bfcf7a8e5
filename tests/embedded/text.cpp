// SPDX-License-Identifier: Apache-2.0
//
// Lines become tokens, and tokens text, as on the host. text_tables.cpp wrote what is expected.

#include <hat/deploy/embedded_text.hpp>

#include <cstdio>
#include <span>
#include <string_view>

namespace {

struct Case {
    const char* line;
    int bytes;
    int ids[64];  // behind a 0
    int count;
    int others[64];  // likewise
    const char* text;
    int text_bytes;
};

#include "text_cases.inc"

hat::deploy::StaticTextMemory<1024> memory;

bool is_read(const hat::deploy::TextTables& tables, const Case& expected) {
    int ids[64];
    const auto result = encode_line(
        tables, {expected.line, static_cast<std::size_t>(expected.bytes)}, memory, ids, 64);
    const int count = expected.count == 0 ? 0 : expected.count + 1;  // with eos
    bool is_equal = result.count == count && (count == 0 || ids[count - 1] == tables.eos);
    for (int i = 0; i < expected.count; ++i) is_equal = is_equal && ids[i] == expected.ids[i + 1];
    return is_equal;
}

bool is_written(const hat::deploy::TextTables& tables, const Case& expected) {
    char text[1024];
    const auto result = decode_line(
        tables, {expected.others + 1, static_cast<std::size_t>(expected.count)}, text, 1024);
    return std::string_view(text, static_cast<std::size_t>(result.count)) ==
           std::string_view(expected.text, static_cast<std::size_t>(expected.text_bytes));
}

int differences(const hat::deploy::TextTables& tables, std::span<const Case> cases) {
    int count = 0;
    for (const Case& expected : cases)
        if (!is_read(tables, expected) || !is_written(tables, expected)) ++count;
    return count;
}

}  // namespace

int main() {
    std::printf("%d unigram lines differ, %d bpe\n", differences(unigram::tables, unigram::cases),
                differences(bpe::tables, bpe::cases));
}
