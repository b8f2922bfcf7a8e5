// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/core/error.hpp>
#include <hat/core/slab.hpp>
#include <hat/core/tree.hpp>
#include <hat/kernels/embedding.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/parameters.hpp>
#include <hat/model/sizes.hpp>
#include <hat/model/transformer.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hat::model {

/// Gradients of a network: a slab of the same layout, and per tensor whether it got any.
struct Gradients {
    /// Zeros for every tensor, none of which has a gradient.
    explicit Gradients(const TensorTable& table)
        : values(table), has_gradient(static_cast<std::size_t>(table.size())) {}

    Slab values;
    std::vector<std::uint8_t> has_gradient;
};

namespace detail {

/// Makes views of the weights of a sub-network: the first rows and columns of what is stored.
struct Bind {
    const TensorTable& table;
    const float* values;
    float* gradients;
    std::uint8_t* has_gradient;

    template <class Rows, class Cols>
    void operator()(const Leaf& leaf, autograd::ParameterView<Rows, Cols>& to,
                    const nn::Places::Place& at, const nn::Sizes::Size& size) const {
        check_fixed<Rows, Cols>(leaf.path, size.rows, size.cols);
        const auto& entry = table[at.entry];
        const std::ptrdiff_t offset = entry.offset + std::ptrdiff_t{at.row} * entry.cols + at.col;
        const auto view = [&](auto* slab) {
            return MatrixView(slab + offset, Rows(size.rows), Cols(size.cols), entry.cols);
        };
        if (gradients == nullptr)
            to = {view(values), {}, nullptr};
        else
            to = {view(values), view(gradients), has_gradient + at.entry};
    }
};

}  // namespace detail

/// Owns the parameters of a network and hands out views of it, or of any smaller network it holds:
/// making a `Transformer` copies no weight and allocates nothing.
///
/// One that was moved from has no parameters: it may be destroyed or assigned, nothing else.
///
/// `Parts` are those of `Network`, `AnyArchitecture`, or derived from them, with other types of
/// layers. Such a layer names its `members` and has a `forward` as those of `nn/block.hpp`; its
/// `set_sizes(architecture, shape)` says how large its weights are, or those that it adds to an
/// `nn::EncoderLayer` or `nn::DecoderLayer` which it derives from. In decoders it derives from one,
/// as caches look at its attentions.
///
///     struct Parts : model::AnyArchitecture {
///         template <class Weights>
///         using EncoderLayers = InplaceVector<MyBlock<Weights>, max_layers>;
///     };
///     BasicNetwork<Parts> network(architecture);  // and train::BasicTrainer
template <class Parts>
class BasicNetwork {
public:
    /// Sentences may have so many tokens, unless positions are learned.
    static constexpr int max_tokens = most_sinusoidal_positions;

    /// Tokens that a sentence may have if its positions are in this table, or in none.
    [[nodiscard]] static int most_tokens(ConstMatrix positions) noexcept {
        return positions.empty() ? max_tokens : positions.rows() - first_position;
    }

    /// A network with all parameters zero.
    /// Throws  `Error` if the architecture is not valid.
    explicit BasicNetwork(const Architecture& architecture)
        : architecture_((validate(architecture), architecture)),
          layout_(parameter_layout<Parts>(architecture)), values_(layout_.table) {
        const int rows = max_tokens + first_position;
        if (architecture.has_encoder() && architecture.encoder.positions == Positions::sinusoidal) {
            source_positions_ = sinusoids(rows, architecture.encoder_position_dim());
        }
        if (architecture.decoder.positions == Positions::sinusoidal) {
            target_positions_ = sinusoids(rows, architecture.decoder_position_dim());
        }
    }

    /// What it is, where its tensors lie in the slab, and the slab.
    [[nodiscard]] const Architecture& architecture() const noexcept { return architecture_; }
    [[nodiscard]] const BasicParameterLayout<Parts>& layout() const noexcept { return layout_; }
    [[nodiscard]] const TensorTable& table() const noexcept { return layout_.table; }
    [[nodiscard]] Slab& values() noexcept { return values_; }
    [[nodiscard]] const Slab& values() const noexcept { return values_; }

