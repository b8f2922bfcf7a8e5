// SPDX-License-Identifier: Apache-2.0
#include <hat/search/search_checkpoint.hpp>
#include <hat/search/trade_off.hpp>

#include "support/temporary_directory.hpp"
#include "support/toy_search.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

using hat::Error;
using hat::search::Evolution;
using hat::search::EvolutionOptions;
using hat::search::load_search;
using hat::search::ParetoOptions;
using hat::search::ParetoSearch;
using hat::search::save_search;
using hat::search::TradeOff;
using hat::support::TemporaryDirectory;
using hat::support::ToySearch;

namespace {

constexpr double limit = 12;
constexpr EvolutionOptions options{
    .iterations = 8, .population = 20, .parents = 5, .mutants = 5, .crossovers = 5, .guided = 5};
constexpr ParetoOptions front_options{.iterations = 6, .population = 12};

template <class Search>
void run(Search& search, int iterations = 1000) {
    for (int i = 0; i < iterations && search.iterate(); ++i) {
    }
}

/// A search saved after three iterations.
struct Saved {
    ToySearch problem;
    TemporaryDirectory directory;
    std::string path = directory / "search.json";

    Saved() {
        Evolution search(problem, limit, options);
        run(search, 3);
        save_search(path, problem, search, "run 1");
    }
    /// Replaces the first `from` in the file by `to`.
    void damage(std::string_view from, std::string_view to) const {
        std::string text = hat::io::read_file(path);
        const auto place = text.find(from);
        REQUIRE(place != std::string::npos);
        hat::io::write_file(path, text.replace(place, from.size(), to));
    }
    void load(const EvolutionOptions& with = options, double with_limit = limit,
              const std::string& configuration = "run 1") {
        Evolution search(problem, with_limit, with);
        load_search(path, problem, search, configuration);
    }
};

}  // namespace

