// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/io/external_sort.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

using hat::io::ExternalSort;

namespace {

struct Record {
    std::uint64_t key;
    std::int64_t number;

    friend auto operator<=>(const Record&, const Record&) = default;
};

std::vector<Record> records(int count) {
    hat::Random random(1);
    std::vector<Record> all;
    for (int i = 0; i < count; ++i) all.push_back({random.below(1000), i});
    return all;
}

std::vector<Record> sorted(ExternalSort<Record>& sort, const std::vector<Record>& all) {
    for (const Record& record : all) sort.add(record);
    std::vector<Record> found;
    sort.visit([&](const Record& record) { found.push_back(record); });
    return found;
}

}  // namespace

TEST_SUITE("io/external_sort") {
    TEST_CASE("the order is the same whether memory holds the records or not") {
        const hat::support::TemporaryDirectory folder;
        const auto all = records(10'000);
        auto expected = all;
        std::sort(expected.begin(), expected.end());
        for (const std::size_t memory :
             {std::size_t{1}, std::size_t{1000} * sizeof(Record),
              std::size_t{3333} * sizeof(Record), std::size_t{1} << 30U}) {
            ExternalSort<Record> sort(folder / "data", memory);
            CHECK(sorted(sort, all) == expected);
            CHECK(sorted(sort, all) == expected);  // nothing of the first is left
            CHECK(std::filesystem::is_empty(folder.path()));
        }
    }
    TEST_CASE("runs go to the disk once memory is full, not before") {
        const hat::support::TemporaryDirectory folder;
        ExternalSort<Record> sort(folder / "data", 100 * sizeof(Record));
        for (const Record& record : records(100)) sort.add(record);
        CHECK(sort.runs() == 0);
        sort.add({0, 100});
        CHECK(sort.runs() == 1);
        ExternalSort<Record> in_memory({}, ~std::size_t{0});  // needs no place
        CHECK(sorted(in_memory, records(1000)).size() == 1000);
    }
    TEST_CASE("nothing is sorted to nothing") {
        ExternalSort<Record> sort({}, 0);
        CHECK(sorted(sort, {}).empty());
    }
}
