// SPDX-License-Identifier: Apache-2.0
// Expect: read-only|const-qualified

#include <hat/core/matrix_view.hpp>

float first(hat::ConstMatrix x) {
    x(0, 0) = 1.0F;  // wrong
    return x(0, 0);
}
