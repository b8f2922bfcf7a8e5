// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `hat/data`: from text to the numbers a model reads.
///
/// Text (`read_lines`, and with utf8proc `read_parallel_text`, `normalize`), pieces (`Vocabulary`,
/// and with SentencePiece `Subword` and `train_subword`), encoded corpora (`Corpus`, `encode`),
/// texts of language models (`cut_into_blocks`), and ragged batches (`plan_batches`, `Batch`).
///
/// To be included alone: corpora in files (corpus_file.hpp), their content hash (corpus_hash.hpp)
/// and directories of them with their vocabulary (data_directory.hpp); scores equal to sacreBLEU's
/// (bleu.hpp, chrf.hpp, ter.hpp, with tokenizer.hpp and edit_distance.hpp; seen alike in
/// metric.hpp, against one or more of references.hpp) and how sure their differences are
/// (paired_bootstrap.hpp); which token says which in the other language (word_alignment.hpp) and so
/// may translate it (shortlist.hpp, shortlist_building.hpp, shortlist_file.hpp); fairseq's kind of
/// text (bpe.hpp, fairseq_dictionary.hpp, fairseq_text.hpp); text_codec.hpp, which reads and writes
/// text as a model directory says (text_rules.hpp), and line_codec.hpp, which does so for lines of
/// any length (split_long.hpp) and any characters (unknown_text.hpp); the lines that pieces are
/// learned from (line_sample.hpp) and whether text survives its pieces (round_trip.hpp); what
/// validation is held out of and what leaks into it (held_out.hpp), filters of pairs (clean.hpp);
/// and strings that come back as they are, as numbered symbols (placeholders.hpp, patterns.hpp).
///
///     const auto text = hat::data::read_parallel_text("train.en", "train.de");
///     const auto subword = hat::data::train_subword_on_files({"train.en", "train.de"});
///     const hat::data::Corpus corpus = hat::data::encode(text, subword, subword);
///     const auto plan = hat::data::plan_batches(corpus, {.max_tokens = 2000}, 1);  // epoch 1
///     hat::data::Batch batch;
///     batch.reserve(plan);
///     for (int b = 0; b < plan.size(); ++b) batch.fill(corpus, plan.sentences(b));
///
/// Limits: text is UTF-8; a corpus is held in memory, and has fewer than 2^31 pairs.
/// Corpus files are little-endian.

#include <hat/data/batch.hpp>
#include <hat/data/batches.hpp>
#include <hat/data/corpus.hpp>
#include <hat/data/lines.hpp>
#include <hat/data/shortlist.hpp>
#include <hat/data/text_blocks.hpp>
#include <hat/data/unknown_tokens.hpp>
#include <hat/data/utf8.hpp>
#include <hat/data/vocabulary.hpp>
#include <hat/data/white_space.hpp>

#ifdef HAT_WITH_UTF8PROC
#include <hat/data/parallel_text.hpp>
#include <hat/data/unicode.hpp>
#endif

#if defined(HAT_WITH_SENTENCEPIECE) && defined(HAT_WITH_UTF8PROC)
#include <hat/data/subword.hpp>
#include <hat/data/subword_trainer.hpp>
#endif
