// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/activation.hpp>
#include <hat/core/error.hpp>
#include <hat/interop/pickle.hpp>
#include <hat/io/architecture_fields.hpp>
#include <hat/io/json.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/genes.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The settings that the reference implementation of HAT (a fork of fairseq 0.8) keeps in its
/// checkpoints, and the networks they describe.
namespace hat::interop {

/// Settings by name, as `argparse` of Python has them. What is not what it must be is an error that
/// names it.
class FairseqArguments {
public:
    /// `arguments` must outlive this; `where` begins messages.
    ///
    /// Throws  `Error` if it is no namespace.
    FairseqArguments(const PickleValue& arguments, std::string where)
        : arguments_(&arguments), where_(std::move(where)) {
        if (!arguments.is_made_by("argparse", "Namespace")) fail(where_, ": is no Namespace");
    }

    /// What messages begin with.
    [[nodiscard]] const std::string& where() const noexcept { return where_; }

    /// Whether it is there and not None.
    [[nodiscard]] bool has(std::string_view name) const noexcept {
        const PickleValue* value = arguments_->find(name);
        return value != nullptr && !value->is(PickleKind::none);
    }
    /// Whether a switch is on; one that is not there is off.
    [[nodiscard]] bool flag(std::string_view name) const {
        const PickleValue* value = arguments_->find(name);
        if (value == nullptr) return false;
        if (!value->is(PickleKind::boolean)) reject(name, "True or False");
        return value->integer != 0;
    }
    /// A setting of that type.
    [[nodiscard]] int integer(std::string_view name) const {
        return number(name, *find(name, "an integer"));
    }
    [[nodiscard]] std::string_view text(std::string_view name) const {
        const PickleValue* value = find(name, "a string");
        if (!value->is(PickleKind::text)) reject(name, "a string");
        return value->text;
    }
    [[nodiscard]] std::vector<int> integers(std::string_view name) const {
        const PickleValue* value = find(name, "a list");
        if (!value->is(PickleKind::list)) reject(name, "a list");
        std::vector<int> numbers;
        for (const PickleValue* item : value->items) numbers.push_back(number(name, *item));
        return numbers;
    }
    /// Ends with a message that names the setting.
    [[noreturn]] void reject(std::string_view name, std::string_view expected) const {
        fail(where_, ": ", name, ": expected ", expected);
    }

private:
    [[nodiscard]] const PickleValue* find(std::string_view name, std::string_view expected) const {
        const PickleValue* value = arguments_->find(name);
        if (value == nullptr) fail(where_, ": ", name, " is missing, expected ", expected);
        return value;
    }
    [[nodiscard]] int number(std::string_view name, const PickleValue& value) const {
        constexpr std::int64_t most = 1 << 30;
        if (!value.is(PickleKind::integer) || value.integer < -most || value.integer > most)
            reject(name, "an integer");
        return static_cast<int>(value.integer);
    }

