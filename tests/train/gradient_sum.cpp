// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/train/gradient_sum.hpp>

#include "support/random_pairs.hpp"
#include "support/thread_ranks.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

using hat::distributed::Communicator;
using hat::train::GradientSum;

namespace {

/// Random gradients of a shard; every other tensor has none on odd shards.
void fill(hat::model::Gradients& gradients, const hat::TensorTable& table, int shard, int update) {
    for (int t = 0; t < table.size(); ++t) {
        if (shard % 2 == 1 && t % 2 == 1) continue;
        hat::Random random(hat::RandomKey(static_cast<std::uint64_t>(update))
                               .split(static_cast<std::uint64_t>(shard))
                               .split(static_cast<std::uint64_t>(t)));
        float* const values = gradients.values.data() + table[t].offset;
        for (std::ptrdiff_t i = 0; i < table[t].size(); ++i)
            values[i] += static_cast<float>(random.normal());
        gradients.has_gradient[static_cast<std::size_t>(t)] = 1;
    }
}

struct Sums {
    std::vector<float> values;  ///< of all ranks, put together
    std::vector<double> norms;  ///< of all ranks
};

/// The second of two sums; with `early`, layers are told to be complete before the end.
Sums sums(int shards, int ranks, int threads, bool early) {
    const hat::model::Network network(hat::support::small_architecture(24));
    const hat::TensorTable& table = network.table();
    Sums result;
    result.values.resize(static_cast<std::size_t>(table.extent()));
    result.norms.resize(static_cast<std::size_t>(ranks));
    hat::support::ThreadRanks all(ranks);
    all.run([&](Communicator& communicator) {
        hat::ThreadPool pool(threads);
        GradientSum sum(table, shards, communicator);
        double norm = 0;
        for (int update = 0; update < 2; ++update) {
            sum.prepare();
            if (early) sum.begin();
            const auto own = sum.own_shards();
            pool.run(own.size(), [&](int index, int) {
                const int shard = own.first + index;
                fill(sum.slab(shard), table, shard, update);
                // On the way back the last layers come first; one is left out, and one comes twice.
                for (int point = hat::model::layer_points - 1; point > 0; --point)
                    sum.passed(shard, point);
                sum.passed(shard, hat::model::decoder_layer_point(0));
                sum.done(shard);
            });
            norm = sum.finish(pool);
            const auto rank = static_cast<std::size_t>(communicator.rank());
            const std::ptrdiff_t begin = sum.part_offsets()[rank];
            const std::ptrdiff_t end = sum.part_offsets()[rank + 1];
            float* const total = sum.total().values.data();
            std::copy(total + begin, total + end, result.values.begin() + begin);
            std::fill(total + begin, total + end, 0.0F);
            CHECK(std::all_of(total, total + table.extent(), [](float x) { return x == 0; }));
            for (int i = own.first + 1; i < own.last; ++i) {
                const hat::Slab& slab = sum.slab(i).values;
                CHECK(std::all_of(slab.data(), slab.data() + slab.size(),
                                  [](float x) { return x == 0; }));
            }
            auto& flags = sum.total().has_gradient;
            CHECK(std::all_of(flags.begin(), flags.end(), [](auto flag) { return flag == 1; }));
            std::fill(flags.begin(), flags.end(), std::uint8_t{0});
        }
        result.norms[static_cast<std::size_t>(communicator.rank())] = norm;
    });
    return result;
}

}  // namespace

TEST_SUITE("train/gradient_sum") {
    TEST_CASE("the sum is that of all shards") {
        const hat::model::Network network(hat::support::small_architecture(24));
        std::vector<double> expected(static_cast<std::size_t>(network.table().extent()));
        double squares = 0;
        for (int shard = 0; shard < 5; ++shard) {
            hat::model::Gradients gradients(network.table());
            fill(gradients, network.table(), shard, 1);
            for (std::size_t i = 0; i < expected.size(); ++i)
                expected[i] += static_cast<double>(gradients.values.data()[i]);
        }
        for (const double x : expected) squares += x * x;
        const Sums found = sums(5, 1, 1, false);
        double worst = 0;
        for (std::size_t i = 0; i < expected.size(); ++i)
            worst = std::max(worst, std::abs(static_cast<double>(found.values[i]) - expected[i]));
        CHECK(worst < 1e-5);
        CHECK(found.norms.front() == doctest::Approx(std::sqrt(squares)).epsilon(1e-6));
    }

    TEST_CASE("any number of ranks and threads gives the same bits, layer by layer or at the end") {
        for (const int shards : {4, 5}) {
            const Sums one = sums(shards, 1, 1, false);
            for (const int ranks : {1, 2, 3, 4})
                for (const int threads : {1, 2})
                    for (const bool early : {false, true}) {
                        CAPTURE(ranks);
                        CAPTURE(threads);
                        CAPTURE(early);
                        const Sums many = sums(shards, ranks, threads, early);
                        CHECK(many.values == one.values);
                        for (const double norm : many.norms) CHECK(norm == one.norms.front());
                    }
        }
    }

    TEST_CASE("layers that are complete go on their way before all is done") {
        const hat::model::Network network(hat::support::small_architecture(24));
        hat::support::ThreadRanks all(2);
        std::size_t early = 0;
        all.run([&](Communicator& ranks) {
            hat::ThreadPool pool(1);
            GradientSum sum(network.table(), 2, ranks);
            sum.prepare();
            sum.begin();
            if (!ranks.is_first())  // it keeps the other half: nothing of the encoder's first layer
                sum.passed(1, hat::model::encoder_layer_point(0));
            ranks.barrier();
            if (ranks.is_first()) early = all.bytes_sent();
            ranks.barrier();
            sum.done(ranks.rank());
            static_cast<void>(sum.finish(pool));
        });
        CHECK(early > 0);
        CHECK(early < all.bytes_sent());
    }

    TEST_CASE(
        "each rank keeps about as much as any other, and more ranks than shards are an error") {
        const hat::model::Network network(hat::support::small_architecture(24));
        hat::support::ThreadRanks(2).run([&](Communicator& ranks) {
            const GradientSum sum(network.table(), 4, ranks);
            const auto offsets = sum.part_offsets();
            CHECK(offsets[1] > network.table().extent() / 3);
            CHECK(offsets[2] - offsets[1] > network.table().extent() / 3);
            CHECK_THROWS_WITH_AS(
                GradientSum(network.table(), 1, ranks),
                "training: shards = 1, expected at least one for each of the 2 ranks", hat::Error);
        });
    }
}
