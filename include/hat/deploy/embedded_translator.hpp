// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/core/member.hpp>
#include <hat/deploy/embedded_text.hpp>
#include <hat/deploy/text_memory.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hat::deploy {

/// How a translation ended.
enum class TranslationStatus : std::uint8_t {
    done,
    too_long,              ///< the line has no room in the memory, or its translation in the output
    too_many_tokens,       ///< the line has more than the translator was made for
    not_utf8,              ///< the line is no UTF-8
    bad_token,             ///< a token is not in the vocabulary, or there are none
    translation_too_long,  ///< the search came to the end of its memory
    other_translations,    ///< of a test: they are not those that were expected
    other_weights,         ///< they are damaged, or those of another model
};

/// A status in words, or that it is none.
[[nodiscard]] constexpr const char* name(TranslationStatus status) noexcept {
    constexpr std::array names{"done",
                               "the line or its translation has no room",
                               "the line has too many tokens",
                               "the line is not UTF-8",
                               "a token is not in the vocabulary",
                               "the translation is too long",
                               "the translations are not those that were expected",
                               "the weights are damaged, or those of another model"};
    const auto index = static_cast<std::size_t>(status);
    return index < names.size() ? names[index] : "unknown status";
}

/// How a function ended that writes a translation, and how many bytes or tokens it wrote; 0 unless
/// the status is `done`.
struct [[nodiscard]] Translation {
    TranslationStatus status = TranslationStatus::done;
    std::size_t size = 0;

    friend constexpr bool operator==(const Translation&, const Translation&) = default;
};

/// The hash of translations that a test compares: FNV-1a of all their bytes, a line feed behind
/// each.
class TranslationHash {
public:
    constexpr void add(std::string_view translation) noexcept {
        for (const char c : translation) add(c);
        add('\n');
    }
    /// The hash of what was added so far.
    [[nodiscard]] constexpr std::uint64_t value() const noexcept { return value_; }

private:
    constexpr void add(char c) noexcept {
        value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    }

    std::uint64_t value_ = 0xCBF29CE484222325U;
};

namespace detail {

[[nodiscard]] constexpr TranslationStatus status_of(TextStatus status) noexcept {
    switch (status) {
    case TextStatus::too_long:
        return TranslationStatus::too_long;
    case TextStatus::too_many_tokens:
        return TranslationStatus::too_many_tokens;
    case TextStatus::not_utf8:
        return TranslationStatus::not_utf8;
    case TextStatus::bad_token:
        return TranslationStatus::bad_token;
    case TextStatus::done:
    case TextStatus::as_it_is:
        break;
    }
    return TranslationStatus::done;
}

}  // namespace detail

/// What `EmbeddedTranslator` asks of the network of a `Model`: that it translates a token at a
/// time, from weights that lie ready and in memory whose size is a constant.
template <class Network, class Model>
concept EmbeddedNetwork = requires(Network& network, std::span<const int> source) {
    { Network::working_memory(Model::limits).sum() } -> std::same_as<std::size_t>;
    network.start(source, Model::search);
    { network.step() } -> std::same_as<bool>;
    { network.hypotheses()[0].tokens.data() } -> std::convertible_to<const int*>;
    { network.hypotheses()[0].tokens.size() } -> std::same_as<std::size_t>;
    { Network::longest_target(Model::search, int()) } -> std::same_as<int>;
    { Network::multiply_adds_of_start(Model::limits) } -> std::same_as<std::int64_t>;
    { Network::multiply_adds_of_step(Model::limits) } -> std::same_as<std::int64_t>;
};

