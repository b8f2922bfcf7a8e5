// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/model/architecture.hpp>
#include <hat/model/counts.hpp>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

namespace hat::io {

/// A measured quality, with the signature that says how it was measured.
struct ModelScore {
    std::string data;    ///< "held-out pages", "test_2016_flickr"
    std::string metric;  ///< "BLEU", "chrF2"
    double value = 0;    ///< in points of 100
    std::string signature;
};

/// A measured latency of one sentence.
struct ModelLatency {
    std::string device;   ///< machine, compiler, threads
    std::string setting;  ///< beam, sentence lengths
    double median_ms = 0;
};

/// What a model's README.md tells beyond its architecture.
struct ModelCard {
    std::string name;
    std::string source_language;
    std::string target_language;
    std::string training_data;  ///< what it was trained on, with size and licence
    std::vector<ModelScore> scores{};
    std::vector<ModelLatency> latencies{};
};

namespace detail {

[[nodiscard]] inline std::string decimal(double value, int digits) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    return text.data();
}

/// "256, 512": the different values of at(0) … at(count − 1), in order of appearance.
template <class At>
[[nodiscard]] std::string distinct(int count, At at) {
    std::string text;
    for (int i = 0; i < count; ++i) {
        bool seen = false;
        for (int j = 0; j < i; ++j) seen = seen || at(j) == at(i);
        if (!seen) text += (text.empty() ? "" : ", ") + std::to_string(at(i));
    }
    return text;
}

/// One sentence about the layers of a side.
template <class Layers>
[[nodiscard]] std::string describe_side(const char* side, int embed_dim, const Layers& layers) {
    const int count = static_cast<int>(layers.size());
    const auto at = [&](auto member) {
        return distinct(count,
                        [&, member](int i) { return layers[static_cast<std::size_t>(i)].*member; });
    };
    using Layer = typename Layers::value_type;
    return "- " + std::string(side) + ": " + std::to_string(count) + " layers, width " +
           std::to_string(embed_dim) + ", feed-forward " + at(&Layer::ffn_dim) + ", heads " +
           at(&Layer::heads) + "\n";
}

}  // namespace detail

/// The model card as Markdown: what the model is, its size, its scores and its latency.
[[nodiscard]] inline std::string model_card_to_markdown(const ModelCard& card,
                                                        const model::Architecture& a) {
    using detail::decimal;
    std::string text = "# " + card.name + "\n\n";
    if (a.has_encoder()) {
        text += "A Transformer that translates " + card.source_language + " to " +
                card.target_language + ", made with hat.\n\n";
        text += "    hat translate --model . < text\n\n";
    } else {
        text += "A Transformer language model, made with hat.\n\n";
        text += "    hat generate --model .\n\n";
    }
    text += "Trained on " + card.training_data + ".\n\n## Size\n\n";
    if (a.has_encoder())
        text += detail::describe_side("encoder", a.encoder_embed_dim, a.encoder_layers());
    text += detail::describe_side("decoder", a.decoder_embed_dim, a.decoder_layers());
    text += "- vocabulary: ";
    if (a.has_encoder()) text += std::to_string(a.source_vocab_size) + " source, ";
    text += std::to_string(a.target_vocab_size) + (a.has_encoder() ? " target\n" : "\n");
    text += "- parameters: " + decimal(static_cast<double>(parameters(a)) / 1e6, 2) + " M, " +
            decimal(static_cast<double>(layer_parameters(a)) / 1e6, 2) +
            " M of them in the layers\n";
    text += "- FLOPs: " + decimal(static_cast<double>(published_flops(a, 30)) / 1e9, 2) +
            " G for 30 tokens" + (a.has_encoder() ? " each side" : "") +
            ", without the output projection\n";
    if (!card.scores.empty()) {
        text += "\n## Scores\n\n| data | metric | score | signature |\n| --- | --- | --- | --- |\n";
        for (const ModelScore& score : card.scores)
            text += "| " + score.data + " | " + score.metric + " | " + decimal(score.value, 2) +
                    " | `" + score.signature + "` |\n";
    }
    if (!card.latencies.empty()) {
        text += "\n## Latency\n\n| device | setting | median ms |\n| --- | --- | --- |\n";
        for (const ModelLatency& latency : card.latencies)
            text += "| " + latency.device + " | " + latency.setting + " | " +
                    decimal(latency.median_ms, 2) + " |\n";
    }
    return text;
}

}  // namespace hat::io