    const PickleValue* arguments_;
    std::string where_;
};

/// What a checkpoint tells of its network beside the settings.
struct FairseqVersions {
    int source_vocab_size = 0;
    int target_vocab_size = 0;
    int encoder = 1;  ///< of the stored modules: old ones have no final norm
    int decoder = 1;
};

namespace detail {

inline Activation fairseq_activation(const FairseqArguments& arguments) {
    constexpr const char* name = "activation_fn";
    if (!arguments.has(name)) return Activation::relu;
    const std::string_view text = arguments.text(name);
    for (const auto& [candidate, activation] : io::fairseq_activations)
        if (candidate == text) return activation;
    arguments.reject(name, "relu, gelu, gelu_accurate, tanh or linear");
}

inline model::Positions fairseq_positions(const FairseqArguments& arguments, const char* learned) {
    if (arguments.flag("no_token_positional_embeddings")) return model::Positions::none;
    return arguments.flag(learned) ? model::Positions::learned : model::Positions::sinusoidal;
}

inline model::Sharing fairseq_sharing(const FairseqArguments& arguments) {
    if (arguments.flag("share_all_embeddings")) return model::Sharing::all;
    return arguments.flag("share_decoder_input_output_embed") ? model::Sharing::decoder_input_output
                                                              : model::Sharing::none;
}

/// Throws  `Error` at a setting of fairseq that changes the network into one that we do not have.
inline void reject_unknown_networks(const FairseqArguments& arguments) {
    if (!arguments.text("arch").starts_with("transformersuper"))
        arguments.reject("arch", "a SuperTransformer, transformersuper…");
    if (arguments.has("adaptive_softmax_cutoff"))
        arguments.reject("adaptive_softmax_cutoff", "None");
    if (arguments.flag("adaptive_input")) arguments.reject("adaptive_input", "False");
    for (const char* name : {"decoder_input_dim", "decoder_output_dim"})
        if (arguments.has(name) &&
            arguments.integer(name) != arguments.integer("decoder_embed_dim"))
            arguments.reject(name, "the same as decoder_embed_dim");
}

[[noreturn]] inline void fail_layers(const FairseqArguments& arguments, std::string_view name,
                                     int layers) {
    fail(arguments.where(), ": ", name, " = ", layers, ", expected 1 to ", model::max_layers);
}

inline int fairseq_layers(const FairseqArguments& arguments, const char* name) {
    const int layers = arguments.integer(name);
    if (layers < 1 || layers > model::max_layers) fail_layers(arguments, name, layers);
    return layers;
}

/// Calls `check()`, and says in its error what was looked at.
template <class Check>
void with_address(const FairseqArguments& arguments, Check check) {
    try {
        check();
    } catch (const Error& error) {
        fail(arguments.where(), ": ", error.what());
    }
}

}  // namespace detail

/// The SuperTransformer that the settings describe: its heads are those of `*_attention_heads`, and
/// every decoder layer attends to as many layers as the largest choice, or to one.
///
/// Throws  `Error` naming the setting that is missing or wrong, or that we have no network for.
[[nodiscard]] inline model::Architecture fairseq_super(const FairseqArguments& arguments,
                                                       const FairseqVersions& versions) {
    using namespace model;
    detail::reject_unknown_networks(arguments);
    const bool pre_norm = arguments.flag("encoder_normalize_before");
    if (pre_norm != arguments.flag("decoder_normalize_before"))
        arguments.reject("decoder_normalize_before", "the same as encoder_normalize_before");

    Architecture a;
    a.source_vocab_size = versions.source_vocab_size;
    a.target_vocab_size = versions.target_vocab_size;
    a.encoder.embed_dim = arguments.integer("encoder_embed_dim");
    a.decoder.embed_dim = arguments.integer("decoder_embed_dim");
    a.qkv_dim = arguments.has("qkv_dim") ? arguments.integer("qkv_dim") : a.encoder.embed_dim;
    if (!arguments.has("qkv_dim") && a.encoder.embed_dim != a.decoder.embed_dim)
        arguments.reject("qkv_dim", "an integer, as encoder and decoder differ in width");
    a.encoder.layer_count = detail::fairseq_layers(arguments, "encoder_layers");
    a.decoder.layer_count = detail::fairseq_layers(arguments, "decoder_layers");

    int attended = 1;
    if (constexpr const char* choice = "decoder_arbitrary_ende_attn_choice"; arguments.has(choice))
        for (const int written : arguments.integers(choice)) {
            if (io::attended_layers(written) == 0) arguments.reject(choice, "-1, 1 or 2");
            attended = std::max(attended, io::attended_layers(written));
        }
    for (int i = 0; i < a.encoder.layer_count; ++i)
        a.encoder.layer_shapes[static_cast<std::size_t>(i)] = {
            .ffn_dim = arguments.integer("encoder_ffn_embed_dim"),
            .heads = arguments.integer("encoder_attention_heads")};
    for (int i = 0; i < a.decoder.layer_count; ++i)
        a.decoder.layer_shapes[static_cast<std::size_t>(i)] = {
            .ffn_dim = arguments.integer("decoder_ffn_embed_dim"),
            .heads = arguments.integer("decoder_attention_heads"),
            .cross_heads = arguments.integer("decoder_attention_heads"),
            .attended_layers = std::min(attended, a.encoder.layer_count)};

    a.sharing = detail::fairseq_sharing(arguments);
    a.norm = pre_norm ? Norm::pre : Norm::post;
    a.encoder.final_norm = pre_norm && versions.encoder >= 2;
    a.decoder.final_norm =
        pre_norm && versions.decoder > 2 && !arguments.flag("no_decoder_final_norm");
    a.activation = detail::fairseq_activation(arguments);
    a.encoder.positions = detail::fairseq_positions(arguments, "encoder_learned_pos");
    a.decoder.positions = detail::fairseq_positions(arguments, "decoder_learned_pos");
    if (a.encoder.positions == Positions::learned)
        a.encoder.max_positions = arguments.integer("max_source_positions");
    if (a.decoder.positions == Positions::learned)
        a.decoder.max_positions = arguments.integer("max_target_positions");
    a.embedding.scaled_by_super_dim = arguments.flag("vocab_original_scaling");
    detail::with_address(arguments, [&] { validate(a); });
    return a;
}

/// The SubTransformer of `super` that the settings choose.
///
/// Throws  `Error` naming the setting that is missing or wrong, or if `super` does not hold it.
[[nodiscard]] inline model::Architecture fairseq_sub(const FairseqArguments& arguments,
                                                     const model::Architecture& super) {
    const model::Architecture genes = io::published_genes(
        arguments, '_',
        [&](const std::string& name, io::PublishedFault fault, int found, int layers) {
            if (fault == io::PublishedFault::layer_count)
                detail::fail_layers(arguments, name, found);
            if (fault == io::PublishedFault::attention) arguments.reject(name, "-1, 1 or 2");
            fail(arguments.where(), ": ", name, " has ", found, " items for ", layers, " layers");
        });
    const model::Architecture sub = sub_architecture(genes, super);
    detail::with_address(arguments, [&] {
        validate_fits_in(sub, super);
        validate(sub);
    });
    return sub;
}

}  // namespace hat::interop
