// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `hat/elastic`: one set of weights for many networks.
///
/// `DesignSpace` says which: the choices of every gene. A genome is a `model::Architecture`, which
/// is sampled, mutated, crossed, counted, and written as one word. `SuperTransformer` owns the
/// weights of the largest network and hands out any smaller one as views; `extract` copies one out.
///
///     const auto space = elastic::with_vocabulary(elastic::built_in_space("multi30k"), 8000,
///     8000); elastic::SuperTransformer super(elastic::largest(space)); Random random(1); const
///     auto genes = elastic::sample(space, random); const auto sub = super.sub_transformer(genes,
///     &gradients);
///
/// Spaces as YAML (`design_space_yaml.hpp`, needs yaml-cpp) and the training of a SuperTransformer
/// (`super_training.hpp`, needs nlohmann-json) are included by name.
///
/// Limits: sub-networks are prefixes, as in HAT: there is no sorting by importance.

#include <hat/elastic/cardinality.hpp>
#include <hat/elastic/design_space.hpp>
#include <hat/elastic/extract.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/elastic/genes.hpp>
#include <hat/elastic/python_random.hpp>
#include <hat/elastic/reference_sampler.hpp>
#include <hat/elastic/spaces.hpp>
#include <hat/elastic/super_transformer.hpp>
