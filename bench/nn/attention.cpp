// SPDX-License-Identifier: Apache-2.0
//
// Attention as it is served, on one thread, projections included: of a sequence to itself and to
// another one, and of the next position of each of some hypotheses to what is cached.

#include <hat/nn/attention_step.hpp>

#include "support/compare.hpp"

#include <vector>

using namespace hat::support;
namespace nn = hat::nn;

namespace {

constexpr int any = rivals::any;
/// Positions that are attended to besides those of the rows.
constexpr int length = 30;

struct AttentionShape {
    int dim, qkv, heads;
};

/// What all kinds of attention have in common.
struct Attention {
    using Shape = AttentionShape;
    static constexpr bool is_product = false;
    static constexpr bool has_matrix = true;
    static constexpr Shape unknown{any, any, any};
    static constexpr Shape of_width(int width) { return {width, width, width / 16}; }
    static std::string text(Shape s) {
        return std::to_string(s.dim) + 'x' + std::to_string(s.qkv) +
               "_heads:" + std::to_string(s.heads);
    }
    /// HAT for WMT'14 and IWSLT, and DeLighT (behind its units) of 512 features.
    static constexpr std::array published{Shape{640, 512, 8}, Shape{512, 512, 4},
                                          Shape{512, 256, 1}};
};

double projection_macs(const auto& layer, int rows) {
    return 2.0 * rows * layer.query.weight.inputs() * layer.query.weight.outputs();
}

struct SelfAttention : Attention {
    static constexpr const char* name = "self_attention";
    template <class Weights>
    using Any = nn::SelfAttention<Weights>;
    template <Shape S>
    using Static =
        nn::SelfAttention<Packed, hat::Fixed<S.dim>, hat::Fixed<S.qkv>, hat::Fixed<S.heads>>;

    /// One sequence.
    struct Case {
        Layers own;
        nn::SelfAttention<Trainable> layer;
        Variable x;
        std::array<int, 2> offsets;

        Case(Shape s, int rows)
            : layer(own.self_attention(s.dim, s.qkv, s.heads)),
              x(own.variable(rows, s.dim)), offsets{0, rows} {}
        [[nodiscard]] hat::Ragged sentences() const { return {offsets.data(), 1}; }
        [[nodiscard]] double macs() const {
            const double qkv = layer.query.weight.outputs();
            return 2 * projection_macs(layer, x.rows()) + 2 * qkv * x.rows() * x.rows();
        }
    };

    static hat::Matrix run(Eval& eval, const auto& layer, const Case& c) {
        return forward(eval, layer, c.x, nn::WholeSequences{c.sentences()}).value;
    }
    template <class Product, Shape S>
    static void rival(Eval& eval, const Case& c, hat::Matrix y) {
        const auto& [heads, query, key, value, out_proj] = c.layer;
        const int n = c.x.rows();
        const auto room = [&](int cols) { return eval.memory().matrix(n, cols); };
        const int qkv = query.weight.outputs();
        const hat::Matrix q = room(qkv), k = room(qkv), v = room(qkv), attended = room(qkv);
        rivals::linear<Product, S.qkv, S.dim>(query, c.x.value, q);
        rivals::linear<Product, S.qkv, S.dim>(key, c.x.value, k);
        rivals::linear<Product, S.qkv, S.dim>(value, c.x.value, v);
        rivals::attend_with_heads<S.qkv, S.heads>(heads, q, k, v, room(n), attended);
        rivals::linear<Product, S.dim, S.qkv>(out_proj, attended, y);
    }
};

struct CrossAttention : Attention {
    static constexpr const char* name = "cross_attention";
    template <class Weights>
    using Any = nn::CrossAttention<Weights>;
    template <Shape S>
    using Static = nn::CrossAttention<Packed, hat::Fixed<S.dim>, hat::Fixed<S.dim>,
                                      hat::Fixed<S.qkv>, hat::Fixed<S.heads>>;

    /// One sequence, and one that it attends to.
    struct Case {
        Layers own;
        nn::CrossAttention<Trainable> layer;
        Variable x;
        Variable memory;
        std::array<int, 2> offsets;
        std::array<int, 2> memory_offsets{0, length};