    /// Fills the slab as `model::initialize` does.
    void initialize(std::uint64_t seed) { model::initialize(layout_, values_, seed); }

    /// The whole network; gradients go to `gradients`, nowhere if it is null.
    /// Throws  `Error` if they are those of another network.
    [[nodiscard]] Transformer<nn::Trainable, Parts> view(Gradients* gradients = nullptr) const {
        return view(architecture_, gradients);
    }

    /// The sub-network `sub`, whose weights are the first rows and columns of this one's.
    /// Precondition: `validate_fits_in(sub, architecture())` holds.
    /// Throws  `Error` if the gradients are those of another network.
    [[nodiscard]] Transformer<nn::Trainable, Parts> view(const Architecture& sub,
                                                         Gradients* gradients = nullptr) const {
        Transformer<nn::Trainable, Parts> model;
        bind(sub, gradients, model);
        return model;
    }

    /// The same in a type of network that the caller chose: of fixed sizes, or without room for
    /// units. What `model` was before is gone.
    /// Throws  `Error` if it has other sizes, or lacks room for something of `sub`, or the
    /// gradients
    ///         are those of another network.
    template <class OtherParts>
    void bind(const Architecture& sub, Gradients* gradients,
              Transformer<nn::Trainable, OtherParts>& model) const;

private:
    void check_gradients(const Gradients& gradients) const {
        const std::size_t found = gradients.has_gradient.size();
        const auto expected = static_cast<std::size_t>(layout_.table.size());
        if (found != expected || gradients.values.size() != values_.size())
            fail("network: the gradients have ", found, " tensors in ", gradients.values.size(),
                 " numbers, expected ", expected, " in ", values_.size(),
                 ": are they those of another network?");
    }

    static void bind_sinusoids(const AlignedArray<float>& table, int super_dim, int dim,
                               auto& positions) {
        if (table.size() == 0) return;
        const int rows = static_cast<int>(table.size() / super_dim);
        positions.value = {table.data(), rows, decltype(positions.value.cols())(dim), super_dim};
    }

    static AlignedArray<float> sinusoids(int rows, int dim) {
        AlignedArray<float> table(std::ptrdiff_t{rows} * dim);
        kernels::sinusoidal_positions({table.data(), rows, dim});
        return table;
    }

    Architecture architecture_;
    BasicParameterLayout<Parts> layout_;
    Slab values_;
    AlignedArray<float> source_positions_;
    AlignedArray<float> target_positions_;
};

// Not inside the class, as of BasicCachedTransformer.

template <class Parts>
template <class OtherParts>
void BasicNetwork<Parts>::bind(const Architecture& sub, Gradients* gradients,
                               Transformer<nn::Trainable, OtherParts>& model) const {
    if (gradients != nullptr) check_gradients(*gradients);
    const Transformer<nn::Sizes, Parts> sizes = sizes_of<Parts>(sub);
    const detail::Bind bind{layout_.table, values_.data(),
                            gradients == nullptr ? nullptr : gradients->values.data(),
                            gradients == nullptr ? nullptr : gradients->has_gradient.data()};
    walk(bind, model, layout_.places, sizes);
    bind_sinusoids(source_positions_, architecture_.encoder_position_dim(), sub.encoder.embed_dim,
                   model.source_positions);
    bind_sinusoids(target_positions_, architecture_.decoder_position_dim(), sub.decoder.embed_dim,
                   model.target_positions);
}

/// The network of the library's layers.
using Network = BasicNetwork<AnyArchitecture>;

/// What makes layouts and views of networks; `how` as of `HAT_NETWORK_INSTANCES`.
// NOLINTBEGIN(bugprone-macro-parentheses): keywords bear none
#define HAT_VIEW_INSTANCES(how)                                                                    \
    how template ParameterLayout parameter_layout(const Architecture&);                            \
    how template void Network::bind(const Architecture&, Gradients*, Transformer<nn::Trainable>&)  \
        const;
// NOLINTEND(bugprone-macro-parentheses)

#ifdef HAT_SHARED_INSTANCES  // they are in <hat/decode/instances.hpp>
HAT_VIEW_INSTANCES(extern)
#endif

}  // namespace hat::model