TEST_SUITE("search/search_checkpoint") {
    TEST_CASE("a search that was saved and loaded ends as one that was not interrupted") {
        Saved saved;
        Evolution whole(saved.problem, limit, options);
        run(whole);
        Evolution resumed(saved.problem, limit, options);
        load_search(saved.path, saved.problem, resumed, "run 1");
        CHECK(resumed.iteration() == 3);
        const int before = saved.problem.scored;
        const auto known = resumed.scored().size();
        run(resumed);
        CHECK(saved.problem.scored - before == static_cast<int>(resumed.scored().size() - known));
        REQUIRE(resumed.scored().size() == whole.scored().size());
        for (std::size_t i = 0; i < whole.scored().size(); ++i) {
            CHECK(resumed.scored()[i].genome == whole.scored()[i].genome);
            CHECK(resumed.scored()[i].score == whole.scored()[i].score);
        }
    }

    TEST_CASE("a front that was saved and loaded ends as one that was not interrupted") {
        ToySearch toy;
        const TemporaryDirectory directory;
        const std::string path = directory / "front.json";
        TradeOff problem(toy, limit);
        ParetoSearch whole(problem, front_options);
        ParetoSearch half(problem, front_options);
        run(half, 3);
        save_search(path, problem, half);
        ParetoSearch resumed(problem, front_options);
        load_search(path, problem, resumed);
        run(whole);
        run(resumed);
        REQUIRE(resumed.members().size() == whole.members().size());
        for (std::size_t i = 0; i < whole.members().size(); ++i) {
            CHECK(resumed.members()[i].genome == whole.members()[i].genome);
            CHECK(resumed.members()[i].objectives == whole.members()[i].objectives);
        }
        TradeOff tighter(toy, 6);
        ParetoSearch other(tighter, front_options);
        CHECK_THROWS_AS(load_search(path, tighter, other), Error);
        CHECK(other.members().empty());
    }

    TEST_CASE("a search may go on for longer, and without a limit") {
        Saved saved;
        EvolutionOptions longer = options;
        longer.iterations = 20;
        longer.patience = 4;
        saved.load(longer);
        constexpr double none = std::numeric_limits<double>::infinity();
        Evolution search(saved.problem, none, options);
        run(search, 2);
        save_search(saved.path, saved.problem, search);
        Evolution resumed(saved.problem, none, options);
        load_search(saved.path, saved.problem, resumed);
        CHECK(resumed.scored().size() == search.scored().size());
    }

    TEST_CASE("what a search is of must be what was saved") {
        Saved saved;
        EvolutionOptions other = options;
        other.seed = 2;
        CHECK_THROWS_WITH_AS(saved.load(other), (saved.path + ": seed = 1, expected 2").c_str(),
                             Error);
        CHECK_THROWS_WITH_AS(saved.load(options, 13),
                             (saved.path + ": limit = 12.0, expected 13.0").c_str(), Error);
        CHECK_THROWS_WITH_AS(
            saved.load(options, limit, "run 2"),
            (saved.path + ": is of another search: \"run 1\", expected \"run 2\"").c_str(), Error);
        TradeOff problem(saved.problem, limit);
        ParetoSearch front(problem, front_options);
        CHECK_THROWS_WITH_AS(
            load_search(saved.path, problem, front, "run 1"),
            (saved.path + ": not a saved search of this version (hat-search-1, front)").c_str(),
            Error);
    }

    TEST_CASE("what a search is of is known by content; where it lies may change") {
        Saved saved;
        Evolution search(saved.problem, limit, options);
        run(search, 3);
        save_search(saved.path, saved.problem, search,
                    R"({"run": "a", "content": {"run": "xxh3:1"}})");
        saved.load(options, limit, R"({"run": "b", "content": {"run": "xxh3:1"}})");
        CHECK_THROWS_WITH_AS(
            saved.load(options, limit, R"({"run": "a", "content": {"run": "xxh3:2"}})"),
            (saved.path +
             ": is of another search: the content of run was \"xxh3:1\", is \"xxh3:2\"")
                .c_str(),
            Error);
    }

    TEST_CASE("a file that is damaged is an error that names the place") {
        const auto fails = [](std::string_view from, std::string_view to, std::string_view what) {
            Saved saved;
            saved.damage(from, to);
            try {
                saved.load();
                FAIL_CHECK("loaded, though damaged by " << to);
            } catch (const Error& error) {
                const std::string message = error.what();
                CHECK_MESSAGE(message.starts_with(saved.path), message);
                CHECK_MESSAGE(message.find(what) != std::string::npos, message);
            }
        };
        fails("{", "", "not valid JSON");
        fails("hat-search-1", "hat-search-0", "not a saved search");
        fails("\"iteration\":3", "\"iteration\":-3", "iteration = -3, expected 0 or more");
        fails("\"stale\"", "\"stole\"", "key \"stale\" is missing");
        fails("[[\"", "[7,[\"", "scored: 0: expected a genome and 2 further values");
        fails("[[\"", "[[\"00000000\",1.5,2.0],[\"", "scored: 0: a cost of 1.500000");
        fails("[[\"", "[[\"00000000\",1.0,2.0],[\"00000000\",1.0,2.0],[\"", "appears twice");
        fails("[[\"", "[[\"00000000\",1.0,\"x\"],[\"", "expected a number, found string");
        fails("[[\"", "[[\"33330000\",13.0,2.0],[\"",
              "scored: 0: a cost of 13.000000, which the limit");
        fails("\"iteration\":3", "\"iteration\":0", "genomes after 0 iterations");
    }

    TEST_CASE("a saved search is told from other files") {
        const Saved saved;
        CHECK(hat::search::is_saved_search(saved.path));
        hat::io::write_file(saved.path, R"({"format": "hat latency predictor 1"})");
        CHECK_FALSE(hat::search::is_saved_search(saved.path));
        hat::io::write_file(saved.path, "notes");
        CHECK_THROWS_AS(static_cast<void>(hat::search::is_saved_search(saved.path)), Error);
    }

    TEST_CASE("a search that has begun and knows nothing is an error, not one that goes on") {
        Saved saved;
        const std::string text = hat::io::read_file(saved.path);
        hat::io::write_file(saved.path, text.substr(0, text.find("[[")) + "[]}");
        CHECK_THROWS_WITH_AS(saved.load(),
                             (saved.path + ": has 0 genomes after 3 iterations").c_str(), Error);

        TradeOff problem(saved.problem, limit);
        ParetoSearch front(problem, front_options);
        run(front, 2);
        save_search(saved.path, problem, front);
        const std::string members = hat::io::read_file(saved.path);
        hat::io::write_file(saved.path, members.substr(0, members.find("[[")) + "[]}");
        ParetoSearch other(problem, front_options);
        CHECK_THROWS_WITH_AS(load_search(saved.path, problem, other),
                             (saved.path + ": has 0 genomes after 2 iterations").c_str(), Error);
    }
}