        Case(Shape s, int rows)
            : layer(own.cross_attention(s.dim, s.dim, s.qkv, s.heads)),
              x(own.variable(rows, s.dim)), memory(own.variable(length, s.dim)), offsets{0, rows} {}
        [[nodiscard]] double macs() const {
            const double qkv = layer.query.weight.outputs();
            return projection_macs(layer, x.rows() + length) + 2 * qkv * x.rows() * length;
        }
    };

    static hat::Matrix run(Eval& eval, const auto& layer, const Case& c) {
        return forward(
                   eval, layer, c.x,
                   nn::WholeMemory{{c.offsets.data(), 1}, c.memory, {c.memory_offsets.data(), 1}})
            .value;
    }
    template <class Product, Shape S>
    static void rival(Eval& eval, const Case& c, hat::Matrix y) {
        const auto& [heads, query, key, value, out_proj] = c.layer;
        const int n = c.x.rows();
        const int qkv = query.weight.outputs();
        const auto room = [&](int rows, int cols) { return eval.memory().matrix(rows, cols); };
        const hat::Matrix q = room(n, qkv), attended = room(n, qkv);
        const hat::Matrix k = room(length, qkv), v = room(length, qkv);
        rivals::linear<Product, S.qkv, S.dim>(query, c.x.value, q);
        rivals::linear<Product, S.qkv, S.dim>(key, c.memory.value, k);
        rivals::linear<Product, S.qkv, S.dim>(value, c.memory.value, v);
        rivals::attend_with_heads<S.qkv, S.heads>(heads, q, k, v, room(n, length), attended);
        rivals::linear<Product, S.dim, S.qkv>(out_proj, attended, y);
    }
};

struct HypothesisRow {
    int sentence;
    int parent;
};

/// What the next position of `rows` sentences, one hypothesis each, has to do with: every sentence
/// has keys and values of its own at `positions`.
struct StepCase {
    Layers own;
    Variable x;
    hat::Matrix keys;    ///< [rows · positions, qkv], as rivals keep them
    hat::Matrix values;  ///< the same
    hat::Arena lasting;
    nn::PrefixTable table;
    std::vector<HypothesisRow> hypotheses;

    StepCase(AttentionShape s, int rows, int positions)
        : x(own.variable(rows, s.dim)), keys(own.variable(rows * positions, s.qkv).value),
          values(own.variable(rows * positions, s.qkv).value) {
        table.start(1, std::vector<int>(static_cast<std::size_t>(rows), positions), lasting);
        for (int i = 0; i < rows; ++i) hypotheses.push_back({i, i});
    }
};

/// The next position of `rows` sentences, one hypothesis each.
struct SelfAttentionStep : Attention {
    static constexpr const char* name = "self_attention_step";
    template <class Weights>
    using Any = SelfAttention::Any<Weights>;
    template <Shape S>
    using Static = SelfAttention::Static<S>;

    struct Case : StepCase {
        nn::SelfAttention<Trainable> layer;
        nn::KeyValueCaches caches;

        Case(Shape s, int rows)
            : StepCase(s, rows, length + 1), layer(own.self_attention(s.dim, s.qkv, s.heads)) {
            caches.start(1, s.qkv, table.page_capacity(), lasting);
            for (int t = 0; t <= length; ++t) {
                table.advance(hypotheses);
                if (t == length) break;
                const auto at_t = [&](hat::Matrix m) {
                    return hat::ConstMatrix(m.row_data(t), rows, s.qkv,
                                            (length + 1) * std::ptrdiff_t{s.qkv});
                };
                cache().write(table, at_t(keys), at_t(values));
            }
        }
        [[nodiscard]] nn::KeyValueCache cache() const { return caches.layer(0, keys.cols()); }
        [[nodiscard]] double macs() const {
            return 2 * projection_macs(layer, x.rows()) + 2.0 * keys.rows() * keys.cols();
        }
    };

