// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Models and batches of the reference implementation's golden files (arXiv:2005.14187): settings
/// in the metadata, parameters under `param/…`, sentences in padded matrices.

#include <hat/core/error.hpp>
#include <hat/core/ragged.hpp>
#include <hat/io/json.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/io/slab.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/genes.hpp>
#include <hat/model/network.hpp>
#include <hat/model/transformer.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace hat::support {

inline constexpr int reference_pad = 1;

/// A structured value of a file's metadata.
[[nodiscard]] inline io::Json metadata_json(const io::SafetensorsFile& file, const char* key) {
    return io::parse_json(file.metadata(key), file.path() + ": " + key);
}

/// A tensor of integers. Copied: in these files they do not all begin at a multiple of 8.
[[nodiscard]] inline std::vector<std::int64_t> stored_integers(const io::SafetensorsFile& file,
                                                               const std::string& name) {
    const io::TensorView& tensor = file.tensor(name);
    if (tensor.dtype != io::Dtype::i64) fail(file.path(), ": ", name, " is not of integers");
    std::vector<std::int64_t> integers(tensor.size());
    std::memcpy(integers.data(), tensor.bytes.data(), tensor.bytes.size());
    return integers;
}

namespace detail {

inline Activation reference_activation(const std::string& name) {
    if (name == "relu") return Activation::relu;
    if (name == "gelu") return Activation::gelu;
    if (name == "gelu_accurate") return Activation::gelu_tanh;
    if (name == "tanh") return Activation::tanh;
    if (name == "linear") return Activation::linear;
    fail("golden model: activation_fn = ", name, " is unknown");
}

/// Whether an option is set; all of them are off unless named.
inline bool is_on(const io::Json& options, const char* name) {
    return options.value(name, false);
}

inline model::Positions reference_positions(const io::Json& options, const char* learned) {
    if (is_on(options, "no_token_positional_embeddings")) return model::Positions::none;
    return is_on(options, learned) ? model::Positions::learned : model::Positions::sinusoidal;
}

inline int list_item(const io::Json& side, const char* name, int i) {
    return side.at(name).at(static_cast<std::size_t>(i)).get<int>();
}

}  // namespace detail

/// The super network that a file's metadata describes. Its number of heads shapes nothing and is 1.
///
/// Throws  `Error` if the library has no such network.
[[nodiscard]] inline model::Architecture reference_super(const io::SafetensorsFile& file) {
    using namespace model;
    const io::Json super = metadata_json(file, "super");
    const io::Json options =
        file.metadata().count("options") > 0 ? metadata_json(file, "options") : io::Json::object();
    const auto size = [&](const char* name) { return super.at(name).get<int>(); };
    const bool pre_norm = detail::is_on(options, "encoder_normalize_before");
    if (pre_norm != detail::is_on(options, "decoder_normalize_before"))
        fail(file.path(), ": norms before sublayers on one side only");

    Architecture a;
    a.source_vocab_size = std::stoi(file.metadata("src_vocab"));
    a.target_vocab_size = std::stoi(file.metadata("tgt_vocab"));
    a.encoder.embed_dim = size("encoder_embed_dim");
    a.decoder.embed_dim = size("decoder_embed_dim");
    a.qkv_dim = super.value("qkv_dim", a.encoder.embed_dim);
    if (!super.contains("qkv_dim") && a.encoder.embed_dim != a.decoder.embed_dim)
        fail(file.path(), ": qkv_dim is not given, and the sides differ in width");
    a.encoder.layer_count = size("encoder_layers");
    a.decoder.layer_count = size("decoder_layers");
    for (int i = 0; i < a.encoder.layer_count; ++i)
        a.encoder.layer_shapes.at(static_cast<std::size_t>(i)) = {
            .ffn_dim = size("encoder_ffn_embed_dim"), .heads = 1};
    for (int i = 0; i < a.decoder.layer_count; ++i)
        a.decoder.layer_shapes.at(static_cast<std::size_t>(i)) = {
            .ffn_dim = size("decoder_ffn_embed_dim"),
            .heads = 1,
            .cross_heads = 1,
            .attended_layers = std::min(3, a.encoder.layer_count)};
    if (file.metadata("share_all_embeddings") == "true")
        a.sharing = Sharing::all;
    else if (detail::is_on(options, "share_decoder_input_output_embed"))
        a.sharing = Sharing::decoder_input_output;
    a.norm = pre_norm ? Norm::pre : Norm::post;
    a.encoder.final_norm = pre_norm;
    a.decoder.final_norm = pre_norm && !detail::is_on(options, "no_decoder_final_norm");
    a.activation =
        detail::reference_activation(options.value("activation_fn", std::string("relu")));
    a.encoder.positions = detail::reference_positions(options, "encoder_learned_pos");
    a.decoder.positions = detail::reference_positions(options, "decoder_learned_pos");
    if (a.encoder.positions == Positions::learned)
        a.encoder.max_positions = options.value("max_source_positions", 1024);
    if (a.decoder.positions == Positions::learned)
        a.decoder.max_positions = options.value("max_target_positions", 1024);
    a.embedding.scaled_by_super_dim = detail::is_on(options, "vocab_original_scaling");
    validate(a);
    return a;
}

