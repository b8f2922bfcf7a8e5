// SPDX-License-Identifier: Apache-2.0
#include <hat/data/subword_trainer.hpp>
#include <hat/data/text_codec.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/model/presets.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace hat::data;
using hat::io::ModelDirectory;
using hat::support::TemporaryDirectory;

namespace {

constexpr hat::model::Architecture smallest_translator = hat::model::uniform(
    {.encoder_layers = 1, .decoder_layers = 1, .embed_dim = 4, .ffn_dim = 4, .heads = 1}, 10, 10);

/// A model directory with these text files, and weights of zero.
ModelDirectory model_with(const std::string& path, const hat::io::TextFiles& files,
                          const hat::model::Architecture& architecture = smallest_translator) {
    const hat::TensorTable table = hat::model::parameter_layout(architecture).table;
    hat::io::save_model_directory(
        path, {.architecture = architecture, .special_tokens = {}, .provenance = {}}, table,
        hat::Slab(table), files, "");
    return ModelDirectory::open(path);
}

}  // namespace

TEST_SUITE("data/text_codec") {
    TEST_CASE("a model with a subword model uses that") {
        const TemporaryDirectory directory;
        const std::vector<std::string> lines{"the lazy dog", "the quick fox", "a lazy fox"};
        const Subword subword = train_subword(lines, {.vocab_size = 22});
        const TextCodec text =
            TextCodec::load(model_with(directory / "model", {{"subword.model", subword.bytes()}}));
        CHECK(text.source_size() == 22);
        CHECK(text.target_size() == 22);
        CHECK(text.special() == subword.special());
        CHECK(text.encode("the fox") == subword.encode("the fox"));
        CHECK(text.decode(text.encode("the fox")) == "the fox");
    }

    TEST_CASE("text is treated as text.json says before it is cut") {
        const TemporaryDirectory directory;
        const std::vector<std::string> lines{"the lazy dog", "the quick fox", "a lazy fox"};
        const Subword subword = train_subword(lines, {.vocab_size = 22});
        const TextRules rules{.normalize = NormalForm::nfkc, .lowercase = true};
        const hat::io::TextFiles files{{"subword.model", subword.bytes()},
                                       {"text.json", text_rules_to_json(rules)}};
        const ModelDirectory model = model_with(directory / "model", files);
        CHECK(model.text_files() == files);
        const TextCodec text = TextCodec::load(model);
        CHECK(text.rules() == rules);
        CHECK(text.encode("The \uFF26ox") == subword.encode("the fox"));
        CHECK(text.unknown_parts("The lazy \uFF30ig") == std::vector<std::string>{"p"});
    }

    TEST_CASE("a model with dictionaries uses those") {
        const TemporaryDirectory directory;
        const hat::io::TextFiles files{{"source.dict.txt", "lo@@ 2\nw 1\n"},
                                       {"target.dict.txt", "Haus@@ 3\ntür 2\nx 1\n"}};
        const TextCodec text = TextCodec::load(model_with(directory / "model", files));
        CHECK(text.source_size() == 6);
        CHECK(text.target_size() == 7);
        CHECK(text.special() == hat::fairseq_special_tokens);
        CHECK(text.encode("lo@@ w low") == std::vector<int>{4, 5, 3});
        CHECK(text.unknown_parts("lo@@ w low") == std::vector<std::string>{"low"});
        CHECK(text.is_unknown(3));
        CHECK_FALSE(text.is_unknown(4));
        CHECK(text.decode({4, 5, 2}) == "Haustür");

        auto with_codes = files;
        with_codes["bpe.codes"] = "#version: 0.2\nl o\n";
        CHECK(TextCodec::load(model_with(directory / "model", with_codes)).encode("low") ==
              std::vector<int>{4, 5});
    }

    TEST_CASE("a language model of whole words has one dictionary, a translator two") {
        const TemporaryDirectory directory;
        const hat::io::TextFiles files{{"target.dict.txt", "the 9\nfox 2\n"}};
        const TextCodec text = TextCodec::load(
            model_with(directory / "model", files, hat::model::transformer_tiny_lm(6)));
        CHECK(text.source_size() == 6);
        CHECK(text.target_size() == 6);
        CHECK(text.encode("the <unk> dog fox") == std::vector<int>{4, 3, 3, 5});
        CHECK(text.decode({4, 3, 5}) == "the <unk> fox");
        CHECK_THROWS_WITH_AS(static_cast<void>(model_with(directory / "translator", files)),
                             ((directory / "translator") + ": source.dict.txt is missing").c_str(),
                             hat::Error);
        CHECK_THROWS_WITH_AS(static_cast<void>(TextCodec::from_files({}, "data")),
                             "data: target.dict.txt is missing", hat::Error);
    }

    TEST_CASE("a damaged file is named, with its line") {
        const TemporaryDirectory directory;
        const auto check = [&](const hat::io::TextFiles& files, const std::string& message) {
            const ModelDirectory model = model_with(directory / "model", files);
            CHECK_THROWS_WITH_AS(static_cast<void>(TextCodec::load(model)),
                                 ((directory / "model/") + message).c_str(), hat::Error);
        };
        check({{"source.dict.txt", "a 1\nb\n"}, {"target.dict.txt", "a 1\n"}},
              "source.dict.txt:2: expected a word, a space and its count");
        check({{"source.dict.txt", ""}, {"target.dict.txt", ""}, {"bpe.codes", "a\n"}},
              "bpe.codes:1: expected two pieces with a space between");
        check({{"subword.model", ""}},
              "subword.model: the file is empty, expected a SentencePiece model");
    }
}
