// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/functions.hpp>
#include <hat/autograd/tape.hpp>
#include <hat/core/aligned.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/kernels/embedding.hpp>
#include <hat/nn/attention.hpp>
#include <hat/nn/layer_norm.hpp>
#include <hat/nn/linear.hpp>

#include "support/golden.hpp"
#include "support/reference_model.hpp"
#include "support/reference_module.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

using namespace hat::support;
using hat::Arena;
using hat::Ragged;
using hat::RandomKey;
using hat::autograd::Eval;
using hat::autograd::Parameter;
using hat::autograd::Tape;
using hat::autograd::Variable;
using hat::io::Json;
using hat::io::SafetensorsFile;
using hat::nn::Trainable;

namespace {

constexpr const char* kind_of_file = "hat/modules*.safetensors";

/// Runs `body(module, tape, settings)` for every case of the module in every file.
void for_cases(Golden& golden, const std::vector<std::string>& modules,
               const std::function<void(Module&, Tape&, const Json&)>& body) {
    for (const auto& path : golden.files()) {
        const auto file = SafetensorsFile::open(path.string());
        std::size_t values = 0;
        for (const std::string& name : modules) {
            Module module(file, name);
            for (const auto& sampled : module.cases()) {
                Arena memory;
                Arena scratch;
                Tape tape(memory, scratch, RandomKey(1));
                module.begin(sampled, tape);
                body(module, tape, sampled.settings);
            }
            values += module.values_compared();
        }
        golden.add(path, values);
    }
}

/// Cross-attention of a module whose projections are stored as one matrix or as three.
hat::nn::CrossAttention<Trainable> cross_attention(Module& module, int dim, int memory_dim,
                                                   int heads) {
    const Parameter bias = module.parameter("in_proj_bias");
    const int q = bias.value.cols() / 3;
    const auto part = [&](const Parameter& weight, int row, int number, int in) {
        return hat::nn::Linear<Trainable>{weight.middle_rows(row, q).top_left(q, in),
                                          bias.middle_cols(number * q, q)};
    };
    hat::nn::CrossAttention<Trainable> layer;
    layer.heads = heads;
    layer.out_proj = {module.parameter("out_proj.weight").top_left(dim, q),
                      module.parameter("out_proj.bias").middle_cols(0, dim)};
    if (module.has("in_proj_weight")) {
        const Parameter joint = module.parameter("in_proj_weight");
        layer.query = part(joint, 0, 0, dim);
        layer.key = part(joint, q, 1, memory_dim);
        layer.value = part(joint, 2 * q, 2, memory_dim);
    } else {
        layer.query = part(module.parameter("q_proj_weight"), 0, 0, dim);
        layer.key = part(module.parameter("k_proj_weight"), 0, 1, memory_dim);
        layer.value = part(module.parameter("v_proj_weight"), 0, 2, memory_dim);
    }
    return layer;
}

/// Compares the attention probabilities, averaged over heads, with `mean_attn_weights`
/// [sentences, queries, keys].
void check_mean_probabilities(Module& module, const hat::nn::CrossAttention<Trainable>& layer,
                              const Variable& x, const Positions& queries, const Variable& memory,
                              const Positions& keys) {
    Arena arena;
    Arena scratch;
    Eval eval(arena, scratch);
    const auto q = forward(eval, layer.query, x).value;
    const auto k = forward(eval, layer.key, memory).value;
    const hat::kernels::AttentionShape shape{queries.ragged(), keys.ragged(), layer.heads, false};
    std::vector<float> probabilities(
        static_cast<std::size_t>(hat::kernels::attention_probabilities_size(shape)));
    hat::kernels::attention(shape, {}, q, k, k, probabilities.data(),
                            arena.matrix(q.rows(), q.cols()), scratch);

    const auto stored = module.stored("mean_attn_weights");
    const int stored_queries = module.extent("mean_attn_weights", 1);
    const int stored_keys = module.extent("mean_attn_weights", 2);
    Difference difference;
    const float* of_sentence = probabilities.data();
    for (int s = 0; s < shape.queries.sentences(); ++s) {
        const int count = shape.queries.length(s);
        const int stride = hat::kernels::detail::probability_stride(shape.keys.length(s));
        for (int i = 0; i < count; ++i) {
            for (int j = 0; j < shape.keys.length(s); ++j) {
                double mean = 0;
                for (int head = 0; head < layer.heads; ++head) {
                    mean += static_cast<double>(of_sentence[(head * count + i) * stride + j]);
                }
                const int key = keys.column(shape.keys.begin(s) + j);
                const int at = (s * stored_queries + i) * stored_keys + key;
                difference.add(mean / layer.heads,
                               static_cast<double>(stored[static_cast<std::size_t>(at)]));
            }
        }
        of_sentence += layer.heads * count * stride;
    }
    module.check("mean_attn_weights", difference);
}

}  // namespace

