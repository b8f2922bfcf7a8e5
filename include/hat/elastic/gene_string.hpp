// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/elastic/design_space.hpp>
#include <hat/model/genes.hpp>

#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

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
///
/// What is served otherwise than with floats and all tokens says so last: in weights of 8 bits,
/// with lists of 512 tokens.
///
///     d512:3072x8/w8l512
namespace hat::elastic {

namespace detail {

/// Calls `visit(const GeneRow&, char before)` for the genes that the string of a layer names, in
/// their order. `has_word(gene)` is asked whether the word that `gene` begins is there, if layers
/// may lack it.
template <class HasWord, class Visit>
void for_each_named_gene(model::Side side, int layer, bool has_encoder, const HasWord& has_word,
                         const Visit& visit) {
    bool is_there = false;
    for (const model::GeneRow& gene : model::gene_table) {
        if (!gene.is_of_layers() || !gene.exists(side, has_encoder)) continue;
        if (gene.before != 'x') is_there = gene.is_required() || has_word(gene);
        if (is_there) visit(gene, gene.before == ':' && layer > 0 ? '+' : gene.before);
    }
}

}  // namespace detail

/// The genes of `a` as text.
[[nodiscard]] inline std::string gene_string(const model::Architecture& a) {
    std::string text;
    const auto add = [&text](char before, int gene) { (text += before) += std::to_string(gene); };
    const auto add_layers = [&](model::Side side) {
        for (int i = 0; i < layer_count(a, side); ++i)
            detail::for_each_named_gene(
                side, i, a.has_encoder(),
                [&](const model::GeneRow& gene) { return gene.of(a, side, i) > 0; },
                [&](const model::GeneRow& gene, char before) { add(before, gene.of(a, side, i)); });
    };
    if (a.has_encoder()) {
        add('e', a.encoder.embed_dim);
        add_layers(model::Side::encoder);
        text += '/';
    }
    add('d', a.decoder.embed_dim);
    add_layers(model::Side::decoder);
    if (a.serving != model::Serving{}) text += '/';
    for (const model::ServingGene& gene : model::serving_table)
        if (gene.of(a) != gene.usual()) add(gene.before, gene.of(a));
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
            genes.encoder.embed_dim = number("encoder_embed_dim", 'e', model::max_dim);
            read_layers(genes, model::Side::encoder, has_encoder);
            expect('/', "and the decoder");
        }
        genes.decoder.embed_dim = number("decoder_embed_dim", 'd', model::max_dim);
        read_layers(genes, model::Side::decoder, has_encoder);
        if (next_is('/')) read_serving(genes);
        if (at_ != text_.size()) reject("the end");
        return genes;
    }

private:
    [[nodiscard]] bool next_is(char c) const { return at_ < text_.size() && text_[at_] == c; }

    void read_layers(model::Architecture& genes, model::Side side, bool has_encoder) {
        int& layers = layer_count(genes, side);
        do {
            if (layers == model::max_layers)
                fail(where_, ": column ", at_ + 1, ": the ", side_name(side), " has more than ",
                     model::max_layers, " layers");
            const int layer = layers++;
            for_each_named_gene(
                side, layer, has_encoder,
                [&](const model::GeneRow& gene) { return next_is(gene.before); },
                [&](const model::GeneRow& gene, char before) {
                    gene.of(genes, side, layer) = number(gene.short_name(), before, gene.most);
                });
        } while (next_is('+'));
    }

    void read_serving(model::Architecture& genes) {
        const std::size_t begin = ++at_;
        for (const model::ServingGene& gene : model::serving_table)
            if (next_is(gene.before)) gene.of(genes) = number(gene.name, gene.before, gene.most);
        if (at_ == begin) reject("how the network is served");
    }

    void expect(char c, const std::string& meaning) {
        if (!next_is(c)) reject("\"" + std::string(1, c) + "\" " + meaning);
        ++at_;
    }

    /// `before`, then a number in 1 … `largest`.
    [[nodiscard]] int number(std::string_view gene, char before, int largest) {
        expect(before, "and " + std::string(gene));
        const char* const begin = text_.data() + at_;
        const char* const end = text_.data() + text_.size();
        int value = 0;
        const auto [after, error] = std::from_chars(begin, end, value);
        if (after == begin || *begin == '-') reject(std::string(gene));
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
    fail_with_place([&] { validate_member(space, member); }, where);
    return member;
}

}  // namespace hat::elastic
