// SPDX-License-Identifier: Apache-2.0
#include <hat/core/aligned.hpp>
#include <hat/core/special_tokens.hpp>
#include <hat/core/threads.hpp>
#include <hat/data/line_codec.hpp>
#include <hat/data/text_codec.hpp>
#include <hat/data/text_rules.hpp>
#include <hat/decode/any_translator.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/owned_sources.hpp>
#include <hat/decode/static_translator.hpp>
#include <hat/deploy/embedded_text_builder.hpp>
#include <hat/deploy/embedded_translator.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>
#include <hat/model/static_model.hpp>

#include "support/allocations.hpp"
#include "support/subword_samples.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using hat::deploy::EmbeddedTranslator;
using hat::deploy::Translation;
using hat::deploy::TranslationHash;
using hat::deploy::TranslationStatus;

namespace {

constexpr int vocab_size = 160;
constexpr int whole_tokens = 20;
constexpr int longest = 12;

const hat::data::TextCodec& codec() {
    static const hat::data::TextCodec codec(
        hat::support::trained_subword({{"model_type", "bpe"},
                                       {"vocab_size", std::to_string(vocab_size)},
                                       {"normalization_rule_name", "identity"}}),
        {.stand_ins = true});
    return codec;
}
const hat::deploy::OwnedTextTables& owned_tables() {
    static const auto tables = [] {
        const auto subword =
            hat::support::trained_subword({{"model_type", "bpe"},
                                           {"vocab_size", std::to_string(vocab_size)},
                                           {"normalization_rule_name", "identity"}});
        return hat::deploy::make_text_tables(subword.bytes(), subword.special(),
                                             {.stand_ins = true}, whole_tokens, "model");
    }();
    return tables;
}
const hat::deploy::TextTables& tables() {
    static const hat::deploy::TextTables tables = owned_tables().view();
    return tables;
}

/// Of a network that nobody trained; with `TargetTokens`, a search needs more memory than it has.
template <int Beam, int TargetTokens>
struct Model {
    static constexpr hat::model::Architecture architecture = hat::model::uniform(
        {.encoder_layers = 1, .decoder_layers = 1, .embed_dim = 32, .ffn_dim = 40, .heads = 2},
        vocab_size, vocab_size);
    using Weights = hat::nn::PackedInt8;
    using Network = hat::decode::StaticTranslator<architecture, Weights>;
    static constexpr hat::SpecialTokens special{};
    static constexpr hat::decode::TranslationLimits limits{
        .source_tokens = whole_tokens + 1, .target_tokens = TargetTokens, .beam = Beam};
    static constexpr hat::decode::SearchOptions search{.beam = Beam, .max_length_b = longest};
    static constexpr int line_bytes = 200;
    static inline const hat::deploy::TextTables& text = tables();
    static std::span<const std::byte> weights() {
        static const auto bytes = hat::model::static_weights<Weights>(floats());
        return {bytes.data(), bytes.size_bytes()};
    }
    static const hat::model::Network& floats() {
        static const auto network = [] {
            auto made = std::make_unique<hat::model::Network>(architecture);
            made->initialize(4);
            return made;
        }();
        return *network;
    }
    static constexpr std::string_view sentences[] = {"the quick fox", "2024"};
    static inline std::uint64_t expected = 0;
};

/// What `hat translate` says of lines.
template <class Model>
class Host {
public:
    Host() : translator_(Model::floats().view(), hat::decode::WeightKind::int8, Model::special) {}

    [[nodiscard]] std::string translate(std::string_view line) {
        const hat::data::SourceLine source = lines.encode(line);
        std::vector<std::vector<int>> targets;
        for (const auto& part : source.parts) {
            targets.emplace_back();
            if (part.tokens.empty()) continue;
            hat::decode::OwnedSources sources;
            sources.push_back(part.tokens);
            translator_.translate(sources.view(), Model::search, pool_, results_);
            targets.back() = results_[0][0].tokens;
        }
        return lines.decode(source,
                            [&](std::size_t i) { return std::span<const int>(targets[i]); });
    }

