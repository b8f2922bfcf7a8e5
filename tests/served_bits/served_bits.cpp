// SPDX-License-Identifier: Apache-2.0
//
// Prints one hash for each kind of weights, of all logits and translations of two networks: the
// same with every compiler, its flags, and every instruction set (CMakeLists.txt). How many
// sentences are translated together, and on how many threads, changes nothing, either.

#include <hat/decode/any_translator.hpp>
#include <hat/model/delight.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

namespace {

using namespace hat;

class Hash {
public:
    void add(float x) noexcept {
        std::uint32_t bits = 0;
        std::memcpy(&bits, &x, sizeof bits);
        add(static_cast<std::uint64_t>(bits));
    }
    void add(std::uint64_t x) noexcept { hash_ = mix64(hash_ ^ x); }
    void add(const std::vector<decode::Hypotheses>& results) noexcept {
        for (const auto& of_source : results) {
            for (const auto& hypothesis : of_source) {
                for (const int token : hypothesis.tokens) add(static_cast<std::uint64_t>(token));
                for (const float score : hypothesis.positional_scores) add(score);
            }
        }
    }
    [[nodiscard]] std::uint64_t value() const noexcept { return hash_; }

private:
    std::uint64_t hash_ = 0;
};

constexpr int vocab_size = 300;

/// Sentences of 2 to 9 tokens.
struct Text {
    std::vector<int> tokens;
    std::vector<int> offsets{0};

    explicit Text(int sentences) {
        Random random(3);
        for (int s = 0; s < sentences; ++s) {
            const int length = 1 + static_cast<int>(random.uniform() * 8);
            for (int i = 0; i < length; ++i)
                tokens.push_back(4 + static_cast<int>(random.uniform() * (vocab_size - 4)));
            tokens.push_back(2);
            offsets.push_back(static_cast<int>(tokens.size()));
        }
    }
    [[nodiscard]] decode::Sources view() const {
        return {tokens, Ragged(offsets.data(), static_cast<int>(offsets.size()) - 1)};
    }
};

/// The logits of whole sentences, each of which is its own translation.
template <class Weights>
void add_logits(Hash& hash, const model::Network& network, const Text& text) {
    const model::PackedModelOf<Weights> packed(network.view());
    Arena memory;
    Arena scratch;
    autograd::Eval eval(memory, scratch);
    const auto [tokens, sentences] = text.view();
    const auto encoded = model::encode(eval, packed.view(), {}, tokens, sentences);
    const auto decoded = model::decode(eval, packed.view(), {}, encoded, tokens, sentences);
    const ConstMatrix all = logits(eval, packed.view(), decoded.output).value;
    for (int i = 0; i < all.rows(); ++i)
        for (const float x : all.row(i)) hash.add(x);
}

/// Returns whether the translations are the same in all batches and on all threads.
bool add_translations(Hash& hash, const model::Network& network, decode::WeightKind kind,
                      const Text& text) {
    decode::AnyTranslator translator(network.view(), kind, {});
    bool is_same = true;
    for (const int beam : {1, 4}) {
        const decode::SearchOptions options{.beam = beam, .max_length_b = 7};
        std::vector<decode::Hypotheses> expected;
        for (const int threads : {1, 2}) {
            ThreadPool pool(threads);
            for (const int batch : {1, 7, 32}) {
                std::vector<decode::Hypotheses> found;
                translator.translate(text.view(), options, pool, found, batch);
                if (expected.empty()) expected = found;
                is_same = is_same && found == expected;
            }
        }
        hash.add(expected);
    }
    return is_same;
}

}  // namespace

int main() {
    using decode::WeightKind;
    constexpr model::DeLighTSide side{.min_depth = 2, .max_depth = 4, .blocks = 2};
    const Text text(32);
    bool is_same = true;
    Hash hashes[3];
    for (const model::Architecture& a :
         {model::uniform({.encoder_layers = 2,
         .decoder_layers = 2,
         .embed_dim = 72,
         .ffn_dim = 130,
         .heads = 3,
         .attended_layers = 2},
                         vocab_size, vocab_size),
          model::delight({.embed_dim = 64, .encoder = side, .decoder = side, .embedding_dim = 32},
                         vocab_size, vocab_size)}) {
        model::Network network(a);
        network.initialize(1);
        add_logits<nn::Packed>(hashes[0], network, text);
        add_logits<nn::PackedBf16>(hashes[1], network, text);
        add_logits<nn::PackedInt8>(hashes[2], network, text);
        for (const WeightKind kind : {WeightKind::fp32, WeightKind::bf16, WeightKind::int8})
            is_same =
                add_translations(hashes[static_cast<int>(kind)], network, kind, text) && is_same;
    }
    if (!is_same) std::printf("translations depend on batches or threads\n");
    for (std::size_t i = 0; is_same && i < 3; ++i)
        std::printf("%s %016llx\n", decode::weight_kind_words[i],
                    static_cast<unsigned long long>(hashes[i].value()));
    return is_same ? 0 : 1;
}
