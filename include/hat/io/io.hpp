// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json, yaml-cpp, xxHash
#pragma once

/// Files: what comes from outside is checked once, here; what is written appears whole or not at
/// all.
///
/// Needing only the standard library:
/// - `AtomicFile`, `write_file`, `AtomicDirectory`: a `Temporary` aside, fsync, rename
/// - `read_file`, `InputFile`, `MappedFile`: a file or pipe read once, a file mapped
/// - `FileLock`: one process at a time
/// - `exists`, `is_directory`, `is_regular_file`: what stands at a path
/// - `library_call`: what other libraries throw becomes an `Error`
/// - `LineReader`: the lines of a stream as they come
/// - `JsonLines`, `JsonRecord`: an append-only log
///
/// Needing nlohmann-json:
/// - `SafetensorsFile`, `write_safetensors`; `append_tensors`, `copy_tensors` for slabs;
///   `first_not_finite`
/// - `StoredTensors`, `copy_stored_tensors`: matrices in floats or fewer bits
/// - `architecture_to_json`, `architecture_from_json`
/// - `settings_difference`: in what two runs differ
/// - `directory_kind`: whether a directory holds data, a training or a model
///
/// Needing xxHash:
/// - `ContentHash`, `content_hash`: what a file holds, in 128 bits
///
/// Needing both:
/// - `FileHashes`: which files belong together, kept in one of them
/// - `vocabulary_hash`: which vocabulary text files are
/// - `ModelDirectory`, `save_model_directory`: config.json, weights, text files, card
///
/// Needing yaml-cpp:
/// - `read_architecture_yaml`, `architecture_to_yaml`; `published_from_yaml`, `published_to_yaml`
/// - `YamlMap`: flat YAML whose every message names file, line and key
///
///     const auto directory = ModelDirectory::open("model");
///     const auto layout = model::parameter_layout(directory.config().architecture);
///     Slab weights(layout.table);
///     directory.load_weights(layout.table, weights);
///
/// Limits: POSIX and little-endian machines; a mapped file that another program cuts short ends
/// this one with SIGBUS.

#include <hat/io/architecture_fields.hpp>
#include <hat/io/architecture_json.hpp>
#include <hat/io/architecture_yaml.hpp>
#include <hat/io/atomic_directory.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/byte_order_mark.hpp>
#include <hat/io/content_hash.hpp>
#include <hat/io/directory_kind.hpp>
#include <hat/io/file_hashes.hpp>
#include <hat/io/file_lock.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/finite.hpp>
#include <hat/io/half.hpp>
#include <hat/io/json.hpp>
#include <hat/io/jsonl.hpp>
#include <hat/io/library_call.hpp>
#include <hat/io/line_reader.hpp>
#include <hat/io/mapped_file.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/packed_copy.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/io/settings_difference.hpp>
#include <hat/io/slab.hpp>
#include <hat/io/stored_matrix.hpp>
#include <hat/io/temporary.hpp>
#include <hat/io/text_file.hpp>
#include <hat/io/vocabulary_hash.hpp>
#include <hat/io/yaml.hpp>
