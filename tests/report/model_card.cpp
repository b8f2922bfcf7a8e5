// SPDX-License-Identifier: Apache-2.0
#include <hat/model/presets.hpp>
#include <hat/report/model_card.hpp>

#include <doctest/doctest.h>

#include <string>

using hat::report::model_card_to_markdown;
using hat::report::ModelCard;

TEST_SUITE("report/model_card") {
    TEST_CASE("the card tells what the model is, its size, scores and latency") {
        hat::model::Architecture a = hat::model::transformer_tiny(10000);
        a.decoder.layer_shapes[1].ffn_dim = 512;
        ModelCard card{.name = "help-en-de",
                       .source_language = "en",
                       .target_language = "de",
                       .licence = "MPL-2.0",
                       .training_data = "32,500 pairs of help texts (MPL-2.0)"};
        const std::string matter = R"(---
language:
- "en"
- "de"
license: "mpl-2.0"
library_name: hat
pipeline_tag: translation
)";
        const std::string head = R"(---

# help-en-de

A Transformer that translates English to German, made with hat.

    hat translate --model . < text

Trained on 32,500 pairs of help texts (MPL-2.0).

## Size

- encoder: 4 layers, width 128, feed-forward 256, heads 4
- decoder: 4 layers, width 128, feed-forward 256, 512, heads 4
- vocabulary: 10000 source, 10000 target
- parameters: 2.67 M, 1.39 M of them in the layers
- weights: 10.7 MB in single precision
- FLOPs: 0.09 G for 30 tokens each side, without the output projection
)";
        const std::string licence = "\n## Licence\n\nMPL-2.0\n";
        CHECK(model_card_to_markdown(card, a) == matter + head + licence);
        card.scores = {{"held-out pages", "BLEU", 27.456, "nrefs:1|tok:13a"}};
        card.latencies = {{"a phone", "beam 5, 30 tokens", 7.0}};
        const std::string index = R"(model-index:
- name: "help-en-de"
  results:
  - task:
      type: translation
    dataset:
      name: "held-out pages"
      type: text
    metrics:
    - type: bleu
      name: "BLEU nrefs:1|tok:13a"
      value: 27.46
)";
        CHECK(model_card_to_markdown(card, a) == matter + index + head + R"(
## Scores

| data | metric | score | signature |
| --- | --- | --- | --- |
| held-out pages | BLEU | 27.46 | `nrefs:1\|tok:13a` |

## Latency

| device | setting | median ms |
| --- | --- | --- |
| a phone | beam 5, 30 tokens | 7.00 |
)" + licence);
    }

    TEST_CASE("a language model speaks, and has one side") {
        const ModelCard card{.name = "speaker", .training_data = "a text"};
        CHECK(model_card_to_markdown(card, hat::model::transformer_tiny_lm(10000)) == R"(---
license: "unknown"
library_name: hat
pipeline_tag: text-generation
---

# speaker

A Transformer language model, made with hat.

    hat generate --model .

Trained on a text.

## Size

- decoder: 4 layers, width 128, feed-forward 256, heads 4
- vocabulary: 10000
- parameters: 1.81 M, 0.53 M of them in the layers
- weights: 7.2 MB in single precision
- FLOPs: 0.03 G for 30 tokens, without the output projection

## Licence

Not stated.
)");
    }

    TEST_CASE("languages that nobody named are not made up") {
        const std::string text =
            model_card_to_markdown({.name = "some"}, hat::model::transformer_tiny(10000));
        CHECK(text.find("that translates, made with hat") != std::string::npos);
        CHECK(text.find("language:") == std::string::npos);
        CHECK(text.find("Trained on") == std::string::npos);
    }

    TEST_CASE("what stands in quotation marks in the front matter stays inside them") {
        const std::string text =
            model_card_to_markdown({.name = "a\"b\\c\nd", .scores = {{"set", "BLEU", 1, "s"}}},
                                   hat::model::transformer_tiny(10000));
        CHECK(text.find("- name: \"a\\\"b\\\\c d\"\n") != std::string::npos);
    }

    TEST_CASE("text from outside stays on its line, and means nothing to Markdown") {
        const ModelCard card{.name = "[a](http://b)",
                             .source_language = "old\n# Norse",
                             .target_language = "de",
                             .licence = "MIT\n\n# Not\x1b[31m",
                             .training_data = "a\ttext <b>with</b> `code`",
                             .scores = {{"a|b", "BLEU", 1, "s"}}};
        const std::string text = model_card_to_markdown(card, hat::model::transformer_tiny(10000));
        for (const char* line : {"\n# \\[a\\](http://b)\n", " translates old \\# Norse to German, ",
                                 "\nTrained on a text \\<b\\>with\\</b\\> \\`code\\`.\n",
                                 "\nMIT  \\# Not\\\\u001b\\[31m\n", "\n| a\\|b | BLEU |"})
            CHECK(text.find(line) != std::string::npos);
    }
}
