// SPDX-License-Identifier: Apache-2.0
#include <hat/data/column.hpp>

#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <vector>

using hat::data::Column;
using hat::io::MappedFile;

namespace {

/// 0 … count − 1 in a file that is mapped.
Column<int> mapped_count(const std::string& path, std::size_t count) {
    std::vector<int> values(count);
    std::iota(values.begin(), values.end(), 0);
    std::string bytes(count * sizeof(int), '\0');
    std::memcpy(bytes.data(), values.data(), bytes.size());
    hat::support::overwrite(path, bytes);
    auto file = std::make_shared<const MappedFile>(path);
    const auto* const first = reinterpret_cast<const int*>(file->bytes().data());
    return {std::move(file), std::span(first, count)};
}

}  // namespace

TEST_SUITE("data/column") {
    TEST_CASE("values of its own are those of a vector") {
        Column<int> column{1, 2};
        column.push_back(3);
        column.append(std::vector{4, 5});
        CHECK(column == Column<int>{1, 2, 3, 4, 5});
        CHECK(column.size() == 5);
        CHECK(column.front() == 1);
        CHECK(column.back() == 5);
        column[1] = 7;
        CHECK(column == std::vector{1, 7, 3, 4, 5});
        column.assign(2, 9);
        CHECK(column == Column<int>{9, 9});
        column.clear();
        CHECK(column.empty());
        CHECK_FALSE(column.is_mapped());
    }
    TEST_CASE("mapped values lie in their file, and live as long as a copy does") {
        const hat::support::TemporaryDirectory folder;
        Column<int> copy;
        {
            const Column<int> column = mapped_count(folder / "values", 1000);
            CHECK(column.is_mapped());
            copy = column;
            CHECK(copy.data() == column.data());
        }
        CHECK(copy.is_mapped());
        CHECK(copy.size() == 1000);
        CHECK(copy.back() == 999);
    }
    TEST_CASE("who changes mapped values changes a copy") {
        const hat::support::TemporaryDirectory folder;
        const Column<int> column = mapped_count(folder / "values", 3);
        Column<int> changed = column;
        changed.push_back(3);
        changed[0] = 5;
        CHECK(changed == Column<int>{5, 1, 2, 3});
        CHECK_FALSE(changed.is_mapped());
        CHECK(column == Column<int>{0, 1, 2});
        Column<int> emptied = column;
        emptied.clear();
        CHECK(emptied.empty());
        CHECK(column.size() == 3);
    }
    TEST_CASE("pieces are all values in their order, also if there are many") {
        const hat::support::TemporaryDirectory folder;
        const std::size_t count = (std::size_t{1} << 21U) + 7;
        const Column<int> column = mapped_count(folder / "values", count);
        for (int time = 0; time < 2; ++time) {  // what was visited can be read again
            int next = 0;
            int pieces = 0;
            column.visit_pieces([&](std::span<const int> piece) {
                ++pieces;
                for (const int value : piece) next = value == next ? next + 1 : -1;
            });
            CHECK(next == static_cast<int>(count));
            CHECK(pieces == 2);
        }
        Column<int>{}.visit_pieces([](std::span<const int>) { FAIL("no piece"); });
    }
}
