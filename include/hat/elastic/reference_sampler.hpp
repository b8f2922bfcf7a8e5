// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/elastic/design_space.hpp>
#include <hat/elastic/genes.hpp>
#include <hat/elastic/python_random.hpp>

#include <cstddef>
#include <cstdint>

namespace hat::elastic {

/// The next member that the published code of HAT (arXiv:2005.14187) draws: what a decoder layer
/// attends to is drawn for every layer of the super network, be it used or not.
[[nodiscard]] inline model::Architecture reference_sample(const DesignSpace& space,
                                                          PythonRandom& random) {
    const auto draw = [&random](const Choices& choices) {
        return choices[random.below(static_cast<std::uint32_t>(choices.size()))];
    };
    const model::Architecture member =
        detail::member_of(space, [&](Gene, const Choices& choices) { return draw(choices); });
    if (space.super.has_encoder())
        for (int i = member.decoder.layer_count; i < space.super.decoder.layer_count; ++i)
            static_cast<void>(draw(space.decoder_attended_layers));
    return member;
}

/// The member that the reference trains in update `update` (from 0), whatever its `--seed`.
[[nodiscard]] inline model::Architecture reference_sample(const DesignSpace& space,
                                                          std::int64_t update) {
    PythonRandom random(static_cast<std::uint64_t>(update));
    return reference_sample(space, random);
}

}  // namespace hat::elastic
