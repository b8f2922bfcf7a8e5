// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/elastic/design_space.hpp>

#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>

/// The genes of a network as one word, for tables, logs and the command line: letters, digits and
/// `:x+/`, so it needs no quotes in CSV or in a shell.
///
///     e640:3072x8+2048x4/d512:3072x8x4x1+1024x4x8x3
///
/// An encoder of width 640 with two layers, ffn_dim x heads each; a decoder of width 512 with two
/// layers, ffn_dim x heads x cross_heads x attended_layers each. A language model has only
/// `d512:3072x8+…`. Behind those genes of a layer may stand an inner width of its own, and its
/// DExTra: depth x width x groups.
///
///     e256:64x1q128u4x2000x8
namespace hat::elastic {

/// The genes of `a` as text.
[[nodiscard]] inline std::string gene_string(const model::Architecture& a) {
    std::string text;
    const auto layer = [&text](char before, auto... genes) {
        for (const int gene : {genes...}) {
            (text += before) += std::to_string(gene);
            before = 'x';
        }
    };
    const auto unit = [&](const auto& shape) {
        if (shape.qkv_dim > 0) layer('q', shape.qkv_dim);
        if (shape.dextra_depth > 0)
            layer('u', shape.dextra_depth, shape.dextra_width, shape.dextra_groups);
    };
    if (a.has_encoder()) {
        text += 'e' + std::to_string(a.encoder_embed_dim);
        char before = ':';
        for (const auto& shape : a.encoder_layers()) {
            layer(before, shape.ffn_dim, shape.heads);
            unit(shape);
            before = '+';
        }
        text += '/';
    }
    text += 'd' + std::to_string(a.decoder_embed_dim);
    char before = ':';
    for (const auto& shape : a.decoder_layers()) {
        if (a.has_encoder())
            layer(before, shape.ffn_dim, shape.heads, shape.cross_heads, shape.attended_layers);
        else
            layer(before, shape.ffn_dim, shape.heads);
        unit(shape);
        before = '+';
    }
    return text;
}

namespace detail {

/// Reads a gene string from left to right; every message names the column, from 1.
class GeneReader {
public:
    GeneReader(std::string_view text, std::string_view where) : text_(text), where_(where) {}

    [[nodiscard]] model::Architecture read() {
        model::Architecture genes;
        const bool has_encoder = next_is('e');
        if (has_encoder) {
            genes.encoder_embed_dim = number("encoder_embed_dim", 'e', model::max_dim);
            do {
                auto& shape =
                    genes.encoder_layer_shapes[slot(genes.encoder_layer_count, "encoder")];
                shape.ffn_dim =
                    number("ffn_dim", genes.encoder_layer_count == 1 ? ':' : '+', model::max_dim);
                shape.heads = number("heads", 'x', model::max_dim);
                read_unit(shape);
            } while (next_is('+'));
            expect('/', "and the decoder");
        }
        genes.decoder_embed_dim = number("decoder_embed_dim", 'd', model::max_dim);
        do {
            auto& shape = genes.decoder_layer_shapes[slot(genes.decoder_layer_count, "decoder")];
            shape.ffn_dim =
                number("ffn_dim", genes.decoder_layer_count == 1 ? ':' : '+', model::max_dim);
            shape.heads = number("heads", 'x', model::max_dim);
            if (has_encoder) {
                shape.cross_heads = number("cross_heads", 'x', model::max_dim);
                shape.attended_layers = number("attended_layers", 'x', 3);
            }
            read_unit(shape);
        } while (next_is('+'));
        if (at_ != text_.size()) reject("the end");
        return genes;
    }

private:
    [[nodiscard]] bool next_is(char c) const { return at_ < text_.size() && text_[at_] == c; }

    template <class Shape>
    void read_unit(Shape& shape) {
        if (next_is('q')) shape.qkv_dim = number("qkv_dim", 'q', model::max_dim);
        if (!next_is('u')) return;
        shape.dextra_depth = number("dextra_depth", 'u', nn::max_dextra_depth);
        shape.dextra_width = number("dextra_width", 'x', model::max_dim);
        shape.dextra_groups = number("dextra_groups", 'x', model::max_dim);
    }

    void expect(char c, const char* meaning) {
        if (!next_is(c)) reject("\"" + std::string(1, c) + "\" " + meaning);
        ++at_;
    }

    [[nodiscard]] std::size_t slot(int& count, const char* side) const {
        if (count == model::max_layers)
            fail(where_, ": column ", at_ + 1, ": the ", side, " has more than ", model::max_layers,
                 " layers");
        return static_cast<std::size_t>(count++);
    }

    /// `before`, then a number in 1 … `largest`.
    [[nodiscard]] int number(const char* gene, char before, int largest) {
        expect(before, (std::string("and ") + gene).c_str());
        const char* const begin = text_.data() + at_;
        const char* const end = text_.data() + text_.size();
        int value = 0;
        const auto [after, error] = std::from_chars(begin, end, value);
        if (after == begin || *begin == '-') reject(gene);
        if (error != std::errc{} || value < 1 || value > largest)
            fail(where_, ": column ", at_ + 1, ": ", gene, " = ",
                 readable({begin, static_cast<std::size_t>(after - begin)}), " is not in 1 … ",
                 largest);
        at_ += static_cast<std::size_t>(after - begin);
        return value;
    }

    [[noreturn]] void reject(const std::string& expected) const {
        std::string found = "nothing more";
        if (at_ < text_.size()) found = in_quotes(text_.substr(at_), 12);
        fail(where_, ": column ", at_ + 1, ": expected ", expected, ", found ", found);
    }

    std::string_view text_;
    std::string_view where_;
    std::size_t at_ = 0;
};

}  // namespace detail

/// True if `text` begins as a gene string does; not so names of files and presets.
[[nodiscard]] constexpr bool looks_like_gene_string(std::string_view text) noexcept {
    return text.size() > 1 && (text[0] == 'e' || text[0] == 'd') && text[1] >= '0' &&
           text[1] <= '9' && text.find(':') != std::string_view::npos;
}

/// The genes that `text` names, and nothing else: `sub_architecture(genes, super)` gives them the
/// rest. `where` begins messages ("front.csv:7", "--architecture").
///
/// Throws  `Error` naming `where`, the column, what was expected and what was found.
[[nodiscard]] inline model::Architecture parse_genes(std::string_view text,
                                                     std::string_view where) {
    return detail::GeneReader(text, where).read();
}

/// The member of `space` that `text` names.
///
/// Throws  `Error` as `parse_genes`, or naming the gene whose value is not among the choices.
[[nodiscard]] inline model::Architecture
parse_member(const DesignSpace& space, std::string_view text, std::string_view where) {
    const model::Architecture genes = parse_genes(text, where);
    if (genes.has_encoder() != space.super.has_encoder())
        fail(where, ": the design space has ", space.super.has_encoder() ? "an" : "no",
             " encoder, found ", in_quotes(text));
    model::Architecture member = sub_architecture(genes, space.super);
    try {
        validate_member(space, member);
    } catch (const Error& error) {
        fail(where, ": ", error.what());
    }
    return member;
}

}  // namespace hat::elastic
