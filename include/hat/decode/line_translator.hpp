// SPDX-License-Identifier: Apache-2.0
// Needs: SentencePiece, nlohmann-json, utf8proc, RE2, xxHash
#pragma once

#include <hat/config.hpp>
#include <hat/core/error.hpp>
#include <hat/core/threads.hpp>
#include <hat/data/line_codec.hpp>
#include <hat/data/white_space.hpp>
#include <hat/decode/any_translator.hpp>
#include <hat/decode/deadline.hpp>
#include <hat/decode/deadline_ladder.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/line_hypothesis.hpp>
#include <hat/decode/line_parts.hpp>
#include <hat/decode/line_translator_options.hpp>
#include <hat/decode/owned_sources.hpp>
#include <hat/decode/served_model.hpp>
#include <hat/decode/shortlisted_outputs.hpp>
#include <hat/decode/word_links.hpp>
#include <hat/decode/word_scores.hpp>
#include <hat/io/model_directory.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hat::decode {

/// A translation of a line.
struct LineTranslation {
    std::string text;
    std::optional<float> score{};            ///< as a `Hypothesis` has it, if the network was asked
    bool is_cut = false;                     ///< of a part of it: for being as long as it may be
    data::PlaceholderCounts placeholders{};  ///< what became of protected strings
    /// Of each word of the text, as white space tells words apart, if asked for: the sum of the
    /// log-probabilities of its tokens; not a number where the network did not say it.
    std::vector<float> word_scores{};
    /// Which words of the line its words stand for, if asked for.
    std::vector<WordLink> alignment{};
};

/// A model directory, ready to translate lines of text.
///
///     auto model = hat::io::ModelDirectory::open_to_serve("run/model");
///     hat::decode::LineTranslator translator(std::move(model), {});
///     const std::vector lines{translator.encode("Save the file.")};
///     std::puts(translator.translate(lines)[0][0].text.c_str());
///
/// An object serves one thread at a time; it translates with as many as its options say.
class LineTranslator {
public:
    /// A copy of packed weights that the model has is served as it lies; `open_to_serve` a
    /// directory for that (see io/packed_copy.hpp).
    ///
    /// Throws  `Error` as `validate`, or if the model is no translator or damaged, the shortlist is
    ///         not there, the deadline has a network that is no part of the model, or a network
    ///         lacks the layer that is to tell alignments
    LineTranslator(io::ModelDirectory directory, const LineTranslatorOptions& options)
        : options_(validated(options)),
          model_(std::move(directory), options.weights, options.shortlist,
                 options.all_tokens || options.sampling.has_value()),
          codec_(model_.text(),
                 {.most_tokens = most_tokens(),
                  .split_over = options.split_over ? *options.split_over
                                                   : model_.network().split_over(options.search),
                  .part_tokens = model_.network().part_tokens(options.search),
                  .unknown = options.unknown,
                  .lost = options.lost}),
          pool_(options.threads) {
        if (options.alignment_layer) translator().check_attends(alignment_layer(translator()));
        if (options.deadline) use_deadline(*options.deadline);
    }

    LineTranslator(const LineTranslator&) = delete;  // its parts refer to each other
    LineTranslator& operator=(const LineTranslator&) = delete;

    /// Why the copy of packed weights that the model has is not served; empty if nothing is wrong.
    [[nodiscard]] const std::string& note() const noexcept { return model_.note(); }

    /// What the network is served in.
    [[nodiscard]] WeightKind weights() const noexcept { return translator().kind(); }
    /// Tokens of a translation of a line of so many, eos in both, at most.
    [[nodiscard]] int most_target_tokens(int source_tokens) const noexcept {
        return 1 + translator().max_target_length(options_.search, source_tokens);
    }
    /// Tokens of a line that is translated in one piece, at most.
    [[nodiscard]] int whole_tokens() const noexcept { return codec_.whole_tokens(); }
    /// Tokens of a line that the network can read in one piece, at most.
    [[nodiscard]] int most_tokens() const noexcept { return model_.network().most_tokens(); }

    /// Precondition: `line` is UTF-8.
    [[nodiscard]] data::SourceLine encode(std::string_view line) const {
        return codec_.encode(line);
    }

    /// Null if sentences have no lists.
    [[nodiscard]] const data::Shortlist* shortlist() const noexcept { return model_.shortlist(); }

    /// Tokens that the lists of what was translated so far have on average; nothing without lists.
    [[nodiscard]] std::optional<double> mean_listed() const {
        if (model_.shortlist() == nullptr) return {};
        const auto lists = static_cast<double>(std::max<std::int64_t>(listed_.lists, 1));
        return static_cast<double>(listed_.tokens) / lists;
    }

    /// Whether the network has anything to translate in a line.
    [[nodiscard]] static bool has_text(const data::SourceLine& line) {
        return count_asked(line) > 0;
    }

