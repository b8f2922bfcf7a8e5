// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/bfloat16.hpp>
#include <hat/core/error.hpp>
#include <hat/data/corpus.hpp>
#include <hat/model/network.hpp>

#include "support/random_pairs.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

/// A small network that was trained (train.cpp) to say sentences backwards, each word moved up by
/// one. Its weights are in trained.bin, as bfloat16 in the order of their slab.
namespace hat::support {

inline constexpr int trained_vocab_size = 24;

inline model::Architecture trained_architecture() {
    return small_architecture(trained_vocab_size);
}

/// Sentences that it was not trained on.
inline data::Corpus trained_test() {
    return reversed_pairs(40, trained_vocab_size, 3);
}

/// Throws  `Error` if the file is not as long as the network
inline model::Network trained_network(const std::string& path) {
    model::Network network(trained_architecture());
    const auto count = static_cast<std::size_t>(network.values().size());
    std::vector<std::uint16_t> stored(count + 1);
    const auto close = [](std::FILE* file) { std::fclose(file); };
    const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "rb"), close);
    if (file == nullptr ||
        std::fread(stored.data(), sizeof(std::uint16_t), stored.size(), file.get()) != count)
        fail(path, ": expected ", count, " numbers of 16 bits");
    for (std::size_t i = 0; i < count; ++i)
        network.values().data()[i] = bfloat16_to_float(stored[i]);
    return network;
}

}  // namespace hat::support
