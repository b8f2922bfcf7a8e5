// SPDX-License-Identifier: Apache-2.0
//
// Lines become tokens, and tokens text, as on the host. text_tables.cpp wrote what is expected.

#include <hat/deploy/embedded_text.hpp>

#include <cstddef>
#include <cstdio>
#include <span>
#include <string_view>

namespace {

struct Case {
    const char* line;
    int bytes;
    int ids[64];   // behind a 0
    int count;     // 0 where the network is not asked
    int said[64];  // likewise, as many and eos
    const char* text;
    int text_bytes;
};

#include "text_cases.inc"

hat::deploy::StaticTextMemory<1024> memory;

bool is_equal(const hat::deploy::TextTables& tables, const Case& expected) {
    using hat::deploy::TextStatus;
    int ids[64];
    char text[1024];
    const std::string_view line(expected.line, static_cast<std::size_t>(expected.bytes));
    const std::string_view says(expected.text, static_cast<std::size_t>(expected.text_bytes));
    const auto read = encode_line(tables, line, memory, ids, 64);
    if (read.count != expected.count) return false;
    for (int i = 0; i < read.count; ++i)
        if (ids[i] != expected.ids[i + 1]) return false;
    if (read.status == TextStatus::as_it_is) return says == line;
    const auto written =
        decode_line(tables, read, memory,
                    {expected.said + 1, static_cast<std::size_t>(expected.count + 1)}, text, 1024);
    return says == std::string_view(text, static_cast<std::size_t>(written.count));
}

int differences(const hat::deploy::TextTables& tables, std::span<const Case> cases) {
    int count = 0;
    for (const Case& expected : cases)
        if (!is_equal(tables, expected)) ++count;
    return count;
}

}  // namespace

int main() {
    std::printf("%d unigram lines differ, %d bpe\n", differences(unigram::tables, unigram::cases),
                differences(bpe::tables, bpe::cases));
}
