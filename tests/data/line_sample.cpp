// SPDX-License-Identifier: Apache-2.0
#include <hat/data/line_sample.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

using hat::data::EvenSpread;
using hat::data::LineSample;
using hat::data::NormalForm;
using Lines = std::vector<std::string>;

TEST_SUITE("data/line_sample") {
    Lines lines_of(const LineSample& sample) {
        Lines lines;
        for (std::size_t i = 0; i < sample.size(); ++i) lines.push_back(sample[i]);
        return lines;
    }

    TEST_CASE("lines are evenly spread over all parts") {
        const Lines first{"0", "1", "2"};
        const Lines none;
        const Lines second{"3", "4", "5", "6"};
        const auto take = [&](int most) {
            return lines_of(LineSample({&first, &none, &second}, most, {}));
        };
        CHECK(take(100) == Lines{"0", "1", "2", "3", "4", "5", "6"});
        CHECK(take(7) == take(100));
        CHECK(take(3) == Lines{"0", "2", "4"});
        CHECK(take(1) == Lines{"0"});
        CHECK(LineSample({&first, &second}, 3, {}).lines() == 7);
        CHECK(lines_of(LineSample({&none}, 3, {})).empty());
    }
    TEST_CASE("an even spread says which lines it takes, and the first from a line on") {
        const EvenSpread spread(10, 4);
        CHECK(std::vector{spread[0], spread[1], spread[2], spread[3]} ==
              std::vector<std::int64_t>{0, 2, 5, 7});
        CHECK(spread.first_from(0) == 0);
        CHECK(spread.first_from(1) == 1);
        CHECK(spread.first_from(5) == 2);
        CHECK(spread.first_from(8) == 4);
        constexpr std::int64_t many = std::int64_t{1} << 40U;
        CHECK(EvenSpread(many, 1'000'000)[999'999] < many);
        CHECK(EvenSpread(0, 0).first_from(0) == 0);
    }
    TEST_CASE("lines are as the rules make them") {
        const Lines lines{"A\u0308\t"};
        const LineSample sample(
            {&lines}, 1, {.normalize = NormalForm::nfc, .lowercase = true, .stand_ins = true});
        CHECK(lines_of(sample) == Lines{"\u00E4\uFDD2"});
    }
}
