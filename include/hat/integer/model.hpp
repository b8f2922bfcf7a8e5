// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/tree.hpp>
#include <hat/integer/transformer.hpp>
#include <hat/integer/weight_sizes.hpp>
#include <hat/integer/weights.hpp>
#include <hat/model/architecture.hpp>

#include <algorithm>
#include <cstddef>

namespace hat::integer {

/// A network of integers that owns its weights.
class Model {
public:
    /// One whose weights are all 0.
    /// Throws  `Error` if the architecture is not valid, or has no network of integers.
    explicit Model(const model::Architecture& architecture)
        : architecture_((check_supported(architecture), architecture)) {
        const Transformer<Sizes> sizes = weight_sizes(architecture);
        memory_ = AlignedArray<std::byte>(weight_bytes(sizes));
        variables_ = place_weights<Variables>(sizes, memory_.data());
        view_ = place_weights<Constants>(sizes, memory_.data());
        share_tables(variables_);
        share_tables(view_);
    }
    // A copy would have views of the weights of the first one.
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;
    Model(Model&&) = default;
    Model& operator=(Model&&) = default;
    ~Model() = default;

    /// What the network is.
    [[nodiscard]] const model::Architecture& architecture() const noexcept { return architecture_; }
    /// The weights it views stay in place when this is moved, the view itself does not.
    [[nodiscard]] const Transformer<Constants>& view() const noexcept { return view_; }
    /// The same to write to.
    [[nodiscard]] const Transformer<Variables>& variables() noexcept { return variables_; }
    [[nodiscard]] std::size_t size_bytes() const noexcept { return memory_.size_bytes(); }

private:
    model::Architecture architecture_;
    AlignedArray<std::byte> memory_;
    Transformer<Variables> variables_;
    Transformer<Constants> view_;
};

namespace detail {

/// Copies weights; of a table with more rows, the first ones.
struct CopyWeights {
    template <class T>
    void operator()(const Leaf& /*leaf*/, const MatrixView<T>& to,
                    const MatrixView<const T>& from) const {
        for (int i = 0; i < to.rows(); ++i)
            std::copy_n(from.row_data(i), int{to.cols()}, to.row_data(i));
    }
    template <class T>
    void operator()(const Leaf& /*leaf*/, const VectorView<T>& to,
                    const VectorView<const T>& from) const {
        std::copy_n(from.data(), int{to.size()}, to.data());
    }
};

}  // namespace detail

/// The weights of a network as `StaticTranslator` reads them, for a source that holds them as a
/// constant: with as many rows of its tables of positions as there may be tokens.
[[nodiscard]] inline AlignedArray<std::byte> static_weights(const Model& model, int source_tokens,
                                                            int target_tokens) {
    const Transformer<Sizes> sizes =
        weight_sizes(model.architecture(), source_tokens, target_tokens);
    AlignedArray<std::byte> bytes(weight_bytes(sizes));
    // Constant, as a walk would make the lists of its first tree anew.
    const auto to = place_weights<Variables>(sizes, bytes.data());
    Transformer<Constants> from = model.view();
    separate_tables(from);
    walk(detail::CopyWeights{}, to, from);
    return bytes;
}

}  // namespace hat::integer
