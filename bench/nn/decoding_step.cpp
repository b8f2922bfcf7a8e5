// SPDX-License-Identifier: Apache-2.0
//
// A whole decoding step as a network is served, on one thread: the next word of one sentence and of
// each of eight, 20 source tokens, steps 1 … 30 in turn. `hat` has sizes of run time, `hat_fixed`
// sizes that the compiler knows, `hat_int8` weights of 8 bits; the rival is written with Eigen.

#include <hat/decode/cached_transformer.hpp>
#include <hat/model/delight.hpp>
#include <hat/model/presets.hpp>
#include <hat/model/static_transformer.hpp>

#include "support/compare.hpp"

#include <vector>

using namespace hat::support;
namespace model = hat::model;
using hat::Matrix;
using hat::decode::Row;

namespace {

constexpr int source_length = 20;
constexpr int steps = 30;
constexpr int vocab_size = 1000;

/// 2 + 2 equal layers.
constexpr model::Architecture of_width(int width) {
    model::Architecture a = model::uniform({.encoder_layers = 2,
                                            .decoder_layers = 2,
                                            .embed_dim = width,
                                            .ffn_dim = 2 * width,
                                            .heads = width / 16},
                                           vocab_size, vocab_size);
    return a;
}

/// The shape of a published HAT network, smaller: layers of mixed widths and heads.
constexpr model::Architecture mixed() {
    model::Architecture a = model::uniform(
        {.encoder_layers = 4, .decoder_layers = 4, .embed_dim = 128, .ffn_dim = 256, .heads = 4},
        vocab_size, vocab_size);
    constexpr std::array ffn_dims{96, 256, 384, 128};
    constexpr std::array heads{4, 8, 2, 4};
    for (std::size_t i = 0; i < 4; ++i) {
        a.encoder.layer_shapes[i] = {.ffn_dim = ffn_dims[i], .heads = heads[i]};
        a.decoder.layer_shapes[i] = {.ffn_dim = ffn_dims[3 - i],
                                     .heads = heads[3 - i],
                                     .cross_heads = heads[i],
                                     .attended_layers = 1 + static_cast<int>(i % 3)};
    }
    return a;
}

/// A network with random weights, and sentences to translate.
struct Case {
    model::Network network;
    std::vector<int> tokens;
    std::vector<int> offsets{0};
    std::vector<int> lengths;
    std::vector<Row> rows;

    Case(const model::Architecture& architecture, int sentences) : network(architecture) {
        network.initialize(1);
        for (int s = 0; s < sentences; ++s) {
            for (int i = 1; i < source_length; ++i) tokens.push_back(4 + (31 * i + 7 * s) % 900);
            tokens.push_back(2);
            offsets.push_back(static_cast<int>(tokens.size()));
            lengths.push_back(steps);
            rows.push_back({.sentence = s, .parent = s, .token = 2});
        }
    }
    [[nodiscard]] hat::Ragged sentences() const {
        return {offsets.data(), static_cast<int>(rows.size())};
    }
};

/// Ours.
template <class Packed>
struct Served {
    Packed packed;
    hat::decode::BasicCachedTransformer<Packed> decoder{packed};

    explicit Served(const Case& c) : packed(c.network.view()) {}
    void start(const Case& c) { decoder.start({c.tokens, c.sentences()}, 1, c.lengths); }
    Matrix logits(const Case& c) { return decoder.logits(c.rows); }
    int step(const Case& c) {
        return decoder.step(c.rows, {.count = 1, .normalize = false}).row(0)[0].index;
    }
};

/// The same with Eigen; sentences are encoded by ours. Post-norm, as all of these networks are.
class EigenDecoder {
public:
    explicit EigenDecoder(const Case& c) : model_(c.network.view()) {
        Eval eval(lasting_, memory_);
        const model::Encoded encoded = encode(eval, model_, {}, c.tokens, c.sentences());
        const int n = static_cast<int>(c.rows.size());
        for (const auto& layer : model_.decoder_layers) {
            const auto memory =
                make_memory(eval, model_.architecture, encoded, layer.attended_layers);
            const int positions = memory.sentences.tokens();
            const int qkv = layer.encoder_attn.key.weight.outputs();
            Past past{room(positions, qkv), room(positions, qkv), room(n * steps, qkv),
                      room(n * steps, qkv)};
            linear(layer.encoder_attn.key, memory.states.value, past.memory_keys);
            linear(layer.encoder_attn.value, memory.states.value, past.memory_values);
            pasts_.push_back(past);
        }
    }
    void start(const Case& /*c*/) { position_ = 0; }
    Matrix logits(const Case& c) {
        memory_.reset();
        const int n = static_cast<int>(c.rows.size());
        Matrix x = memory_.matrix(n, model_.architecture.decoder.embed_dim);
        const float scale = target_embedding_scale(model_.architecture);
        for (int i = 0; i < n; ++i) {
            const int token = c.rows[static_cast<std::size_t>(i)].token;
            rivals::rows(x).row(i) =
                scale * rivals::rows(model_.target_embedding.weight.value).row(token) +
                rivals::rows(model_.target_positions.value).row(hat::first_position + position_);
        }
        for (std::size_t i = 0; i < pasts_.size(); ++i)
            x = layer(model_.decoder_layers[i], pasts_[i], x);
        ++position_;
        const Matrix y = memory_.matrix(n, vocab_size);
        rivals::WithEigen::multiply<rivals::any, rivals::any>(x, model_.output.value, y);
        return y;
    }
    int step(const Case& c) {
        const Matrix y = logits(c);
        Eigen::Index best = 0;
        for (int i = 0; i < y.rows(); ++i) {
            rivals::rows(y).row(i).maxCoeff(&best);
            benchmark::DoNotOptimize(best);
        }
        return static_cast<int>(best);
    }

private:
    /// What a layer attends to; the rows of sentences side by side.
    struct Past {
        Matrix memory_keys, memory_values, keys, values;
    };

