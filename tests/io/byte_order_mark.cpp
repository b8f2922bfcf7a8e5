// SPDX-License-Identifier: Apache-2.0
#include <hat/io/byte_order_mark.hpp>
#include <hat/io/csv.hpp>
#include <hat/io/json.hpp>
#include <hat/io/yaml.hpp>

#include <doctest/doctest.h>

#include <string>

using hat::io::skip_byte_order_mark;

TEST_SUITE("io/byte_order_mark") {
    static_assert(skip_byte_order_mark("\xEF\xBB\xBFtext") == "text");
    static_assert(skip_byte_order_mark("\xEF\xBBtext") == "\xEF\xBBtext");
    static_assert(skip_byte_order_mark("\xEF\xBB\xBF").empty());
    static_assert(skip_byte_order_mark("\xEF\xBB\xBF\xEF\xBB\xBFx") == "\xEF\xBB\xBFx");

    TEST_CASE("files of every kind may begin with one") {
        const std::string mark = "\xEF\xBB\xBF";
        CHECK(hat::io::Csv::parse(mark + "a,b\n1,2\n", "a.csv").find("a") == 0);
        CHECK(hat::io::parse_json(mark + "{\"a\": 1}", "a.json").at("a") == 1);
        CHECK(hat::io::YamlMap::parse(mark + "a: 1\n", "a.yml").integer("a") == 1);
    }
}
