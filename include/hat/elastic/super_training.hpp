// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/random.hpp>
#include <hat/elastic/design_space.hpp>
#include <hat/elastic/genes.hpp>
#include <hat/elastic/reference_sampler.hpp>
#include <hat/kernels/distillation.hpp>
#include <hat/model/genes.hpp>
#include <hat/model/network.hpp>
#include <hat/train/distillation.hpp>
#include <hat/train/shards.hpp>
#include <hat/train/validation.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hat::elastic {

/// Who draws the random networks of an update.
enum class Sampler : std::uint8_t {
    uniform,   ///< ours, from the seed
    reference  ///< the reference's, bit for bit, whatever the seed
};

/// Which networks of a design space an update trains.
///
/// The default is as published (HAT, arXiv:2005.14187, §3.1): one random network. The sandwich rule
/// (arXiv:1903.05134, §3.2) adds the largest and the smallest; gradients of all are summed before
/// one step, the loss is the mean over their tokens. With in-place distillation (there, §3.3) the
/// others also learn from what the largest says in the same step.
struct SuperTrainingOptions {
    Sampler sampler = Sampler::uniform;  ///< of the random networks
    int random_networks = 1;             ///< of each update
    bool sandwich = false;               ///< the largest and the smallest in each update too
    std::int64_t shrink_after = 0;  ///< updates that train the largest alone, before all others
    train::DistillationOptions distillation{.share = 0};  ///< from the largest; needs the sandwich
    std::uint64_t seed = 1;  ///< of the random networks, if ours are drawn
};

/// The architecture under which the weights of a SuperTransformer are stored: that of the largest
/// member, unless `space.super` holds more than it needs.
[[nodiscard]] inline model::Architecture stored_architecture(const DesignSpace& space) {
    const model::Architecture top = largest(space);
    return fits_in(space.super, top) ? top : space.super;
}

/// Chooses the networks of each update of a SuperTransformer's training, and is what
/// `train::Training::run` asks.
///
///     SuperTraining super(network, space, {.random_networks = 2, .sandwich = true});
///     training.run(super, stop);
///
/// The choice depends on nothing but the options and the number of the update, so a resumed
/// training goes on bit for bit.
class SuperTraining {
public:
    /// References must outlive it. `network` holds every member of `space`.
    /// Throws  `Error` if an option is out of range, or the network does not hold the space.
    SuperTraining(model::Network& network, const DesignSpace& space,
                  const SuperTrainingOptions& options)
        : network_(network), space_(space), options_(options), largest_(largest(space)),
          smallest_(smallest(space)) {
        validate(space);
        validate_fits_in(largest_, network.architecture());
        const int fewest = options.sandwich ? 0 : 1;
        constexpr int most = 1000;
        if (options.random_networks < fewest || options.random_networks > most)
            fail("super training: random networks = ", options.random_networks, ", expected ",
                 fewest, " to ", most);
        if (options.sampler == Sampler::reference && options.random_networks > 1)
            fail("super training: the reference's sampler draws one network an update, found "
                 "random networks = ",
                 options.random_networks);
        train::validate(options.distillation);
        if (options.distillation.share > 0 && !options.sandwich)
            fail("super training: distillation needs the sandwich, whose largest network teaches");
        if (options.shrink_after < 0)
            fail("super training: shrink after = ", options.shrink_after, ", expected 0 or more");
        plan_.reserve(static_cast<std::size_t>(options.random_networks) + 2);
    }

    /// The networks of an update, the largest first if it is one of them; valid until the next
    /// call.
    [[nodiscard]] std::span<const model::Architecture> plan(std::int64_t update) {
        plan_.clear();
        const bool shrinks = update >= options_.shrink_after;
        if (options_.sandwich || !shrinks) plan_.push_back(largest_);
        if (!shrinks) return plan_;
        if (options_.sandwich) plan_.push_back(smallest_);
        for (int i = 0; i < options_.random_networks; ++i) plan_.push_back(draw(update, i));
        return plan_;
    }