    static void linear(const hat::nn::Linear<Trainable>& layer, hat::ConstMatrix x, Matrix y) {
        rivals::linear<rivals::WithEigen, rivals::any, rivals::any>(layer, x, y);
    }
    Matrix room(int rows, int cols) { return lasting_.matrix(rows, cols); }
    Matrix project(const hat::nn::Linear<Trainable>& layer, Matrix x) {
        const Matrix y = memory_.matrix(x.rows(), layer.weight.outputs());
        linear(layer, x, y);
        return y;
    }
    Matrix add_and_norm(const hat::nn::LayerNorm<Trainable>& norm, Matrix x, Matrix branch) {
        const Matrix y = memory_.matrix(x.rows(), x.cols());
        rivals::add_and_norm<rivals::any>(norm, x, branch, y);
        return y;
    }
    /// What every row makes of the first `positions` of its own keys.
    Matrix attend(int heads, Matrix q, Matrix keys, Matrix values, int positions) {
        const Matrix y = memory_.matrix(q.rows(), q.cols());
        rivals::attend_each<rivals::any, rivals::any>(heads, q, keys, values,
                                                      memory_.matrix(1, positions), y);
        return y;
    }
    template <class Layer>
    Matrix layer(const Layer& layer, const Past& past, Matrix x) {
        const auto& self = layer.self_attn;
        rivals::store_each<rivals::any>(project(self.key, x), position_, past.keys);
        rivals::store_each<rivals::any>(project(self.value, x), position_, past.values);
        Matrix a =
            attend(self.heads, project(self.query, x), past.keys, past.values, position_ + 1);
        x = add_and_norm(layer.self_attn_layer_norm, x, project(self.out_proj, a));
        const auto& cross = layer.encoder_attn;
        a = attend(cross.heads, project(cross.query, x), past.memory_keys, past.memory_values,
                   past.memory_keys.rows() / x.rows());
        x = add_and_norm(layer.encoder_attn_layer_norm, x, project(cross.out_proj, a));
        const Matrix y = memory_.matrix(x.rows(), x.cols());
        const int ffn_dim = layer.feed_forward.first.weight.outputs();
        rivals::feed_forward<rivals::WithEigen, rivals::any, rivals::any>(
            layer.feed_forward, x, memory_.matrix(x.rows(), ffn_dim), y);
        return add_and_norm(layer.final_layer_norm, x, y);
    }

    model::Transformer<Trainable> model_;
    std::vector<Past> pasts_;
    hat::Arena lasting_;
    hat::Arena memory_;
    int position_ = 0;
};

/// Measures steps 1 … 30 in turn, if the first three make the logits that they should.
template <class Decoder>
void measure(benchmark::State& state, const model::Architecture& architecture, int sentences,
             float tolerance) {
    Case c(architecture, sentences);
    Decoder decoder(c);
    Served<model::PackedModel> expected(c);
    decoder.start(c);
    expected.start(c);
    for (int i = 0; i < 3; ++i) {
        if (!agree(state, expected.logits(c), decoder.logits(c), tolerance)) return;
        for (Row& row : c.rows) row.token += 1 + row.sentence;
    }
    int step = steps;
    for (auto _ : state) {
        if (step == steps) {
            state.PauseTiming();
            decoder.start(c);
            step = 0;
            state.ResumeTiming();
        }
        benchmark::DoNotOptimize(decoder.step(c));
        ++step;
    }
    state.counters["tokens/s"] = {static_cast<double>(sentences),
                                  benchmark::Counter::kIsIterationInvariantRate};
}

template <model::Architecture A, bool HasRival = true>
void add(const std::string& name) {
    for (const int sentences : {1, 8}) {
        const auto add_one = [&](const char* implementation, auto* decoder, float tolerance) {
            using Decoder = std::remove_pointer_t<decltype(decoder)>;
            benchmark::RegisterBenchmark(
                ("decoding_step_" + name + "/rows:" + std::to_string(sentences) + '/' +
                 implementation)
                    .c_str(),
                [=](benchmark::State& state) { measure<Decoder>(state, A, sentences, tolerance); });
        };
        using Fixed = Served<model::PackedTransformer<model::FixedArchitecture<A>>>;
        add_one("hat", static_cast<Served<model::PackedModel>*>(nullptr), 0.0F);
        add_one("hat_fixed", static_cast<Fixed*>(nullptr), 0.0F);
        using Int8 = Served<model::PackedModelOf<hat::nn::PackedInt8>>;
        add_one("hat_int8", static_cast<Int8*>(nullptr), int8_tolerance);
        if constexpr (HasRival) add_one("eigen", static_cast<EigenDecoder*>(nullptr), 1e-3F);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const bool is_published = take_flag(argc, argv, "--published");
    if constexpr (has_all) {
        if (is_published) {
            add<model::hat_super_wmt(32'768)>("hat_wmt14_en_de");
            add<model::hat_super_iwslt(8'848, 6'632)>("hat_iwslt14_de_en");
            add<model::delight_wmt(256, 32'768), false>("delight_wmt14_en_de_256");
        } else {
            add<of_width(16)>("16");
            add<of_width(32)>("32");
            add<of_width(64)>("64");
            add<of_width(128)>("128");
            add<of_width(256)>("256");
            add<mixed()>("mixed_128");
        }
    } else {
        add<of_width(widths[0])>("32");
    }
    return run(argc, argv);
}