    /// The tokens of what the translation of a line is to begin with.
    ///
    /// Precondition: `prefix` is UTF-8.
    ///
    /// Throws  `Error` if that cannot be the beginning of a translation
    [[nodiscard]] std::vector<int> encode_prefix(std::string_view prefix,
                                                 const data::SourceLine& line) const {
        std::vector<int> tokens = codec_.encode_prefix(prefix);
        const auto parts = asked_parts(line);
        if (parts.empty()) return tokens;
        const int most =
            translator().max_target_length(options_.search, static_cast<int>(parts.front().size()));
        if (std::ssize(tokens) > most)
            fail("what a translation begins with has ", tokens.size(), " tokens, expected at most ",
                 most, ", as translations may have");
        return tokens;
    }

    /// The `n_best` best translations of each line, or as many as there are; at least one. Drawn
    /// ones come in the order in which they were drawn. `prefixes` are, line by line, what
    /// translations begin with, the first part's if a line has several; none: all are free.
    ///
    /// Throws  `Error` if n_best is not at least 1, or a line or prefix cannot be translated
    [[nodiscard]] std::vector<std::vector<LineTranslation>>
    translate(std::span<const data::SourceLine> lines, int n_best = 1,
              std::span<const std::vector<int>> prefixes = {}) {
        HAT_ASSERT(prefixes.empty() || prefixes.size() == lines.size());
        if (n_best < 1) fail("translator: n_best = ", n_best, ", expected 1 or more");
        if (!ladder_) return translate_with(translator(), lines, n_best, prefixes);
        std::vector<std::vector<LineTranslation>> translations;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const auto of_line = [&](AnyTranslator& translator) {
                return translate_with(translator, lines.subspan(i, 1), n_best,
                                      prefixes.empty() ? prefixes : prefixes.subspan(i, 1));
            };
            auto found =
                has_text(lines[i]) ? ladder_->run(lines[i].tokens, of_line) : of_line(translator());
            translations.push_back(std::move(found.front()));
        }
        return translations;
    }

    /// A source and a target to score, as the network reads them.
    [[nodiscard]] data::TokenPair encode_pair(const std::string& source,
                                              const std::string& target) const {
        return codec_.encode_pair(source, target);
    }
    /// Whether the network has positions for all of a pair.
    [[nodiscard]] bool fits(const data::TokenPair& pair) const noexcept {
        return std::ssize(pair.source) <= translator().max_source_length() &&
               std::ssize(pair.target) <= translator().max_target_length();
    }
    /// The scores of pairs that fit, as `translate` gives them to what it finds.
    [[nodiscard]] std::vector<float> score(std::span<const data::TokenPair> pairs) {
        OwnedSources sources;
        OwnedSources targets;
        for (const data::TokenPair& pair : pairs) {
            sources.push_back(pair.source);
            targets.push_back(pair.target);
        }
        io::of_model(model_.directory(), [&] {
            translator().score(sources.view(), targets.view(), options_.search, pool_, results_,
                               options_.batch_sentences);
        });
        std::vector<float> scores;
        for (const Hypotheses& of_pair : results_) scores.push_back(of_pair.front().score);
        return scores;
    }

    /// The deadline that lines have, and how they kept it; null if they have none.
    [[nodiscard]] const Deadline* deadline() const noexcept {
        return ladder_ ? &ladder_->deadline() : nullptr;
    }

