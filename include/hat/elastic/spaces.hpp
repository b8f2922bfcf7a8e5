// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/elastic/design_space.hpp>
#include <hat/model/presets.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

/// Design spaces that have a name. None knows a vocabulary: see `with_vocabulary`.
namespace hat::elastic {

namespace detail {

/// `architecture` without its vocabulary sizes.
[[nodiscard]] constexpr model::Architecture without_vocabulary(model::Architecture architecture) {
    architecture.source_vocab_size = 0;
    architecture.target_vocab_size = 0;
    return architecture;
}

/// A space whose genes have the same choices on both sides.
[[nodiscard]] inline DesignSpace symmetric_space(const model::Architecture& super,
                                                 const Choices& embed_dims, const Choices& ffn_dims,
                                                 const Choices& heads,
                                                 const Choices& encoder_layer_counts,
                                                 const Choices& decoder_layer_counts) {
    return {.super = without_vocabulary(super),
            .encoder_embed_dims = embed_dims,
            .decoder_embed_dims = embed_dims,
            .encoder_layer_counts = encoder_layer_counts,
            .decoder_layer_counts = decoder_layer_counts,
            .encoder_ffn_dims = ffn_dims,
            .encoder_heads = heads,
            .decoder_ffn_dims = ffn_dims,
            .decoder_heads = heads,
            .decoder_cross_heads = heads,
            .decoder_attended_layers = {1, 2, 3}};
}

}  // namespace detail

/// The published space of the WMT tasks, `space0` (HAT, arXiv:2005.14187, §4.1).
[[nodiscard]] inline DesignSpace wmt_space() {
    return detail::symmetric_space(model::hat_super_wmt(1), {640, 512}, {3072, 2048, 1024}, {8, 4},
                                   {6}, {6, 5, 4, 3, 2, 1});
}

/// The published space of IWSLT'14 De–En, `space1`.
[[nodiscard]] inline DesignSpace iwslt_space() {
    return detail::symmetric_space(model::hat_super_iwslt(1, 1), {640, 512}, {2048, 1024, 512},
                                   {4, 2}, {6}, {6, 5, 4, 3, 2, 1});
}

/// The wider space from which the published latency data of the WMT tasks was drawn.
[[nodiscard]] inline DesignSpace wmt_latency_space() {
    return detail::symmetric_space(model::hat_super_wmt(1), {640, 512}, {3072, 2048, 1024, 512},
                                   {8, 4, 2}, {6}, {6, 5, 4, 3, 2, 1});
}

/// That of IWSLT'14 De–En: the genes are those of the WMT tasks, the tables three.
[[nodiscard]] inline DesignSpace iwslt_latency_space() {
    DesignSpace space = wmt_latency_space();
    space.super.sharing = model::Sharing::none;
    return space;
}

/// Ours for corpora of some 30,000 sentence pairs, such as Multi30k. It reaches from 6 + 6 layers,
/// 192 / 512, 8 heads, well above Transformer-Tiny, to 3 + 1 layers, 96 / 128 and 64 / 128, well
/// below it. The output projection is most of what a small decoder takes, so its widths go lowest.
[[nodiscard]] inline DesignSpace multi30k_space() {
    auto super = model::uniform(
        {.embed_dim = 192, .ffn_dim = 512, .qkv_dim = 128, .attended_layers = 3}, 1, 1);
    super.attends_to_real_layers = true;
    DesignSpace space = detail::symmetric_space(super, {192, 128, 96}, {512, 384, 256, 128},
                                                {8, 4, 2}, {6, 5, 4, 3}, {6, 5, 4, 3, 2, 1});
    space.decoder_embed_dims = {192, 128, 96, 64};
    return space;
}

/// Ours for the quickstart: its SuperTransformer is trained in minutes on two cores.
[[nodiscard]] inline DesignSpace quickstart_space() {
    auto super = model::uniform({.encoder_layers = 4,
                                 .decoder_layers = 4,
                                 .embed_dim = 160,
                                 .ffn_dim = 384,
                                 .attended_layers = 3},
                                1, 1);
    super.attends_to_real_layers = true;
    return detail::symmetric_space(super, {160, 128, 96}, {384, 256, 128}, {8, 4, 2}, {4, 3},
                                   {4, 3, 2, 1});
}

/// Ours for the quickstart in a hurry: short sentences, and a SuperTransformer that is trained in a
/// minute.
[[nodiscard]] inline DesignSpace quick_space() {
    auto super = model::uniform({.encoder_layers = 3,
                                 .decoder_layers = 3,
                                 .embed_dim = 128,
                                 .ffn_dim = 256,
                                 .attended_layers = 2},
                                1, 1);
    super.attends_to_real_layers = true;
    DesignSpace space = detail::symmetric_space(super, {128, 96, 64}, {256, 192, 128}, {8, 4, 2},
                                                {3, 2}, {3, 2, 1});
    space.decoder_attended_layers = {1, 2};
    return space;
}

/// Ours for the same corpora, over HAT's and DeLighT's blocks: every layer may have a DExTra in
/// front of its self-attention, an inner width and a feed-forward layer as wide or narrow as either
/// has.
[[nodiscard]] inline DesignSpace joint_space() {
    DesignSpace space = quickstart_space();
    space.super.activation = Activation::swish;
    space.encoder_ffn_dims = space.decoder_ffn_dims = {384, 256, 128, 48};
    space.encoder_heads = space.decoder_heads = space.decoder_cross_heads = {8, 4, 1};
    space.encoder_qkv_dims = space.decoder_qkv_dims = {160, 80};
    space.encoder_dextra_depths = space.decoder_dextra_depths = {0, 4, 3};
    space.encoder_dextra_widths = space.decoder_dextra_widths = {2000, 1500};
    space.encoder_dextra_groups = space.decoder_dextra_groups = {4, 8};
    make_room_for_units(space);
    return space;
}

/// A design space and the name that asks for it.
struct NamedSpace {
    const char* name;
    DesignSpace (*make)();
};

/// All spaces that have a name.
inline constexpr std::array named_spaces{NamedSpace{"wmt-space0", wmt_space},
                                         NamedSpace{"iwslt-space1", iwslt_space},
                                         NamedSpace{"wmt-latency", wmt_latency_space},
                                         NamedSpace{"iwslt-latency", iwslt_latency_space},
                                         NamedSpace{"multi30k", multi30k_space},
                                         NamedSpace{"quickstart", quickstart_space},
                                         NamedSpace{"quick", quick_space},
                                         NamedSpace{"joint", joint_space}};

/// Whether `named_space` has a space of that name.
[[nodiscard]] constexpr bool is_built_in_space(std::string_view name) noexcept {
    return std::any_of(named_spaces.begin(), named_spaces.end(),
                       [name](const NamedSpace& space) { return name == space.name; });
}

/// "wmt-space0, iwslt-space1, …", for messages and help.
[[nodiscard]] inline std::string built_in_space_names() {
    std::string names;
    for (const NamedSpace& space : named_spaces) (names += names.empty() ? "" : ", ") += space.name;
    return names;
}

/// The space called `name`.
///
/// Throws  `Error` listing the names there are.
[[nodiscard]] inline DesignSpace built_in_space(std::string_view name) {
    for (const NamedSpace& space : named_spaces)
        if (name == space.name) return space.make();
    fail("design space: there is none called ", in_quotes(name), "; built in are ",
         built_in_space_names());
}

}  // namespace hat::elastic
