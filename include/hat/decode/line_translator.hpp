// SPDX-License-Identifier: Apache-2.0
// Needs: SentencePiece, nlohmann-json, utf8proc, RE2, xxHash
#pragma once

#include <hat/config.hpp>
#include <hat/core/error.hpp>
#include <hat/core/random.hpp>
#include <hat/core/threads.hpp>
#include <hat/data/line_codec.hpp>
#include <hat/data/shortlist.hpp>
#include <hat/data/white_space.hpp>
#include <hat/decode/any_translator.hpp>
#include <hat/decode/deadline.hpp>
#include <hat/decode/deadline_ladder.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/sampling.hpp>
#include <hat/decode/served_model.hpp>
#include <hat/decode/shortlisted_outputs.hpp>
#include <hat/decode/word_links.hpp>
#include <hat/io/model_directory.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
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

struct LineTranslatorOptions {
    SearchOptions search{};
    int threads = 0;  ///< 0: all cores
    int batch_sentences = 32;
    data::UnknownPolicy unknown = data::UnknownPolicy::copy;
    data::LostStrings lost = data::LostStrings::append;
    /// A line with more tokens is cut into parts; 0: only what the network cannot read. Nothing: as
    /// the model's training says.
    std::optional<int> split_over{};
    /// What the network is served in. Nothing: as its architecture says, or what its matrices are
    /// stored in.
    std::optional<WeightKind> weights{};
    /// The directory, of data or a model, that has the shortlist to use; empty: the model itself.
    /// Nothing: the model's if its architecture has lists; else translations may have any token.
    std::optional<std::string> shortlist{};
    bool all_tokens = false;   ///< whatever the architecture says; draws may always have any token
    bool word_scores = false;  ///< whether translations have them
    /// The decoder layer whose attention says which words translations stand for, from 0; −1: the
    /// last but one, which knows it best (arXiv:1909.02074). Without one, they do not say it.
    std::optional<int> alignment_layer{};
    /// If there, translations are drawn at random instead of searched for. What is drawn for a line
    /// follows from the seed and from how many lines were translated before it.
    std::optional<SamplingOptions> sampling{};
    /// If there, each line is translated by itself, with a sub-network of the model that is to
    /// have it done in time.
    std::optional<DeadlineOptions> deadline{};
};

