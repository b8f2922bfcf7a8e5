// SPDX-License-Identifier: Apache-2.0

/// A block of one's own in the Transformer: an encoder layer whose attention and feed-forward layer
/// stand side by side. It is stored, initialised, differentiated and trained like the library's.

#include <hat/hat.hpp>

#include <cstdio>
#include <vector>

using namespace hat;

/// y = x + attention(norm(x)) + feed_forward(norm(x))
template <class Weights>
struct ParallelBlock {
    nn::LayerNorm<Weights> norm{};
    nn::SelfAttention<Weights> attention{};
    nn::FeedForward<Weights> feed_forward{};

    static constexpr void members(const auto& f, auto&... self) {
        f("norm", self.norm...);
        f("attention", self.attention...);
        f("feed_forward", self.feed_forward...);
    }
    constexpr void set_sizes(const model::Architecture& a, const model::EncoderLayerShape& shape) {
        const int dim = a.encoder.embed_dim;
        norm = model::norm_sizes(dim);
        attention = model::self_attention_sizes(dim, dim, a.qkv_dim_of(shape), shape.heads);
        feed_forward = model::feed_forward_sizes(dim, shape.ffn_dim, a.activation);
    }
};
template <class Context, class Weights>
nn::Variable forward(Context& context, const ParallelBlock<Weights>& block, bool,
                     const nn::BlockDropout& drop, nn::Variable x, const Ragged& sentences, auto&) {
    const nn::WholeSequences all{sentences, false, drop.attention};
    const nn::Variable z = forward(context, block.norm, x);
    const nn::Variable attended = forward(context, block.attention, z, all);
    const nn::Variable fed = forward(context, block.feed_forward, z, drop.activation);
    x = autograd::residual(context, drop.scaled, x, attended);
    return autograd::residual(context, drop.scaled, x, fed);
}
struct Parts : model::AnyArchitecture {
    template <class Weights>
    using EncoderLayers = InplaceVector<ParallelBlock<Weights>, model::max_layers>;
};

int main() {
    model::BasicNetwork<Parts> network(model::transformer_tiny(9));
    network.initialize(1);
    ThreadPool pool;
    train::BasicTrainer trainer(network, train::InverseSqrtSchedule{1e-3, 1e-4, 10}, {}, pool);
    const std::vector source{4, 5, 6, 2}, input{2, 6, 5, 4}, target{6, 5, 4, 2}, ends{0, 4};
    const Ragged one(ends.data(), 1);  // sentence, and its translation
    for (int update = 1; update <= 30; ++update) {
        trainer.accumulate(model::Batch{source, one, input, target, one});
        const double loss = trainer.update().loss.nll / one.tokens();
        if (update % 10 == 1) std::printf("update %d: loss %.2f\n", update, loss);
    }
}

// Output:
// update 1: loss 2.42
// update 11: loss 0.49
// update 21: loss 0.10
