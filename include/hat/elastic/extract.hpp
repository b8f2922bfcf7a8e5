// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/matrix_view.hpp>
#include <hat/core/slab.hpp>
#include <hat/kernels/activation.hpp>
#include <hat/model/network.hpp>

#include <array>
#include <cstddef>
#include <string>

namespace hat::elastic {

namespace detail {

/// Copies the tensors of a super network into the smaller ones of a network extracted from it.
///
/// Only cross-attention needs thought: a network stores its query, key and value projections in one
/// matrix if its encoder is as wide as its decoder, else in three, and this may be so in one of the
/// two networks and not in the other.
class Slicer {
public:
    Slicer(const model::Network& super, int qkv_dim) : super_(super), qkv_dim_(qkv_dim) {}

    /// Fills `to`, the tensor `name` of the smaller network.
    void copy(const std::string& name, Matrix to) const {
        if (super_.table().find(name) >= 0)
            copy_slice(tensor(name), to);
        else if (const auto joint = name.rfind(joint_suffix); joint != name.npos)
            join(name.substr(0, joint), to);
        else
            split(name, to);
    }

private:
    static constexpr const char* joint_suffix = "in_proj_weight";
    /// In the order in which the joint matrix holds them.
    static constexpr std::array separate_suffixes{"q_proj_weight", "k_proj_weight",
                                                  "v_proj_weight"};

    [[nodiscard]] ConstMatrix tensor(const std::string& name) const {
        return super_.values().matrix(super_.table()[super_.table().index(name)]);
    }

    static void copy_slice(ConstMatrix from, Matrix to) {
        kernels::add(from.top_left(to.rows(), to.cols()), to, false);
    }

    void join(const std::string& attention, Matrix to) const {
        for (int part = 0; part < 3; ++part) {
            copy_slice(tensor(attention + separate_suffixes[static_cast<std::size_t>(part)]),
                       to.middle_rows(part * qkv_dim_, qkv_dim_));
        }
    }

    void split(const std::string& name, Matrix to) const {
        for (int part = 0; part < 3; ++part) {
            const auto suffix = name.rfind(separate_suffixes[static_cast<std::size_t>(part)]);
            if (suffix == name.npos) continue;
            const ConstMatrix joint = tensor(name.substr(0, suffix) + joint_suffix);
            copy_slice(joint.middle_rows(part * qkv_dim_, qkv_dim_), to);
        }
    }

    const model::Network& super_;
    int qkv_dim_;
};

}  // namespace detail

/// The sub-network of `super` that `genes` choose, as a network of its own: a true small model with
/// copies of the sliced weights only.
///
/// It computes the same bits as the view, and keeps what its architecture tells of the super
/// network: sinusoids are the first columns of the wider table, dropout is scaled.
///
///     const model::Network small = elastic::extract(super.network(), genes);
///
/// Throws  `Error` naming the gene that is out of range or exceeds the super network's.
[[nodiscard]] inline model::Network extract(const model::Network& super,
                                            const model::Architecture& genes) {
    const model::Architecture sub = sub_architecture(genes, super.architecture());
    validate(sub);
    validate_fits_in(sub, super.architecture());
    model::Network small(sub);
    const detail::Slicer slicer(super, sub.qkv_dim);
    for (const auto& entry : small.table()) slicer.copy(entry.name, small.values().matrix(entry));
    return small;
}

}  // namespace hat::elastic
