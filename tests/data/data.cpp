// SPDX-License-Identifier: Apache-2.0
#include <hat/data/data.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// Pieces are the letters a … z behind the special tokens, as a `Subword` would give them.
struct Letters {
    [[nodiscard]] static int size() { return 30; }
    [[nodiscard]] static hat::SpecialTokens special() { return {}; }
    [[nodiscard]] static std::vector<int> encode(std::string_view line) {
        std::vector<int> ids;
        for (const char c : line) ids.push_back(4 + (c - 'a'));
        return ids;
    }
};

}  // namespace

TEST_SUITE("data/data") {
    TEST_CASE("what its description shows holds: files of text become batches with every pair") {
        const hat::support::TemporaryDirectory directory;
        const std::string source = directory / "train.en";
        const std::string target = directory / "train.de";
        std::ofstream(source) << "ab\nc\ndefg\n";
        std::ofstream(target) << "b\nac\nd\n";

        const auto text = hat::data::read_parallel_text(source, target);
        const hat::data::Corpus corpus = hat::data::encode(text, Letters{}, Letters{});
        const auto plan = hat::data::plan_batches(corpus, {.max_tokens = 5}, 1);
        hat::data::Batch batch;
        batch.reserve(plan);
        std::vector<int> seen;
        for (int b = 0; b < plan.size(); ++b) {
            batch.fill(corpus, plan.sentences(b));
            seen.insert(seen.end(), plan.sentences(b).begin(), plan.sentences(b).end());
        }
        std::ranges::sort(seen);
        CHECK(plan.size() > 1);
        CHECK(seen == std::vector{0, 1, 2});
    }
}