/// From a line of text to its translation on a device without system: no heap, no exceptions, no
/// files. Its text and its network are those of `hat translate` with the same weights and beam,
/// byte for byte; a line that would need more than the model's limits has a status instead.
///
/// `Model` tells all of a model in constants. `hat export` writes such a type:
///
///     struct Model {
///         static constexpr hat::model::Architecture architecture = …;
///         using Network = hat::decode::StaticTranslator<architecture, hat::nn::PackedInt8>;
///         static constexpr hat::SpecialTokens special{};
///         static constexpr hat::decode::TranslationLimits limits{.beam = 5};
///         static constexpr hat::decode::SearchOptions search{.beam = 5};
///         static constexpr int line_bytes = 512;  // of a line, as `StaticTextMemory` counts them
///         static constexpr const hat::deploy::TextTables& text = …;
///         static std::span<const std::byte> weights() noexcept;  // of model::pack_weights
///         static hat::deploy::PackedShortlist shortlist() noexcept;  // if sentences have lists
///         static constexpr std::string_view sentences[] = {…};   // for self_test
///         static constexpr std::uint64_t expected = …;  // `TranslationHash` of what they become
///         static bool has_its_weights() noexcept;  // for self_test, if there is something to ask
///         static constexpr bool weights_lie_apart = true;  // if they may be others than these
///     };
///     using Translator = hat::deploy::EmbeddedTranslator<Model>;
///     static Translator::Memory memory;
///     Translator translator(memory);
///     char text[512];
///     const auto [status, size] = translator.translate("Save the file.", text);
template <class Model>
class EmbeddedTranslator {
    using Network = typename Model::Network;
    static_assert(EmbeddedNetwork<Network, Model>,
                  "EmbeddedTranslator: the model's Network does not translate a token at a time");
    static constexpr auto parts = Network::working_memory(Model::limits);
    static constexpr bool has_lists = requires { Model::shortlist(); };
    static constexpr bool asks_first = requires { requires Model::weights_lie_apart; };
    [[nodiscard]] static auto lists_of_model() noexcept {
        if constexpr (has_lists)
            return Model::shortlist();
        else
            return Absent{};
    }

    static_assert(std::endian::native == std::endian::little,
                  "EmbeddedTranslator: weights have the lowest byte of a number first");
    static_assert(Model::search.beam <= Model::limits.beam,
                  "EmbeddedTranslator: the search has a wider beam than the limits");

public:
    /// What it works in, as the caller has it.
    struct Memory {
        alignas(alignment) std::byte network[parts.sum()];
        StaticTextMemory<Model::line_bytes> text;
        int source[Model::limits.source_tokens];
    };
    static constexpr std::size_t memory_bytes = sizeof(Memory);

    /// `memory` must outlive it, and serves no other translator meanwhile. Of weights that lie
    /// apart what comes first, a line, tokens or a test, asks whether they are the model's: with
    /// others nothing is translated, and all that is asked for has the status `other_weights`.
    explicit EmbeddedTranslator(Memory& memory)
        : memory_(memory), network_(Model::weights(), std::span(memory.network), Model::special,
                                    Model::limits, parts) {
        if constexpr (has_lists) network_.use_shortlist(lists_);
    }
    EmbeddedTranslator(const EmbeddedTranslator&) = delete;
    EmbeddedTranslator& operator=(const EmbeddedTranslator&) = delete;

    /// Writes the translation of a line, which comes without its end, to the beginning of `to`.
    Translation translate(std::string_view line, std::span<char> to) {
        start(line);
        while (step()) {
        }
        return finish(to);
    }

    /// The same in pieces, for a device that has other things to do meanwhile:
    ///
    ///     translator.start(line);
    ///     while (translator.step()) look_after_other_things();
    ///     const auto [status, size] = translator.finish(text);
    ///
    /// `start` reads the line, which must last until `finish`, and encodes it. `step` adds a token
    /// to every hypothesis, and says whether there is more to do. `finish` does what is left of
    /// that, and writes the translation of the line that was read last, by `start` or `translate`;
    /// of none it is empty.
    void start(std::string_view line) {
        line_ = line;
        is_searching_ = false;
        if (!has_its_weights()) return;
        read_ = encode_line(Model::text, line, memory_.text, memory_.source,
                            Model::limits.source_tokens);
        if (read_.status == TextStatus::done && read_.count > 0) search_line();
    }
    [[nodiscard]] bool step() { return is_searching_ && network_.step(); }
    Translation finish(std::span<char> to) {
        if (!has_its_weights_) return {TranslationStatus::other_weights};
        if (read_.status == TextStatus::as_it_is) {
            if (line_.size() > to.size()) return {TranslationStatus::too_long};
            std::copy(line_.begin(), line_.end(), to.begin());
            return {TranslationStatus::done, line_.size()};
        }
        if (read_.status != TextStatus::done) return {detail::status_of(read_.status)};
        if (read_.count == 0) return {};
        if (!is_searching_) search_line();  // tokens were translated meanwhile
        while (step()) {
        }
        const auto said = best_target(tokens_read());
        if (said.empty()) return {TranslationStatus::translation_too_long};
        const auto room = static_cast<int>(std::min(to.size(), std::size_t{longest_text_bytes}));
        const TextResult written =
            decode_line(Model::text, read_, memory_.text, said, to.data(), room);
        if (written.status != TextStatus::done) return {detail::status_of(written.status)};
        return {TranslationStatus::done, static_cast<std::size_t>(written.count)};
    }