/// Throws  `Error` naming the first option that is out of range, or goes with no other.
inline void validate(const LineTranslatorOptions& options) {
    validate(options.search);
    if (options.sampling) validate(*options.sampling);
    if (options.deadline) validate(*options.deadline);
    if (options.word_scores && options.search.beam == 1 && !options.search.scores &&
        !options.sampling)
        fail("translator: scores of words need a search that has scores");
}

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
                  .split_over = options.split_over ? *options.split_over : split_over(),
                  .part_tokens = part_tokens(),
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

    /// Tokens of a line that is translated in one piece, at most.
    [[nodiscard]] int whole_tokens() const noexcept { return codec_.whole_tokens(); }
    /// Tokens of a line that the network can read in one piece, at most.
    [[nodiscard]] int most_tokens() const noexcept { return translator().max_source_length() - 1; }

    /// Precondition: `line` is UTF-8.
    [[nodiscard]] data::SourceLine encode(std::string_view line) const {
        return codec_.encode(line);
    }

    /// Tokens that the lists of what was translated so far have on average; nothing without lists.
    [[nodiscard]] std::optional<double> mean_listed() const {
        if (model_.shortlist() == nullptr) return {};
        const auto lists = static_cast<double>(std::max<std::int64_t>(listed_.lists, 1));
        return static_cast<double>(listed_.tokens) / lists;
    }

    /// Whether the network has anything to translate in a line.
    [[nodiscard]] static bool has_text(const data::SourceLine& line) { return asked(line) > 0; }

    /// The tokens of what the translation of a line is to begin with.
    ///
    /// Precondition: `prefix` is UTF-8.
    ///
    /// Throws  `Error` if that cannot be the beginning of a translation
    [[nodiscard]] std::vector<int> encode_prefix(std::string_view prefix,
                                                 const data::SourceLine& line) const {
        std::vector<int> tokens = codec_.encode_prefix(prefix);
        if (asked(line) == 0) return tokens;
        const int most = translator().max_target_length(options_.search, tokens_of_part(line, 0));
        if (std::ssize(tokens) > most)
            fail("what a translation begins with has ", tokens.size(), " tokens, expected at most ",
                 most, ", as translations may have");
        return tokens;
    }

    /// The `n_best` best translations of each line, or as many as there are; at least one. Drawn
    /// ones come in the order in which they were drawn. `prefixes` are, line by line, what
    /// translations begin with, the first part's if a line has several; none: all are free.
    [[nodiscard]] std::vector<std::vector<LineTranslation>>
    translate(std::span<const data::SourceLine> lines, int n_best = 1,
              std::span<const std::vector<int>> prefixes = {}) {
        HAT_ASSERT(prefixes.empty() || prefixes.size() == lines.size());
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
        sources_.clear();
        Sentences targets;
        for (const data::TokenPair& pair : pairs) {
            sources_.append(pair.source);
            targets.append(pair.target);
        }
        io::of_model(model_.directory(), [&] {
            translator().score(sources_.view(), targets.view(), options_.search, pool_, results_,
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
    /// Token lists, one after the other.
    struct Sentences {
        void clear() {
            tokens.clear();
            offsets.assign(1, 0);
        }
        void append(std::span<const int> sentence) {
            tokens.insert(tokens.end(), sentence.begin(), sentence.end());
            offsets.push_back(static_cast<int>(tokens.size()));
        }
        [[nodiscard]] Sources view() const noexcept {
            return {tokens, Ragged(offsets.data(), static_cast<int>(offsets.size()) - 1)};
        }

        std::vector<int> tokens;
        std::vector<int> offsets{0};
    };

    [[nodiscard]] std::vector<std::vector<LineTranslation>>
    translate_with(AnyTranslator& translator, std::span<const data::SourceLine> lines, int n_best,
                   std::span<const std::vector<int>> prefixes) {
        const int draws = options_.sampling ? n_best : 1;
        gather(lines, prefixes, draws);
        const ListCounts before = translator.list_counts();
        io::of_model(model_.directory(), [&] {
            translator.translate(sources_.view(), options_.search, pool_, results_,
                                 options_.batch_sentences,
                                 {.prefixes = prefixes_.view(),
                                  .sampling = options_.sampling ? &*options_.sampling : nullptr,
                                  .keys = keys_});
        });
        listed_ += translator.list_counts() - before;
        put_together(draws);
        lines_before_ += lines.size();
        std::vector<std::vector<LineTranslation>> translations;
        std::size_t first = 0;
        for (const data::SourceLine& line : lines) {
            auto& of_line = translations.emplace_back();
            for (std::size_t k = 0; k < hypotheses_of(line, first, n_best); ++k)
                of_line.push_back(translation(line, first, k));
            first += asked(line);
        }
        if (options_.alignment_layer) align(translator, lines, translations);
        if (!options_.sampling) sort_by_score(lines, translations);
        return translations;
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

    /// Half of what a translation may have, so that those of the parts of a line are not cut; but
    /// sentences do not become crumbs where little is allowed.
    [[nodiscard]] int part_tokens() const noexcept {
        constexpr int least = 32;
        return std::max(least, translator().max_target_length(options_.search, most_tokens()) / 2);
    }

    /// As many tokens as the longest sentence of the training has: of a longer line, the network
    /// says a part. 0 if the model does not tell.
    [[nodiscard]] int split_over() const {
        const std::optional<int> longest = model_.longest_source();
        return longest ? std::max(*longest, part_tokens()) : 0;
    }

    /// Parts that the network is asked for.
    [[nodiscard]] static std::size_t asked(const data::SourceLine& line) {
        return static_cast<std::size_t>(
            std::count_if(line.parts.begin(), line.parts.end(),
                          [](const data::SourcePart& part) { return !part.tokens.empty(); }));
    }

    /// Makes the sentences of some lines, each `draws` times, with keys of their own.
    void gather(std::span<const data::SourceLine> lines, std::span<const std::vector<int>> prefixes,
                int draws) {
        sources_.clear();
        prefixes_.clear();
        keys_.clear();
        const RandomKey seed(options_.sampling ? options_.sampling->seed : 0);
        for (std::size_t l = 0; l < lines.size(); ++l) {
            std::uint64_t part = 0;
            for (const data::SourcePart& source : lines[l].parts) {
                if (source.tokens.empty()) continue;
                for (int draw = 0; draw < draws; ++draw) {
                    sources_.append(source.tokens);
                    if (!prefixes.empty())
                        prefixes_.append(part == 0 ? std::span<const int>(prefixes[l])
                                                   : std::span<const int>());
                    if (options_.sampling)
                        keys_.push_back(seed.split(lines_before_ + l)
                                            .split(part)
                                            .split(static_cast<std::uint64_t>(draw)));
                }
                ++part;
            }
        }
    }
    /// Of each sentence that was translated several times: its translations together.
    void put_together(int draws) {
        if (draws == 1) return;
        const auto n = static_cast<std::size_t>(draws);
        for (std::size_t i = 0; i < results_.size() / n; ++i) {
            Hypotheses all;
            for (std::size_t k = 0; k < n; ++k)
                all.push_back(std::move(results_[i * n + k].front()));
            results_[i] = std::move(all);
        }
        results_.resize(results_.size() / n);
    }

    /// How many translations a line has; `first` is its first result.
    [[nodiscard]] std::size_t hypotheses_of(const data::SourceLine& line, std::size_t first,
                                            int n_best) const {
        std::size_t most = 1;
        for (std::size_t i = first; i < first + asked(line); ++i)
            most = std::max(most, results_[i].size());
        return std::min(most, static_cast<std::size_t>(n_best));
    }

    /// Tokens of the i-th part that the network was asked for.
    [[nodiscard]] static int tokens_of_part(const data::SourceLine& line, std::size_t i) {
        for (const data::SourcePart& part : line.parts)
            if (!part.tokens.empty() && i-- == 0) return static_cast<int>(part.tokens.size());
        return 0;
    }

    /// The k-th best of a part, or its last.
    [[nodiscard]] const Hypothesis& found(std::size_t part, std::size_t k) const {
        return results_[part][std::min(k, results_[part].size() - 1)];
    }
    /// Of the parts from `first` on.
    [[nodiscard]] auto tokens_of(std::size_t first, std::size_t k) const {
        return [this, first, k](std::size_t i) -> std::span<const int> {
            return found(first + i, k).tokens;
        };
    }

    /// The k-th best: of each part its own, or its last. The score is that of all tokens together.
    [[nodiscard]] LineTranslation translation(const data::SourceLine& line, std::size_t first,
                                              std::size_t k) const {
        const auto hypothesis = [&](std::size_t i) -> const Hypothesis& {
            return found(first + i, k);
        };
        const auto tokens = tokens_of(first, k);
        LineTranslation translation;
        translation.text = codec_.decode(line, tokens, &translation.placeholders);
        const std::size_t count = asked(line);
        float sum = 0;
        std::size_t length = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const int source_length = tokens_of_part(line, i);
            if (translator().is_cut(options_.search, source_length, hypothesis(i).tokens))
                translation.is_cut = true;
            for (const float score : hypothesis(i).positional_scores) sum += score;
            length += hypothesis(i).tokens.size();
        }
        if (count > 0)
            translation.score =
                count == 1 ? hypothesis(0).score : final_score(sum, length, options_.search);
        if (options_.word_scores)
            translation.word_scores =
                word_scores(translation.text, codec_.words_of_targets(line, tokens),
                            [&](std::size_t i) { return hypothesis(i).positional_scores; });
        return translation;
    }

    /// `words` are those of the tokens of each part that was asked for, `scores(i)` their
    /// log-probabilities.
    template <class Scores>
    [[nodiscard]] static std::vector<float> word_scores(const std::string& text,
                                                        const std::vector<std::vector<int>>& words,
                                                        const Scores& scores) {
        std::vector<float> of_words(static_cast<std::size_t>(data::count_words(text)),
                                    std::numeric_limits<float>::quiet_NaN());
        for (std::size_t i = 0; i < words.size(); ++i) {
            const std::vector<float>& of_tokens = scores(i);
            for (std::size_t t = 0; t < words[i].size(); ++t) {
                if (static_cast<std::size_t>(words[i][t]) >= of_words.size()) continue;
                float& of_word = of_words[static_cast<std::size_t>(words[i][t])];
                of_word = std::isnan(of_word) ? of_tokens[t] : of_word + of_tokens[t];
            }
        }
        return of_words;
    }

    /// Best first. The k-th translations of all parts make one together, and divided by all their
    /// tokens, the scores need not fall with k.
    static void sort_by_score(std::span<const data::SourceLine> lines,
                              std::vector<std::vector<LineTranslation>>& translations) {
        for (std::size_t l = 0; l < lines.size(); ++l)
            if (asked(lines[l]) > 1)
                std::stable_sort(translations[l].begin(), translations[l].end(),
                                 [](const LineTranslation& a, const LineTranslation& b) {
                                     return a.score > b.score;
                                 });
    }

    /// Tells of translations that were found which words they stand for.
    void align(AnyTranslator& translator, std::span<const data::SourceLine> lines,
               std::vector<std::vector<LineTranslation>>& translations) {
        Sentences sources;
        Sentences targets;
        const auto for_parts = [&](const auto& visit) {
            std::size_t first = 0;
            for (std::size_t l = 0; l < lines.size(); ++l) {
                for (std::size_t k = 0; k < translations[l].size(); ++k) visit(l, first, k);
                first += asked(lines[l]);
            }
        };
        for_parts([&](std::size_t line, std::size_t first, std::size_t k) {
            std::size_t part = first;
            for (const data::SourcePart& source : lines[line].parts) {
                if (source.tokens.empty()) continue;
                sources.append(source.tokens);
                targets.append(found(part++, k).tokens);
            }
        });
        const int layer = alignment_layer(translator);
        const auto attention = io::of_model(model_.directory(), [&] {
            return translator.attention(sources.view(), targets.view(), layer, pool_,
                                        options_.batch_sentences);
        });
        std::size_t next = 0;
        for_parts([&](std::size_t line, std::size_t first, std::size_t k) {
            const auto of_source = codec_.words_of_sources(lines[line]);
            const auto of_target = codec_.words_of_targets(lines[line], tokens_of(first, k));
            auto& alignment = translations[line][k].alignment;
            for (std::size_t i = 0; i < of_source.size(); ++i) {
                const auto links = word_links(attention[next++], of_source[i], of_target[i]);
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
    Sentences sources_;
    Sentences prefixes_;
    std::vector<RandomKey> keys_;
    std::uint64_t lines_before_ = 0;
    std::vector<Hypotheses> results_;  ///< of each part that the network was asked for
};

}  // namespace hat::decode
