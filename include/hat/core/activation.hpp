// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace hat {

/// The non-linearity of a feed-forward layer.
///
/// gelu is x·Φ(x) with the error function, gelu_tanh its approximation by tanh, swish x·σ(x).
enum class Activation { linear, relu, gelu, gelu_tanh, tanh, swish };

}  // namespace hat
