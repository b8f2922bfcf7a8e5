// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Latency tables of a device that does not exist.

#include <hat/core/random.hpp>
#include <hat/latency/table.hpp>

#include <cstdint>

namespace hat::support {

/// The features of a random network of the published space.
inline latency::LatencyFeatures random_features(Random& random) {
    const auto pick = [&](double a, double b) { return random.below(2) == 0 ? a : b; };
    return {.encoder_embed_dim = pick(512, 640),
            .encoder_layers = 6,
            .encoder_ffn_dim = random.uniform(1024, 3072),
            .encoder_heads = random.uniform(4, 8),
            .decoder_embed_dim = pick(512, 640),
            .decoder_layers = static_cast<double>(1 + random.below(6)),
            .decoder_ffn_dim = random.uniform(1024, 3072),
            .decoder_heads = random.uniform(4, 8),
            .decoder_cross_heads = random.uniform(4, 8),
            .decoder_attended_layers = random.uniform(1, 3)};
}

/// `count` measurements whose errors are normal with standard deviation `noise`, as parts of the
/// latency.
inline latency::LatencyTable latency_rows(int count, double noise = 0, std::uint64_t seed = 0) {
    Random random(seed);
    latency::LatencyTable table(static_cast<std::size_t>(count));
    for (latency::LatencyRow& row : table) {
        const auto f = row.features = random_features(random);
        row.encoder_mean_ms =
            20 + 2e-6 * f.encoder_layers * f.encoder_ffn_dim * f.encoder_embed_dim;
        row.decoder_mean_ms =
            30 + 0.1 * f.decoder_embed_dim +
            f.decoder_layers *
                (5 + 0.02 * f.decoder_embed_dim + 1e-5 * f.decoder_ffn_dim * f.decoder_embed_dim +
                 0.01 * f.decoder_attended_layers * f.encoder_embed_dim);
        row.encoder_mean_ms *= 1 + noise * random.normal();
        row.decoder_mean_ms *= 1 + noise * random.normal();
    }
    return table;
}

}  // namespace hat::support
