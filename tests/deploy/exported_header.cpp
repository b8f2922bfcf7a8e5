// SPDX-License-Identifier: Apache-2.0
#include <hat/core/special_tokens.hpp>
#include <hat/data/text_rules.hpp>
#include <hat/deploy/embedded_text_builder.hpp>
#include <hat/deploy/exported_header.hpp>
#include <hat/deploy/weights_hash.hpp>

#include "support/architectures.hpp"
#include "support/subword_samples.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>

// tests/program/export.sh compiles such headers.
TEST_SUITE("deploy/exported_header") {
    TEST_CASE("a header has its comment, the code once, the model's tables and its description") {
        const auto subword =
            hat::support::trained_subword({{"normalization_rule_name", "identity"}});
        const auto text =
            hat::deploy::make_text_tables(subword.bytes(), subword.special(), {}, 20, "model");
        const std::array<std::byte, 3> weights{std::byte{1}};
        const hat::deploy::ExportedModel model{
            .space = "tiny",
            .about = "What it is\n\nends in \\\na\ttab",
            .network = hat::deploy::packed_network("hat::nn::PackedInt8"),
            .weights = weights,
            .architecture = hat::support::uneven_translator(hat::model::Sharing::all),
            .special = {.unk = 0, .bos = -1, .eos = 2, .pad = 3},
            .text = &text,
            .limits = {.source_tokens = 21, .target_tokens = 40, .beam = 3},
            .line_bytes = 300,
            .sentences = {"a \"b\"", "\u00FC?"},
            .expected = 77};
        const std::string header = exported_header(model, [](const std::string& name) {
            CHECK((name == hat::deploy::embedded_translator_header ||
                   name == hat::deploy::weights_hash_header ||
                   name == "hat/decode/static_translator.hpp"));
            return std::string("#include <span>\nint code;\n");
        });
        CHECK(header.starts_with("// SPDX-License-Identifier: Apache-2.0\n//\n// What it is\n//\n"
                                 "// ends in \\.\n// a tab\n#pragma once\n"));
        const auto has = [&](const char* part) {
            CHECK_MESSAGE(header.find(part) != std::string::npos, part);
        };
        has("#ifndef HAT_EXPORTED_CODE\n#define HAT_EXPORTED_CODE\n"
            "#ifndef HAT_WITHOUT_HEAP\n#define HAT_WITHOUT_HEAP\n#endif\n"
            "#ifndef HAT_WITHOUT_XSIMD\n#define HAT_WITHOUT_XSIMD\n#endif\n#endif\n");
        has("#include <span>\n");
        has("\nint code;\n");
        has("#ifdef tiny\n#error \"tiny is a macro here");
        has("namespace tiny::inline model_");
        has("weight_words[] = {\n0x01,};\n");
        has("using Network = hat::decode::StaticTranslator<architecture, hat::nn::PackedInt8>;");
        has(".bos = -1, .eos = 2");
        has(".source_tokens = 21, .target_tokens = 40, .beam = 3}");
        has("first(3)");
        has("\"a \\042b\\042\"");
        has("\"\\303\\274\\077\"");
        has("expected = 77U");
        has(("weights_hash(weight_words) == " +
             std::to_string(hat::deploy::weights_hash(std::array<std::uint64_t, 1>{1})) + 'U')
                .c_str());
    }

    TEST_CASE("a header can include hat's instead of holding their code") {
        const hat::deploy::OwnedTextTables text{};
        const std::array<std::byte, 8> weights{};
        const hat::deploy::ExportedModel model{
            .space = "tiny",
            .about = "",
            .with_code = false,
            .network = hat::deploy::integer_network(20),
            .weights = weights,
            .architecture = hat::support::uneven_translator(hat::model::Sharing::all),
            .special = {},
            .text = &text,
            .limits = {},
            .sentences = {"a"}};
        const std::string header = exported_header(model, [](const std::string& name) {
            FAIL_CHECK(name);
            return std::string();
        });
        CHECK(header.find("#include <hat/deploy/embedded_translator.hpp>\n"
                          "#include <hat/deploy/weights_hash.hpp>\n"
                          "#include <hat/integer/static_translator.hpp>\n") != std::string::npos);
        CHECK(header.find("weight_words[] = {\n0x00,};\n") != std::string::npos);
        CHECK(header.find("weights_lie_apart") == std::string::npos);
    }

    TEST_CASE("names may be those of what is filled in, and lists lie behind the weights") {
        const hat::deploy::OwnedTextTables text{};
        const hat::deploy::ShortlistShape lists{.source_vocab_size = 9,
                                                .target_vocab_size = 9,
                                                .always = 2,
                                                .tokens = 20,
                                                .longest = 5};
        std::array<std::byte, 640> weights{};
        const hat::deploy::ExportedModel model{
            .space = "FILE",
            .about = "",
            .network = hat::deploy::listed_network("hat::nn::PackedInt8"),
            .weights = std::span(weights).first(512 + lists.bytes()),
            .lists = lists,
            .weights_file = "SYMBOL@.bin",
            .architecture = hat::support::uneven_translator(hat::model::Sharing::all),
            .special = {},
            .text = &text,
            .limits = {.listed_tokens = 30},
            .sentences = {"an @EOS@"}};
        const std::string header =
            exported_header(model, [](const std::string&) { return std::string(); });
        const auto has = [&](const char* found) { return header.find(found) != std::string::npos; };
        CHECK(has("first(512)"));
        CHECK(has(".listed_tokens = 30}"));
        CHECK(has(".data() + 512,"));
        CHECK(has("an @EOS@"));
        const std::string stub = exported_weights_stub(model);
        CHECK(stub.find("\"FILE_weight_words_") != std::string::npos);
        CHECK(stub.find(".incbin \\\"SYMBOL@.bin\\\"") != std::string::npos);
    }

    TEST_CASE("weights can be in a file of their own, which a source puts into the program") {
        const hat::deploy::OwnedTextTables text{};
        const std::array<std::byte, 17> weights{};
        hat::deploy::ExportedModel model{
            .space = "tiny",
            .about = "",
            .network = hat::deploy::packed_network("hat::nn::PackedInt8"),
            .weights = weights,
            .weights_file = "tiny.bin",
            .architecture = hat::support::uneven_translator(hat::model::Sharing::all),
            .special = {},
            .text = &text,
            .limits = {},
            .sentences = {"a"}};
        const std::string header =
            exported_header(model, [](const std::string&) { return std::string(); });
        const std::string symbol =
            "tiny_weight_words_" + hat::deploy::detail::model_identity(model);
        CHECK(header.find("extern \"C\" const std::uint64_t " + symbol + "[3];") !=
              std::string::npos);
        CHECK(header.find("weight_words[] = {") == std::string::npos);
        CHECK(header.find("bool weights_lie_apart = true;") != std::string::npos);
        const std::string stub = exported_weights_stub(model);
        CHECK(stub.find('"' + symbol + '"') != std::string::npos);
        CHECK(stub.find(".incbin \\\"tiny.bin\\\"") != std::string::npos);
        CHECK(stub.find("expected 24 bytes") != std::string::npos);
        CHECK(stub.find("compile this with -fno-lto") != std::string::npos);

        const std::string names = "MY_FILE_BYTES_SPACE_SYMBOL";
        model.space = names;
        const std::string named = exported_weights_stub(model);
        CHECK(named.find("The weights of " + names + ',') != std::string::npos);
        CHECK(named.find('"' + names + "_weight_words_") != std::string::npos);
        CHECK(named.find(".rodata." + names + "_weight_words,") != std::string::npos);
        CHECK(named.size() == stub.size() + 3 * (names.size() - 4));
    }

    TEST_CASE("two models by one name are told apart by a byte of weights, or of anything else") {
        const hat::deploy::OwnedTextTables text{};
        std::array<std::byte, 17> weights{};
        hat::deploy::ExportedModel model{
            .space = "tiny",
            .about = "",
            .network = hat::deploy::packed_network("hat::nn::PackedInt8"),
            .weights = weights,
            .architecture = hat::support::uneven_translator(hat::model::Sharing::all),
            .special = {},
            .text = &text,
            .limits = {},
            .sentences = {"a"}};
        const auto identity = [&] { return hat::deploy::detail::model_identity(model); };
        std::set<std::string> identities{identity()};
        CHECK(identity() == *identities.begin());
        weights[16] = std::byte{1};
        identities.insert(identity());
        model.limits.beam = 3;
        identities.insert(identity());
        model.architecture.encoder.layer_shapes[0].ffn_dim *= 2;
        identities.insert(identity());
        hat::deploy::OwnedTextTables other{};
        other.eos = 5;
        model.text = &other;
        identities.insert(identity());
        CHECK(identities.size() == 5);
    }
}
