// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/decode/any_translator.hpp>
#include <hat/model/architecture_parts.hpp>

namespace hat::decode {

/// The kind of weights that `serving`, a valid one, asks for.
[[nodiscard]] constexpr WeightKind weight_kind_of(const model::Serving& serving) noexcept {
    switch (serving.weight_bits) {
    case 16:
        return WeightKind::bf16;
    case 8:
        return WeightKind::int8;
    default:
        return WeightKind::fp32;
    }
}

}  // namespace hat::decode
