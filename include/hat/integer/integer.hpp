// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `hat/integer`: a Transformer without floating point, for processors that have none
/// (arXiv:2103.02800, FQ-BERT, is the model). To be included alone: hat.hpp leaves it out.
///
/// Weights, and what products take, have 8 bits; sums of products are exact; the residual stream,
/// queries and what is inside a feed-forward layer have 16; keys and values that are kept 8. Layer
/// norm (`LayerNorm`), attention (`attend`) and softmax are integers and two tables of 65 numbers
/// (exponential.hpp), scales are `Scale`s: a mantissa and a shift (fixed_point.hpp). So all results
/// are the same wherever integers are. `Network` reads a source and goes on with targets step by
/// step, `Search` finds the best ones; they are all that a device needs, work in memory that they
/// are given, and call nothing of a system. `StaticTranslator` is both for a network of constants.
///
/// `observe` tells how large the numbers of a network of floats get on sentences, `quantise` makes
/// a `Model` of integers of both:
///
///     hat::integer::Ranges ranges;
///     hat::integer::observe(network.view(), pairs, ranges);
///     const hat::integer::Model model = hat::integer::quantise(network.view(), ranges);
///     hat::integer::Network run(model.view(), limits, memory);
///     hat::integer::Search search(limits, memory);
///     run.start(source);
///     const std::span<const int> target = search.run(run, special, {.beam = 4})[0].tokens;
///
/// Limits: translators without DExTra and adaptive softmax; one sentence at a time.

#include <hat/integer/attention.hpp>
#include <hat/integer/dot.hpp>
#include <hat/integer/embedding.hpp>
#include <hat/integer/exponential.hpp>
#include <hat/integer/feed_forward.hpp>
#include <hat/integer/fixed_point.hpp>
#include <hat/integer/layer_norm.hpp>
#include <hat/integer/linear.hpp>
#include <hat/integer/model.hpp>
#include <hat/integer/network.hpp>
#include <hat/integer/quantise.hpp>
#include <hat/integer/ranges.hpp>
#include <hat/integer/search.hpp>
#include <hat/integer/softmax.hpp>
#include <hat/integer/static_translator.hpp>
#include <hat/integer/transformer.hpp>
#include <hat/integer/weight_sizes.hpp>
#include <hat/integer/weights.hpp>
