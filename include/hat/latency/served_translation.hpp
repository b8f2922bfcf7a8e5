// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/decode/serving.hpp>
#include <hat/elastic/super_transformer.hpp>
#include <hat/latency/stopwatch.hpp>
#include <hat/latency/timed_translation.hpp>
#include <hat/latency/workload.hpp>
#include <hat/model/network.hpp>
#include <hat/model/pack.hpp>

#include <memory>
#include <utility>

namespace hat::latency {

/// A `TimedTranslation` of a member of a SuperTransformer, served as its genes say.
///
///     ServedTranslation<SteadyClock> timed(super, member, workload, clock);
///     const Latency latency = timed.run();
template <Clock Timer>
class ServedTranslation {
public:
    /// Copies what it needs of `super`.
    ///
    /// Throws  `Error` if `super` does not hold the member, or as `TimedTranslation`
    ServedTranslation(const model::Network& super, const model::Architecture& member,
                      const LatencyWorkload& workload, Timer clock)
        : timed_(decode::with_weights(decode::weight_kind_of(member.serving),
                                      [&]<class Weights>() -> std::unique_ptr<Timed> {
                                          return std::make_unique<Of<Weights>>(
                                              model::PackedModelOf<Weights>(
                                                  elastic::sub_transformer(super, member)),
                                              workload, clock);
                                      })) {}

    /// Translates every sentence once.
    Latency run() { return timed_->run(); }

private:
    struct Timed {
        Timed() = default;
        Timed(const Timed&) = delete;
        Timed& operator=(const Timed&) = delete;
        virtual ~Timed() = default;

        virtual Latency run() = 0;
    };

    template <class Weights>
    struct Of final : Timed {
        Of(model::PackedModelOf<Weights> model, const LatencyWorkload& workload, Timer clock)
            : translation(std::move(model), workload, clock) {}

        Latency run() override { return translation.run(); }

        TimedTranslation<Timer, Weights> translation;
    };

    std::unique_ptr<Timed> timed_;
};

}  // namespace hat::latency
