// SPDX-License-Identifier: Apache-2.0
#include <hat/core/threads.hpp>
#include <hat/decode/sentence_queue.hpp>

#include "support/toy_model.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

using namespace hat::decode;

TEST_SUITE("decode/sentence_queue") {
    TEST_CASE("sentences are taken in their order, each once") {
        constexpr std::array order{3, 0, 4, 1, 2};
        SentenceQueue queue(order);
        std::vector<int> taken;
        for (const int most : {2, 0, 1, 9, 9}) {
            const auto some = queue.take(most);
            CHECK(static_cast<int>(some.size()) <= most);
            taken.insert(taken.end(), some.begin(), some.end());
        }
        CHECK(taken == std::vector<int>(order.begin(), order.end()));
        CHECK(SentenceQueue({}).take(1).empty());
    }

    TEST_CASE("threads share them, and nothing is left of a closed queue") {
        std::vector<int> order(10'000);
        std::iota(order.begin(), order.end(), 0);
        SentenceQueue queue(order);
        std::vector<int> times(order.size());
        hat::ThreadPool pool(3);
        pool.run(3, [&](int index, int /*thread*/) {
            for (auto some = queue.take(index + 1); !some.empty(); some = queue.take(index + 1))
                for (const int s : some) ++times[static_cast<std::size_t>(s)];
        });
        CHECK(times == std::vector<int>(order.size(), 1));

        SentenceQueue closed(order);
        CHECK(closed.take(5).size() == 5);
        closed.close();
        CHECK(closed.take(5).empty());
    }

    TEST_CASE("one batch is given once, and numbered as it is") {
        const auto sources = hat::support::random_sources(4, 5, 10, 2, 1);
        OneBatch batch(sources.view());
        const Entrants all = batch.take(4);
        CHECK(all.count() == 4);
        CHECK(all.number(3) == 3);
        CHECK(batch.take(4).count() == 0);
        constexpr std::array numbers{7, 5};
        CHECK(Entrants{{}, numbers}.number(1) == 5);
    }
}
