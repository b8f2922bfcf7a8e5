// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `hat/kernels`: arithmetic on views, forward and backward side by side.
///
/// Every kernel takes views whose memory the caller owns, checks nothing in release builds and, but
/// for what a scratch `Arena` hands out, allocates nothing. All matrix products run on one tile
/// (`tile.hpp`): `packed_gemm` on weights packed once, in floats or fewer bits (`bfloat16.hpp`,
/// `int8.hpp`), `gemm_nt`, `gemm_nn` and `gemm_tn` on row-major operands, `group_linear` on the
/// groups of DeLighT.
///
///     hat::kernels::gemm_nt(x, weight, {.y = y, .bias = bias, .activation = Activation::relu},
///                           scratch);
///
/// Limits: training is in single precision; attention's own products, softmax and norms, too.

#include <hat/kernels/activation.hpp>
#include <hat/kernels/ask_ahead.hpp>
#include <hat/kernels/attention.hpp>
#include <hat/kernels/attention_step.hpp>
#include <hat/kernels/bfloat16.hpp>
#include <hat/kernels/cross_entropy.hpp>
#include <hat/kernels/distillation.hpp>
#include <hat/kernels/dropout.hpp>
#include <hat/kernels/embedding.hpp>
#include <hat/kernels/feature_shuffle.hpp>
#include <hat/kernels/gather_outputs.hpp>
#include <hat/kernels/gemm.hpp>
#include <hat/kernels/group_affine.hpp>
#include <hat/kernels/group_epilogue.hpp>
#include <hat/kernels/group_linear.hpp>
#include <hat/kernels/int8.hpp>
#include <hat/kernels/k_means4.hpp>
#include <hat/kernels/layer_norm.hpp>
#include <hat/kernels/packed_fixed.hpp>
#include <hat/kernels/packed_gemm.hpp>
#include <hat/kernels/packed_matrix.hpp>
#include <hat/kernels/recurrent_dropout.hpp>
#include <hat/kernels/row_moments.hpp>
#include <hat/kernels/rows.hpp>
#include <hat/kernels/softmax.hpp>
#include <hat/kernels/stored_row.hpp>
#include <hat/kernels/tile.hpp>
#include <hat/kernels/top_candidates.hpp>
