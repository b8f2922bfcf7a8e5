// SPDX-License-Identifier: Apache-2.0
// Needs: xxHash
#pragma once

#include <hat/data/corpus.hpp>
#include <hat/data/corpus_file.hpp>
#include <hat/io/content_hash.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace hat::data {

/// The content hash of the sentences of `corpus`: the same for the same text in whatever file, of
/// whatever version. It does not say which vocabulary the ids are of.
[[nodiscard]] inline std::string corpus_hash(const Corpus& corpus) {
    io::ContentHash hash;
    detail::visit_corpus(corpus, [&](std::span<const std::byte> bytes) { hash.add(bytes); });
    return hash.text();
}

}  // namespace hat::data
