// SPDX-License-Identifier: Apache-2.0
// Expect: constraints not satisfied|no viable conversion|could not convert|conversion from

#include <hat/core/matrix_view.hpp>

float first(hat::ConstMatrix x) {
    const hat::Matrix y = x;  // wrong
    return x(0, 0);
}
