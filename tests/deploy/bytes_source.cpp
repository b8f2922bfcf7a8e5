// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/bytes_source.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <vector>

TEST_SUITE("deploy/bytes_source") {
    TEST_CASE("bytes are words of 64 bits, the lowest byte first, the last one filled up") {
        std::vector<std::byte> bytes(8 * 6 + 3, std::byte{0});
        bytes[0] = std::byte{0x12};
        bytes[15] = std::byte{0xAB};
        bytes[48] = std::byte{0x01};
        bytes[50] = std::byte{0xF0};
        CHECK(hat::deploy::bytes_source(bytes, "words") ==
              "alignas(64) inline constexpr std::uint64_t words[] = {\n"
              "0x12,0xAB00000000000000,0x00,0x00,0x00,\n0x00,0xF00001,};\n");
    }
}