    static hat::Matrix run(Eval& eval, const auto& layer, const Case& c) {
        return forward(eval, layer, c.x, nn::CachedPrefixes{c.table, c.cache()}).value;
    }
    template <class Product, Shape S>
    static void rival(Eval& eval, const Case& c, hat::Matrix y) {
        const auto& [heads, query, key, value, out_proj] = c.layer;
        const int n = c.x.rows();
        const int qkv = query.weight.outputs();
        const auto room = [&](int rows, int cols) { return eval.memory().matrix(rows, cols); };
        const hat::Matrix q = room(n, qkv), k = room(n, qkv), v = room(n, qkv);
        const hat::Matrix attended = room(n, qkv), scores = room(1, length + 1);
        rivals::linear<Product, S.qkv, S.dim>(query, c.x.value, q);
        rivals::linear<Product, S.qkv, S.dim>(key, c.x.value, k);
        rivals::linear<Product, S.qkv, S.dim>(value, c.x.value, v);
        rivals::store_each<S.qkv>(k, length, c.keys);
        rivals::store_each<S.qkv>(v, length, c.values);
        rivals::attend_each<S.qkv, S.heads>(heads, q, c.keys, c.values, scores, attended);
        rivals::linear<Product, S.dim, S.qkv>(out_proj, attended, y);
    }
};

/// The next position of `rows` sentences, one hypothesis each, attends to the projected source.
struct CrossAttentionStep : Attention {
    static constexpr const char* name = "cross_attention_step";
    template <class Weights>
    using Any = CrossAttention::Any<Weights>;
    template <Shape S>
    using Static = CrossAttention::Static<S>;

    struct Case : StepCase {
        nn::CrossAttention<Trainable> layer;
        std::vector<nn::MemoryKeysValues> memory;

        Case(Shape s, int rows)
            : StepCase(s, rows, length), layer(own.cross_attention(s.dim, s.dim, s.qkv, s.heads)),
              memory(static_cast<std::size_t>(rows)) {
            const Variable states = own.variable(rows * length, s.dim);
            rivals::linear<rivals::WithEigen, any, any>(layer.key, states.value, keys);
            rivals::linear<rivals::WithEigen, any, any>(layer.value, states.value, values);
            std::vector<int> offsets{0};
            for (int i = 0; i < rows; ++i) offsets.push_back((i + 1) * length);
            table.advance(hypotheses);
            hat::Arena room;
            Eval eval(room, room);
            const nn::PackedTree<Any<Packed>> packed(layer);
            for (auto& place : memory) place = place_for_memory(packed.view(), length, lasting);
            cache_memory(eval, packed.view(), states, {offsets.data(), rows},
                         [&](int sentence) -> nn::MemoryKeysValues& {
                             return memory[static_cast<std::size_t>(sentence)];
                         });
        }
        [[nodiscard]] double macs() const {
            return projection_macs(layer, x.rows()) + 2.0 * keys.rows() * keys.cols();
        }
    };

    static hat::Matrix run(Eval& eval, const auto& layer, const Case& c) {
        return forward(eval, layer, c.x, nn::CachedMemory{c.table, c.memory}).value;
    }
    template <class Product, Shape S>
    static void rival(Eval& eval, const Case& c, hat::Matrix y) {
        const auto& [heads, query, key, value, out_proj] = c.layer;
        const int n = c.x.rows();
        const int qkv = query.weight.outputs();
        const auto room = [&](int rows, int cols) { return eval.memory().matrix(rows, cols); };
        const hat::Matrix q = room(n, qkv), attended = room(n, qkv), scores = room(1, length);
        rivals::linear<Product, S.qkv, S.dim>(query, c.x.value, q);
        rivals::attend_each<S.qkv, S.heads>(heads, q, c.keys, c.values, scores, attended);
        rivals::linear<Product, S.dim, S.qkv>(out_proj, attended, y);
    }
};

}  // namespace

int main(int argc, char** argv) {
    return compare<SelfAttention, CrossAttention, SelfAttentionStep, CrossAttentionStep>(argc,
                                                                                         argv);
}
