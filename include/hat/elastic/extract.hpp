// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/matrix_view.hpp>
#include <hat/core/slab.hpp>
#include <hat/core/tree.hpp>
#include <hat/elastic/super_transformer.hpp>
#include <hat/kernels/activation.hpp>
#include <hat/model/genes.hpp>
#include <hat/model/network.hpp>

#include <concepts>

namespace hat::elastic {

namespace detail {

/// Copies weights to their places in a slab; what is stored elsewhere has none.
struct CopyWeights {
    const TensorTable& table;
    Slab& values;

    void operator()(const Leaf& /*leaf*/, const nn::Places::Place& to,
                    const autograd::Parameter& from) const noexcept {
        if (to.empty()) return;
        const Matrix whole = values.matrix(table[to.entry]);
        kernels::add(
            from.value,
            whole.middle_rows(to.row, from.value.rows()).middle_cols(to.col, from.value.cols()),
            false);
    }
};

}  // namespace detail

/// The sub-network of `super` that `genes` choose, as a network of its own: a true small model with
/// copies of the sliced weights only. `super` stays as it is.
///
/// It computes the same bits as the view, and keeps what its architecture tells of the super
/// network: sinusoids are the first columns of the wider table, dropout is scaled.
///
///     model::Network small = elastic::extract(super.network(), genes);
///
/// Throws  `Error` naming the gene that is out of range or exceeds the super network's.
///
/// A template, so that an include does not compile the copies.
template <std::same_as<model::Network> Network>
[[nodiscard]] Network extract(const Network& super, const model::Architecture& genes) {
    const model::Architecture sub = member_of(super, genes);
    Network extracted(sub);
    const auto view = super.view(sub);
    walk(detail::CopyWeights{extracted.table(), extracted.values()}, extracted.layout().places,
         view);
    return extracted;
}

}  // namespace hat::elastic