    hat::data::LineCodec lines{codec(), {.most_tokens = 1023, .split_over = whole_tokens}};

private:
    hat::decode::AnyTranslator translator_;
    hat::ThreadPool pool_{1};
    std::vector<hat::decode::Hypotheses> results_;
};

template <class Model>
typename EmbeddedTranslator<Model>::Memory memory;

using Greedy = Model<1, longest + 1>;
using Wide = Model<4, longest + 1>;
using Short = Model<3, 7>;

/// Its scores are NaN, at which a search ends the program.
struct Damaged : Greedy {
    static std::span<const std::byte> weights() {
        alignas(hat::alignment) static std::array<
            std::byte, hat::model::static_weight_bytes<architecture, Weights>>
            bytes;
        bytes.fill(std::byte{0xFF});
        return bytes;
    }
    static bool has_its_weights() noexcept {
        ++asked;
        return false;
    }
    static inline int asked = 0;
};
/// The same where they might be others.
struct DamagedApart : Damaged {
    static constexpr bool weights_lie_apart = true;
};
/// Those that they should be, or so it seems.
struct WellApart : Greedy {
    static constexpr bool weights_lie_apart = true;
    static bool has_its_weights() noexcept {
        ++asked;
        return are_well;
    }
    static inline int asked = 0;
    static inline bool are_well = true;
};
/// Those that lie in the program.
struct WellWithin : WellApart {
    static constexpr bool weights_lie_apart = false;
};

static_assert(hat::deploy::EmbeddedNetwork<Greedy::Network, Greedy>);
static_assert(!hat::deploy::EmbeddedNetwork<int, Greedy>);

}  // namespace