private:
    [[nodiscard]] std::vector<std::vector<LineTranslation>>
    translate_with(AnyTranslator& translator, std::span<const data::SourceLine> lines, int n_best,
                   std::span<const std::vector<int>> prefixes) {
        const int draws = options_.sampling ? n_best : 1;
        parts_.gather(lines, prefixes, options_.sampling, draws, lines_before_);
        const ListCounts before = translator.list_counts();
        io::of_model(model_.directory(), [&] {
            translator.translate(parts_.sources(), options_.search, pool_, results_,
                                 options_.batch_sentences, parts_.guidance(options_.sampling));
        });
        listed_ += translator.list_counts() - before;
        put_draws_together(results_, draws);
        lines_before_ += lines.size();
        std::vector<std::vector<LineTranslation>> translations;
        std::span<const Hypotheses> rest(results_);
        for (const data::SourceLine& line : lines) {
            const auto parts = next_parts(rest, line);
            const auto count = LineHypothesis::count(parts, static_cast<std::size_t>(n_best));
            auto& of_line = translations.emplace_back();
            for (std::size_t k = 0; k < count; ++k)
                of_line.push_back(translation(line, LineHypothesis(parts, k)));
        }
        if (options_.alignment_layer) align(translator, lines, translations);
        if (!options_.sampling) sort_by_score(lines, translations);
        return translations;
    }

    /// Takes what was found for the parts of a line from the front of `rest`.
    [[nodiscard]] static std::span<const Hypotheses> next_parts(std::span<const Hypotheses>& rest,
                                                                const data::SourceLine& line) {
        const auto parts = rest.first(count_asked(line));
        rest = rest.subspan(parts.size());
        return parts;
    }

    [[nodiscard]] AnyTranslator& translator() noexcept { return model_.translator(); }
    [[nodiscard]] const AnyTranslator& translator() const noexcept { return model_.translator(); }

    [[nodiscard]] static const LineTranslatorOptions&
    validated(const LineTranslatorOptions& options) {
        validate(options);
        return options;
    }
    /// Precondition: alignments are asked for.
    [[nodiscard]] int alignment_layer(const AnyTranslator& translator) const noexcept {
        return *options_.alignment_layer >= 0 ? *options_.alignment_layer
                                              : std::max(translator.decoder_layers() - 2, 0);
    }

    void use_deadline(const DeadlineOptions& options) {
        ladder_.emplace(translator(), options);
        if (options_.alignment_layer)
            for (const AnyTranslator& rung : ladder_->translators())
                rung.check_attends(alignment_layer(rung));
        ladder_->practise(model_.text().source_size(),
                          model_.directory().config().special_tokens.eos, options_.search, pool_);
    }

    [[nodiscard]] LineTranslation translation(const data::SourceLine& line,
                                              const LineHypothesis& hypothesis) const {
        const auto tokens = [&](std::size_t part) { return hypothesis.tokens(part); };
        LineTranslation translation;
        translation.text = codec_.decode(line, tokens, &translation.placeholders);
        translation.score = hypothesis.score(options_.search);
        const auto sources = asked_parts(line);
        for (std::size_t part = 0; part < sources.size(); ++part)
            if (translator().is_cut(options_.search, static_cast<int>(sources[part].size()),
                                    tokens(part)))
                translation.is_cut = true;
        if (options_.word_scores)
            translation.word_scores =
                word_scores(static_cast<std::size_t>(data::count_words(translation.text)),
                            codec_.words_of_targets(line, tokens),
                            [&](std::size_t part) -> std::span<const float> {
                                return hypothesis[part].positional_scores;
                            });
        return translation;
    }

    /// Best first. The k-th translations of all parts make one together, and divided by all their
    /// tokens, the scores need not fall with k.
    static void sort_by_score(std::span<const data::SourceLine> lines,
                              std::vector<std::vector<LineTranslation>>& translations) {
        for (std::size_t l = 0; l < lines.size(); ++l)
            if (count_asked(lines[l]) > 1)
                std::stable_sort(translations[l].begin(), translations[l].end(),
                                 [](const LineTranslation& a, const LineTranslation& b) {
                                     return a.score > b.score;
                                 });
    }

    /// Tells of translations that were found which words they stand for.
    void align(AnyTranslator& translator, std::span<const data::SourceLine> lines,
               std::vector<std::vector<LineTranslation>>& translations) {
        const auto for_each = [&](const auto& visit) {
            std::span<const Hypotheses> rest(results_);
            for (std::size_t l = 0; l < lines.size(); ++l) {
                const auto parts = next_parts(rest, lines[l]);
                for (std::size_t k = 0; k < translations[l].size(); ++k)
                    visit(lines[l], LineHypothesis(parts, k), translations[l][k]);
            }
        };
        OwnedSources sources;
        OwnedSources targets;
        for_each([&](const data::SourceLine& line, const LineHypothesis& hypothesis, auto&) {
            for (const auto source : asked_parts(line)) sources.push_back(source);
            for (std::size_t part = 0; part < hypothesis.parts(); ++part)
                targets.push_back(hypothesis.tokens(part));
        });
        const int layer = alignment_layer(translator);
        const auto attention = io::of_model(model_.directory(), [&] {
            return translator.attention(sources.view(), targets.view(), layer, pool_,
                                        options_.batch_sentences);
        });
        std::size_t next = 0;
        for_each([&](const data::SourceLine& line, const LineHypothesis& hypothesis,
                     LineTranslation& translation) {
            const auto of_source = codec_.words_of_sources(line);
            const auto of_target = codec_.words_of_targets(
                line, [&](std::size_t part) { return hypothesis.tokens(part); });
            auto& alignment = translation.alignment;
            for (std::size_t part = 0; part < of_source.size(); ++part) {
                const auto links = word_links(attention[next++], of_source[part], of_target[part]);
                alignment.insert(alignment.end(), links.begin(), links.end());
            }
        });
    }

    LineTranslatorOptions options_;
    ServedModel model_;
    data::LineCodec codec_;
    ThreadPool pool_;
    std::optional<DeadlineLadder> ladder_;
    ListCounts listed_;
    LineParts parts_;
    std::uint64_t lines_before_ = 0;
    std::vector<Hypotheses> results_;  ///< of each part that the network was asked for
};

}  // namespace hat::decode