/// The sub-network of `super` that an entry of `configs` chooses.
///
/// Throws  `Error` if `super` does not hold it.
[[nodiscard]] inline model::Architecture reference_sub(const io::Json& config,
                                                       const model::Architecture& super) {
    using detail::list_item;
    const io::Json& encoder = config.at("encoder");
    const io::Json& decoder = config.at("decoder");
    model::Architecture genes;
    genes.encoder.embed_dim = encoder.at("encoder_embed_dim").get<int>();
    genes.decoder.embed_dim = decoder.at("decoder_embed_dim").get<int>();
    genes.encoder.layer_count = encoder.at("encoder_layer_num").get<int>();
    genes.decoder.layer_count = decoder.at("decoder_layer_num").get<int>();
    for (int i = 0; i < genes.encoder.layer_count; ++i)
        genes.encoder.layer_shapes.at(static_cast<std::size_t>(i)) = {
            .ffn_dim = list_item(encoder, "encoder_ffn_embed_dim", i),
            .heads = list_item(encoder, "encoder_self_attention_heads", i)};
    for (int i = 0; i < genes.decoder.layer_count; ++i) {
        const int attended = list_item(decoder, "decoder_arbitrary_ende_attn", i);
        genes.decoder.layer_shapes.at(static_cast<std::size_t>(i)) = {
            .ffn_dim = list_item(decoder, "decoder_ffn_embed_dim", i),
            .heads = list_item(decoder, "decoder_self_attention_heads", i),
            .cross_heads = list_item(decoder, "decoder_ende_attention_heads", i),
            .attended_layers = attended == -1 ? 1 : attended + 1};
    }
    const model::Architecture sub = model::sub_architecture(genes, super);
    validate(sub);
    validate_fits_in(sub, super);
    return sub;
}

/// The network of a file with the parameters stored under `prefix`; every one of them is used.
[[nodiscard]] inline model::Network reference_network(const io::SafetensorsFile& file,
                                                      const std::string& prefix) {
    model::Network network(reference_super(file));
    io::copy_tensors(file, network.table(), network.values(), prefix);
    const auto stored = std::ranges::count_if(
        file.tensors(), [&](const io::TensorView& t) { return t.name.starts_with(prefix); });
    if (stored != network.table().size())
        fail(file.path(), ": has ", stored, " tensors ", prefix, "*, the network ",
             network.table().size());
    return network;
}

/// Sentences of a padded matrix without their padding.
class Sentences {
public:
    /// Reads a tensor of tokens [sentences, length]; the padding may stand on either side.
    Sentences(const io::SafetensorsFile& file, const std::string& name) {
        const auto tokens = stored_integers(file, name);
        const auto& shape = file.tensor(name).shape;
        rows_ = static_cast<int>(shape.at(0));
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            if (i % static_cast<std::size_t>(shape.at(1)) == 0)
                offsets_.push_back(static_cast<int>(tokens_.size()));
            if (tokens[i] == reference_pad) continue;
            const int position = static_cast<int>(static_cast<std::int64_t>(i) % shape.at(1));
            tokens_.push_back(static_cast<int>(tokens[i]));
            positions_.push_back(position);
            rows_of_tokens_.push_back(static_cast<int>(offsets_.size()) - 1);
        }
        offsets_.push_back(static_cast<int>(tokens_.size()));
    }

    [[nodiscard]] std::span<const int> tokens() const noexcept { return tokens_; }
    [[nodiscard]] Ragged ragged() const noexcept { return {offsets_.data(), rows_}; }

    /// Where the values of token `t` stand in a stored tensor [length, sentences, dim] …
    [[nodiscard]] std::size_t in_time_major(int t) const noexcept {
        const auto i = static_cast<std::size_t>(t);
        return static_cast<std::size_t>(positions_[i] * rows_ + rows_of_tokens_[i]);
    }
    /// … and in one of shape [sentences, length, dim].
    [[nodiscard]] std::size_t in_batch_major(int t, int length) const noexcept {
        const auto i = static_cast<std::size_t>(t);
        return static_cast<std::size_t>(rows_of_tokens_[i] * length + positions_[i]);
    }

private:
    std::vector<int> tokens_;
    std::vector<int> offsets_;
    std::vector<int> positions_;       ///< column of each token
    std::vector<int> rows_of_tokens_;  ///< row of each token
    int rows_ = 0;
};

/// `<prefix>src_tokens`, `<prefix>prev_output_tokens` and `<prefix>target` of a file.
struct ReferenceBatch {
    Sentences source;
    Sentences input;
    Sentences target;

    ReferenceBatch(const io::SafetensorsFile& file, const std::string& prefix)
        : source(file, prefix + "src_tokens"), input(file, prefix + "prev_output_tokens"),
          target(file, prefix + "target") {}

    [[nodiscard]] model::Batch batch() const noexcept {
        return {source.tokens(), source.ragged(), input.tokens(), target.tokens(), target.ragged()};
    }
    [[nodiscard]] int target_tokens() const noexcept { return target.ragged().tokens(); }
};

/// The largest of many differences, and of the numbers they are differences from.
struct Difference {
    double worst = 0;  ///< infinite if anything was not a number
    double largest = 0;
    std::size_t count = 0;

    void add(double found, double expected) noexcept {
        const double d = std::abs(found - expected);
        worst = std::isnan(d) ? std::numeric_limits<double>::infinity() : std::max(worst, d);
        largest = std::max(largest, std::abs(expected));
        ++count;
    }
    /// All of `found`, with the first of `expected`.
    void add(ConstVector found, std::span<const float> expected) noexcept {
        for (int i = 0; i < found.size(); ++i)
            add(static_cast<double>(found[i]),
                static_cast<double>(expected[static_cast<std::size_t>(i)]));
    }
    [[nodiscard]] double relative() const noexcept { return largest > 0 ? worst / largest : worst; }
};

}  // namespace hat::support
