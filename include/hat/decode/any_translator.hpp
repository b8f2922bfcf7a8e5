// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/special_tokens.hpp>
#include <hat/core/threads.hpp>
#include <hat/data/shortlist.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/shortlisted_outputs.hpp>
#include <hat/decode/step_model.hpp>
#include <hat/decode/translate.hpp>
#include <hat/model/pack.hpp>
#include <hat/model/transformer.hpp>
#include <hat/nn/weights.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace hat::decode {

/// What the weights of a network that is served are: `nn::Packed`, `nn::PackedBf16` or
/// `nn::PackedInt8`.
enum class WeightKind : std::uint8_t { fp32, bf16, int8 };

/// The words for the values of `WeightKind`.
inline constexpr std::array<const char*, 3> weight_kind_words{"fp32", "bf16", "int8"};

/// The word for a kind of weights.
[[nodiscard]] constexpr const char* word_of(WeightKind kind) noexcept {
    return weight_kind_words[static_cast<std::size_t>(kind)];
}

/// What `f.template operator()<Weights>()` returns for the weights of a kind.
template <class F>
decltype(auto) with_weights(WeightKind kind, const F& f) {
    switch (kind) {
    case WeightKind::bf16:
        return f.template operator()<nn::PackedBf16>();
    case WeightKind::int8:
        return f.template operator()<nn::PackedInt8>();
    default:
        return f.template operator()<nn::Packed>();
    }
}

/// What a translator of some kind of weights can do: the functions of `AnyTranslator`, whose words
/// are those of `BasicTranslator`. What a kind cannot do is an `Error` that says so.
struct TranslatorInterface {
    TranslatorInterface() = default;
    TranslatorInterface(const TranslatorInterface&) = delete;
    TranslatorInterface& operator=(const TranslatorInterface&) = delete;
    virtual ~TranslatorInterface() = default;

    /// A translator of a sub-network, which this must outlive.
    [[nodiscard]] virtual std::unique_ptr<TranslatorInterface>
    part(const model::Architecture& sub) const = 0;
    /// Null: none.
    virtual void use_shortlist(const data::Shortlist* shortlist) = 0;
    [[nodiscard]] virtual ListCounts list_counts() const noexcept = 0;
    virtual void translate(const Sources& sources, const SearchOptions& options, ThreadPool& pool,
                           std::vector<Hypotheses>& results, int batch_sentences,
                           const Guidance& guidance) = 0;
    virtual void score(const Sources& sources, const Sources& targets, const SearchOptions& options,
                       ThreadPool& pool, std::vector<Hypotheses>& results, int batch_sentences) = 0;
    [[nodiscard]] virtual std::vector<std::vector<float>> attention(const Sources& sources,
                                                                    const Sources& targets,
                                                                    int layer, ThreadPool& pool,
                                                                    int batch_sentences) = 0;
    virtual void check_attends(int layer) const = 0;
    [[nodiscard]] virtual int decoder_layers() const noexcept = 0;
    /// Bytes of the weights that are its own.
    [[nodiscard]] virtual std::size_t weight_bytes() const noexcept = 0;
    /// Tokens, eos among them, of a source and of a target.
    [[nodiscard]] virtual int max_source_length() const noexcept = 0;
    [[nodiscard]] virtual int max_target_length() const noexcept = 0;
};

/// A packed network and its translator, whose kind of weights is chosen at run time. Its functions
/// are those of `BasicTranslator`, and find the same, bit by bit.
///
///     hat::decode::AnyTranslator translator(network.view(), WeightKind::int8, special_tokens);
///     translator.translate(sources, {.beam = 5}, pool, results);
class AnyTranslator {
public:
    using Interface = TranslatorInterface;

    /// One that is known elsewhere (decode/integer_translator.hpp). Precondition: it is not null.
    AnyTranslator(std::unique_ptr<Interface> translator, WeightKind kind)
        : of_kind_(std::move(translator)), kind_(kind) {
        HAT_ASSERT(of_kind_ != nullptr);
    }

    /// Copies what it needs of `model`.
    ///
    /// Throws  `Error` if eos, unk or pad is not in the vocabulary, or a layer is too wide for the
    ///         kind of weights
    template <class Parts>  // only who uses it waits for a compiler to go through three translators
    AnyTranslator(const model::Transformer<nn::Trainable, Parts>& model, WeightKind kind,
                  const SpecialTokens& special)
        : of_kind_(make(kind, special, model)), kind_(kind) {}

    /// Serves weights that lie packed from where they are: `weights.bytes()` of what it takes over
    /// are those of a `model::PackedModelOf` of that kind.
    ///
    /// Throws  `Error` as above, or unless they are as many as the architecture has
    template <class Owner>
    AnyTranslator(const model::Architecture& architecture, Owner weights, WeightKind kind,
                  const SpecialTokens& special)
        : owner_(std::make_shared<Owner>(std::move(weights))),
          of_kind_(
              make(kind, special, architecture, static_cast<const Owner*>(owner_.get())->bytes())),
          kind_(kind) {}

