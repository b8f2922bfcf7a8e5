// SPDX-License-Identifier: Apache-2.0

/// `estimate [CLOCK_GHZ [GBYTES_PER_SECOND]]`: how long HAT's published network for the Raspberry
/// Pi 4 (WMT'14 En–De, 6.9 s there in its own implementation) should take with ours on one core of
/// one, from counted multiply-adds and bytes. A prediction, to be compared with a board: not a
/// measurement.
///
/// Each part takes the longer of two times: that of its multiply-adds at the rate of the inner
/// loops (bench/inner_loops.sh), and that of reading its weights from memory once for all rows
/// (nothing of a network of 190 MB stays in 1 MiB of cache between steps). Default clock and
/// bandwidth are those of a Raspberry Pi 4: 1.5 GHz, and 4 GB/s, which one core reads.

#include <hat/model/counts.hpp>
#include <hat/model/presets.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace {

namespace model = hat::model;

constexpr int vocab_size = 32'768;
constexpr int tokens = 30;  ///< of the source, and steps of the target
constexpr int beam = 5;
constexpr int shortlist = 2'048;  ///< words that one sentence may need

/// HAT_wmt14ende_raspberrypi@6.9s_bleu@28.4 of HAT's list of published networks.
constexpr model::Architecture published() {
    model::Architecture a = model::uniform(
        {.decoder_layers = 5, .ffn_dim = 3072, .attended_layers = 1}, vocab_size, vocab_size);
    constexpr std::array encoder_heads{8, 4, 8, 8, 8, 8};
    for (std::size_t i = 0; i < encoder_heads.size(); ++i)
        a.encoder.layer_shapes[i].heads = encoder_heads[i];
    constexpr std::array ffn_dims{2048, 2048, 3072, 3072, 2048};
    constexpr std::array attended{1, 2, 2, 2, 1};
    for (std::size_t i = 0; i < ffn_dims.size(); ++i) {
        a.decoder.layer_shapes[i].ffn_dim = ffn_dims[i];
        a.decoder.layer_shapes[i].attended_layers = attended[i];
    }
    return a;
}
constexpr model::Architecture architecture = published();
static_assert(model::published_flops(architecture, tokens) == 3'024'844'800,
              "not the published one");

/// What a Cortex-A72 does with a kind of weights.
struct Kind {
    const char* name;
    double bytes_per_weight;
    /// Multiply-adds a cycle of the inner loops for five rows, less a part for what is around them:
    /// by count, 4 % more instructions than the loop has of floats, and 10 % of 8 bits with 512
    /// inputs.
    double macs_per_cycle;
    int output_words;
};
constexpr std::array kinds{Kind{"fp32", 4, 3.88 / 1.04, vocab_size},
                           Kind{"int8", 1, 7.8 / 1.06, vocab_size},
                           Kind{"int8, shortlist", 1, 7.8 / 1.06, shortlist}};

// Attention, softmax and norms are floats in all of them. A cycle: multiply-adds of attention,
// whose sums are short; numbers of which an exponential is taken; other numbers.
constexpr double attention_macs_per_cycle = 1;
constexpr double exponentials_per_cycle = 0.25;
constexpr double others_per_cycle = 0.5;

struct Board {
    double clock_hz = 1.5e9;
    double bytes_per_second = 4e9;
};

/// `times` products of `weights` weights by `rows` rows.
double products(const Board& board, const Kind& kind, double weights, int rows, int times) {
    const double computed = weights * rows / kind.macs_per_cycle / board.clock_hz;
    const double read = weights * kind.bytes_per_weight / board.bytes_per_second;
    return times * std::max(computed, read);
}

double encoder_weights() {
    double weights = 0;
    for (const auto& layer : architecture.encoder.layers())
        weights += static_cast<double>(
            model::layer_weights(architecture, layer, architecture.encoder.embed_dim));
    return weights;
}
/// Of a layer, query and output of its cross-attention, or key and value: of equal sizes here.
double cross_weights() {
    return 2.0 * architecture.qkv_dim * architecture.decoder.embed_dim;
}
double decoder_weights() {
    double weights = 0;
    for (const auto& layer : architecture.decoder.layers())
        weights += cross_weights() + static_cast<double>(model::layer_weights(
                                         architecture, layer, architecture.decoder.embed_dim));
    return weights;
}

void estimate(const Board& board, const Kind& kind) {
    const double encoder = products(board, kind, encoder_weights(), tokens, 1);
    double memory = 0;
    for (const auto& layer : architecture.decoder.layers())
        memory += products(board, kind, cross_weights(), tokens * layer.attended_layers, 1);
    const double decoder = products(board, kind, decoder_weights(), beam, tokens);
    const double output = products(
        board, kind, 1.0 * kind.output_words * architecture.decoder.embed_dim, beam, tokens);
    const model::Macs macs = model::macs(architecture, tokens, tokens);
    const double rest = (static_cast<double>(macs.attention) * beam / attention_macs_per_cycle +
                         1.0 * kind.output_words * beam * tokens / exponentials_per_cycle +
                         static_cast<double>(macs.element_wise) * beam / others_per_cycle) /
                        board.clock_hz;
    std::printf("%-16s %8.3f %10.3f %8.3f %8.3f %8.3f %8.3f\n", kind.name, encoder, memory, decoder,
                output, rest, encoder + memory + decoder + output + rest);
}

}  // namespace

int main(int argc, char** argv) {
    Board board;
    if (argc > 1) board.clock_hz = 1e9 * std::atof(argv[1]);
    if (argc > 2) board.bytes_per_second = 1e9 * std::atof(argv[2]);
    if (argc > 3 || !(board.clock_hz > 0) || !(board.bytes_per_second > 0)) {
        std::fprintf(stderr, "usage: estimate [CLOCK_GHZ [GBYTES_PER_SECOND]], both above 0\n");
        return 2;
    }
    std::printf("%d -> %d tokens, beam %d, vocabulary %d, shortlist %d; one core, %.2f GHz, %.1f "
                "GB/s\n\nseconds          %8s %10s %8s %8s %8s %8s\n",
                tokens, tokens, beam, vocab_size, shortlist, board.clock_hz / 1e9,
                board.bytes_per_second / 1e9, "encoder", "keys,values", "decoder", "output", "rest",
                "all");
    for (const Kind& kind : kinds) estimate(board, kind);
}
