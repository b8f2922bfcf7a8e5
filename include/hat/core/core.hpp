// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `hat/core`: what everything else stands on, and nothing that knows of networks.
///
/// Sizes (`Extent`, `Fixed`), views (`VectorView`, `MatrixView`), ragged batches (`Ragged`),
/// memory (`AlignedArray`, `Arena`, `TensorTable` and `Slab`), counter-based random numbers
/// (`RandomKey`, `Random`), threads (`ThreadPool`), errors (`Error`, `fail`) and vectors of 16
/// virtual lanes (`simd.hpp`).
///
///     hat::Arena arena;
///     const hat::Matrix x = arena.matrix(30, 128);       // 30 tokens, 128 features
///     const hat::Matrix head = x.middle_cols(32, 32);    // a slice is a view
///
/// Limits: sizes are `int`; a tensor may have 2^31 rows or columns, offsets are 64 bits wide.

#include <hat/core/activation.hpp>
#include <hat/core/aligned.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/bfloat16.hpp>
#include <hat/core/bit_cast.hpp>
#include <hat/core/bounded_vector.hpp>
#include <hat/core/code_point.hpp>
#include <hat/core/codebook.hpp>
#include <hat/core/error.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/fused.hpp>
#include <hat/core/fused_by_doubles.hpp>
#include <hat/core/helium.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/core/inplace_vector.hpp>
#include <hat/core/int8.hpp>
#include <hat/core/k_means.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/member.hpp>
#include <hat/core/order.hpp>
#include <hat/core/path.hpp>
#include <hat/core/position.hpp>
#include <hat/core/ragged.hpp>
#include <hat/core/random.hpp>
#include <hat/core/simd.hpp>
#include <hat/core/simd_choice.hpp>
#include <hat/core/simd_dot.hpp>
#include <hat/core/simd_math.hpp>
#include <hat/core/slab.hpp>
#include <hat/core/special_tokens.hpp>
#include <hat/core/threads.hpp>
#include <hat/core/token_ids.hpp>
#include <hat/core/tree.hpp>
