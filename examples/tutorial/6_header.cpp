// SPDX-License-Identifier: Apache-2.0

/// Writes a trained network as a header: its architecture, and its weights of 8 bits.

#include <hat/deploy/architecture_source.hpp>
#include <hat/deploy/bytes_source.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/model/static_model.hpp>

#include "letters.hpp"

#include <cstddef>
#include <cstdio>
#include <span>
#include <string>

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: 6_header FILE\n", stderr);
        return 2;
    }
    hat::model::Network network(letters::small);
    network.initialize(1);
    hat::ThreadPool pool;
    letters::train(network, 400, pool);

    const auto weights = hat::model::static_weights<hat::nn::PackedInt8>(network);
    const std::span bytes(weights.data(), static_cast<std::size_t>(weights.size()));
    const std::string header =
        "#pragma once\n#include <hat/model/architecture.hpp>\n#include <cstdint>\n" +
        hat::deploy::architecture_source(network.architecture(), "sorter") +
        "namespace sorter {\n" + hat::deploy::bytes_source(bytes, "weights") + "}\n";
    try {
        hat::io::write_file(argv[1], header);
    } catch (const hat::Error& error) {
        std::fprintf(stderr, "6_header: %s\n", error.what());
        return 1;
    }
}
