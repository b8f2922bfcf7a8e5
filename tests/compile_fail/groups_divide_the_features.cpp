// SPDX-License-Identifier: Apache-2.0
// Expect: group_affine: in is not a multiple of groups

#include <hat/kernels/group_affine.hpp>

using hat::Fixed;

void transform(hat::MatrixView<const float, int, Fixed<10>> x,
               hat::MatrixView<const float, Fixed<8>, Fixed<3>> weight,
               hat::VectorView<const float, Fixed<8>> bias,
               hat::MatrixView<float, int, Fixed<8>> y) {
    hat::kernels::group_affine(x, weight, bias, Fixed<4>{}, false, y);  // wrong
}
