// SPDX-License-Identifier: Apache-2.0
#include <hat/data/bleu.hpp>
#include <hat/data/chrf.hpp>
#include <hat/data/tokenizer.hpp>

#include "support/golden.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstddef>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

using hat::data::BleuOptions;
using hat::data::ChrfOptions;
using hat::data::Smoothing;
using hat::data::Tokenizer;
using nlohmann::json;

namespace {

constexpr double tolerance = 1e-9;  // as the golden folder states it

bool close(double found, double expected) {
    return std::abs(found - expected) <= tolerance;
}

const std::map<std::string, BleuOptions> bleu_options{
    {"bleu", {}},
    {"bleu.lowercase", {.lowercase = true}},
    {"bleu.none", {.tokenizer = Tokenizer::none}},
    {"bleu.char", {.tokenizer = Tokenizer::character}},
    {"bleu.intl", {.tokenizer = Tokenizer::international}},
    {"bleu.floor", {.smoothing = Smoothing::floor}},
    {"bleu.none_smoothing", {.smoothing = Smoothing::none}},
};
const std::map<std::string, ChrfOptions> chrf_options{
    {"chrf", {}},
    {"chrf++", {.word_order = 2}},
    {"chrf.lowercase", {.lowercase = true}},
};

/// `text` with the version in it replaced by ours.
std::string with_our_version(std::string text) {
    const std::string mark = "version:";
    const auto begin = text.find(mark);
    REQUIRE(begin != std::string::npos);
    const auto end = text.find(' ', begin);
    const auto size = end == std::string::npos ? end : end - begin;
    return text.replace(begin, size, mark + hat::data::detail::signature_version());
}

/// Each `compare` returns how many values it has compared.
std::size_t compare_bleu(const json& expected, const std::vector<std::string>& hypotheses,
                         const std::vector<std::string>& references, const BleuOptions& options) {
    const auto found = hat::data::corpus_bleu(hypotheses, references, options);
    CHECK(close(found.score, expected.at("score")));
    CHECK(close(found.brevity_penalty, expected.at("bp")));
    CHECK(found.line() == with_our_version(expected.at("line")));
    CHECK(found.signature == with_our_version(expected.at("signature")));
    CHECK(found.counts.hypothesis_length == expected.at("sys_len").get<std::int64_t>());
    CHECK(found.counts.reference_length == expected.at("ref_len").get<std::int64_t>());
    REQUIRE(expected.at("counts").size() == found.precisions.size());
    for (std::size_t n = 0; n < found.precisions.size(); ++n) {
        CHECK(found.counts.matches[n] == expected.at("counts")[n].get<std::int64_t>());
        CHECK(found.counts.totals[n] == expected.at("totals")[n].get<std::int64_t>());
        CHECK(close(found.precisions[n], expected.at("precisions")[n]));
    }
    return 6 + 3 * found.precisions.size();
}

std::size_t compare_chrf(const json& expected, const std::vector<std::string>& hypotheses,
                         const std::vector<std::string>& references, const ChrfOptions& options) {
    const auto found = hat::data::corpus_chrf(hypotheses, references, options);
    CHECK(close(found.score, expected.at("score")));
    CHECK(found.line() == with_our_version(expected.at("line")));
    CHECK(found.signature == with_our_version(expected.at("signature")));
    return 3;
}

std::size_t compare_corpus(const json& corpus) {
    const auto hypotheses = corpus.at("hypothesis").get<std::vector<std::string>>();
    const auto references = corpus.at("reference").get<std::vector<std::string>>();
    std::size_t values = 0;
    for (const auto& score : corpus.at("scores").items()) {
        const std::string& name = score.key();
        const json& expected = score.value();
        CAPTURE(name);
        if (const auto bleu = bleu_options.find(name); bleu != bleu_options.end())
            values += compare_bleu(expected, hypotheses, references, bleu->second);
        else if (const auto chrf = chrf_options.find(name); chrf != chrf_options.end())
            values += compare_chrf(expected, hypotheses, references, chrf->second);
        else
            FAIL_CHECK("no such score here");
    }
    REQUIRE(corpus.at("sentence_bleu").size() == hypotheses.size());
    REQUIRE(corpus.at("tokens_13a").size() == references.size());
    for (std::size_t i = 0; i < hypotheses.size(); ++i) {
        CAPTURE(i);
        CHECK(close(hat::data::sentence_bleu(hypotheses[i], references[i]),
                    corpus.at("sentence_bleu")[i]));
        CHECK(hat::data::tokenize(references[i]) == corpus.at("tokens_13a")[i].get<std::string>());
        values += 2;
    }
    return values;
}

}  // namespace

TEST_SUITE("golden/text") {
    TEST_CASE("scores, lines and tokens equal sacreBLEU's") {
        hat::support::Golden golden("text/scores*.json");
        for (const auto& path : golden.files()) {
            CAPTURE(path.string());
            std::ifstream file(path);
            const json scores = json::parse(file);
            std::size_t values = 0;
            for (const auto& corpus : scores.at("corpora").items()) {
                CAPTURE(corpus.key());
                values += compare_corpus(corpus.value());
            }
            golden.add(path, values);
        }
    }
}
