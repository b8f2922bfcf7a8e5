// SPDX-License-Identifier: Apache-2.0
#include <hat/core/extent.hpp>
#include <hat/core/inplace_vector.hpp>
#include <hat/core/member.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <tuple>
#include <type_traits>
#include <vector>

namespace {

struct Layer {};
struct Weight {
    [[nodiscard]] bool empty() const { return false; }
};
enum class Kind : unsigned char { one };

}  // namespace

TEST_SUITE("core/member") {
    TEST_CASE("a type tells what kind of member it is") {
        namespace detail = hat::detail;
        static_assert(detail::is_layer<Layer> && detail::is_layer<std::optional<Layer>>);
        static_assert(!detail::is_layer<Weight>);
        static_assert(detail::is_setting<int> && detail::is_setting<bool> &&
                      detail::is_setting<Kind> && detail::is_setting<hat::Fixed<3>>);
        static_assert(!detail::is_setting<Layer> && !detail::is_setting<Weight>);
        static_assert(detail::is_list<hat::InplaceVector<Layer, 2>> &&
                      detail::is_list<std::tuple<Layer, Weight>>);
        static_assert(!detail::is_list<Layer>);
        CHECK(detail::is_present(Layer{}));
        CHECK(detail::is_present(std::optional<Layer>{Layer{}}));
        CHECK_FALSE(detail::is_present(std::optional<Layer>{}));
        CHECK_FALSE(detail::is_present(hat::Absent{}));
    }

    TEST_CASE(
        "elements of a longer list stand for those of a short one from the front or both ends") {
        CHECK(hat::FromFront::slot(1, 3, 5) == 1);
        CHECK(hat::FromFront::slot(2, 3, 5) == 2);
        CHECK(hat::FromBothEnds::slot(1, 3, 5) == 1);
        CHECK(hat::FromBothEnds::slot(2, 3, 5) == 4);
    }

    TEST_CASE("the last tree leads") {
        int a = 1;
        int b = 2;
        CHECK(&hat::leading(a) == &a);
        CHECK(&hat::leading(a, b) == &b);
    }

    TEST_CASE("layers are visited in order, of tuples with indices that the compiler knows") {
        std::vector<int> seen;
        hat::InplaceVector<int, 3> list;
        list.push_back(4);
        list.push_back(5);
        hat::for_each_layer(list, [&](int value, int i) { seen.push_back(10 * value + i); });
        CHECK(seen == std::vector<int>{40, 51});
        const std::tuple<int, float> pair{6, 7.0F};
        hat::for_each_layer(pair, [&](auto value, auto i) {
            static_assert(std::is_same_v<decltype(value), float> == (decltype(i)::value == 1));
            seen.push_back(static_cast<int>(value));
        });
        CHECK(seen == std::vector<int>{40, 51, 6, 7});
    }
}
