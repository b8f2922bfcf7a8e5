// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `hat/decode`: from a model to its translations, or to text of its own.
///
/// `GreedySearch` and `BeamSearch` run over any `StepModel`: something that has `start` and `step`.
/// `ForcedDecoding` scores targets that are given, as these searches would.
/// `CachedTransformer` is one, on packed weights and caches; `Translator` sorts sentences by length
/// and has several threads take them, each of which is at a batch of them, where the next take the
/// places of the finished; `AnyTranslator` is one whose kind of weights is chosen at run time.
///
/// With a shortlist (`data::Shortlist`), a translator computes and chooses among the tokens of each
/// sentence's list alone (`ShortlistedOutputs`).
///
/// `StaticTranslator` serves a network of fixed sizes without heap, from weights that lie ready.
///
/// `Deadline` chooses among networks of different sizes, so that each sentence is done in time.
///
/// To be included alone: `TextSampler` (sampling.hpp), which continues prompts of a language model;
/// with packages, `ServedModel` and `LineTranslator`, which serve a model directory to lines of
/// text.
///
///     const hat::model::PackedModel packed(network.view());
///     hat::decode::Translator translator(packed, special_tokens);
///     const auto results = translator.translate({tokens, sentences}, {.beam = 5}, pool);
///
/// The same sentence gives the same bits alone or in any batch, on any number of threads and on any
/// CPU. Once sized by a first batch, decoding allocates nothing.
///
/// Limits: 1,024 positions with sinusoids, as many as were learned otherwise; a target is begun by
/// eos.

#include <hat/decode/any_translator.hpp>
#include <hat/decode/beam.hpp>
#include <hat/decode/cached_transformer.hpp>
#include <hat/decode/deadline.hpp>
#include <hat/decode/forced.hpp>
#include <hat/decode/greedy.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/input_checks.hpp>
#include <hat/decode/memory.hpp>
#include <hat/decode/owned_sources.hpp>
#include <hat/decode/repetition.hpp>
#include <hat/decode/running_batch.hpp>
#include <hat/decode/sentence_queue.hpp>
#include <hat/decode/serving.hpp>
#include <hat/decode/shortlisted_outputs.hpp>
#include <hat/decode/static_translator.hpp>
#include <hat/decode/step_model.hpp>
#include <hat/decode/translate.hpp>
