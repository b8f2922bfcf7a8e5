// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/line_sample.hpp>
#include <hat/data/spooled_text.hpp>
#include <hat/data/subword.hpp>
#include <hat/data/subword_trainer.hpp>
#include <hat/data/text_codec.hpp>
#include <hat/data/text_rules.hpp>
#include <hat/data/text_sample.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/text_file.hpp>

#include "flags.hpp"
#include "prepare_resources.hpp"
#include "protection.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

/// How `hat prepare` treats text and comes by its subword model.
namespace hat::program {

/// What pieces are learned from at most, so that it takes less than a gigabyte.
inline constexpr std::int64_t most_sample_bytes = std::int64_t{32} << 20U;

enum class ByteFallback { on, off, automatic };

inline const std::map<std::string, data::SubwordModel> subword_models{
    {"unigram", data::SubwordModel::unigram}, {"bpe", data::SubwordModel::bpe}};
inline const std::map<std::string, data::NormalForm> normal_forms{
    {"nfc", data::NormalForm::nfc},
    {"nfkc", data::NormalForm::nfkc},
    {"identity", data::NormalForm::identity}};
inline const std::map<std::string, ByteFallback> byte_fallbacks{
    {"on", ByteFallback::on}, {"off", ByteFallback::off}, {"auto", ByteFallback::automatic}};

struct VocabularyFlags {
    std::string subword;  ///< a SentencePiece model to use instead of training one
    int vocab_size = 8000;
    data::SubwordModel model = data::SubwordModel::unigram;
    data::NormalForm normalize = data::NormalForm::nfc;
    bool lowercase = false;
    ByteFallback byte_fallback = ByteFallback::automatic;
    double character_coverage = 0;  ///< 0: not given
    bool split_digits = false;
    std::vector<std::string> symbols;
    std::vector<std::string> protect;
    std::int64_t sample = 1'000'000;

