// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/beam.hpp>
#include <hat/decode/greedy.hpp>

#include "support/allocations.hpp"
#include "support/toy_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

using namespace hat::decode;
using hat::SpecialTokens;
using hat::support::OwnedSources;
using hat::support::random_logits;
using hat::support::random_sources;
using hat::support::ToyModel;

namespace {

constexpr int vocab_size = 23;
constexpr SpecialTokens special{};
constexpr double infinity = std::numeric_limits<double>::infinity();

/// Beam search as the specification tells it, in double precision on whole prefixes: slow, obvious.
Hypotheses reference_search(const ToyModel::Logits& logits, const std::vector<int>& source,
                            const SearchOptions& options, int vocab = vocab_size) {
    struct Live {
        std::vector<int> tokens;
        std::vector<double> scores;  // cumulative
    };
    const int beam = std::min(options.beam, vocab - 1);
    const int source_length =
        options.padded_length > 0 ? options.padded_length : static_cast<int>(source.size());
    const int max_length = static_cast<int>(
        static_cast<double>(options.max_length_a) * source_length + options.max_length_b);
    std::vector<Live> live{{{special.eos}, {0.0}}};
    std::vector<std::pair<double, Live>> finished;
    for (int step = 0; step <= max_length && static_cast<int>(finished.size()) < beam; ++step) {
        struct Flat {
            double score;
            std::size_t row;
            int token;
        };
        std::vector<Flat> flat;
        for (std::size_t row = 0; row < live.size(); ++row) {
            const auto x = logits(source, live[row].tokens);
            double sum = 0;
            for (const float v : x) {
                sum += std::exp(static_cast<double>(v) / static_cast<double>(options.temperature));
            }
            for (int token = 0; token < vocab; ++token) {
                double p = static_cast<double>(x[static_cast<std::size_t>(token)]) /
                               static_cast<double>(options.temperature) -
                           std::log(sum);
                if (token == special.pad) p = -infinity;
                if (token == special.unk) p -= static_cast<double>(options.unk_penalty);
                if (step >= max_length && token != special.eos) p = -infinity;
                if (step < max_length && step < options.min_length && token == special.eos) {
                    p = -infinity;
                }
                flat.push_back({p + live[row].scores.back(), row, token});
            }
        }
        std::stable_sort(flat.begin(), flat.end(),
                         [](const Flat& a, const Flat& b) { return a.score > b.score; });
        flat.resize(std::min(flat.size() - 1, static_cast<std::size_t>(2 * beam)));
        std::vector<Live> next;
        for (std::size_t i = 0; i < flat.size(); ++i) {
            if (flat[i].score == -infinity) break;
            Live longer = live[flat[i].row];
            longer.tokens.push_back(flat[i].token);
            longer.scores.push_back(flat[i].score);
            if (flat[i].token != special.eos) {
                if (static_cast<int>(next.size()) < beam) next.push_back(longer);
            } else if (static_cast<int>(i) < beam && static_cast<int>(finished.size()) < beam) {
                const double score =
                    options.normalize
                        ? flat[i].score /
                              std::pow(step + 1.0, static_cast<double>(options.length_penalty))
                        : flat[i].score;
                finished.emplace_back(score, longer);
            }
        }
        live = next;
    }
    std::stable_sort(finished.begin(), finished.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    Hypotheses result;
    for (const auto& [score, hypothesis] : finished) {
        Hypothesis h;
        h.tokens.assign(hypothesis.tokens.begin() + 1, hypothesis.tokens.end());
        h.score = static_cast<float>(score);
        for (std::size_t i = 1; i < hypothesis.scores.size(); ++i) {
            h.positional_scores.push_back(
                static_cast<float>(hypothesis.scores[i] - hypothesis.scores[i - 1]));
        }
        result.push_back(h);
    }
    return result;
}

/// A diverse search as its paper tells it (arXiv:1610.02424, algorithm 1), of the tokens that each
/// group finds and their scores, in the order in which they end.
std::vector<std::pair<double, std::vector<int>>>
reference_diverse_search(const ToyModel::Logits& logits, const std::vector<int>& source,
                         const SearchOptions& options) {
    struct Live {
        std::vector<int> tokens{special.eos};
        double score = 0;
    };
    struct Group {
        std::vector<Live> live{{}};
        std::vector<std::pair<double, std::vector<int>>> finished{};
    };
    const int share = options.beam / options.groups;
    std::vector<Group> groups(static_cast<std::size_t>(options.groups));
    for (int step = 0; step <= options.max_length_b; ++step) {
        std::vector<int> chosen;
        for (Group& group : groups) {
            struct Flat {
                double merit;
                double score;
                const Live* row;
                int token;
            };
            const std::vector<int> before = chosen;
            std::vector<Flat> flat;
            for (const Live& row : group.live) {
                const auto x = logits(source, row.tokens);
                double sum = 0;
                for (const float v : x) sum += std::exp(static_cast<double>(v));
                for (int token = 0; token < vocab_size; ++token) {
                    if (token == special.pad) continue;
                    if (step == options.max_length_b && token != special.eos) continue;
                    if (step == 0 && token == special.eos) continue;
                    const double score = row.score +
                                         static_cast<double>(x[static_cast<std::size_t>(token)]) -
                                         std::log(sum);
                    const auto times = std::count(before.begin(), before.end(), token);
                    flat.push_back({score - static_cast<double>(options.diversity) *
                                                static_cast<double>(times),
                                    score, &row, token});
                }
            }
            std::stable_sort(flat.begin(), flat.end(),
                             [](const Flat& a, const Flat& b) { return a.merit > b.merit; });
            flat.resize(std::min(flat.size(), static_cast<std::size_t>(2 * share)));
            std::vector<Live> next;
            for (std::size_t i = 0; i < flat.size(); ++i) {
                Live longer = *flat[i].row;
                longer.tokens.push_back(flat[i].token);
                longer.score = flat[i].score;
                if (flat[i].token != special.eos) {
                    if (std::ssize(next) == share) continue;
                    chosen.push_back(flat[i].token);
                    next.push_back(longer);
                } else if (static_cast<int>(i) < share && std::ssize(group.finished) < share) {
                    group.finished.emplace_back(longer.score, longer.tokens);
                }
            }
            if (std::ssize(group.finished) == share) next.clear();
            group.live = next;
        }
    }
    std::vector<std::pair<double, std::vector<int>>> all;
    for (const Group& group : groups)
        all.insert(all.end(), group.finished.begin(), group.finished.end());
    return all;
}

std::vector<Hypotheses> search(ToyModel& model, const OwnedSources& sources,
                               const SearchOptions& options) {
    std::vector<Hypotheses> results(static_cast<std::size_t>(sources.size()));
    BeamSearch beam;
    beam.run(model, sources.view(), special, options, results);
    return results;
}

/// Sums of some 20 log-probabilities in single precision.
constexpr double tolerance = 1e-5;

void check_equal(const Hypotheses& found, const Hypotheses& expected) {
    REQUIRE(found.size() == expected.size());
    for (std::size_t h = 0; h < found.size(); ++h) {
        CHECK(found[h].tokens == expected[h].tokens);
        CHECK(found[h].score == doctest::Approx(expected[h].score).epsilon(tolerance));
        REQUIRE(found[h].positional_scores.size() == found[h].tokens.size());
        for (std::size_t i = 0; i < found[h].tokens.size(); ++i) {
            CHECK(std::abs(found[h].positional_scores[i] - expected[h].positional_scores[i]) <
                  static_cast<float>(tolerance));
        }
    }
}

}  // namespace

TEST_SUITE("decode/beam") {
    TEST_CASE("every hypothesis is that of the slow, obvious search") {
        const std::vector<SearchOptions> settings{
            {.beam = 1},
            {.beam = 4, .length_penalty = 0.6F},
            {.beam = 5, .normalize = false},
            {.beam = 3, .max_length_a = 0.5F, .max_length_b = 2},
            {.beam = 3, .max_length_a = 1.0F, .max_length_b = 1, .padded_length = 6},
            {.beam = 5,
             .max_length_b = 12,
             .min_length = 8,
             .unk_penalty = 0.5F,
             .temperature = 1.3F},
            {.beam = 4, .max_length_b = 0},
            {.beam = 2, .max_length_b = 3, .min_length = 9},
            {.beam = 22, .max_length_b = 8},
            {.beam = 100, .max_length_b = 4}};
        const auto logits = random_logits(vocab_size, special.eos, 0.3F);
        const OwnedSources sources = random_sources(6, 9, vocab_size, special.eos, 3);
        for (const SearchOptions& options : settings) {
            CAPTURE(options.beam);
            ToyModel model(vocab_size, logits);
            const auto results = search(model, sources, options);
            for (int s = 0; s < sources.size(); ++s) {
                check_equal(
                    results[static_cast<std::size_t>(s)],
                    reference_search(logits, hat::support::alone(sources, s).tokens, options));
            }
        }
    }

    TEST_CASE("a vocabulary smaller than the beam gives as many hypotheses as there are") {
        constexpr int tiny = 5;
        const auto logits = random_logits(tiny, special.eos, 0.3F);
        ToyModel model(tiny, logits);
        const OwnedSources sources = random_sources(3, 4, tiny, special.eos, 5);
        const SearchOptions options{.beam = 4, .max_length_b = 3};
        const auto results = search(model, sources, options);
        for (int s = 0; s < sources.size(); ++s) {
            check_equal(
                results[static_cast<std::size_t>(s)],
                reference_search(logits, hat::support::alone(sources, s).tokens, options, tiny));
        }
    }

    TEST_CASE("a batch gives the same bits as its sentences one by one") {
        const OwnedSources sources = random_sources(9, 7, vocab_size, special.eos, 11);
        ToyModel model(vocab_size, random_logits(vocab_size, special.eos, 0.4F));
        const auto together = search(model, sources, {.beam = 4});
        for (int s = 0; s < sources.size(); ++s) {
            CHECK(search(model, hat::support::alone(sources, s), {.beam = 4})[0] ==
                  together[static_cast<std::size_t>(s)]);
        }
    }

    TEST_CASE("a beam of one is greedy search, with scores and without") {
        const OwnedSources sources = random_sources(12, 7, vocab_size, special.eos, 13);
        ToyModel model(vocab_size, random_logits(vocab_size, special.eos, 0.2F));
        SearchOptions options{
            .beam = 1, .length_penalty = 0.7F, .min_length = 2, .unk_penalty = 0.3F};
        const auto beam = search(model, sources, options);
        std::vector<Hypotheses> greedy(static_cast<std::size_t>(sources.size()));
        GreedySearch().run(model, sources.view(), special, options, greedy);
        CHECK(greedy == beam);

        options.scores = false;
        GreedySearch().run(model, sources.view(), special, options, greedy);
        for (std::size_t s = 0; s < beam.size(); ++s) {
            CHECK(greedy[s][0].tokens == beam[s][0].tokens);
            CHECK(greedy[s][0].positional_scores.empty());
            CHECK(greedy[s][0].score == 0.0F);
        }
    }

    TEST_CASE("of equal candidates the smaller token and the earlier row come first") {
        // All tokens but eos are alike, and eos is as likely as they are.
        ToyModel model(vocab_size, [](const auto&, const auto&) {
            return std::vector<float>(vocab_size, 1.0F);
        });
        OwnedSources sources;
        sources.push_back(std::vector<int>{special.eos});
        const auto results =
            search(model, sources, {.beam = 2, .max_length_b = 2, .min_length = 1});
        // Step 0 keeps 0 and 1 (2 is eos, 3 is pad). Step 1 sees 00, 01, 0eos, 04: eos stands third
        // and is dropped, 00 and 01 live on and must end.
        REQUIRE(results[0].size() == 2);
        CHECK(results[0][0].tokens == std::vector<int>{0, 0, special.eos});
        CHECK(results[0][1].tokens == std::vector<int>{0, 1, special.eos});
    }

    TEST_CASE("a finished sentence leaves at once") {
        // Sources that begin with an even token end after one token, the others after nine.
        const auto logits = [](const ToyModel::Prefix& source, const ToyModel::Prefix& prefix) {
            auto x = random_logits(vocab_size, special.eos, 0.0F)(source, prefix);
            const std::size_t length = source[0] % 2 == 0 ? 2 : 10;
            x[special.eos] = prefix.size() < length ? -50.0F : 50.0F;
            return x;
        };
        OwnedSources sources;
        for (const int first : {4, 5, 6, 8}) {
            sources.push_back(std::vector<int>{first, special.eos});
        }
        ToyModel model(vocab_size, logits);
        static_cast<void>(search(model, sources, {.beam = 3}));
        CHECK(model.steps() == 10);
        // Step 0 has a row a sentence, the second three; then one sentence is left.
        CHECK(model.rows_seen() == 4 + 4 * 3 + 8 * 3);
    }

    TEST_CASE("a search no bigger than the one before asks for no memory of its own") {
        const OwnedSources sources = random_sources(5, 7, vocab_size, special.eos, 17);
        ToyModel model(vocab_size, random_logits(vocab_size, special.eos, 0.4F));
        // What the toy model itself allocates is the same in every run.
        const SearchOptions options{.beam = 4, .max_length_b = 30};
        BeamSearch beam;
        std::vector<Hypotheses> results(static_cast<std::size_t>(sources.size()));
        beam.run(model, sources.view(), special, options, results);
        const auto run = [&] { beam.run(model, sources.view(), special, options, results); };
        const auto second = hat::support::allocations_in(run);
        std::size_t without_search = 0;
        {
            // The same rows once more, by hand.
            struct Recorder {
                ToyModel& model;
                std::size_t& count;
                [[nodiscard]] int vocab_size() const { return model.vocab_size(); }
                [[nodiscard]] int max_length() const { return model.max_length(); }
                void start(const Sources& s, int n, std::span<const int> limits) {
                    count += hat::support::allocations_in([&] { model.start(s, n, limits); });
                }
                hat::kernels::CandidateRows step(std::span<const Row> rows,
                                                 const Selection& selection) {
                    hat::kernels::CandidateRows out;
                    count +=
                        hat::support::allocations_in([&] { out = model.step(rows, selection); });
                    return out;
                }
            } recording{model, without_search};
            beam.run(recording, sources.view(), special, options, results);
        }
        CHECK(second == without_search);
    }

    TEST_CASE("options that leave no finite score are errors of every search") {
        ToyModel model(vocab_size, hat::support::random_logits(vocab_size, 2, 0.3F));
        OwnedSources sources;
        sources.push_back(std::vector<int>{special.eos});
        std::vector<Hypotheses> results(1);
        for (const SearchOptions& wrong : {SearchOptions{.beam = 2, .temperature = 1e-45F},
                                           SearchOptions{.beam = 2, .unk_penalty = -3e38F},
                                           SearchOptions{.beam = 2, .length_penalty = -3e38F}}) {
            CHECK_THROWS_AS(search(model, sources, wrong), hat::Error);
            CHECK_THROWS_AS(GreedySearch().run(model, sources.view(), special, wrong, results),
                            hat::Error);
        }
    }

    TEST_CASE("outputs that are not numbers are an error") {
        ToyModel model(vocab_size, [](const auto&, const auto&) {
            return std::vector<float>(vocab_size, std::numeric_limits<float>::quiet_NaN());
        });
        OwnedSources sources;
        sources.push_back(std::vector<int>{special.eos});
        CHECK_THROWS_WITH_AS(search(model, sources, {.beam = 2}),
                             "beam search: sentence 0: no next token has a finite score",
                             hat::Error);
        std::vector<Hypotheses> results(1);
        CHECK_THROWS_WITH_AS(GreedySearch().run(model, sources.view(), special, {}, results),
                             "greedy search: sentence 0: no next token has a finite score",
                             hat::Error);
    }

    TEST_CASE("groups find what a diverse search on whole prefixes finds") {
        const auto logits = random_logits(vocab_size, special.eos, 0.4F);
        ToyModel model(vocab_size, logits);
        const OwnedSources sources = random_sources(6, 9, vocab_size, special.eos, 11);
        for (const auto& [beam, groups] : {std::pair(4, 2), std::pair(3, 3), std::pair(6, 3)}) {
            for (const float diversity : {0.0F, 0.7F, 50.0F}) {
                const SearchOptions options{.beam = beam,
                                            .normalize = false,
                                            .max_length_b = 8,
                                            .groups = groups,
                                            .diversity = diversity};
                const auto found = search(model, sources, options);
                for (int s = 0; s < sources.size(); ++s) {
                    const OwnedSources one = hat::support::alone(sources, s);
                    auto expected = reference_diverse_search(logits, one.tokens, options);
                    std::stable_sort(expected.begin(), expected.end(),
                                     [](auto& a, auto& b) { return a.first > b.first; });
                    const Hypotheses& own = found[static_cast<std::size_t>(s)];
                    REQUIRE(own.size() == expected.size());
                    for (std::size_t i = 0; i < own.size(); ++i) {
                        CHECK(static_cast<double>(own[i].score) ==
                              doctest::Approx(expected[i].first).epsilon(1e-5));
                        const auto& tokens = expected[i].second;
                        if (diversity > 0)  // else groups find the same, and equals may be swapped
                            CHECK(own[i].tokens ==
                                  std::vector<int>(tokens.begin() + 1, tokens.end()));
                    }
                }
            }
        }
    }

    TEST_CASE("much diversity begins every group with a token of its own") {
        ToyModel model(vocab_size, random_logits(vocab_size, special.eos, 0.4F));
        const OwnedSources sources = random_sources(5, 9, vocab_size, special.eos, 12);
        const auto found = search(model, sources,
                                  {.beam = 4, .max_length_b = 8, .groups = 4, .diversity = 100.0F});
        for (const Hypotheses& of_source : found) {
            std::vector<int> first;
            for (const Hypothesis& h : of_source) first.push_back(h.tokens.front());
            std::sort(first.begin(), first.end());
            CHECK(std::adjacent_find(first.begin(), first.end()) == first.end());
        }
    }

    TEST_CASE("groups that do not divide the beam are rejected") {
        ToyModel model(vocab_size, random_logits(vocab_size, special.eos, 0.4F));
        const OwnedSources sources = random_sources(1, 9, vocab_size, special.eos, 12);
        CHECK_THROWS_WITH_AS(search(model, sources, {.beam = 5, .groups = 2}),
                             "search: groups = 2, expected 1 or more, of equal shares of the beam",
                             hat::Error);
    }
}
