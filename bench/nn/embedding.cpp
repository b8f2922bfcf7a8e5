// SPDX-License-Identifier: Apache-2.0
//
// Embedded tokens with their positions, on one thread: y = √dim · table[token] + position.

#include "support/compare.hpp"
#include "support/families.hpp"

using namespace hat::support;
namespace nn = hat::nn;

namespace {

/// What a network has in front of its layers.
template <class W, hat::Extent Vocab = int, hat::Extent Dim = int>
struct Tables {
    using Weights = W;
    typename W::template Words<Vocab, Dim> words{};
    typename W::template Table<int, Dim> positions{};

    static constexpr void members(const auto& f, auto&... self) {
        f("words", self.words...);
        f("positions", self.positions...);
    }
};

struct Embedding : WordFamily {
    static constexpr const char* name = "embedding";
    static constexpr bool is_product = false;
    static constexpr bool has_matrix = true;
    static constexpr std::array published = published_with(8'848);

    template <class Weights>
    using Any = Tables<Weights>;
    template <Shape S>
    using Static = Tables<Packed, hat::Fixed<S.vocab>, hat::Fixed<S.dim>>;

    /// One sentence of `rows` tokens.
    struct Case {
        Layers own;
        Tables<Trainable> layer;
        std::array<int, 8> tokens{17, 4, 256, 3, 5000, 89, 8, 2};
        std::array<int, 2> offsets;
        float scale;

        Case(Shape s, int rows)
            : layer{own.weight(s.vocab, s.dim), own.weight(16, s.dim)}, offsets{0, rows},
              scale(std::sqrt(static_cast<float>(s.dim))) {}
        [[nodiscard]] double macs() const { return 1.0 * offsets[1] * layer.words.inputs(); }
    };

    template <class Layer>
    static hat::Matrix run(Eval& eval, const Layer& layer, const Case& c) {
        using Weights = typename Layer::Weights;
        return Weights::look_up(eval, c.tokens, {c.offsets.data(), 1}, layer.words, c.scale,
                                Weights::table(layer.positions), 0.0F)
            .value;
    }
    template <class Product, Shape S>
    static void rival(Eval& /*eval*/, const Case& c, hat::Matrix y) {
        const auto words = rivals::rows<S.dim>(c.layer.words.value);
        const auto positions = rivals::rows<S.dim>(c.layer.positions.value);
        for (int i = 0; i < y.rows(); ++i) {
            rivals::rows<S.dim>(y).row(i) =
                c.scale * words.row(c.tokens[static_cast<std::size_t>(i)]) +
                positions.row(hat::first_position + i);
        }
    }
};

}  // namespace

int main(int argc, char** argv) {
    return compare<Embedding>(argc, argv);
}
