// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/json.hpp>
#include <hat/io/settings_difference.hpp>
#include <hat/io/text_file.hpp>
#include <hat/search/evolution.hpp>
#include <hat/search/pareto.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

/// Searches on disk: what was scored, and how far they have come. A search that is loaded goes on
/// as it would have, whatever the number of threads, and scores nothing again.
///
///     Evolution search(problem, limit_ms, options);
///     if (resume) load_search("search.json", problem, search, configuration);
///     while (search.iterate()) save_search("search.json", problem, search, configuration);
///
/// Scores that come from a race (`InheritedLoss`) go on as they would have if the best are scored
/// again after loading, so that the race knows them.
///
/// `configuration` is one line of the caller's that says what else the scores depend on: the run,
/// the validation data, the predictor. It is compared as `io::settings_difference` does.
namespace hat::search {

namespace detail {

inline constexpr const char* search_format = "hat-search-1";

[[nodiscard]] inline io::Json to_json(const EvolutionOptions& o) {
    return {{"iterations", o.iterations},
            {"population", o.population},
            {"parents", o.parents},
            {"mutants", o.mutants},
            {"crossovers", o.crossovers},
            {"guided", o.guided},
            {"mutation_probability", o.mutation_probability},
            {"patience", o.patience},
            {"seed", o.seed}};
}

[[nodiscard]] inline io::Json to_json(const ParetoOptions& o) {
    return {{"iterations", o.iterations},
            {"population", o.population},
            {"crossover_probability", o.crossover_probability},
            {"mutation_probability", o.mutation_probability},
            {"screening", o.screening},
            {"seed", o.seed}};
}

/// JSON has no infinity: null, where there is no limit.
[[nodiscard]] inline io::Json limit_to_json(double limit) {
    return std::isfinite(limit) ? io::Json(limit) : io::Json(nullptr);
}

/// A saved search, known to be one of `kind` with these options and this configuration. More or
/// fewer iterations, or another patience, may be asked for when it goes on.
[[nodiscard]] inline io::Json open_search(const std::string& path, const char* kind,
                                          const io::Json& options,
                                          const std::string& configuration) {
    io::Json saved = io::parse_json(io::read_file(path), path);
    if (io::json_get<std::string>(saved, "format", path) != search_format ||
        io::json_get<std::string>(saved, "kind", path) != kind)
        fail(path, ": not a saved search of this version (", search_format, ", ", kind, ")");
    const auto of = io::json_get<std::string>(saved, "configuration", path);
    if (const std::string difference = io::settings_difference(of, configuration);
        !difference.empty())
        fail(path, ": is of another search: ", difference);
    const io::Json& used = io::json_field(saved, "options", path);
    for (const auto& [name, value] : options.items()) {
        if (name == "iterations" || name == "patience") continue;
        const io::Json& found = io::json_field(used, name.c_str(), path + ": options");
        if (found != value)
            fail(path, ": ", name, " = ", readable(io::json_text(found)), ", expected ",
                 io::json_text(value));
    }
    return saved;
}

[[nodiscard]] inline int saved_count(const io::Json& object, const char* key,
                                     const std::string& where) {
    const auto count = io::json_get<int>(object, key, where);
    if (count < 0) fail(where, ": ", key, " = ", count, ", expected 0 or more");
    return count;
}

/// The first iteration looks at genomes, and none is looked at before.
inline void check_progress(int iteration, std::size_t genomes, const std::string& path) {
    if ((iteration == 0) != (genomes == 0))
        fail(path, ": has ", genomes, " genomes after ", iteration, " iterations");
}

[[nodiscard]] inline double saved_number(const io::Json& value, const std::string& where) {
    const auto number = io::json_as<double>(value, where);
    if (!std::isfinite(number))
        fail(where, ": ", readable(io::json_text(value)), " is out of range");
    return number;
}

/// The genome whose word stands at `where`.
template <class Problem>
[[nodiscard]] typename Problem::Genome parse_genome(const Problem& problem, const std::string& word,
                                                    const std::string& where) {
    try {
        return problem.parse(word);
    } catch (const Error& error) {
        fail(where, ": ", error.what());  // a problem knows its words, not where they stand
    }
}

/// Rows of a genome's word and `numbers` further values: `visit(genome, row, where)`.
template <class Problem, class Visit>
void for_each_saved(const io::Json& rows, const Problem& problem, std::size_t numbers,
                    const std::string& where, const Visit& visit) {
    if (!rows.is_array()) fail(where, ": expected an array, found ", rows.type_name());
    std::unordered_set<std::string> words;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::string here = where + ": " + std::to_string(i);
        const io::Json& row = rows[i];
        if (!row.is_array() || row.size() != 1 + numbers)
            fail(here, ": expected a genome and ", numbers, " further values");
        const auto word = io::json_as<std::string>(row[0], here);
        if (!words.insert(word).second) fail(here, ": ", in_quotes(word), " appears twice");
        visit(parse_genome(problem, word, here), row, here);
    }
}

}  // namespace detail

