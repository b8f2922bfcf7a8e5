// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/translate.hpp>
#include <hat/io/json.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/io/text_file.hpp>
#include <hat/model/pack.hpp>

#include "support/delight_model.hpp"
#include "support/golden.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

using namespace hat::decode;
using namespace hat::support;
using hat::io::Json;
using hat::io::SafetensorsFile;

namespace {

SearchOptions options_of(const Json& settings, int padded_length) {
    SearchOptions options;
    options.beam = settings.at("beam_size").get<int>();
    options.normalize = settings.value("normalize_scores", true);
    options.length_penalty = settings.value("len_penalty", 1.0F);
    options.max_length_a = settings.value("max_len_a", 0.0F);
    options.max_length_b = settings.value("max_len_b", 200);
    options.padded_length = padded_length;
    options.min_length = settings.value("min_len", 1);
    options.no_repeat_ngram = settings.value("no_repeat_ngram_size", 0);
    options.unk_penalty = settings.value("unk_penalty", 0.0F);
    options.temperature = settings.value("temperature", 1.0F);
    return options;
}

}  // namespace

TEST_SUITE("golden/delight_beam") {
    TEST_CASE("every hypothesis of a DeLighT translator is the reference's") {
        Golden golden("delight/g_beam_*.safetensors");
        for (const auto& path : golden.files()) {
            const auto file = SafetensorsFile::open(path.string());
            const std::string lists_path = path.parent_path() / (path.stem().string() + ".json");
            const Json lists = hat::io::parse_json(hat::io::read_file(lists_path), lists_path);
            hat::model::Network network(delight_architecture(file));
            load_delight(DeLighTTensors(file, "param."), network);
            const hat::model::PackedModel packed(network.view());
            Translator translator(packed, hat::fairseq_special_tokens);
            const Sentences source(file, "in.src_tokens");
            const int width = static_cast<int>(file.tensor("in.src_tokens").shape.at(1));
            hat::ThreadPool pool(2);
            Difference scores;
            std::size_t tokens_compared = 0;
            for (const Json& list : lists.at("results")) {
                const std::string settings = list.at("settings").dump();
                CAPTURE(settings);
                const auto results =
                    translator.translate({source.tokens(), source.ragged()},
                                         options_of(list.at("settings"), width), pool);
                REQUIRE(results.size() == list.at("hypotheses").size());
                for (std::size_t s = 0; s < results.size(); ++s) {
                    const Json& expected = list.at("hypotheses").at(s);
                    REQUIRE(results[s].size() == expected.size());
                    for (std::size_t h = 0; h < results[s].size(); ++h) {
                        const Hypothesis& found = results[s][h];
                        CHECK(found.tokens == expected[h].at("tokens").get<std::vector<int>>());
                        scores.add(static_cast<double>(found.score),
                                   expected[h].at("score").get<double>());
                        const auto positional =
                            expected[h].at("positional_scores").get<std::vector<double>>();
                        REQUIRE(found.positional_scores.size() == positional.size());
                        for (std::size_t i = 0; i < positional.size(); ++i)
                            scores.add(static_cast<double>(found.positional_scores[i]),
                                       positional[i]);
                        tokens_compared += found.tokens.size();
                    }
                }
            }
            // The closest scores of a list are 8e-5 apart.
            CHECK(scores.worst < 4e-5);
            golden.add(path, tokens_compared + scores.count);
        }
    }
}
