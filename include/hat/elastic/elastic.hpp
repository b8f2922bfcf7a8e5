// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `hat/elastic`: one set of weights for many networks.
///
/// `SuperTransformer` owns the weights of the largest network and hands out any smaller one as
/// views.
///
///     hat::elastic::SuperTransformer super(largest);
///     const auto sub = super.sub_transformer(genes, &gradients);
///
/// Limits: sub-networks are prefixes, as in HAT: there is no sorting by importance.

#include <hat/elastic/cardinality.hpp>
#include <hat/elastic/design_space.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/elastic/genes.hpp>
#include <hat/elastic/python_random.hpp>
#include <hat/elastic/reference_sampler.hpp>
#include <hat/elastic/spaces.hpp>
#include <hat/elastic/super_transformer.hpp>
