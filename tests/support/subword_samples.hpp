// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Subword models to compare with SentencePiece on, trained or made by hand, and lines for them.

#include <hat/data/subword.hpp>
#include <hat/data/subword_trainer.hpp>

#include "support/subword_text.hpp"

#include <sentencepiece_trainer.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hat::support {

/// What SentencePiece's trainer is told beside its defaults here.
using TrainerOptions = std::unordered_map<std::string, std::string>;

/// Lines of Latin letters with accents, in both forms, Greek, Han, kana, Hangul, and digits.
inline std::vector<std::string> mixed_text() {
    std::vector<std::string> lines = subword_text;
    for (const char* line :
         {"Über die Brücke gehen fünf süße Füchse", "les élèves français étaient là où ça mène",
          "re\u0301sume\u0301 na\u00EFve co\u0302te\u0301", "η αλεπού τρέχει γρήγορα",
          "東京の狐は速い 犬は眠い", "빠른 여우가 게으른 개를 넘는다", "2024 2025 10 000 3.14 42",
          "aaaa aaa aa a aaaaa bbbb abab ababab", "foxes, dogs; (and) \"cats\" - all!",
          "x² ½ ﬁne ＡＢＣ ① ㌔"})
        lines.emplace_back(line);
    return lines;
}

/// A model of mixed text. Options are SentencePiece's, such as model_type, vocab_size,
/// normalization_rule_name; whatever their vocabulary, it has as many pieces as there are, at most.
inline data::Subword trained_subword(TrainerOptions options) {
    const std::vector<std::string> lines = mixed_text();
    data::detail::LineIterator<std::vector<std::string>> iterator(lines);
    for (const auto& [name, value] : TrainerOptions{{"vocab_size", "200"},
                                                    {"hard_vocab_limit", "false"},
                                                    {"character_coverage", "1.0"},
                                                    {"pad_id", "3"},
                                                    {"num_threads", "1"},
                                                    {"minloglevel", "3"}})
        options.emplace(name, value);
    std::string bytes;
    const auto status = sentencepiece::SentencePieceTrainer::Train(options, &iterator, &bytes);
    if (!status.ok()) fail("trained_subword: ", status.ToString());
    return data::Subword::from_bytes(std::move(bytes));
}

/// The kinds of models there are, by what they are called in messages.
inline std::vector<std::pair<std::string, TrainerOptions>> kinds_of_subwords() {
    std::vector<std::pair<std::string, TrainerOptions>> kinds;
    for (const char* type : {"unigram", "bpe"}) {
        const auto add = [&](const std::string& name, TrainerOptions options) {
            options.emplace("model_type", type);
            kinds.emplace_back(std::string(type) + ", " + name, std::move(options));
        };
        add("nmt_nfkc", {{"normalization_rule_name", "nmt_nfkc"}});
        add("nfkc", {{"normalization_rule_name", "nfkc"}});
        add("identity", {{"normalization_rule_name", "identity"}});
        add("spaces kept",
            {{"normalization_rule_name", "identity"}, {"remove_extra_whitespaces", "false"}});
        add("nothing added", {{"add_dummy_prefix", "false"}});
        add("nothing added, spaces kept",
            {{"add_dummy_prefix", "false"}, {"remove_extra_whitespaces", "false"}});
        add("bytes", {{"byte_fallback", "true"},
                      {"vocab_size", "420"},
                      {"normalization_rule_name", "identity"},
                      {"remove_extra_whitespaces", "false"}});
        add("symbols", {{"user_defined_symbols", "fox,ox,aa,aab,\u27E60\u27E7,\uFF21"}});
        add("symbols and bytes, spaces kept", {{"user_defined_symbols", "fox,ab,aba,\u6771\u4EAC"},
                                               {"control_symbols", "<2de>,<2en>"},
                                               {"byte_fallback", "true"},
                                               {"vocab_size", "420"},
                                               {"remove_extra_whitespaces", "false"}});
        add("pieces across words", {{"split_by_whitespace", "false"}, {"vocab_size", "300"}});
        add("a mark", {{"unk_surface", "<?>"}, {"unk_id", "2"}, {"eos_id", "0"}});
    }
    return kinds;
}

