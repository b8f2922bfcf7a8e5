// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/tape.hpp>
#include <hat/model/network.hpp>
#include <hat/model/pack.hpp>
#include <hat/model/transformer.hpp>
#include <hat/nn/trainable_int8.hpp>
#include <hat/train/validation.hpp>

#ifdef HAT_SHARED_INSTANCES  // they are in <hat/decode/instances.hpp>
namespace hat::model {
HAT_NETWORK_INSTANCES(extern, autograd::Tape, nn::TrainableInt8)
}  // namespace hat::model
#endif

namespace hat::train {

/// A network that is trained for what serving in 8 bits rounds (`nn::TrainableInt8`): its forward
/// pass sees rounded weights, its gradients go to the true ones.
///
///     RoundedNetwork rounded(network);
///     const auto make = [&](model::Gradients* gradients) { return rounded.view(gradients); };
///     rounded.round();                    // before every update
///     trainer.accumulate(make, batch);
///     trainer.update();
///
/// `Weights` are an argument so that an include does not compile what nobody uses.
template <class Weights = nn::TrainableInt8>
class RoundedNetwork {
public:
    /// `network` must outlive it.
    explicit RoundedNetwork(const model::Network& network)
        : network_(network), values_(network.view(), shared(network.view())) {}

    /// Rounds the parameters as they are now; views stay good.
    void round() {
        const auto view = network_.view();
        values_.round(view, shared(view));
    }
    /// Throws  `Error` if the gradients are those of another network.
    [[nodiscard]] model::Transformer<Weights> view(model::Gradients* gradients = nullptr) const {
        const auto view = network_.view(gradients);
        return values_.view(view, shared(view));
    }

private:
    [[nodiscard]] static ConstMatrix shared(const model::Transformer<nn::Trainable>& model) {
        return model::detail::shared_table(model.source_embedding.weight.value,
                                           model.target_embedding.weight.value);
    }

    const model::Network& network_;
    nn::RoundedTree<model::Transformer<Weights>> values_;
};

/// The loss of a network as it is served with `Weights`, such as `nn::PackedInt8`.
template <class Weights>
[[nodiscard]] ValidationResult served_loss(const model::Network& network, Validator& validator,
                                           float label_smoothing) {
    const model::PackedModelOf<Weights> served(network.view());
    return validator(served.view(), label_smoothing);
}

}  // namespace hat::train