    /// What makes the objective of an update, see `train::ShardedGradients::add`; valid until the
    /// next call.
    ///
    /// A template, so that an include does not compile networks on a tape.
    template <std::integral Update>
    [[nodiscard]] auto operator()(Update update) {
        const auto networks = plan(update);
        return [this, networks](model::Gradients* gradients) {
            return [this, networks, gradients](const train::MicroBatch& micro_batch) {
                return learn(networks, gradients, micro_batch);
            };
        };
    }

private:
    [[nodiscard]] model::Architecture draw(std::int64_t update, int index) const {
        if (options_.sampler == Sampler::reference) return reference_sample(space_, update);
        // Dropout splits the seed by update; a first split that is no update keeps them apart.
        constexpr std::uint64_t networks = 0x6e6574776f726b73U;
        Random random(RandomKey(options_.seed)
                          .split(networks)
                          .split(static_cast<std::uint64_t>(update))
                          .split(static_cast<std::uint64_t>(index)));
        return sample(space_, random);
    }

    template <class Networks>
    [[nodiscard]] train::LossSum learn(const Networks& networks, model::Gradients* gradients,
                                       const train::MicroBatch& micro_batch) const {
        if (networks.size() == 1)
            return train::learn_last(network_.view(networks[0], gradients), micro_batch);
        const train::DistillationOptions& distillation = options_.distillation;
        const bool teaches = distillation.share > 0;
        kernels::SoftTargets soft_targets{.share = distillation.share,
                                          .temperature = distillation.temperature};
        train::LossSum sum;
        for (std::size_t i = 0; i < networks.size(); ++i) {
            const auto network = network_.view(networks[i], gradients);
            Matrix states;
            if (teaches && i == 0) {
                states = micro_batch.memory.matrix(micro_batch.batch.target_sentences.tokens(),
                                                   networks[0].output_dim());
                soft_targets.states = states;
                soft_targets.weight = network.output.value;
            }
            const ArenaScope scope(micro_batch.memory);
            train::MicroBatch own = micro_batch;
            own.key = micro_batch.key.split(i);
            if (i + 1 < networks.size()) own.milestones = nullptr;
            if (!teaches)
                sum += train::learn_last(network, own);
            else if (i == 0)
                sum += train::learn_and_keep_states(network, own, states);
            else
                sum += train::learn_from(soft_targets, network, own);
        }
        return sum;
    }

    model::Network& network_;
    DesignSpace space_;
    SuperTrainingOptions options_;
    model::Architecture largest_;
    model::Architecture smallest_;
    std::vector<model::Architecture> plan_;
};

/// By which of the validated networks the best parameters are chosen.
enum class ScoredBy : std::uint8_t { mean, largest, smallest, random };

/// Which networks of a design space are validated.
struct SuperValidationOptions {
    int random_networks = 4;  ///< always the same ones
    std::uint64_t seed = 1;   ///< that they are drawn from
    int attended_layers = 0;  ///< of the largest and smallest; 0: as the space says; published: 1
    ScoredBy scored_by = ScoredBy::mean;  ///< published: smallest
};

/// The networks to validate: "largest", "smallest", and "random_1", "random_2", …, drawn from the
/// seed.
///
/// Throws  `Error` if an option is out of range.
[[nodiscard]] inline std::vector<train::ValidatedNetwork>
validated_networks(const DesignSpace& space, const SuperValidationOptions& options) {
    constexpr int most = 1000;
    if (options.random_networks < 0 || options.random_networks > most)
        fail("super validation: random networks = ", options.random_networks, ", expected 0 to ",
             most);
    if (options.scored_by == ScoredBy::random && options.random_networks == 0)
        fail("super validation: scored by random networks, of which there are none");
    const auto decides = [&](ScoredBy group) {
        return options.scored_by == ScoredBy::mean || options.scored_by == group;
    };
    const int attended = options.attended_layers;
    std::vector<train::ValidatedNetwork> networks;
    networks.push_back({"largest", largest(space, attended), decides(ScoredBy::largest)});
    networks.push_back({"smallest", smallest(space, attended), decides(ScoredBy::smallest)});
    Random random(options.seed);
    for (int i = 1; i <= options.random_networks; ++i)
        networks.push_back(
            {"random_" + std::to_string(i), sample(space, random), decides(ScoredBy::random)});
    return networks;
}

}  // namespace hat::elastic