/// Lines that are awkward: of words and letters of the text, repetitions, white space of all kinds,
/// marks, Hangul, emoji, characters with compatible forms, what SentencePiece reserves, zeros, and
/// unless `is_utf8` also bytes that are no UTF-8.
inline std::vector<std::string> awkward_lines(int count, unsigned seed, bool is_utf8 = false) {
    using namespace std::string_literals;
    std::vector<std::string> parts{" ",
                                   " ",
                                   "  ",
                                   "\t",
                                   "\r",
                                   "\0"s,
                                   "\u00A0",
                                   "\u3000",
                                   "\u200B",
                                   "\u2581",
                                   "\u2585",
                                   "\u2581\u2581",
                                   "a",
                                   "aa",
                                   "aaa",
                                   "aaaaaaaa",
                                   "ab",
                                   "abab",
                                   "b",
                                   "e",
                                   "n",
                                   "o",
                                   "fox",
                                   "ox",
                                   "the",
                                   " the",
                                   "\u0301",
                                   "\u0323",
                                   "\u0308\u0301",
                                   "\u00E9",
                                   "e\u0301",
                                   "\u1E69",
                                   "\u0344",
                                   "\u0958",
                                   "\uAC00",
                                   "\u1100\u1161",
                                   "\u11A8",
                                   "\u11A7",
                                   "\uD55C\uAE00",
                                   "\uAC00\u11A8",
                                   "\U0001F600",
                                   "\U0001F468\u200D\U0001F469",
                                   "\U0001F1E9\U0001F1EA",
                                   "\u2603\uFE0F",
                                   "\uFF21",
                                   "\uFB01",
                                   "\u00BD",
                                   "\u2460",
                                   "\uFDFA",
                                   "\u2026",
                                   "\u33D4",
                                   "\uFFFD",
                                   "\u27E60\u27E7",
                                   "\u6771\u4EAC",
                                   "\u72AC",
                                   "\u03B7",
                                   "\u0130",
                                   "\u00DF",
                                   "1",
                                   "42",
                                   ".",
                                   ",",
                                   "\"",
                                   "<unk>",
                                   "<s>",
                                   "</s>",
                                   "<0x41>",
                                   "<2de>",
                                   "\uFDD0",
                                   "\uFDD3",
                                   "\u0007",
                                   "\u00AD",
                                   "\u2028",
                                   "\uE000",
                                   "\u212B",
                                   "\u1D15E",
                                   "\U0001D15F",
                                   "\U0002F800"};
    if (!is_utf8)
        for (const char* bad : {"\x80", "\xFF", "\xC0\xAF", "\xE2\x96", "\xE2", "\xED\xA0\x80",
                                "\xF4\x90\x80\x80", "\xF0\x9F\x98", "\xC3"})
            parts.emplace_back(bad);
    std::mt19937 random(seed);
    const auto below = [&](std::size_t end) { return std::size_t{random()} % end; };
    const std::vector<std::string> text = mixed_text();
    std::vector<std::string> lines{"", " ", "\u2581", "\u2581\u2581 ", std::string(1, '\0')};
    while (lines.size() < static_cast<std::size_t>(count)) {
        std::string line;
        const std::size_t kind = below(8);
        if (kind == 0) {  // a line of the text, as it is
            line = text[below(text.size())];
        } else if (kind == 1 && !is_utf8) {  // any bytes
            for (std::size_t i = below(24); i > 0; --i) line += static_cast<char>(below(256));
        } else if (kind == 2) {  // two letters
            for (std::size_t i = below(60); i > 0; --i) line += "aab "[below(4)];
        } else {
            for (std::size_t i = below(16); i > 0; --i) {
                const std::string& of_text = text[below(text.size())];
                const std::size_t begin = below(of_text.size());
                const std::string cut = of_text.substr(begin, 1 + below(8));
                const bool is_whole = data::find_invalid_utf8(cut) == std::string::npos;
                line += below(3) == 0 && (is_whole || !is_utf8) ? cut : parts[below(parts.size())];
            }
        }
        lines.push_back(line);
    }
    return lines;
}

/// The wire format of protocol buffers, for models made by hand.
namespace wire {

inline std::string varint(std::uint64_t value) {
    std::string bytes;
    for (; value >= 0x80; value >>= 7U) bytes += static_cast<char>(0x80U | (value & 0x7FU));
    return bytes += static_cast<char>(value);
}
inline std::string number(std::uint64_t field, std::uint64_t value) {
    return varint(field << 3U) + varint(value);
}
inline std::string bytes(std::uint64_t field, std::string_view value) {
    return varint(field << 3U | 2U) + varint(value.size()) + std::string(value);
}
inline std::string float32(std::uint64_t field, float value) {
    std::string text = varint(field << 3U | 5U);
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (unsigned shift = 0; shift < 32; shift += 8)
        text += static_cast<char>(bits >> shift & 0xFFU);
    return text;
}

}  // namespace wire

/// Of a model made by hand.
enum PieceType { normal = 1, unknown = 2, control = 3, user = 4, unused = 5, byte = 6 };

inline std::string model_piece(std::string_view text, float score = 0, int type = normal) {
    return wire::bytes(1, wire::bytes(1, text) + wire::float32(2, score) +
                              wire::number(3, static_cast<std::uint64_t>(type)));
}

/// The pieces that every model needs: <unk>, <s>, </s>, <pad>.
inline std::string special_pieces() {
    return model_piece("<unk>", 0, unknown) + model_piece("<s>", 0, control) +
           model_piece("</s>", 0, control) + model_piece("<pad>", 0, control);
}

/// A model's bytes; `type` is 1 for unigram and 2 for BPE, `trainer` and `normalizer` are more
/// fields of their messages.
inline std::string model_bytes(const std::string& pieces, std::uint64_t type,
                               const std::string& trainer = {},
                               const std::string& normalizer = {}) {
    return pieces + wire::bytes(2, wire::number(3, type) + trainer) +
           wire::bytes(3, wire::bytes(1, "identity") + normalizer);
}

}  // namespace hat::support
