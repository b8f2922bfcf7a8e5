// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `hat/deploy`: from a trained network to what serves it elsewhere.
///
/// Headers as one text (`Amalgamation`), and the text side of a translator on a device without
/// system: `encode_line` and `decode_line` of embedded_text.hpp read tables in flash, and work in
/// memory of their caller. They are what SentencePiece (`encode_subwords`, `decode_subwords`) and
/// utf8proc (`compose_canonically`) do, byte for byte.
///
/// To be included alone: what makes the tables, of a subword model (subword_tables_builder.hpp), of
/// Unicode (composition_tables_builder.hpp), of how a model directory treats text
/// (embedded_text_builder.hpp), and what writes them as constants (text_tables_source.hpp).
///
///     const auto owned = make_text_tables(model, special, rules, whole_tokens, "run/model");
///     const std::string source = text_tables_source(owned, "translator");
///     // on the device
///     static StaticTextMemory<512> memory;
///     const TextResult read = encode_line(translator::tables, line, memory, ids, 64);
///     // the network says `said` of the tokens ids[0 … read.count − 1]
///     const TextResult written = decode_line(translator::tables, read, memory, said, text, 512);
///
/// `EmbeddedTranslator` puts that around a network of fixed sizes: lines in, translations out, in
/// memory of the caller. `exported_header` (exported_header.hpp, to be included alone) writes all
/// of it as one header: the code, the architecture (`architecture_source`), the weights
/// (`bytes_source`) and the tables; `hat export` does that to a model directory.
///
/// Limits: embedded_text.hpp says which lines get a status instead of tokens.

#include <hat/deploy/amalgamation.hpp>
#include <hat/deploy/architecture_source.hpp>
#include <hat/deploy/bytes_source.hpp>
#include <hat/deploy/embedded_text.hpp>
#include <hat/deploy/embedded_translator.hpp>
#include <hat/deploy/namespace_name.hpp>
#include <hat/deploy/packed_shortlist.hpp>
#include <hat/deploy/weights_hash.hpp>
