// SPDX-License-Identifier: Apache-2.0
#include <hat/core/aligned.hpp>
#include <hat/deploy/packed_shortlist.hpp>

#include "support/shortlists.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace hat::deploy;

TEST_SUITE("deploy/packed_shortlist") {
    TEST_CASE("packed lists are those of the shortlist, in little more than half of the bytes") {
        const hat::data::Shortlist shortlist = hat::support::random_shortlist(300, 20);
        const ShortlistShape shape = shape_of(shortlist);
        hat::AlignedArray<std::byte> bytes(static_cast<std::ptrdiff_t>(shape.bytes()));
        pack_shortlist(shortlist, bytes.data());
        const PackedShortlist packed = view_shortlist(bytes.data(), shape);
        CHECK(shape.bytes() % hat::alignment == 0);
        CHECK(packed.source_vocab_size() == 300);
        CHECK(packed.target_vocab_size() == 300);
        for (const int length : {1, 3, 1000}) CHECK(packed.most(length) == shortlist.most(length));
        for (int token = 0; token < 300; ++token)
            CHECK(std::ranges::equal(packed.of(token), shortlist.of(token)));
        std::vector<std::uint64_t> words(
            static_cast<std::size_t>(hat::data::TokenMarks::words(300)));
        const std::vector<int> source{7, 250, 7, 2};
        std::vector<int> found(static_cast<std::size_t>(packed.most(4)));
        std::vector<int> expected(found.size());
        const hat::data::TokenMarks marks(words);
        found.resize(static_cast<std::size_t>(packed.select(source, marks, found.data())));
        expected.resize(static_cast<std::size_t>(shortlist.select(source, marks, expected.data())));
        CHECK(found == expected);
    }
}
