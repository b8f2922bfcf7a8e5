// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What trains and serves a network with the standard library and xsimd alone. A workshop's needs
/// are included besides: SuperTransformers (<hat/elastic/elastic.hpp>), the search
/// (<hat/search/search.hpp>), scores of translations (<hat/data/bleu.hpp>, <hat/data/chrf.hpp>).

#include <hat/autograd/autograd.hpp>
#include <hat/core/core.hpp>
#include <hat/data/data.hpp>
#include <hat/decode/decode.hpp>
#include <hat/kernels/kernels.hpp>
#include <hat/model/model.hpp>
#include <hat/nn/nn.hpp>
#include <hat/train/train.hpp>
#include <hat/version.hpp>
