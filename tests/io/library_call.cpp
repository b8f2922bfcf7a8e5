// SPDX-License-Identifier: Apache-2.0
#include <hat/io/library_call.hpp>

#include <doctest/doctest.h>

#include <new>
#include <stdexcept>
#include <string>

using hat::io::library_call;

TEST_SUITE("io/library_call") {
    TEST_CASE("what a library returns comes through") {
        int value = 1;
        library_call("f", [&]() -> int& { return value; }) = 2;
        CHECK(value == 2);
        library_call("f", [&] { value = 3; });
        CHECK(value == 3);
    }
    TEST_CASE("what a library throws becomes an error with a place, on one readable line") {
        const auto call = [](const std::string& what) {
            library_call("f.model", [&] { throw std::out_of_range(what); });
        };
        CHECK_THROWS_WITH_AS(call("a\nb"), R"(f.model: a\nb)", hat::Error);
        CHECK_THROWS_WITH_AS(call(std::string(1'000'000, 'x')),
                             ("f.model: " + std::string(200, 'x') + "…").c_str(), hat::Error);
    }
    TEST_CASE("errors of ours and lack of memory stay what they are") {
        CHECK_THROWS_WITH_AS(library_call("f", [] { hat::fail("inner"); }), "inner", hat::Error);
        CHECK_THROWS_AS(library_call("f", [] { throw std::bad_alloc(); }), std::bad_alloc);
        const auto thrown_on = [] {
            throw std::runtime_error(
                "darts.h:703: exception: failed to resize pool: std::bad_alloc");
        };
        CHECK_THROWS_AS(library_call("f", thrown_on), std::bad_alloc);
    }
}