TEST_SUITE("golden/hat_modules") {
    TEST_CASE("slices of a linear layer, with and without bias, are the reference's") {
        Golden golden(kind_of_file);
        for_cases(golden, {"linear", "linear_nobias"}, [](Module& module, Tape& tape, const Json&) {
            const int in = module.extent("in/x", 2);
            const int out = module.extent("out", 2);
            const hat::nn::Linear<Trainable> layer{
                module.parameter("weight").top_left(out, in),
                module.has("bias") ? module.parameter("bias").middle_cols(0, out) : Parameter{}};
            const Positions positions = module.positions("in/x");
            const Variable x = module.input("in/x", positions);
            module.check_output(forward(tape, layer, x), positions);
            module.check_input_gradient("grad_in/x", x, positions);
        });
    }

    TEST_CASE("slices of a layer norm are the reference's") {
        Golden golden(kind_of_file);
        for_cases(golden, {"layernorm"}, [](Module& module, Tape& tape, const Json&) {
            const int dim = module.extent("in/x", 2);
            const hat::nn::LayerNorm<Trainable> norm{module.parameter("weight").middle_cols(0, dim),
                                                     module.parameter("bias").middle_cols(0, dim)};
            const Positions positions = module.positions("in/x");
            const Variable x = module.input("in/x", positions);
            module.check_output(forward(tape, norm, x), positions);
            module.check_input_gradient("grad_in/x", x, positions);
        });
    }

    TEST_CASE("self-attention, padded or causal, is the reference's in every slice") {
        Golden golden(kind_of_file);
        for_cases(
            golden, {"attn_self", "attn_causal"},
            [](Module& module, Tape& tape, const Json& settings) {
                const bool causal = settings.at("causal").get<bool>();
                const int dim = module.extent("in/query", 2);
                const Parameter bias = module.parameter("in_proj_bias");
                const int q = bias.value.cols() / 3;
                const Parameter joint = module.parameter("in_proj_weight");
                const auto part = [&](int number) {
                    return hat::nn::Linear<Trainable>{
                        joint.middle_rows(number * q, q).top_left(q, dim),
                        bias.middle_cols(number * q, q)};
                };
                const hat::nn::SelfAttention<Trainable> layer{
                    settings.at("heads").get<int>(),
                    part(0),
                    part(1),
                    part(2),
                    {module.parameter("out_proj.weight").top_left(dim, q),
                     module.parameter("out_proj.bias").middle_cols(0, dim)}};
                const Positions positions =
                    module.positions("in/query", causal ? nullptr : "key_padding_mask");
                const Variable x = module.input("in/query", positions);
                module.check_output(
                    forward(tape, layer, x, hat::nn::WholeSequences{positions.ragged(), causal}),
                    positions);
                module.check_input_gradient("grad_in/query", x, positions);
            });
    }

    TEST_CASE("cross-attention is the reference's in every slice, its probabilities too") {
        Golden golden(kind_of_file);
        for_cases(golden, {"attn_cross_samedim", "attn_cross_diffdim"},
                  [](Module& module, Tape& tape, const Json& settings) {
                      const auto layer = cross_attention(module, module.extent("in/query", 2),
                                                         module.extent("in/key_value", 2),
                                                         settings.at("heads").get<int>());
                      const Positions queries = module.positions("in/query");
                      const Positions keys = module.positions("in/key_value", "key_padding_mask");
                      const Variable x = module.input("in/query", queries);
                      const Variable memory = module.input("in/key_value", keys);
                      module.check_output(
                          forward(tape, layer, x,
                                  hat::nn::WholeMemory{queries.ragged(), memory, keys.ragged()}),
                          queries);
                      module.check_input_gradient("grad_in/query", x, queries);
                      module.check_input_gradient("grad_in/key_value", memory, keys);
                      check_mean_probabilities(module, layer, x, queries, memory, keys);
                  });
    }

    TEST_CASE("slices of an embedding are the reference's, its padding gets no gradient") {
        Golden golden(kind_of_file);
        for (const auto& path : golden.files()) {
            const auto file = SafetensorsFile::open(path.string());
            const Sentences sentences(file, "embedding/tokens");
            const int length = static_cast<int>(file.tensor("embedding/tokens").shape.at(1));
            Module module(file, "embedding");
            for (const auto& sampled : module.cases()) {
                Arena memory;
                Arena scratch;
                Tape tape(memory, scratch, RandomKey(1));
                module.begin(sampled, tape);
                const int dim = module.extent("out", 2);
                const auto y = hat::autograd::embed(tape, sentences.tokens(), sentences.ragged(),
                                                    module.parameter("weight").middle_cols(0, dim),
                                                    1.0F, {}, 0.0F);
                module.check_output(
                    y, [&](int token) { return sentences.in_batch_major(token, length); });
            }
            golden.add(path, module.values_compared());
        }
    }

    TEST_CASE("sinusoids and the positions that tokens have are the reference's") {
        // Frequencies are rounded twice, on either side: an angle of p radians is off by p
        // roundings.
        const auto rounding = [](double angle) { return 1e-7 + 0x1p-23 * angle; };
        Golden golden(kind_of_file);
        for (const auto& path : golden.files()) {
            const auto file = SafetensorsFile::open(path.string());
            std::size_t values = 0;
            const auto table_of = [](int rows, int dim) {
                hat::AlignedArray<float> numbers(std::ptrdiff_t{rows} * dim);
                hat::kernels::sinusoidal_positions({numbers.data(), rows, dim});
                return numbers;
            };
            for (const auto& tensor : file.tensors()) {
                if (!tensor.name.starts_with("sinusoidal/dim")) continue;
                CAPTURE(tensor.name);
                // "sinusoidal/dim640" has the rows 0, 1, …; "sinusoidal/dim640_rows_500_1025"
                // those.
                std::vector<int> rows;
                const auto list = tensor.name.find("_rows_");
                if (list == std::string::npos) {
                    for (int p = 0; p < tensor.shape.at(0); ++p) rows.push_back(p);
                } else {
                    std::string numbers = tensor.name.substr(list + 6);
                    std::ranges::replace(numbers, '_', ' ');
                    std::istringstream words(numbers);
                    for (int p = 0; words >> p;) rows.push_back(p);
                }
                REQUIRE(static_cast<std::int64_t>(rows.size()) == tensor.shape.at(0));
                const int dim = static_cast<int>(tensor.shape.at(1));
                const auto table = table_of(rows.back() + 1, dim);
                const auto stored = file.floats(tensor.name);
                for (std::size_t i = 0; i < rows.size(); ++i) {
                    if (rows[i] == reference_pad) continue;  // zero there, and of no token here
                    const auto size = static_cast<std::size_t>(dim);
                    Difference difference;
                    difference.add({table.data() + rows[i] * dim, dim}, stored.subspan(i * size));
                    CHECK(difference.worst <= rounding(rows[i]));
                    values += size;
                }
            }

            const Sentences sentences(file, "positions/tokens");
            const int length = static_cast<int>(file.tensor("positions/tokens").shape.at(1));
            const auto indices = stored_integers(file, "positions/indices");
            const auto stored = file.floats("positions/sinusoidal24");
            const int dim = static_cast<int>(file.tensor("positions/sinusoidal24").shape.at(2));
            const auto table = table_of(length + hat::first_position, dim);
            const std::vector<float> nothing(static_cast<std::size_t>(dim));
            const Ragged ragged = sentences.ragged();
            const std::vector<int> word(static_cast<std::size_t>(ragged.tokens()));
            hat::AlignedArray<float> embedded(std::ptrdiff_t{ragged.tokens()} * dim);
            hat::kernels::embed(word, ragged, {nothing.data(), 1, dim}, 1.0F,
                                {table.data(), length + hat::first_position, dim}, {},
                                {embedded.data(), ragged.tokens(), dim});
            for (int s = 0; s < ragged.sentences(); ++s) {
                for (int i = 0; i < ragged.length(s); ++i) {
                    const int t = ragged.begin(s) + i;
                    const std::size_t at = sentences.in_batch_major(t, length);
                    CHECK(indices[at] == hat::first_position + i);
                    Difference difference;
                    difference.add({embedded.data() + t * dim, dim},
                                   stored.subspan(at * static_cast<std::size_t>(dim)));
                    CHECK(difference.worst <= rounding(static_cast<double>(indices[at])));
                    values += difference.count + 1;
                }
            }
            // While decoding, the third token of every sentence reads the third row there is.
            const auto third = file.floats("positions/incremental_len3");
            for (std::size_t i = 0; i < third.size(); i += static_cast<std::size_t>(dim)) {
                Difference difference;
                difference.add({table.data() + (hat::first_position + 2) * dim, dim},
                               third.subspan(i));
                CHECK(difference.worst <= rounding(hat::first_position + 2));
                values += difference.count;
            }
            golden.add(path, values);
        }
    }
}
