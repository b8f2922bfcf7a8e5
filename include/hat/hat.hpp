// SPDX-License-Identifier: Apache-2.0
#pragma once

/// All of hat that needs the standard library and xsimd alone: layers and their gradients,
/// networks, training, SuperTransformers and their design spaces, sampling, the latency laboratory,
/// the search, decoding. Whoever includes this alone can train a SuperTransformer, search with a
/// fitness of their own, extract and translate (examples/search_your_own.cpp).
///
/// To be included besides, with the library that each names in its first lines: text, vocabularies
/// and scores (<hat/data/data.hpp>), files (<hat/io/io.hpp>), design spaces in YAML
/// (<hat/elastic/design_space_yaml.hpp>), whole trainings with checkpoints
/// (<hat/train/training.hpp>), predictors in files (<hat/latency/predictor.hpp>),
/// checkpoints and data of other toolkits (<hat/interop/interop.hpp>), drawings and progress
/// (<hat/report/report.hpp>).

#include <hat/autograd/autograd.hpp>
#include <hat/core/core.hpp>
#include <hat/data/batch.hpp>
#include <hat/data/batches.hpp>
#include <hat/data/corpus.hpp>
#include <hat/data/corpus_file.hpp>
#include <hat/data/lines.hpp>
#include <hat/data/text_blocks.hpp>
#include <hat/data/vocabulary.hpp>
#include <hat/decode/decode.hpp>
#include <hat/decode/sampling.hpp>
#include <hat/elastic/elastic.hpp>
#include <hat/kernels/kernels.hpp>
#include <hat/latency/latency.hpp>
#include <hat/model/model.hpp>
#include <hat/nn/nn.hpp>
#include <hat/search/search.hpp>
#include <hat/train/distillation.hpp>
#include <hat/train/perplexity.hpp>
#include <hat/train/train.hpp>
#include <hat/version.hpp>
