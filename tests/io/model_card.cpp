// SPDX-License-Identifier: Apache-2.0
#include <hat/io/model_card.hpp>
#include <hat/model/presets.hpp>

#include <doctest/doctest.h>

#include <string>

using hat::io::ModelCard;

TEST_SUITE("io/model_card") {
    TEST_CASE("the card tells what the model is, its size, scores and latency") {
        hat::model::Architecture a = hat::model::transformer_tiny(10000);
        a.decoder_layer_shapes[1].ffn_dim = 512;
        ModelCard card{.name = "help-en-de",
                       .source_language = "English",
                       .target_language = "German",
                       .training_data = "32,500 pairs of help texts (MPL-2.0)"};
        const std::string head = R"(# help-en-de

A Transformer that translates English to German, made with hat.

    hat translate --model . < text

Trained on 32,500 pairs of help texts (MPL-2.0).

## Size

- encoder: 4 layers, width 128, feed-forward 256, heads 4
- decoder: 4 layers, width 128, feed-forward 256, 512, heads 4
- vocabulary: 10000 source, 10000 target
- parameters: 2.67 M, 1.39 M of them in the layers
- FLOPs: 0.09 G for 30 tokens each side, without the output projection
)";
        CHECK(model_card_to_markdown(card, a) == head);
        card.scores = {{"held-out pages", "BLEU", 27.456, "nrefs:1|tok:13a"}};
        card.latencies = {{"a phone", "beam 5, 30 tokens", 7.0}};
        CHECK(model_card_to_markdown(card, a) == head + R"(
## Scores

| data | metric | score | signature |
| --- | --- | --- | --- |
| held-out pages | BLEU | 27.46 | `nrefs:1|tok:13a` |

## Latency

| device | setting | median ms |
| --- | --- | --- |
| a phone | beam 5, 30 tokens | 7.00 |
)");
    }

    TEST_CASE("a language model speaks, and has one side") {
        const ModelCard card{.name = "speaker",
                             .source_language = "",
                             .target_language = "",
                             .training_data = "a text"};
        CHECK(model_card_to_markdown(card, hat::model::transformer_tiny_lm(10000)) == R"(# speaker

A Transformer language model, made with hat.

    hat generate --model .

Trained on a text.

## Size

- decoder: 4 layers, width 128, feed-forward 256, heads 4
- vocabulary: 10000
- parameters: 1.81 M, 0.53 M of them in the layers
- FLOPs: 0.03 G for 30 tokens, without the output projection
)");
    }
}