/// Writes the state of `search` to `path`, whole or not at all.
///
/// Throws  `Error` if the disk is full; what stood at `path` before is untouched.
template <class Problem>
void save_search(const std::string& path, const Problem& problem, const Evolution<Problem>& search,
                 const std::string& configuration = "") {
    io::Json json{{"format", detail::search_format},
                  {"kind", "evolution"},
                  {"configuration", configuration},
                  {"options", detail::to_json(search.options())},
                  {"limit", detail::limit_to_json(search.limit())},
                  {"iteration", search.iteration()},
                  {"stale", search.stale()},
                  {"scored", io::Json::array()}};
    for (const auto& known : search.scored())
        json["scored"].push_back({problem.text(known.genome), known.cost, known.score});
    io::write_file(path, io::json_text(json) + "\n");
}

/// Sets `search`, which has not begun, to where the one saved at `path` was.
///
/// Throws  `Error` if the file is damaged, or of a search with other options, another limit, other
///         costs or another configuration; `search` is then what it was.
template <class Problem>
void load_search(const std::string& path, const Problem& problem, Evolution<Problem>& search,
                 const std::string& configuration = "") {
    const io::Json saved =
        detail::open_search(path, "evolution", detail::to_json(search.options()), configuration);
    const io::Json limit = detail::limit_to_json(search.limit());
    const io::Json& saved_limit = io::json_field(saved, "limit", path);
    if (saved_limit != limit)
        fail(path, ": limit = ", readable(io::json_text(saved_limit)), ", expected ",
             io::json_text(limit));
    const int iteration = detail::saved_count(saved, "iteration", path);
    const int stale = detail::saved_count(saved, "stale", path);
    std::vector<Scored<typename Problem::Genome>> scored;
    detail::for_each_saved(io::json_field(saved, "scored", path), problem, 2, path + ": scored",
                           [&](auto genome, const io::Json& row, const std::string& where) {
                               const double cost = detail::saved_number(row[1], where);
                               const double score = detail::saved_number(row[2], where);
                               const double expected = problem.cost(genome);
                               if (!(std::abs(cost - expected) <= 1e-6 * std::abs(expected)))
                                   fail(where, ": a cost of ", cost, ", expected ", expected,
                                        "; was the predictor another one?");
                               if (!(expected <= search.limit()))
                                   fail(where, ": a cost of ", cost, ", which the limit forbids");
                               scored.push_back({std::move(genome), cost, score});
                           });
    detail::check_progress(iteration, scored.size(), path);
    search.restore(iteration, stale, scored);
}

/// Writes the state of `search` to `path`, whole or not at all. `problem` needs
/// `parse(word)`, as `SearchProblem` has it, to load it again.
///
/// Throws  `Error` if the disk is full; what stood at `path` before is untouched.
template <class Problem>
void save_search(const std::string& path, const Problem& problem,
                 const ParetoSearch<Problem>& search, const std::string& configuration = "") {
    io::Json json{{"format", detail::search_format}, {"kind", "front"},
                  {"configuration", configuration},  {"options", detail::to_json(search.options())},
                  {"iteration", search.iteration()}, {"members", io::Json::array()}};
    for (const auto& member : search.members())
        json["members"].push_back({problem.text(member.genome), member.objectives});
    io::write_file(path, io::json_text(json) + "\n");
}

/// Sets `search`, which has not begun, to where the one saved at `path` was.
///
/// Throws  `Error` if the file is damaged, or of a search with other options, another limit or
///         another configuration; `search` is then what it was.
template <class Problem>
void load_search(const std::string& path, const Problem& problem, ParetoSearch<Problem>& search,
                 const std::string& configuration = "") {
    const io::Json saved =
        detail::open_search(path, "front", detail::to_json(search.options()), configuration);
    const int iteration = detail::saved_count(saved, "iteration", path);
    std::vector<ParetoMember<typename Problem::Genome>> members;
    std::size_t objectives = 0;
    detail::for_each_saved(
        io::json_field(saved, "members", path), problem, 1, path + ": members",
        [&](auto genome, const io::Json& row, const std::string& where) {
            const io::Json& values = row[1];
            if (!values.is_array())
                fail(where, ": expected objectives, found ", values.type_name());
            Objectives point;
            for (const io::Json& value : values)
                point.push_back(detail::saved_number(value, where));
            const double violation = problem.violation(genome);
            if (point.empty() == (violation <= 0))
                fail(where, ": has ", point.empty() ? "no " : "", "objectives, but the limit ",
                     point.empty() ? "allows" : "forbids",
                     " it; was the limit or the predictor another one?");
            if (!point.empty() && objectives == 0) objectives = point.size();
            if (!point.empty() && point.size() != objectives)
                fail(where, ": has ", point.size(), " objectives, expected ", objectives);
            members.push_back({std::move(genome), std::move(point), violation});
        });
    detail::check_progress(iteration, members.size(), path);
    search.restore(iteration, members);
}

/// Whether the file at `path` is a saved search of this version.
///
/// Throws  `Error` if it cannot be read, or is no JSON
[[nodiscard]] inline bool is_saved_search(const std::string& path) {
    const io::Json saved = io::parse_json(io::read_file(path), path);
    return io::json_get<std::string>(saved, "format", path) == detail::search_format;
}

}  // namespace hat::search
