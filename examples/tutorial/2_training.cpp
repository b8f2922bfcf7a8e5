// SPDX-License-Identifier: Apache-2.0

/// A Transformer of one layer a side learns to sort the letters of words from examples alone.

#include "letters.hpp"

#include <cstdio>

int main() {
    hat::model::Network network(letters::small);
    network.initialize(1);
    std::printf("%td parameters\n", network.values().size());

    hat::ThreadPool pool;
    hat::train::Validator validator(letters::corpus(200, 2), pool);
    std::printf("loss %.2f, after training ", validator(network.view(), 0).loss());
    letters::train(network, 400, pool);
    std::printf("%.2f\n", validator(network.view(), 0).loss());

    const hat::model::PackedModel packed(network.view());
    hat::decode::Translator translator(packed, {});
    for (const char* word : {"tensor", "layer", "quick"})
        std::printf("%s -> %s\n", word, letters::sorted(translator, word, pool).c_str());
}

// Output:
// 22336 parameters
// loss 4.31, after training 0.01
// tensor -> enorst
// layer -> aelry
// quick -> cikqu
