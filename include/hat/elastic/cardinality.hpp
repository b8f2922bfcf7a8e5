// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/elastic/design_space.hpp>
#include <hat/model/genes.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace hat::elastic {

/// A whole number ≥ 0 of any size, for counting: it adds, multiplies and is written in decimal.
class BigCount {
public:
    /// A number of 32 bits.
    BigCount(std::uint32_t value = 0) {  // NOLINT(google-explicit-constructor): a number is one
        if (value % base > 0 || value >= base) digits_.push_back(value % base);
        if (value >= base) digits_.push_back(value / base);
    }

    BigCount& operator+=(const BigCount& other) {
        std::uint64_t carry = 0;
        for (std::size_t i = 0; i < other.digits_.size() || carry > 0; ++i) {
            if (i == digits_.size()) digits_.push_back(0);
            carry += digits_[i] + (i < other.digits_.size() ? other.digits_[i] : 0ULL);
            digits_[i] = static_cast<std::uint32_t>(carry % base);
            carry /= base;
        }
        return *this;
    }

    BigCount& operator*=(const BigCount& other) {
        std::vector<std::uint32_t> product(digits_.size() + other.digits_.size(), 0);
        for (std::size_t i = 0; i < digits_.size(); ++i) {
            std::uint64_t carry = 0;
            for (std::size_t j = 0; j < other.digits_.size() || carry > 0; ++j) {
                carry += product[i + j];
                if (j < other.digits_.size()) carry += std::uint64_t{digits_[i]} * other.digits_[j];
                product[i + j] = static_cast<std::uint32_t>(carry % base);
                carry /= base;
            }
        }
        while (!product.empty() && product.back() == 0) product.pop_back();
        digits_ = std::move(product);
        return *this;
    }

    friend BigCount operator+(BigCount a, const BigCount& b) { return a += b; }
    friend BigCount operator*(BigCount a, const BigCount& b) { return a *= b; }
    friend bool operator==(const BigCount&, const BigCount&) = default;

    /// "417846678672384".
    [[nodiscard]] std::string text() const {
        if (digits_.empty()) return "0";
        std::string text = std::to_string(digits_.back());
        for (std::size_t i = digits_.size() - 1; i-- > 0;) {
            const std::string part = std::to_string(digits_[i]);
            text.append(base_digits - part.size(), '0') += part;
        }
        return text;
    }

    /// The nearest double but for some roundings; infinity if there is none.
    [[nodiscard]] double approximate() const noexcept {
        double value = 0;
        for (std::size_t i = digits_.size(); i-- > 0;) value = value * base + digits_[i];
        return value;
    }

private:
    static constexpr std::uint32_t base = 1'000'000'000;
    static constexpr std::size_t base_digits = 9;
    std::vector<std::uint32_t> digits_;  ///< to `base`, the lowest first; the last one is not 0
};

/// value^exponent; 1 for 0.
[[nodiscard]] inline BigCount power(const BigCount& value, int exponent) {
    BigCount result = 1;
    for (int i = 0; i < exponent; ++i) result *= value;
    return result;
}

namespace detail {

template <class... Lists>
[[nodiscard]] BigCount combinations(const Lists&... choices) {
    BigCount count = 1;
    ((count *= static_cast<std::uint32_t>(choices.size())), ...);
    return count;
}

/// Ways to choose one layer of a side; with a depth above 0, in as many ways as its unit has.
[[nodiscard]] inline BigCount layer_cardinality(const DesignSpace& space, model::Side side) {
    BigCount layer = 1;
    BigCount unit = 1;
    for (std::size_t row = model::gene_table.size(); row-- > 0;) {
        const model::GeneRow* const gene = &model::gene_table[row];
        if (!gene->is_of_layers() || !gene->exists(side, space.super.has_encoder())) continue;
        const Choices& choices = choices_of(space, *gene, side);
        if (gene->presence == model::Presence::in_unit) {
            unit *= combinations(choices);
        } else if (gene->is_required() || !choices.empty()) {
            BigCount ways;
            for (const int value : choices)
                ways += gene->is_dextra() && value != 0 ? unit : BigCount(1);
            layer *= ways;
        }
    }
    return layer;
}

/// Ways to serve one network.
[[nodiscard]] inline BigCount ways_to_serve(const DesignSpace& space) {
    BigCount ways = 1;
    for (const model::ServingGene& gene : model::serving_table)
        if (const Choices& choices = choices_of(space, gene); !choices.empty())
            ways *= combinations(choices);
    return ways;
}

/// Σ a^n over the numbers of layers n.
[[nodiscard]] inline BigCount stacks(const BigCount& layer, const Choices& layer_counts) {
    BigCount count;
    for (const int layers : layer_counts) count += power(layer, layers);
    return count;
}

}  // namespace detail

/// How many members the space has:
///
///     |E| · Σ_{n ∈ encoder layers} e^n · |D| · Σ_{n ∈ decoder layers} d^n
///
/// where one layer of the encoder may be chosen in e ways, one of the decoder in d; times the ways
/// to serve each of them.
[[nodiscard]] inline BigCount cardinality(const DesignSpace& space) {
    BigCount count = detail::ways_to_serve(space) * detail::combinations(space.decoder_embed_dims) *
                     detail::stacks(detail::layer_cardinality(space, model::Side::decoder),
                                    space.decoder_layer_counts);
    if (space.super.has_encoder())
        count = count * detail::combinations(space.encoder_embed_dims) *
                detail::stacks(detail::layer_cardinality(space, model::Side::encoder),
                               space.encoder_layer_counts);
    return count;
}

/// The size of the space as HAT (arXiv:2005.14187) counts it: its strings of genes have slots for
/// all layers of the super network, those that a member does not use included.
[[nodiscard]] inline BigCount published_cardinality(const DesignSpace& space) {
    BigCount count = detail::ways_to_serve(space) *
                     detail::combinations(space.decoder_embed_dims, space.decoder_layer_counts) *
                     power(detail::layer_cardinality(space, model::Side::decoder),
                           space.super.decoder.layer_count);
    if (space.super.has_encoder())
        count = count * detail::combinations(space.encoder_embed_dims, space.encoder_layer_counts) *
                power(detail::layer_cardinality(space, model::Side::encoder),
                      space.super.encoder.layer_count);
    return count;
}

}  // namespace hat::elastic
