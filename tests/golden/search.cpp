// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/spaces.hpp>
#include <hat/io/json.hpp>
#include <hat/io/text_file.hpp>
#include <hat/latency/features.hpp>
#include <hat/latency/mlp_predictor_file.hpp>
#include <hat/search/architecture_problem.hpp>
#include <hat/search/evolution.hpp>

#include "support/golden.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

using hat::io::Json;
using hat::latency::load_mlp_predictor;
using hat::latency::MlpPredictor;
using hat::model::Architecture;
using hat::search::ArchitectureProblem;
using hat::search::Evolution;
using hat::search::EvolutionOptions;

namespace {

/// The synthetic loss of the reference's search: a sum over genes.
class AdditiveLoss {
public:
    explicit AdditiveLoss(const Json& table) : table_(table) {}

    double operator()(const Architecture& a) const {
        double sum = table_.at("base").get<double>() + at("enc_embed", a.encoder.embed_dim) +
                     at("dec_embed", a.decoder.embed_dim) + at("dec_layers", a.decoder.layer_count);
        for (std::size_t i = 0; i < a.encoder.layers().size(); ++i) {
            const auto& layer = a.encoder.layers()[i];
            sum += weighted("enc_ffn", layer.ffn_dim, i) + weighted("enc_heads", layer.heads, i);
        }
        for (std::size_t i = 0; i < a.decoder.layers().size(); ++i) {
            const auto& layer = a.decoder.layers()[i];
            const int attended = layer.attended_layers;
            sum += weighted("dec_ffn", layer.ffn_dim, i) + weighted("dec_self", layer.heads, i) +
                   weighted("dec_ende", layer.cross_heads, i) +
                   weighted("dec_arb", attended == 1 ? -1 : attended - 1, i);
        }
        return sum;
    }
    std::vector<double> operator()(std::span<const Architecture> all) const {
        std::vector<double> losses;
        for (const Architecture& a : all) losses.push_back((*this)(a));
        return losses;
    }

private:
    [[nodiscard]] double at(const char* gene, int value) const {
        return table_.at(gene).at(std::to_string(value)).get<double>();
    }
    [[nodiscard]] double weighted(const std::string& gene, int value, std::size_t layer) const {
        return at(gene.c_str(), value) * table_.at(gene + "_w").at(layer).get<double>();
    }

    const Json& table_;
};

/// The predictor's answers, each computed once: it sees features that many networks share.
class CachedLatency {
public:
    explicit CachedLatency(const std::string& path)
        : state_(std::make_shared<State>(load_mlp_predictor(path))) {}

    double operator()(const Architecture& a) const {
        const auto features = hat::latency::latency_features(a);
        const auto [found, is_new] = state_->known.try_emplace(features, 0.0);
        if (is_new) found->second = state_->predictor.predict_ms(features);
        return found->second;
    }

private:
    struct State {
        explicit State(MlpPredictor of) : predictor(std::move(of)) {}
        MlpPredictor predictor;
        std::map<hat::latency::LatencyFeatures, double> known;
    };
    std::shared_ptr<State> state_;
};

/// The searches of one golden file.
struct ReferenceSearch {
    Json file;
    hat::elastic::DesignSpace space = with_vocabulary(hat::elastic::wmt_space(), 100, 100);
    ArchitectureProblem<CachedLatency, AdditiveLoss> problem;

    explicit ReferenceSearch(const std::filesystem::path& path)
        : file(hat::io::parse_json(hat::io::read_file(path.string()), path.string())),
          problem(space,
                  CachedLatency(
                      (path.parent_path() / "predictors/wmt14ende_cpu_raspberrypi.safetensors")
                          .string()),
                  AdditiveLoss(file.at("loss_table"))) {}
};

constexpr std::size_t published_evaluations = 3750;

}  // namespace

TEST_SUITE("golden/search") {
    TEST_CASE("the exact optimum is found from every seed, with a fraction of the evaluations") {
        hat::support::Golden golden("hat/search.json");
        for (const auto& path : golden.files()) {
            ReferenceSearch reference(path);
            std::size_t values = 0;
            constexpr int seeds = 10;
            for (const auto& item : reference.file.at("optimum").items()) {
                const std::string limit = item.key();
                const Json& optimum = item.value();
                const auto best = optimum.at("loss").get<double>();
                std::vector<std::size_t> evaluations;
                for (int seed = 0; seed < seeds; ++seed) {
                    Evolution search(reference.problem, std::stod(limit),
                                     {.seed = static_cast<std::uint64_t>(seed)});
                    bool found = false;
                    while (!found && search.iterate()) found = search.best().score < best + 1e-9;
                    CAPTURE(limit);
                    CAPTURE(seed);
                    CHECK(found);
                    CHECK(search.best().score > best - 1e-9);
                    CHECK(search.scored().size() <= published_evaluations);
                    evaluations.push_back(search.scored().size());
                    ++values;
                }
                std::sort(evaluations.begin(), evaluations.end());
                std::printf("golden search: limit %s ms: optimum found by %d of %d seeds, median "
                            "%zu evaluations, at most %zu\n",
                            limit.c_str(), seeds, seeds, evaluations[seeds / 2],
                            evaluations.back());
            }
            golden.add(path, values);
        }
    }

    TEST_CASE("the published setting comes as close as the reference, with fewer evaluations") {
        hat::support::Golden golden("hat/search.json");
        for (const auto& path : golden.files()) {
            ReferenceSearch reference(path);
            std::size_t values = 0;
            for (const auto& item : reference.file.at("runs").items()) {
                const std::string limit = item.key();
                const Json& runs = item.value();
                double worst = 0;
                for (const Json& run : runs) worst = std::max(worst, run.at("best").get<double>());
                for (std::uint64_t seed = 0; seed < 3; ++seed) {
                    EvolutionOptions options = hat::search::published_evolution();
                    options.seed = seed;
                    Evolution search(reference.problem, std::stod(limit), options);
                    while (search.iterate()) {
                    }
                    CAPTURE(limit);
                    CAPTURE(seed);
                    CHECK(search.iteration() == 31);
                    CHECK(search.best().score < worst + 1e-9);
                    CHECK(search.best().cost <= std::stod(limit));
                    CHECK(search.scored().size() < published_evaluations);
                    ++values;
                }
            }
            golden.add(path, values);
        }
    }
}