    /// A translator of a sub-network, with the same weights, not a copy of them, and the shortlist.
    /// This must outlive it.
    ///
    /// Throws  `Error` if `sub` is not valid, or no part of the network
    [[nodiscard]] AnyTranslator part(const model::Architecture& sub) const {
        return {of_kind_->part(sub), kind_};
    }

    void use_shortlist(const data::Shortlist* shortlist) { of_kind_->use_shortlist(shortlist); }
    [[nodiscard]] ListCounts list_counts() const noexcept { return of_kind_->list_counts(); }

    void translate(const Sources& sources, const SearchOptions& options, ThreadPool& pool,
                   std::vector<Hypotheses>& results, int batch_sentences = 32,
                   const Guidance& guidance = {}) {
        of_kind_->translate(sources, options, pool, results, batch_sentences, guidance);
    }
    void score(const Sources& sources, const Sources& targets, const SearchOptions& options,
               ThreadPool& pool, std::vector<Hypotheses>& results, int batch_sentences = 32) {
        of_kind_->score(sources, targets, options, pool, results, batch_sentences);
    }

    [[nodiscard]] std::vector<std::vector<float>> attention(const Sources& sources,
                                                            const Sources& targets, int layer,
                                                            ThreadPool& pool,
                                                            int batch_sentences = 32) {
        return of_kind_->attention(sources, targets, layer, pool, batch_sentences);
    }

    /// Throws  `Error` if decoder layer `layer` is none, or has no attention to the source
    void check_attends(int layer) const { of_kind_->check_attends(layer); }

    [[nodiscard]] WeightKind kind() const noexcept { return kind_; }
    /// Bytes of the packed weights; 0 of a sub-network of another.
    [[nodiscard]] std::size_t weight_bytes() const noexcept { return of_kind_->weight_bytes(); }
    [[nodiscard]] int decoder_layers() const noexcept { return of_kind_->decoder_layers(); }
    [[nodiscard]] int max_source_length() const noexcept { return of_kind_->max_source_length(); }
    [[nodiscard]] int max_target_length() const noexcept { return of_kind_->max_target_length(); }
    [[nodiscard]] int max_target_length(const SearchOptions& options,
                                        int source_length) const noexcept {
        return decode::max_target_length(options, source_length, max_target_length());
    }
    [[nodiscard]] bool is_cut(const SearchOptions& options, int source_length,
                              std::span<const int> target) const noexcept {
        return decode::is_cut(options, source_length, target, max_target_length());
    }

private:
    template <class Weights>
    struct Of final : Interface {
        using Model = model::PackedModelOf<Weights>;

        template <class... From>
        explicit Of(const SpecialTokens& ids, const From&... from)
            : packed(from...), special(ids), translator(packed, ids) {}

        [[nodiscard]] std::unique_ptr<Interface>
        part(const model::Architecture& sub) const override {
            auto translator_of_sub = std::make_unique<Of>(special, packed.view(), sub);
            translator_of_sub->use_shortlist(lists);
            return translator_of_sub;
        }
        void use_shortlist(const data::Shortlist* shortlist) override {
            translator.use_shortlist(shortlist);
            lists = shortlist;
        }
        [[nodiscard]] ListCounts list_counts() const noexcept override {
            return translator.list_counts();
        }
        void translate(const Sources& sources, const SearchOptions& options, ThreadPool& pool,
                       std::vector<Hypotheses>& results, int batch_sentences,
                       const Guidance& guidance) override {
            translator.translate(sources, options, pool, results, batch_sentences, guidance);
        }
        void score(const Sources& sources, const Sources& targets, const SearchOptions& options,
                   ThreadPool& pool, std::vector<Hypotheses>& results,
                   int batch_sentences) override {
            translator.score(sources, targets, options, pool, results, batch_sentences);
        }
        [[nodiscard]] std::vector<std::vector<float>> attention(const Sources& sources,
                                                                const Sources& targets, int layer,
                                                                ThreadPool& pool,
                                                                int batch_sentences) override {
            return translator.attention(sources, targets, layer, pool, batch_sentences);
        }
        void check_attends(int layer) const override { translator.check_attends(layer); }
        [[nodiscard]] int decoder_layers() const noexcept override {
            return translator.decoder_layers();
        }
        [[nodiscard]] std::size_t weight_bytes() const noexcept override {
            return packed.size_bytes();
        }
        [[nodiscard]] int max_source_length() const noexcept override {
            return translator.max_source_length();
        }
        [[nodiscard]] int max_target_length() const noexcept override {
            return translator.max_target_length();
        }

        Model packed;
        SpecialTokens special;
        BasicTranslator<Model> translator;
        const data::Shortlist* lists = nullptr;
    };

    template <class... From>
    static std::unique_ptr<Interface> make(WeightKind kind, const SpecialTokens& special,
                                           const From&... from) {
        return with_weights(kind, [&]<class Weights>() -> std::unique_ptr<Interface> {
            return std::make_unique<Of<Weights>>(special, from...);
        });
    }

    std::shared_ptr<const void> owner_;  ///< of packed weights that are served from where they lie
    std::unique_ptr<Interface> of_kind_;
    WeightKind kind_;
};

}  // namespace hat::decode
