// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/composition_tables_builder.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>

using hat::deploy::make_composition_tables;
using hat::deploy::OwnedCompositionTables;

TEST_SUITE("deploy/composition_tables_builder") {
    TEST_CASE("all of Unicode takes 20 kB") {
        const OwnedCompositionTables tables = make_composition_tables();
        CHECK(tables.bytes() < 21000);
        CHECK(tables.narrow.whole.size() + tables.wide.whole.size() > 2000);
        CHECK(tables.classes.size() > 500);
    }

    TEST_CASE("tables are in order, and the second of a pair is no pair") {
        const OwnedCompositionTables tables = make_composition_tables();
        const auto check = [&](const auto& table) {
            CHECK(std::is_sorted(table.whole.begin(), table.whole.end()));
            for (std::size_t i = 1; i < table.composed.size(); ++i) {
                const auto a = table.composed[i - 1];
                const auto b = table.composed[i];
                CHECK((table.first[a] != table.first[b] ? table.first[a] < table.first[b]
                                                        : table.second[a] < table.second[b]));
            }
            for (const auto second : table.second) {
                const auto& narrow = tables.narrow.whole;
                CHECK_FALSE(std::binary_search(narrow.begin(), narrow.end(), second));
            }
        };
        check(tables.narrow);
        check(tables.wide);
        CHECK(std::is_sorted(tables.classes.begin(), tables.classes.end()));
    }
}