    [[nodiscard]] data::TextRules rules() const {
        return {.normalize = normalize, .lowercase = lowercase, .protect = protect};
    }
};

inline void add_vocabulary_flags(CLI::App& command, VocabularyFlags& flags) {
    const NumberFlags number(command);
    CLI::Option* vocab_size =
        number("--vocab-size", flags.vocab_size, {.low = 8, .high = 1'000'000},
               "subword pieces, at most; both languages share them");
    CLI::Option* subword = command.add_option(
        "--subword", flags.subword,
        "use this SentencePiece model instead of training one, and the text.json beside it");
    const std::vector<CLI::Option*> of_training{
        add_choice(command, "--model", flags.model, subword_models, "kind of subword model"),
        add_choice(command, "--normalize", flags.normalize, normal_forms,
                   "write equal characters alike (nfc), also those of equal meaning (nfkc: ² as "
                   "2), or leave all as it is"),
        command.add_flag("--lowercase", flags.lowercase, "put all text in lower case"),
        add_choice(command, "--byte-fallback", flags.byte_fallback, byte_fallbacks,
                   "spell characters without a piece in bytes; auto: if the 256 bytes are at most "
                   "a tenth of the vocabulary"),
        number.without_default("--character-coverage", flags.character_coverage,
                               {.low = 0.98, .high = 1},
                               "share of the text's characters that have a piece [1; with bytes "
                               "0.9999, so that bytes are seen in training]"),
        command.add_flag("--split-digits", flags.split_digits, "every digit is a piece"),
        command.add_option("--symbols", flags.symbols, "kept whole; commas between")
            ->delimiter(',')
            ->type_name("TEXT,…")
            ->allow_extra_args(false),
        add_protect_flag(command, flags.protect),
        number("--sample", flags.sample, {.low = 1},
               "lines to learn pieces from, evenly spread over the text; 32 MB of it at most")};
    for (CLI::Option* option : of_training) {
        option->excludes(subword);
        option->group("Text and pieces");
    }
    vocab_size->excludes(subword);
    subword->group("Text and pieces");
}

/// A codec and its files, as data and models keep them.
struct Vocabulary {
    data::TextCodec codec;
    io::TextFiles files;
};

namespace detail {

/// The text.json beside a subword model; empty if there is none.
inline std::string rules_beside(const std::string& path) {
    const std::string rules = (std::filesystem::path(path).parent_path() / "text.json").string();
    return io::exists(rules) ? io::read_file(rules) : std::string();
}

inline data::TextRules read_rules_beside(const std::string& path) {
    const std::string json = rules_beside(path);
    return json.empty() ? data::TextRules{}
                        : data::text_rules_from_json(json, "the text.json beside " + path);
}

inline Vocabulary load_vocabulary(const std::string& path) {
    io::TextFiles files{{"subword.model", io::read_file(path)}};
    if (std::string rules = rules_beside(path); !rules.empty())
        files["text.json"] = std::move(rules);
    data::TextCodec codec(data::Subword::from_bytes(files["subword.model"], path),
                          read_rules_beside(path));
    return {std::move(codec), std::move(files)};
}

/// Learns from a text takes so many times its bytes, as was measured: SentencePiece's suffix
/// arrays, 20 bytes a character, and its copies of the text.
inline constexpr std::int64_t memory_of_learning = 28;
/// Of what else there is.
inline constexpr std::int64_t memory_beside_learning = std::int64_t{24} << 20U;

/// Throws  `Error` if learning from the sample takes more memory than is allowed
inline void check_sample(const data::TextSample& sample, const PrepareResources& resources) {
    const std::int64_t taken = memory_of_learning * sample.bytes + memory_beside_learning;
    if (taken <= resources.memory) return;
    const double share = static_cast<double>(resources.memory - memory_beside_learning) /
                         static_cast<double>(memory_of_learning * sample.bytes);
    const auto fitting =
        static_cast<std::int64_t>(share * static_cast<double>(sample.lines.size()));
    fail("--memory ", bytes_text(resources.memory), ": learning pieces from ", sample.lines.size(),
         " lines takes about ", bytes_text(taken), "; allow that, or learn from fewer: --sample ",
         fitting);
}

inline data::Subword train_vocabulary(const VocabularyFlags& flags, const data::LineSample& sample,
                                      const data::TextRules& rules, bool bytes) {
    data::SubwordOptions options{.vocab_size = flags.vocab_size,
                                 .model = flags.model,
                                 .character_coverage = flags.character_coverage,
                                 .byte_fallback = bytes,
                                 .split_digits = flags.split_digits};
    if (flags.character_coverage == 0) options.character_coverage = bytes ? 0.9999 : 1.0;
    for (const std::string& symbol : flags.symbols)
        options.symbols.push_back(rules.to_model(rules.apply(symbol)));
    if (!rules.protect.empty())
        for (const std::string& symbol : data::Placeholders::symbols())
            options.symbols.push_back(symbol);
    return data::train_subword(sample, options);
}

}  // namespace detail

/// What is protected in the text: as the flag says, or the text.json beside the given model.
///
/// Throws  `Error` if that cannot be read
inline std::vector<std::string> protected_patterns(const VocabularyFlags& flags) {
    if (flags.subword.empty()) return flags.protect;
    return detail::read_rules_beside(flags.subword).protect;
}

/// The vocabulary that the flags ask for, learned from a sample of `text` if it is not there; says
/// on stderr what it is.
///
/// Throws  `Error` if it cannot be loaded or learned
inline Vocabulary make_vocabulary(const VocabularyFlags& flags, data::SpooledText& text,
                                  const PrepareResources& resources) {
    if (!flags.subword.empty()) {
        Vocabulary vocabulary = detail::load_vocabulary(flags.subword);
        if (!vocabulary.files.contains("text.json"))
            std::fprintf(stderr, "note: there is no text.json beside %s; the text stays as it is\n",
                         one_line(flags.subword).c_str());
        return vocabulary;
    }
    data::TextRules rules = flags.rules();
    rules.stand_ins = true;
    const data::TextSample drawn =
        data::sample_text(text, {.lines = flags.sample, .bytes = most_sample_bytes});
    detail::check_sample(drawn, resources);
    const data::LineSample sample({&drawn.lines}, flags.sample, rules);
    const bool automatic = flags.byte_fallback == ByteFallback::automatic;
    bool bytes = automatic ? data::has_room_for_bytes(flags.vocab_size)
                           : flags.byte_fallback == ByteFallback::on;
    data::Subword subword = detail::train_vocabulary(flags, sample, rules, bytes);
    if (automatic && bytes && !data::has_room_for_bytes(subword.size())) {
        bytes = false;  // the text has few pieces
        subword = detail::train_vocabulary(flags, sample, rules, bytes);
    }
    const char* about_bytes = bytes       ? ", 256 of them bytes"
                              : automatic ? " (no bytes: 256 would be more than a tenth)"
                                          : "";
    std::string of;
    if (std::ssize(drawn.lines) < drawn.text_lines)
        of = " of " + std::to_string(drawn.text_lines) + " lines (" +
             (std::ssize(drawn.lines) == flags.sample ? "--sample" : "32 MB of text at most") + ")";
    std::fprintf(stderr, "vocabulary: %d pieces%s, learned from %zu%s\n", subword.size(),
                 about_bytes, drawn.lines.size(), of.empty() ? " lines" : of.c_str());
    if (subword.size() < flags.vocab_size)
        std::fprintf(stderr, "note: the text has no more pieces; --vocab-size %d is larger\n",
                     flags.vocab_size);
    io::TextFiles files{{"subword.model", subword.bytes()},
                        {"text.json", data::text_rules_to_json(rules)}};
    return {data::TextCodec(std::move(subword), std::move(rules)), std::move(files)};
}

}  // namespace hat::program
