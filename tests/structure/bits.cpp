// SPDX-License-Identifier: Apache-2.0
//
// Prints numbers that must not depend on how the compiler may fuse multiplications and additions:
// compiled with and without -ffp-contract=off it must print the same.

#include <hat/hat.hpp>
#include <hat/model/delight.hpp>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

namespace {

class Hash {
public:
    void add(hat::ConstMatrix m) noexcept {
        for (int i = 0; i < m.rows(); ++i)
            for (const float x : m.row(i)) {
                std::uint32_t bits = 0;
                std::memcpy(&bits, &x, sizeof bits);
                hash_ = hat::mix64(hash_ ^ bits);
            }
    }
    void print(const char* what) {
        std::printf("%s %016llx\n", what, static_cast<unsigned long long>(hash_));
        hash_ = 0;
    }

private:
    std::uint64_t hash_ = 0;
};

struct Numbers {
    Numbers(int rows, int cols)
        : rows_(rows), cols_(cols), values_(static_cast<std::size_t>(rows * cols)) {
        hat::Random random(7);
        for (float& x : values_) x = static_cast<float>(2 * random.normal());
    }
    hat::Matrix view() { return {values_.data(), rows_, cols_}; }

    int rows_, cols_;
    std::vector<float> values_;
};

void print_kernels() {
    using namespace hat;
    Hash hash;
    Numbers x(9, 67);
    Numbers dy(9, 67);
    Numbers y(9, 67);
    for (const Activation f : {Activation::relu, Activation::gelu, Activation::gelu_tanh,
                               Activation::tanh, Activation::swish}) {
        kernels::activation(f, x.view(), y.view());
        hash.add(y.view());
        kernels::activation_backward(f, x.view(), dy.view(), y.view(), false);
        hash.add(y.view());
    }
    hash.print("activations");
    Numbers gain(1, 67);
    Numbers bias(1, 67);
    kernels::layer_norm(x.view(), gain.view().row(0), bias.view().row(0), y.view());
    hash.add(y.view());
    hash.print("layer norm");
    for (int i = 0; i < 9; ++i) {
        for (int j = 0; j + 16 <= 67; j += 16) {
            float* const at = x.view().row_data(i) + j;
            float* const to = y.view().row_data(i) + j;
            const auto lanes = simd::load(at);
            simd::store(simd::log(simd::exp(lanes)), to);
            simd::store(simd::erf(simd::load(to)), to);
        }
        y.view()(i, 66) = kernels::row_log_sum_exp(x.view().row_data(i), 67);
    }
    hash.add(y.view());
    hash.print("functions");
}

/// Three updates of a network, with dropout, and a search in it.
void print_network(const char* what, const hat::model::Architecture& a) {
    using namespace hat;
    model::Network network(a);
    network.initialize(1);
    model::Gradients gradients(network.table());
    train::Adam adam(network.table(), {});
    ThreadPool pool(1);
    Arena memory;
    Arena scratch;
    constexpr int source[] = {5, 9, 30, 2, 7, 2};
    constexpr int input[] = {2, 11, 2, 12, 13};
    constexpr int target[] = {11, 2, 12, 13, 2};
    constexpr int source_offsets[] = {0, 4, 6};
    constexpr int target_offsets[] = {0, 2, 5};
    const model::Batch batch{source, Ragged(source_offsets, 2), input, target,
                             Ragged(target_offsets, 2)};
    Hash hash;
    for (int step = 0; step < 3; ++step) {
        memory.reset();
        autograd::Tape tape(memory, scratch, RandomKey(static_cast<std::uint64_t>(step)));
        static_cast<void>(loss(tape, network.view(&gradients),
                               {.residual = 0.1F, .attention = 0.1F, .unit = 0.1F}, batch, 0.1F));
        tape.backward();
        for (const auto& entry : network.table()) hash.add(gradients.values.matrix(entry));
        adam.step(network.values(), gradients.values, gradients.has_gradient,
                  {.learning_rate = 1e-2F}, pool);
    }
    hash.print(what);
    for (const auto& entry : network.table()) hash.add(network.values().matrix(entry));
    hash.print("  weights");
    const model::PackedModel packed(network.view());
    memory.reset();
    autograd::Eval eval(memory, scratch);
    const auto encoded =
        model::encode(eval, packed.view(), {}, batch.source, batch.source_sentences);
    const auto decoded =
        model::decode(eval, packed.view(), {}, encoded, batch.input, batch.target_sentences);
    hash.add(logits(eval, packed.view(), decoded.output).value);
    hash.print("  logits");
}

}  // namespace

int main() {
    using namespace hat::model;
    print_kernels();
    constexpr DeLighTSide side{.min_depth = 2, .max_depth = 4, .blocks = 2};
    print_network("HAT", uniform({.encoder_layers = 2,
                                  .decoder_layers = 2,
                                  .embed_dim = 24,
                                  .ffn_dim = 40,
                                  .heads = 4,
                                  .attended_layers = 2},
                                 40, 40));
    print_network(
        "DeLighT",
        delight({.embed_dim = 64, .encoder = side, .decoder = side, .embedding_dim = 32}, 40, 40));
}
