// SPDX-License-Identifier: Apache-2.0
#include <hat/data/key_groups.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <vector>

using hat::data::KeyGroups;
using hat::io::content_key;
using hat::io::ContentKey;

TEST_SUITE("data/key_groups") {
    TEST_CASE("the same texts are together, in their order, however little memory there is") {
        const hat::support::TemporaryDirectory folder;
        for (const std::size_t memory : {std::size_t{1}, std::size_t{1} << 20U}) {
            KeyGroups groups(folder / "data", memory);
            constexpr std::int64_t count = 5000;
            for (std::int64_t i = 0; i < count; ++i)
                groups.add(content_key(std::to_string(i * i % 97)), i);
            std::map<ContentKey, std::vector<std::int64_t>> found;
            ContentKey last{};
            std::size_t changes = 0;
            groups.visit([&](const ContentKey& key, std::int64_t number, std::int64_t nth) {
                changes += key != last || found.empty() ? 1U : 0U;
                last = key;
                CHECK(nth == std::ssize(found[key]));
                found[key].push_back(number);
            });
            CHECK(changes == found.size());
            CHECK(found.size() == 49);  // squares modulo 97
            for (std::int64_t i = 0; i < count; ++i)
                CHECK(found[content_key(std::to_string(i * i % 97))].front() <= i);
            std::size_t all = 0;
            for (const auto& [key, numbers] : found) {
                all += numbers.size();
                CHECK(std::is_sorted(numbers.begin(), numbers.end()));
            }
            CHECK(all == count);
        }
    }
}
