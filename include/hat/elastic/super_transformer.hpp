// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/model/genes.hpp>
#include <hat/model/network.hpp>
#include <hat/model/static_transformer.hpp>

namespace hat::elastic {

/// What `genes` (layer counts, layer shapes, embed dims) choose of `super`.
///
/// Throws  `Error` naming the gene that is out of range or exceeds the super network's.
[[nodiscard]] inline model::Architecture member_of(const model::Network& super,
                                                   const model::Architecture& genes) {
    const model::Architecture sub = sub_architecture(genes, super.architecture());
    validate_fits_in(sub, super.architecture());
    validate(sub);
    return sub;
}

/// The sub-network of `super` that `genes` choose, as views; gradients go to `gradients`, nowhere
/// if it is null.
///
/// Throws  `Error` as `member_of`, or if the gradients are those of another network.
[[nodiscard]] inline model::Transformer<nn::Trainable>
sub_transformer(const model::Network& super, const model::Architecture& genes,
                model::Gradients* gradients = nullptr) {
    return super.view(member_of(super, genes), gradients);
}

/// A network whose weights hold every smaller network by sharing (HAT, arXiv:2005.14187, §3.1): the
/// first rows and columns of every matrix are those of its sub-networks.
///
/// It is a `model::Network` that checks what it is asked for. Making a sub-network makes views: no
/// weight is copied and nothing is allocated. One that was moved from may be destroyed or assigned,
/// nothing else.
///
///     SuperTransformer super(model::hat_super_wmt(32768));
///     const auto sub = super.sub_transformer(genes);        // any architecture it holds
///     const auto sum = loss(tape, sub, rates, batch, 0.1F); // trains the shared weights
class SuperTransformer {
public:
    /// `largest` is the architecture of the largest member. All parameters are zero.
    /// Throws  `Error` if it is not valid.
    explicit SuperTransformer(const model::Architecture& largest) : network_(largest) {}

    /// What `genes` (layer counts, layer shapes, embed dims) choose of this network.
    /// Throws  `Error` naming the gene that is out of range or exceeds this network's.
    [[nodiscard]] model::Architecture architecture_of(const model::Architecture& genes) const {
        return member_of(network_, genes);
    }

    /// The sub-network that `genes` choose, as views; gradients go to `gradients`, nowhere if it is
    /// null.
    /// Throws  `Error` as `architecture_of`, or if the gradients are those of another network.
    [[nodiscard]] model::Transformer<nn::Trainable>
    sub_transformer(const model::Architecture& genes, model::Gradients* gradients = nullptr) const {
        return network_.view(architecture_of(genes), gradients);
    }

    /// The same of genes that the compiler knows: views of fixed sizes.
    /// Throws  `Error` as the other one.
    template <model::Architecture Genes>
    [[nodiscard]] model::StaticTransformer<Genes, nn::Trainable>
    sub_transformer(model::Gradients* gradients = nullptr) const {
        model::StaticTransformer<Genes, nn::Trainable> sub;
        network_.bind(architecture_of(Genes), gradients, sub);
        return sub;
    }

    /// The network that owns the weights: the largest member.
    [[nodiscard]] model::Network& network() noexcept { return network_; }
    [[nodiscard]] const model::Network& network() const noexcept { return network_; }

private:
    model::Network network_;
};

/// A SuperTransformer whose largest member the compiler knows, which tells of every member of fixed
/// sizes whether it is one.
///
///     StaticSuperTransformer<largest> super;
///     const auto sub = super.sub_transformer<genes>();
template <model::Architecture Largest>
class StaticSuperTransformer : public SuperTransformer {
public:
    StaticSuperTransformer() : SuperTransformer(Largest) {}

    using SuperTransformer::sub_transformer;

    template <model::Architecture Genes>
    [[nodiscard]] model::StaticTransformer<Genes, nn::Trainable>
    sub_transformer(model::Gradients* gradients = nullptr) const {
        constexpr bool fits = fits_in(sub_architecture(Genes, Largest), Largest);
        static_assert(fits,
                      "SuperTransformer: the member is wider or deeper than the super network");
        if constexpr (fits)
            return SuperTransformer::sub_transformer<Genes>(gradients);
        else
            return {};
    }
};

}  // namespace hat::elastic