TEST_SUITE("deploy/embedded_translator") {
    TEST_CASE_TEMPLATE("it says what the host says, or has a status", Of, Greedy, Wide) {
        Host<Of> host;
        EmbeddedTranslator<Of> translator(memory<Of>);
        std::array<char, 1024> text{};
        int done = 0;
        for (const std::string& line : hat::support::awkward_lines(300, 3)) {
            const auto [status, size] = translator.translate(line, text);
            if (status != TranslationStatus::done) {
                CHECK(size == 0);
                continue;
            }
            CHECK(std::string_view(text.data(), size) == host.translate(line));
            ++done;
        }
        CHECK(done > 100);
    }

    TEST_CASE_TEMPLATE("in steps it says the same, and does no more than it states", Of, Greedy,
                       Wide) {
        using Translator = EmbeddedTranslator<Of>;
        Translator at_once(memory<Of>);
        static typename Translator::Memory other;
        Translator stepping(other);
        std::array<char, 1024> text{};
        std::array<char, 1024> expected{};
        for (const std::string& line : hat::support::awkward_lines(100, 8)) {
            const auto [status, size] = at_once.translate(line, expected);
            stepping.start("one that is given up");
            CHECK(stepping.step());
            stepping.start(line);
            int steps = 1;
            while (stepping.step()) ++steps;
            CHECK(steps <= longest + 1);
            CHECK(stepping.finish(text) == Translation{status, size});
            CHECK(std::string_view(text.data(), size) == std::string_view(expected.data(), size));
            CHECK_FALSE(stepping.step());
        }
        static_assert(Translator::multiply_adds_of_start > Translator::multiply_adds_of_step / 8);
    }

    TEST_CASE_TEMPLATE("what ends early searches to the end", Of, Greedy, Wide) {
        using Translator = EmbeddedTranslator<Of>;
        static typename Translator::Memory other;
        Translator at_once(other);
        Translator translator(memory<Of>);
        std::array<char, 1024> text{};
        std::array<char, 1024> expected{};
        CHECK(translator.finish(text) == Translation{});  // no line was read
        const Translation whole = at_once.translate("a green tree", expected);
        const auto check_same = [&](const Translation& found) {
            CHECK(found == whole);
            CHECK(std::string_view(text.data(), found.size) ==
                  std::string_view(expected.data(), whole.size));
        };
        REQUIRE(whole.size > 0);
        for (const int steps : {0, 1, 2}) {
            static_cast<void>(translator.translate("the quick fox", text));
            translator.start("a green tree");
            for (int i = 0; i < steps; ++i) CHECK(translator.step());
            check_same(translator.finish(text));
            check_same(translator.finish(text));
        }
        translator.start("a green tree");
        CHECK(translator.step());
        std::array<int, longest + 1> target{};
        CHECK(translator.translate(std::array{5, 6, 2}, target).status == TranslationStatus::done);
        check_same(translator.finish(text));
    }

    TEST_CASE("a status has words, and what is none is told to be none") {
        CHECK(name(TranslationStatus::done) == std::string_view("done"));
        CHECK(name(TranslationStatus::other_weights) ==
              std::string_view("the weights are damaged, or those of another model"));
        for (const int status : {static_cast<int>(TranslationStatus::other_weights) + 1, 42, 255}) {
            CAPTURE(status);
            CHECK(name(static_cast<TranslationStatus>(status)) ==
                  std::string_view("unknown status"));
        }
    }

    TEST_CASE(
        "a search without room for its last step has a status, and others their translation") {
        Host<Short> host;
        EmbeddedTranslator<Short> translator(memory<Short>);
        std::array<char, 1024> text{};
        int cut = 0;
        for (const std::string& line : hat::support::awkward_lines(200, 5)) {
            const auto [status, size] = translator.translate(line, text);
            cut += status == TranslationStatus::translation_too_long ? 1 : 0;
            if (status == TranslationStatus::done)
                CHECK(std::string_view(text.data(), size) == host.translate(line));
        }
        CHECK(cut > 0);
    }

    TEST_CASE("what cannot be translated has its status") {
        EmbeddedTranslator<Greedy> translator(memory<Greedy>);
        std::array<char, 1024> text{};
        const auto status = [&](std::string_view line, std::size_t room = 1024) {
            return translator.translate(line, std::span(text).first(room)).status;
        };
        CHECK(status("fox") == TranslationStatus::done);
        CHECK(status("") == TranslationStatus::done);
        CHECK(status("\xFF") == TranslationStatus::not_utf8);
        CHECK(status(std::string(100, 'z')) == TranslationStatus::too_many_tokens);
        CHECK(status(std::string(201, ' ') + 'a') == TranslationStatus::too_long);
        CHECK(status("fox", 0) == TranslationStatus::too_long);

        std::array<int, longest + 1> target{};
        const auto of_tokens = [&](std::vector<int> source, std::size_t room = longest + 1) {
            return translator.translate(std::span<const int>(source), std::span(target).first(room))
                .status;
        };
        CHECK(of_tokens({5, 6, 2}) == TranslationStatus::done);
        CHECK(of_tokens({}) == TranslationStatus::bad_token);
        CHECK(of_tokens({-1, 2}) == TranslationStatus::bad_token);
        CHECK(of_tokens({vocab_size, 2}) == TranslationStatus::bad_token);
        CHECK(of_tokens(std::vector<int>(whole_tokens + 2, 5)) ==
              TranslationStatus::too_many_tokens);
        CHECK(of_tokens({5, 2}, 0) == TranslationStatus::too_long);
        CHECK(name(TranslationStatus::done) == std::string_view("done"));
        CHECK(name(TranslationStatus::other_translations) ==
              std::string_view("the translations are not those that were expected"));
    }

    TEST_CASE("it tests itself, and asks for no heap") {
        Host<Greedy> host;
        TranslationHash hash;
        for (const std::string_view sentence : Greedy::sentences)
            hash.add(host.translate(sentence));
        std::array<char, 1024> text{};
        TranslationStatus well{};
        TranslationStatus ill{};
        const std::size_t allocations = hat::support::allocations_in([&] {
            EmbeddedTranslator<Greedy> translator(memory<Greedy>);
            Greedy::expected = hash.value();
            well = translator.self_test(text);
            Greedy::expected = hash.value() + 1;
            ill = translator.self_test(text);
        });
        CHECK(well == TranslationStatus::done);
        CHECK(ill == TranslationStatus::other_translations);
        CHECK(allocations == 0);
        static_assert(EmbeddedTranslator<Greedy>::memory_bytes == sizeof(memory<Greedy>));
    }

    TEST_CASE("weights that are not its own are found before anything is made of them") {
        std::array<char, 1024> text{};
        EmbeddedTranslator<Damaged> translator(memory<Damaged>);
        CHECK(translator.self_test(text) == TranslationStatus::other_weights);
        CHECK(name(TranslationStatus::other_weights) ==
              std::string_view("the weights are damaged, or those of another model"));
        CHECK(translator.translate("fox", text) == Translation{TranslationStatus::other_weights});
    }

    TEST_CASE(
        "of damaged weights that lie apart nothing is made, and they are read once for that") {
        std::array<char, 1024> text{};
        std::array<int, longest + 1> target{};
        const Translation other{TranslationStatus::other_weights};
        const auto check_other = [&](const auto& first) {
            EmbeddedTranslator<DamagedApart> translator(memory<DamagedApart>);
            CHECK(translator.finish(text) == Translation{});  // no line was read
            Damaged::asked = 0;
            first(translator);
            CHECK(translator.translate("fox", text) == other);
            CHECK(translator.translate("", text) == other);
            CHECK(translator.translate("\xFF", text) == other);
            translator.start("fox");
            CHECK_FALSE(translator.step());
            CHECK(translator.finish(text) == other);
            CHECK(translator.translate(std::array{5, 6, 2}, target) == other);
            CHECK(Damaged::asked == 1);
            CHECK(translator.self_test(text) == TranslationStatus::other_weights);
            CHECK(Damaged::asked == 2);
        };
        check_other([](auto& /*translator*/) {});
        check_other([&](auto& translator) {
            translator.start("fox");
            CHECK_FALSE(translator.step());
            CHECK(translator.finish(text) == other);
        });
        check_other([&](auto& translator) {
            CHECK(translator.translate(std::array{5, 6, 2}, target) == other);
        });
    }

    TEST_CASE("weights that lie apart are read once, and others by a test alone") {
        std::array<char, 1024> text{};
        std::array<char, 1024> expected{};
        EmbeddedTranslator<Greedy> plain(memory<Greedy>);
        const auto whole = plain.translate("a green tree", expected);
        REQUIRE(whole.size > 0);
        const auto check = [&]<class Of>(Of, int asked) {
            WellApart::asked = 0;
            WellApart::are_well = true;
            EmbeddedTranslator<Of> translator(memory<Of>);
            for (int i = 0; i < 2; ++i) {
                CHECK(translator.translate("a green tree", text) == whole);
                CHECK(std::string_view(text.data(), whole.size) ==
                      std::string_view(expected.data(), whole.size));
            }
            CHECK(WellApart::asked == asked);
            // What a test finds later is remembered, too, and ends a search.
            WellApart::are_well = false;
            translator.start("fox");
            CHECK(translator.step());
            CHECK(translator.self_test(text) == TranslationStatus::other_weights);
            CHECK_FALSE(translator.step());
            CHECK(translator.finish(text).status == TranslationStatus::other_weights);
            CHECK(translator.translate("fox", text).status == TranslationStatus::other_weights);
            WellApart::are_well = true;
            CHECK(translator.self_test(text) != TranslationStatus::other_weights);
            CHECK(translator.translate("a green tree", text) == whole);
            CHECK(WellApart::asked == asked + 2);
        };
        check(WellApart{}, 1);
        check(WellWithin{}, 0);
    }
}
