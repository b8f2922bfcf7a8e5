// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/random.hpp>
#include <hat/core/slab.hpp>
#include <hat/core/tree.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/sizes.hpp>
#include <hat/model/transformer.hpp>
#include <hat/nn/weights.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hat::model {

/// All tensors of a network, under the names and in the order of the reference implementation, and
/// where each of its weights is among them.
template <class Parts>
struct BasicParameterLayout {
    TensorTable table;
    std::vector<nn::Sizes::Initial> initial;  ///< of each tensor
    Transformer<nn::Places, Parts> places;
};
/// That of a network of the library's layers.
using ParameterLayout = BasicParameterLayout<AnyArchitecture>;

namespace detail {

/// Finds a place for every weight, in a tensor of its own or the next part of the last one.
template <class Layout>
struct FindPlaces {
    Layout& layout;

    void operator()(const Leaf& leaf, nn::Places::Place& to, const nn::Sizes::Size& size) const {
        if (leaf.storage.joint == Joint::no) {
            to = {size.is_shared ? layout.table.index(leaf.path.text()) : add(leaf, size)};
            next = {to.entry, size.rows, size.cols};
            return;
        }
        const bool below = leaf.storage.joint == Joint::below;
        to = {next.entry, below ? next.row : 0, below ? 0 : next.col};
        next.row += size.rows;
        next.col += size.cols;
    }

    int add(const Leaf& leaf, const nn::Sizes::Size& size) const {
        layout.initial.push_back(size.initial);
        return size.is_vector
                   ? layout.table.add_vector(std::string(leaf.path.text()), size.stored_cols())
                   : layout.table.add_matrix(std::string(leaf.path.text()), size.stored_rows(),
                                             size.stored_cols(), leaf.storage.groups);
    }

    mutable nn::Places::Place next{};  ///< behind the last weight
};

}  // namespace detail

/// The layout of a network. Precondition: `validate(a)` holds.
template <class Parts = AnyArchitecture>
[[nodiscard]] BasicParameterLayout<Parts> parameter_layout(const Architecture& a) {
    BasicParameterLayout<Parts> layout;
    const Transformer<nn::Sizes, Parts> sizes = sizes_of<Parts>(a, Room::elastic);
    walk(detail::FindPlaces<BasicParameterLayout<Parts>>{layout}, layout.places, sizes);
    return layout;
}

/// Whether a tensor of a network is a learned table of positions: its numbers are added as they
/// are.
[[nodiscard]] inline bool is_position_table(std::string_view name) noexcept {
    return name.ends_with("embed_positions.weight");
}

/// Fills `values` with the reference's initial distributions: Xavier-uniform matrices, tables
/// normal with variance 1/dim, gains one, biases zero. A group-linear layer takes in · out /
/// groups² for its fan-in. The numbers depend on the seed and on the tensor's name and place in it
/// alone, not on the machine or on other tensors.
template <class Parts>
void initialize(const BasicParameterLayout<Parts>& layout, Slab& values, std::uint64_t seed) {
    using Initial = nn::Sizes::Initial;
    for (int t = 0; t < layout.table.size(); ++t) {
        const auto& entry = layout.table[t];
        std::uint64_t name = 0;
        for (const char c : entry.name) name = mix64(name ^ static_cast<unsigned char>(c));
        Random random(RandomKey(seed).split(name));
        const double fan_in =
            entry.groups == 1 ? entry.cols : static_cast<double>(entry.size()) / entry.groups;
        const double bound = std::sqrt(6.0 / (entry.rows + fan_in));
        const double deviation = 1.0 / std::sqrt(static_cast<double>(entry.cols));
        float* const to = values.matrix(entry).data();
        const Initial initial = layout.initial[static_cast<std::size_t>(t)];
        for (std::ptrdiff_t i = 0; i < entry.size(); ++i) {
            switch (initial) {
            case Initial::zeros:
                to[i] = 0.0F;
                break;
            case Initial::ones:
                to[i] = 1.0F;
                break;
            case Initial::xavier:
                to[i] = static_cast<float>(random.uniform(-bound, bound));
                break;
            case Initial::normal:
                to[i] = static_cast<float>(deviation * random.normal());
                break;
            }
        }
    }
}

}  // namespace hat::model
