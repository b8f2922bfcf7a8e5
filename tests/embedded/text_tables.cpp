// SPDX-License-Identifier: Apache-2.0
//
// Writes what text.cpp includes: the tables of two models, lines, and what the host makes of them.

#include <hat/data/line_codec.hpp>
#include <hat/data/text_codec.hpp>
#include <hat/deploy/text_tables_source.hpp>

#include "support/subword_samples.hpp"

#include <cstddef>
#include <cstdio>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using hat::data::Subword;
using hat::data::TextRules;

constexpr int most_tokens = 60;

/// Bytes as C++ has them.
std::string literal(std::string_view bytes) {
    std::string text = "\"";
    for (const char c : bytes) {
        char octal[8];
        std::snprintf(octal, sizeof octal, "\\%03o", static_cast<unsigned>(c) & 0xFFU);
        text += octal;
    }
    return text + '"';
}

std::string numbers(const std::vector<int>& ids) {
    std::string text = "{0";
    for (const int id : ids) text += ',' + std::to_string(id);
    return text + '}';
}

/// `Case`s: lines, their tokens, what a network might say of them, and the text of that.
std::string cases(Subword subword, const TextRules& rules) {
    const int size = subword.size();
    const hat::data::TextCodec codec(std::move(subword), rules);
    const hat::data::LineCodec lines(codec, {.most_tokens = most_tokens});
    std::string text = "inline constexpr Case cases[] = {\n";
    int next = 0;
    for (const std::string& line : hat::support::awkward_lines(150, 5, true)) {
        const hat::data::SourceLine source = lines.encode(line);
        if (source.parts.size() != 1) continue;  // blank, or too long
        const std::vector<int>& ids = source.parts.front().tokens;
        std::vector<int> said = ids;
        for (int& id : said) id = next = (next * 31 + id + 7) % size;
        said.push_back(codec.special().eos);
        const std::string says =
            lines.decode(source, [&](std::size_t) { return std::span<const int>(said); });
        text += '{' + literal(line) + ',' + std::to_string(line.size()) + ',' + numbers(ids) + ',' +
                std::to_string(ids.size()) + ',' + numbers(said) + ',' + literal(says) + ',' +
                std::to_string(says.size()) + "},\n";
    }
    return text + "};\n";
}

std::string tables(const char* space, const char* type, bool has_bytes) {
    const TextRules rules{.normalize = hat::data::NormalForm::nfc, .stand_ins = true};
    hat::support::TrainerOptions options{{"model_type", type},
                                         {"user_defined_symbols", "fox,aab"},
                                         {"normalization_rule_name", "identity"},
                                         {"remove_extra_whitespaces", "false"}};
    if (has_bytes) options.insert({{"byte_fallback", "true"}, {"vocab_size", "420"}});
    Subword subword = hat::support::trained_subword(options);
    const auto owned = hat::deploy::make_text_tables(subword.bytes(), subword.special(), rules,
                                                     most_tokens, space);
    return text_tables_source(owned, space) + "namespace " + space + " {\n" +
           cases(std::move(subword), rules) + "}\n";
}

}  // namespace

int main(int /*count*/, char** arguments) {
    std::ofstream(arguments[1]) << tables("unigram", "unigram", false)
                                << tables("bpe", "bpe", true);
}
