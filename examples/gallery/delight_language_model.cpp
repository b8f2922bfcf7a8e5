// SPDX-License-Identifier: Apache-2.0

/// A DeLighT language model of characters learns a rhyme in a second, and says it: blocks of DExTra
/// units, one head of attention and narrow feed-forward layers, deeper and wider towards the
/// output.

#include <hat/decode/sampling.hpp>
#include <hat/hat.hpp>

#include <cstdio>
#include <string_view>
#include <vector>

namespace {

constexpr std::string_view rhyme = "one for sorrow\ntwo for joy\nthree for a girl\nfour for a boy\n"
                                   "five for silver\nsix for gold\n";
constexpr std::string_view alphabet = "???\n abcdefghijklmnopqrstuvwxyz";
constexpr hat::SpecialTokens special{.unk = 0, .bos = 1, .eos = 3, .pad = 2};

/// The rhyme again and again: a newline ends a line.
hat::data::Side text(int times) {
    hat::data::Side side{.vocab_size = static_cast<int>(alphabet.size()), .eos = special.eos};
    for (; times > 0; --times)
        for (const char c : rhyme)
            side.sentences.tokens.push_back(static_cast<int>(alphabet.find(c, 3)));
    return side;
}

}  // namespace

int main() {
    const hat::data::Corpus corpus = hat::data::cut_into_blocks(text(60), 64);
    hat::model::Network network(hat::model::delight_language_model(
        {.embed_dim = 64, .decoder = {.min_depth = 2, .max_depth = 3}, .embedding_dim = 32},
        corpus.target.vocab_size));
    network.initialize(1);
    hat::ThreadPool pool;
    const hat::train::InverseSqrtSchedule rate{
        .peak_rate = 5e-3, .initial_rate = 1e-5, .warmup = 20};
    hat::train::Trainer trainer(network, rate, {.label_smoothing = 0}, pool);
    hat::data::Batch batch;
    for (int epoch = 0; trainer.updates() < 300; ++epoch) {
        const auto plan = hat::data::plan_batches(corpus, {.max_tokens = 512}, epoch);
        for (int b = 0; b < plan.size(); ++b) {
            batch.fill(corpus, plan.sentences(b));
            trainer.accumulate(hat::train::view(batch));
            trainer.update();
        }
    }
    const hat::model::PackedModel packed(network.view());
    hat::decode::CachedTransformer model(packed);
    const auto texts = hat::decode::TextSampler().run(  // continues prompts, here an empty one
        model, std::vector<std::vector<int>>(1), special, {.tokens = 58});
    for (const int token : texts[0]) std::putchar(alphabet[static_cast<std::size_t>(token)]);
}

// Output:
// one for sorrow
// two for joy
// three for a girl
// four for a boy
