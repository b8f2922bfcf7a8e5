// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What trains and serves a network with the standard library and xsimd alone, from encoded corpora
/// on. A workshop's needs are included besides: text and vocabularies (<hat/data/data.hpp>),
/// corpora in files (<hat/data/corpus_file.hpp>), SuperTransformers (<hat/elastic/elastic.hpp>),
/// the search (<hat/search/search.hpp>), scores of translations (<hat/data/bleu.hpp>,
/// <hat/data/chrf.hpp>) and texts (<hat/train/perplexity.hpp>), and texts of a language model's own
/// (<hat/decode/sampling.hpp>).

#include <hat/autograd/autograd.hpp>
#include <hat/core/core.hpp>
#include <hat/data/batch.hpp>
#include <hat/data/batches.hpp>
#include <hat/data/corpus.hpp>
#include <hat/data/text_blocks.hpp>
#include <hat/decode/decode.hpp>
#include <hat/kernels/kernels.hpp>
#include <hat/model/model.hpp>
#include <hat/nn/nn.hpp>
#include <hat/train/train.hpp>
#include <hat/version.hpp>
