// SPDX-License-Identifier: Apache-2.0

/// The same network with weights of 32, 16 and 8 bits: what it weighs, what it forgets, and what it
/// says.

#include <hat/model/static_model.hpp>

#include "letters.hpp"

#include <cstdio>

namespace {

/// Serves a network with weights of that kind.
template <class Weights>
void serve(const char* name, const hat::model::Network& network, hat::ThreadPool& pool) {
    const hat::model::PackedModelOf<Weights> packed(network.view());
    hat::train::Validator validator(letters::corpus(200, 2), pool);
    const auto bytes = hat::model::static_weights<Weights>(network).size();
    hat::decode::BasicTranslator translator(packed, letters::special);
    std::printf("%s: %td bytes, loss %.4f, tensor -> %s\n", name, bytes,
                validator(packed.view(), 0).loss(),
                letters::sorted(translator, "tensor", pool).c_str());
}

}  // namespace

int main() {
    hat::model::Network network(letters::small);
    network.initialize(1);
    hat::ThreadPool pool;
    letters::train(network, 400, pool);
    serve<hat::nn::Packed>("fp32", network, pool);
    serve<hat::nn::PackedBf16>("bf16", network, pool);
    serve<hat::nn::PackedInt8>("int8", network, pool);
}

// Output:
// fp32: 93440 bytes, loss 0.0103, tensor -> enorst
// bf16: 48512 bytes, loss 0.0103, tensor -> enorst
// int8: 28608 bytes, loss 0.0105, tensor -> enorst
