// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `hat/elastic`: one set of weights for many networks.
///
/// `DesignSpace` says which: the choices of every gene. A genome is a `model::Architecture`, which
/// is sampled, mutated, crossed, counted, and written as one word. `SuperTransformer` owns the
/// weights of the largest network and hands out any smaller one as views; `extract` copies one out.
///
///     const DesignSpace space = with_vocabulary(multi30k_space(), 8000, 8000);
///     SuperTransformer super(largest(space));
///     Random random(1);
///     const auto sub = super.sub_transformer(sample(space, random), &gradients);
///
/// To be included alone: spaces as YAML (design_space_yaml.hpp, needs yaml-cpp), how many members a
/// space has (cardinality.hpp), and the reference's sampler (reference_sampler.hpp,
/// python_random.hpp).
///
/// What HAT's code does and its paper does not say, and is so here, too: a member's sinusoids are
/// the first columns of the super network's table, its dropout is scaled by own / super width, and
/// encoder layers that it lacks are identities, to which decoder layers may still attend (unless
/// the space says `attends_to_real_layers`).
///
/// Limits: sub-networks are prefixes, as in HAT: there is no sorting by importance.

#include <hat/elastic/design_space.hpp>
#include <hat/elastic/extract.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/elastic/genes.hpp>
#include <hat/elastic/spaces.hpp>
#include <hat/elastic/super_training.hpp>
#include <hat/elastic/super_transformer.hpp>
