// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/gene_string.hpp>
#include <hat/elastic/reference_sampler.hpp>
#include <hat/elastic/spaces.hpp>

#include <doctest/doctest.h>

using namespace hat::elastic;

TEST_SUITE("elastic/reference_sampler") {
    TEST_CASE("the SubTransformer of the first update, as the published program draws it") {
        CHECK(gene_string(reference_sample(wmt_space(), 0)) ==
              "e512:1024x4+2048x4+2048x4+1024x8+1024x8+2048x8/"
              "d512:3072x4x8x2+2048x8x8x2+1024x4x4x3+1024x8x4x3");
    }

    TEST_CASE("what unused layers attend to is drawn, too") {
        const DesignSpace space = wmt_space();
        PythonRandom random(0);
        PythonRandom again(0);
        const auto first = reference_sample(space, random);
        REQUIRE(first.decoder.layer_count == 4);
        static_cast<void>(detail::member_of(space, [&](Gene, const Choices& choices) {
            return choices[again.below(static_cast<std::uint32_t>(choices.size()))];
        }));
        for (int unused = 4; unused < 6; ++unused) static_cast<void>(again.below(3));
        CHECK(random.bits32() == again.bits32());
    }

    TEST_CASE("a sample is a member of any space") {
        for (const NamedSpace& named : named_spaces) {
            const DesignSpace space = named.make();
            for (int update = 0; update < 20; ++update)
                CHECK_NOTHROW(validate_member(space, reference_sample(space, update)));
        }
    }
}