    /// The most multiply-adds of `start` and of a `step`; softmax, norms and text are some percent
    /// more. Of weights that lie apart the first `start` reads all, with a multiplication of 64
    /// bits for every 8 bytes, if no test did so before.
    static constexpr std::int64_t multiply_adds_of_start =
        Network::multiply_adds_of_start(Model::limits);
    static constexpr std::int64_t multiply_adds_of_step =
        Network::multiply_adds_of_step(Model::limits);

    /// Writes the translation of tokens to the beginning of `to`. Both end in eos.
    Translation translate(std::span<const int> source, std::span<int> to) {
        if (!has_its_weights()) return {TranslationStatus::other_weights};
        if (source.size() > std::size_t{Model::limits.source_tokens})
            return {TranslationStatus::too_many_tokens};
        const auto is_token = [](int id) {
            return id >= 0 && id < Model::architecture.source_vocab_size;
        };
        if (source.empty() || !std::all_of(source.begin(), source.end(), is_token))
            return {TranslationStatus::bad_token};
        is_searching_ = false;
        start_search(source);
        while (network_.step()) {
        }
        const auto said = best_target(source);
        if (said.empty()) return {TranslationStatus::translation_too_long};
        if (said.size() > to.size()) return {TranslationStatus::too_long};
        std::copy(said.begin(), said.end(), to.begin());
        return {TranslationStatus::done, said.size()};
    }

    /// Translates the model's sentences, one after the other, to `to`: `other_translations` if this
    /// compiler and this device make something else of them than those where the model is from.
    /// Before that, `other_weights` if the weights are not those of the model, now that it is
    /// asked: from then on nothing is translated. Of weights that do not lie apart nothing else
    /// asks, and where they are damaged a translation before may end the program.
    [[nodiscard]] TranslationStatus self_test(std::span<char> to) {
        ask_for_weights();
        if (!has_its_weights_) return TranslationStatus::other_weights;
        TranslationHash hash;
        for (const std::string_view sentence : Model::sentences) {
            const auto [status, size] = translate(sentence, to);
            if (status != TranslationStatus::done) return status;
            hash.add({to.data(), size});
        }
        return hash.value() == Model::expected ? TranslationStatus::done
                                               : TranslationStatus::other_translations;
    }

private:
    void ask_for_weights() noexcept {
        if constexpr (requires { Model::has_its_weights(); })
            has_its_weights_ = Model::has_its_weights();
        has_asked_ = true;
        is_searching_ = is_searching_ && has_its_weights_;
    }
    /// As far as is to be known before a translation.
    [[nodiscard]] bool has_its_weights() noexcept {
        if (asks_first && !has_asked_) ask_for_weights();
        return has_its_weights_;
    }
    void start_search(std::span<const int> source) { network_.start(source, Model::search); }
    void search_line() {
        start_search(tokens_read());
        is_searching_ = true;
    }
    [[nodiscard]] std::span<const int> tokens_read() const noexcept {
        return {memory_.source, static_cast<std::size_t>(read_.count)};
    }

    /// The best target, valid until the next search; none if a search with more memory might have
    /// found another.
    [[nodiscard]] std::span<const int> best_target(std::span<const int> source) noexcept {
        const auto found = network_.hypotheses();
        constexpr int room = Model::limits.target_tokens;
        const int longest = Network::longest_target(Model::search, static_cast<int>(source.size()));
        // All that ended are there, so a search that came to its last step left one of its length.
        const auto is_at_end = [](const auto& of) { return of.tokens.size() >= std::size_t{room}; };
        if (found.empty() ||
            (longest > room - 1 && std::any_of(found.begin(), found.end(), is_at_end)))
            return {};
        return {found[0].tokens.data(), found[0].tokens.size()};
    }

    Memory& memory_;
    Network network_;
    [[no_unique_address]] const decltype(lists_of_model()) lists_ = lists_of_model();
    std::string_view line_;
    TextResult read_;
    bool is_searching_ = false;  ///< whether the network's search is that of the line
    bool has_its_weights_ = true;
    bool has_asked_ = false;
};

}  // namespace hat::deploy
