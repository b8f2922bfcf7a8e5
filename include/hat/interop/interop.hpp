// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

/// `hat/interop`: what other toolkits wrote.
///
/// - `FairseqCheckpoint`: a network of HAT's authors, from such a file, as an `Architecture` and a
///   slab; `TorchCheckpoint`: tensors and values of any PyTorch checkpoint, read by
///   `Pickle` and `ZipArchive`, which run nothing that a file says
/// - `read_fairseq_corpus`: binarised data; `plan_fairseq_batches`: the batches that its training
///   makes of them, pair by pair
///
///     const auto checkpoint = hat::interop::FairseqCheckpoint::open("checkpoint_best.pt");
///     hat::model::Network network(checkpoint.architecture());
///     checkpoint.load_weights(network.table(), network.values());
///
/// Its dictionaries and byte pairs are kinds of text like others (<hat/data/fairseq_text.hpp>).
///
/// Limits: files are little-endian.

#include <hat/interop/fairseq.hpp>
#include <hat/interop/fairseq_arguments.hpp>
#include <hat/interop/fairseq_batches.hpp>
#include <hat/interop/fairseq_data.hpp>
#include <hat/interop/pickle.hpp>
#include <hat/interop/pickle_value.hpp>
#include <hat/interop/torch_checkpoint.hpp>
#include <hat/interop/torch_tensor.hpp>
#include <hat/interop/zip.hpp>
