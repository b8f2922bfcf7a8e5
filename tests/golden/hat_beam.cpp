// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/translate.hpp>
#include <hat/io/json.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/model/pack.hpp>

#include "support/golden.hpp"
#include "support/reference_model.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

using namespace hat::decode;
using hat::io::Json;
using hat::io::SafetensorsFile;

namespace {

SearchOptions options_of(const Json& c, int padded_length) {
    const auto number = [&](const char* name) { return c.at(name).get<float>(); };
    return {.beam = c.at("beam").get<int>(),
            .normalize = c.at("normalize").get<bool>(),
            .length_penalty = number("lenpen"),
            .max_length_a = number("max_len_a"),
            .max_length_b = c.at("max_len_b").get<int>(),
            .padded_length = padded_length,
            .min_length = c.at("min_len").get<int>(),
            .unk_penalty = number("unkpen"),
            .temperature = number("temperature")};
}

/// A tensor of tokens, which need not be aligned in the file.
std::vector<int> tokens_of(const SafetensorsFile& file, const std::string& name) {
    const auto& tensor = file.tensor(name);
    REQUIRE(tensor.dtype == hat::io::Dtype::i64);
    std::vector<std::int64_t> stored(tensor.size());
    std::memcpy(stored.data(), tensor.bytes.data(), tensor.bytes.size());
    return {stored.begin(), stored.end()};
}

}  // namespace

TEST_SUITE("golden/hat_beam") {
    TEST_CASE("every hypothesis of the reference's beam search is ours") {
        hat::support::Golden golden("hat/beam*.safetensors");
        for (const auto& path : golden.files()) {
            const auto file = SafetensorsFile::open(path.string());
            auto network = hat::support::reference_network(file, "param/");
            const Json configs = hat::support::metadata_json(file, "configs");
            const hat::support::Sentences source(file, "src_tokens");
            const int width = static_cast<int>(file.tensor("src_tokens").shape.at(1));
            hat::ThreadPool pool(2);
            hat::support::Difference scores;
            std::size_t tokens_compared = 0;
            const Json cases = hat::support::metadata_json(file, "cases");
            for (const auto& [name, c] : cases.items()) {
                const auto& config = configs.at(c.at("config_index").get<std::size_t>());
                const auto sub = hat::support::reference_sub(config, network.architecture());
                const hat::model::PackedModel packed(network.view(sub));
                Translator translator(packed, hat::fairseq_special_tokens);
                const auto results = translator.translate({source.tokens(), source.ragged()},
                                                          options_of(c, width), pool);
                for (std::size_t s = 0; s < results.size(); ++s) {
                    const std::string sentence = name + "/sent" + std::to_string(s);
                    const auto expected_scores = file.floats(sentence + "/scores");
                    REQUIRE(results[s].size() == expected_scores.size());
                    for (std::size_t h = 0; h < results[s].size(); ++h) {
                        const Hypothesis& found = results[s][h];
                        const std::string hyp = sentence + "/hyp" + std::to_string(h);
                        const auto tokens = tokens_of(file, hyp + "/tokens");
                        const auto positional = file.floats(hyp + "/positional_scores");
                        CHECK_MESSAGE(found.tokens == tokens, hyp);
                        REQUIRE(found.positional_scores.size() == positional.size());
                        scores.add(static_cast<double>(found.score),
                                   static_cast<double>(expected_scores[h]));
                        for (std::size_t i = 0; i < positional.size(); ++i) {
                            scores.add(static_cast<double>(found.positional_scores[i]),
                                       static_cast<double>(positional[i]));
                        }
                        tokens_compared += tokens.size();
                    }
                }
            }
            // Sums of up to 13 log-probabilities, each of logits within 2e-5 of the reference.
            CHECK_MESSAGE(scores.worst < 1e-4, path.string());
            golden.add(path, tokens_compared + scores.count);
        }
    }
}
