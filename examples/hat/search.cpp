// SPDX-License-Identifier: Apache-2.0

/// hat search: a SuperTransformer, a latency predictor and a limit → the best architecture.

#include <hat/core/threads.hpp>
#include <hat/elastic/cardinality.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/elastic/genes.hpp>
#include <hat/io/architecture_yaml.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/directory_kind.hpp>
#include <hat/io/file_hashes.hpp>
#include <hat/io/file_lock.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/json.hpp>
#include <hat/io/text_file.hpp>
#include <hat/latency/device.hpp>
#include <hat/latency/predictor.hpp>
#include <hat/latency/table.hpp>
#include <hat/model/counts.hpp>
#include <hat/search/architecture_problem.hpp>
#include <hat/search/dominance.hpp>
#include <hat/search/evolution.hpp>
#include <hat/search/inherited_loss.hpp>
#include <hat/search/pareto.hpp>
#include <hat/search/report.hpp>
#include <hat/search/search_checkpoint.hpp>
#include <hat/search/trade_off.hpp>

#include "commands.hpp"
#include "data_directory.hpp"
#include "flags.hpp"
#include "job.hpp"
#include "measurements.hpp"
#include "model_argument.hpp"
#include "output_directory.hpp"
#include "output_file.hpp"
#include "predictor_vocabulary.hpp"
#include "run_data.hpp"
#include "run_space.hpp"
#include "search_health.hpp"
#include "search_latency.hpp"
#include "text_facts.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hat::program {

namespace {

using model::Architecture;
using search::ReportedNetwork;

struct SearchArguments {
    std::string run, predictor, data, out, pareto, latency, report;
    double limit_ms = 0;
    double speedup = 0;
    std::int64_t limit_parameters = 0;
    bool published = false;
    bool resume = false;
    bool overwrite = false;
    int iterations = 30;
    int population = 0;
    int patience = 0;
    int measure = 5;
    int threads = 0;
    float label_smoothing = 0.1F;
    std::uint64_t seed = 1;
    HealthOptions health;
};

/// Predicted latencies of architectures; infinite where one has too many parameters.
struct PredictedLatency {
    const latency::Predictor* predictor;
    std::int64_t limit_parameters = 0;  ///< in layers; 0: any

    double operator()(const Architecture& a) const {
        const bool too_large = limit_parameters > 0 && layer_parameters(a) > limit_parameters;
        return too_large ? std::numeric_limits<double>::infinity() : predictor->predict_ms(a);
    }
};

using Problem = search::ArchitectureProblem<PredictedLatency, search::InheritedLoss>;
using ScoredNetwork = search::Scored<Architecture>;

/// All that a search works with.
struct Workbench {
    const SearchArguments& arguments;
    const Job& job;
    LoadedModel super;
    elastic::DesignSpace space;
    latency::Predictor predictor;
    std::string data_path;
    TrainingData data;
    ThreadPool pool;
    train::Validator validator;

    Workbench(const SearchArguments& from, const Job& of)
        : arguments(from), job(of), super(from.run), space(space_of_run(from.run, super.directory)),
          predictor(load_predictor(from.predictor, from.run,
                                   super.network.architecture().target_vocab_size)),
          data_path(data_of(from)), data(load_training_data(data_path)),
          pool(of.threads(from.threads)), validator(data.validation, pool, of.ranks) {
        check_vocabulary(super.directory, "--run " + from.run, data.files);
        fail_with_place(
            [&] {
                for (const Architecture& way : served_in_all_ways(space, largest(space)))
                    static_cast<void>(predictor.predict_ms(way));
            },
            "--predictor ", from.predictor);
    }

    [[nodiscard]] PredictedLatency latency() const {
        return {&predictor, arguments.limit_parameters};
    }
    [[nodiscard]] Problem problem() {
        search::RaceOptions race;
        if (arguments.published || !arguments.pareto.empty()) race.keep = 0;
        return {
            space, latency(),
            search::InheritedLoss(super.network, validator, pool, arguments.label_smoothing, race)};
    }
    /// Nothing unless `--latency` and `--measure` ask for measurements, which one rank takes.
    [[nodiscard]] std::unique_ptr<MeasuredLatency> measured_latency() const {
        if (arguments.latency.empty() || arguments.measure == 0 || !job.is_first()) return nullptr;
        return std::make_unique<MeasuredLatency>(super.network, arguments.run, arguments.latency);
    }
    [[nodiscard]] double loss(const Architecture& a) {
        search::InheritedLoss inherited(super.network, validator, pool, arguments.label_smoothing,
                                        {.keep = 0});
        return inherited(std::span(&a, 1)).front();
    }

private:
    /// `--data`, or what the run was trained on.
    static std::string data_of(const SearchArguments& from) {
        return from.data.empty() ? data_of_run(from.run) : from.data;
    }
};

/// The limit of the search in ms.
///
/// Throws  `Error` if no member can be that fast, or that small.
double limit_of(const SearchArguments& arguments, const Workbench& bench) {
    const Architecture least_one = smallest(bench.space);
    if (arguments.limit_parameters > 0 &&
        layer_parameters(least_one) > arguments.limit_parameters) {
        fail("--limit-parameters: ", arguments.limit_parameters,
             " is impossible in this space: the smallest network, ",
             elastic::gene_string(least_one), ", has ", layer_parameters(least_one),
             " in its layers");
    }
    const double largest_ms = bench.predictor.predict_ms(largest(bench.space));
    if (!(largest_ms > 0))
        fail("--predictor ", arguments.predictor, ": predicts ", largest_ms,
             " ms for the largest network, expected more than 0");
    const double limit = arguments.speedup > 0    ? largest_ms / arguments.speedup
                         : arguments.limit_ms > 0 ? arguments.limit_ms
                                                  : std::numeric_limits<double>::max();
    const PredictedLatency latency = bench.latency();
    const Architecture fastest = search::cheapest_member(bench.space, latency);
    const double least = latency(fastest);
    if (!(least <= limit)) {
        fail(arguments.speedup > 0 ? "--speedup: " : "--limit-ms: ", limit,
             " ms is impossible in this space: the fastest network, ",
             elastic::gene_string(fastest), ", takes ", least, " ms",
             !bench.predictor.monotone() ? ", as far as descent from several starts could find"
             : served_in_all_ways(bench.space, fastest).size() > 1
                 ? ", and every other is larger in some gene or served no faster"
                 : ", and every other is larger in some gene",
             "; the smallest possible limit is that");
    }
    return limit;
}

/// Where a search keeps how far it has come.
std::string state_path(const SearchArguments& arguments) {
    return (arguments.pareto.empty() ? arguments.out : arguments.pareto) + ".search.json";
}

constexpr const char* report_title = "The search for a fast network";
constexpr const char* front_columns = "loss,latency_ms,layer_parameters,genes";

bool is_architecture(const std::string& path) {
    static_cast<void>(io::architecture_from_yaml(io::read_file(path), path));
    return true;
}

bool is_front(const std::string& path) {
    return first_line(path).starts_with(front_columns);
}

bool is_saved_search(const std::string& path) {
    return search::is_saved_search(path);
}

bool is_report(const std::string& path) {
    return first_line(path) == std::string("# ") + report_title;
}

bool is_figure(const std::string& path) {
    return first_line(path).starts_with("<svg ");
}

/// Throws  `Error` if the report would go among other things.
void check_report(const std::string& folder, const std::vector<std::string>& inputs) {
    const auto found = io::directory_kind(folder);
    if (found != io::DirectoryKind::free && found != io::DirectoryKind::other)
        fail("--report ", folder, ": holds ", kind_name(found), "; choose another folder");
    if (found == io::DirectoryKind::free) return;
    if (!io::is_directory(folder)) fail(folder, ": is there already and is no directory");
    const auto check = [&](const char* name, const char* kind,
                           bool (*is_of_kind)(const std::string&)) {
        check_output({.flag = "--report",
                      .path = (without_slash(folder) + '/').append(name),
                      .kind = kind,
                      .is_of_kind = is_of_kind},
                     inputs);
    };
    check("report.md", "the report of a search", is_report);
    for (const char* name : search::report_figures) check(name, "a figure", is_figure);
}

/// Throws  `Error` if there is a search already that the flags neither go on with nor replace, or
///         something would be lost that is no result of one.
void check_outputs(const SearchArguments& arguments) {
    const bool is_of_front = !arguments.pareto.empty();
    const char* const flag = is_of_front ? "--pareto" : "--out";
    std::vector<std::string> inputs{arguments.predictor};
    if (!arguments.latency.empty())
        inputs.insert(inputs.end(), {arguments.latency, arguments.latency + ".plan"});
    check_output({.flag = flag,
                  .path = is_of_front ? arguments.pareto : arguments.out,
                  .kind = is_of_front ? "the front of a search" : "an architecture",
                  .is_of_kind = is_of_front ? is_front : is_architecture},
                 inputs);
    const std::string state = state_path(arguments);
    check_output(
        {.flag = flag, .path = state, .kind = "a saved search", .is_of_kind = is_saved_search},
        inputs);
    if (io::exists(state) && !arguments.resume && !arguments.overwrite)
        fail(state, ": holds a search already; go on with --resume, replace it with --overwrite, ",
             "or choose another ", flag);
    if (!arguments.report.empty()) check_report(arguments.report, inputs);
}

/// What the scores depend on besides the options of the search.
std::string configuration(const SearchArguments& arguments, const Workbench& bench) {
    const io::Json json = {{"run", arguments.run},
                           {"predictor", arguments.predictor},
                           {"data", bench.data_path},
                           {"published", arguments.published},
                           {"limit_parameters", arguments.limit_parameters},
                           {"label_smoothing", arguments.label_smoothing},
                           {"content",
                            {{"run", model_content(bench.super.directory)},
                             {"predictor", io::file_hash(arguments.predictor)},
                             {"data", data_content(bench.data)}}}};
    return json.dump();
}

ReportedNetwork reported(const std::string& name, const ScoredNetwork& network) {
    return {.name = name,
            .architecture = network.genome,
            .loss = network.score,
            .predicted_ms = network.cost};
}

/// What nothing that was scored beats in both loss and latency, fastest first.
std::vector<ScoredNetwork> front_of(const std::vector<ScoredNetwork>& scored) {
    std::vector<search::Objectives> points;
    for (const ScoredNetwork& network : scored) points.push_back({network.score, network.cost});
    std::vector<ScoredNetwork> front;
    for (const int i : search::non_dominated(points))
        front.push_back(scored[static_cast<std::size_t>(i)]);
    std::stable_sort(
        front.begin(), front.end(),
        [](const ScoredNetwork& a, const ScoredNetwork& b) { return a.cost < b.cost; });
    return front;
}

/// Measures the two networks that a report compares, and others evenly from its front.
void measure(search::SearchReport& report, int count, MeasuredLatency& latency) {
    const auto take = [&](ReportedNetwork& network) {
        network.measured_ms = latency(network.name, network.architecture, network.predicted_ms);
    };
    take(report.chosen);
    take(report.baseline);
    for (const int i : evenly(count - 1, static_cast<int>(report.front.size())))
        take(report.front[static_cast<std::size_t>(i)]);
}

std::string decimals(double value, int digits) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

std::string predictor_text(const SearchArguments& arguments, const latency::Predictor& predictor) {
    std::string text = std::string("The ") + predictor.name() + " predictor `" +
                       file_name(arguments.predictor) + "`";
    if (predictor.errors()) {
        const auto& errors = predictor.errors()->cross_validated;
        text += ": off by " + decimals(100 * errors.mape, 2) +
                " % on average in cross-validation "
                "over " +
                std::to_string(errors.rows) + " measured networks";
    }
    return text + ".";
}

/// What was scored, the front and the latencies, for the page; with `latency`, the best are
/// measured.
void write_page(const SearchArguments& arguments, Workbench& bench,
                const std::vector<ScoredNetwork>& scored, const ScoredNetwork& best,
                std::vector<search::ReportedProgress> progress, const std::string& summary,
                MeasuredLatency* latency) {
    const Architecture top = largest(bench.space);
    search::SearchReport report{.title = report_title,
                                .device = latency::device_name(),
                                .predictor = predictor_text(arguments, bench.predictor),
                                .search = summary};
    report.baseline = {.name = "largest member",
                       .architecture = top,
                       .loss = bench.loss(top),
                       .predicted_ms = bench.predictor.predict_ms(top)};
    report.chosen = reported("chosen", best);
    for (const ScoredNetwork& network : scored) report.scored.push_back(reported("", network));
    int number = 0;
    for (const ScoredNetwork& network : front_of(scored))
        report.front.push_back(reported("front " + std::to_string(++number), network));
    report.progress = std::move(progress);
    if (!arguments.latency.empty()) {
        for (const auto& row : read_measurements(arguments.latency))
            report.samples.push_back({row.details ? row.details->genes : "",
                                      bench.predictor.predict_ms(row.features), row.total_ms()});
        if (latency) measure(report, arguments.measure, *latency);
    }
    if (arguments.health.members > 0) {
        HealthOptions health = arguments.health;
        health.label_smoothing = arguments.label_smoothing;
        health.seed = arguments.seed;
        report.health = supernet_health(bench.super.network, bench.space, bench.data,
                                        bench.validator, health, bench.pool);
    }
    if (!bench.job.is_first()) return;
    write_report(report, arguments.report);
    std::fprintf(stderr, "report: %s/report.md\n", arguments.report.c_str());
}

std::string size_limit(const SearchArguments& arguments) {
    if (arguments.limit_parameters == 0) return {};
    return std::to_string(arguments.limit_parameters) + " layer parameters at most, ";
}

void search_under_limit(const SearchArguments& arguments, Workbench& bench, double limit) {
    Problem problem = bench.problem();
    search::EvolutionOptions options =
        arguments.published ? search::published_evolution() : search::EvolutionOptions{};
    options.iterations = arguments.iterations;
    options.patience = arguments.patience;
    if (arguments.population > 0) options.population = arguments.population;
    options.seed = arguments.seed;
    search::Evolution evolution(problem, limit, options);
    const std::string state = state_path(arguments);
    const std::string scores_of = configuration(arguments, bench);
    if (arguments.resume && io::exists(state)) {
        search::load_search(state, problem, evolution, scores_of);
        std::vector<Architecture> parents;  // so that the race knows them again
        for (const ScoredNetwork& network : evolution.best(options.parents))
            parents.push_back(network.genome);
        if (!parents.empty()) static_cast<void>(problem.score(parents));
        std::fprintf(stderr, "resumed after iteration %d\n", evolution.iteration());
    }
    std::vector<search::ReportedProgress> progress;
    while (evolution.iterate()) {
        if (bench.job.is_first()) search::save_search(state, problem, evolution, scores_of);
        const ScoredNetwork& best = evolution.best();
        const auto count = static_cast<std::int64_t>(evolution.scored().size());
        progress.push_back({count, best.score});
        std::fprintf(stderr, "iteration %d/%d  scored %lld  best loss %.4f  %.3f ms  %s\n",
                     evolution.iteration() - 1, options.iterations, static_cast<long long>(count),
                     best.score, best.cost, elastic::gene_string(best.genome).c_str());
    }
    const ScoredNetwork best = evolution.best();
    if (bench.job.is_first()) io::write_file(arguments.out, io::architecture_to_yaml(best.genome));
    if (!arguments.report.empty()) {
        auto latency = bench.measured_latency();
        write_page(arguments, bench, evolution.scored(), best, std::move(progress),
                   "Limit " + decimals(limit, 3) + " ms, " + size_limit(arguments) +
                       std::to_string(evolution.scored().size()) + " networks scored in " +
                       std::to_string(evolution.iteration() - 1) + " iterations, " +
                       (arguments.published ? "published setting" : "default setting") + ", seed " +
                       std::to_string(arguments.seed) + ".",
                   latency.get());
    }
    std::printf("%s\n", arguments.out.c_str());
}

/// The front as CSV. With `latency`, `count` of its networks are measured, evenly from the lowest
/// loss to the highest, and a column more tells how long they took.
std::string front_table(const std::vector<search::ParetoMember<Architecture>>& front, int count,
                        MeasuredLatency* latency) {
    std::vector<std::string> measured(front.size());
    if (latency) {
        for (const int i : evenly(count, static_cast<int>(front.size()))) {
            const auto& member = front[static_cast<std::size_t>(i)];
            const std::string genes = elastic::gene_string(member.genome);
            measured[static_cast<std::size_t>(i)] =
                decimals((*latency)(genes, member.genome, member.objectives[1]), 6);
        }
    }
    std::string csv = front_columns;
    csv += latency ? ",measured_ms\n" : "\n";
    for (std::size_t i = 0; i < front.size(); ++i) {
        const auto& member = front[i];
        csv += decimals(member.objectives[0], 9) + "," + decimals(member.objectives[1], 6) + "," +
               decimals(member.objectives[2], 0) + "," + elastic::gene_string(member.genome);
        csv += latency ? "," + measured[i] + "\n" : "\n";
    }
    return csv;
}

void search_front(const SearchArguments& arguments, Workbench& bench, double limit) {
    Problem problem = bench.problem();
    const auto parameters = [](const Architecture& a) {
        return static_cast<double>(model::layer_parameters(a));
    };
    search::TradeOff trade_off(problem, limit, parameters);
    search::ParetoOptions options{.iterations = arguments.iterations, .seed = arguments.seed};
    if (arguments.population > 0) options.population = arguments.population;
    search::ParetoSearch pareto(trade_off, options, {smallest(bench.space), largest(bench.space)});
    const std::string state = state_path(arguments);
    const std::string scores_of = configuration(arguments, bench);
    if (arguments.resume && io::exists(state))
        search::load_search(state, trade_off, pareto, scores_of);
    while (pareto.iterate()) {
        if (bench.job.is_first()) search::save_search(state, trade_off, pareto, scores_of);
        std::fprintf(stderr, "iteration %d/%d  scored %d  on the front %zu\n",
                     pareto.iteration() - 1, options.iterations, pareto.scored(),
                     pareto.front().size());
    }
    const auto front = pareto.front();
    auto latency = bench.measured_latency();
    if (bench.job.is_first())
        io::write_file(arguments.pareto, front_table(front, arguments.measure, latency.get()));
    if (!arguments.report.empty()) {
        std::vector<ScoredNetwork> scored;
        for (const auto& member : pareto.members())
            if (!member.objectives.empty())
                scored.push_back({member.genome, member.objectives[1], member.objectives[0]});
        const ScoredNetwork best{front.front().genome, front.front().objectives[1],
                                 front.front().objectives[0]};
        write_page(arguments, bench, scored, best, {},
                   "Front of loss, latency and size: " + std::to_string(pareto.scored()) +
                       " networks scored, " + std::to_string(front.size()) +
                       " on the front; the chosen one is that of the lowest loss. Seed " +
                       std::to_string(arguments.seed) + ".",
                   latency.get());
    }
    std::printf("%s\n", arguments.pareto.c_str());
}

/// The right to be the only search that writes there, if nothing would be lost.
struct SearchPlace {
    explicit SearchPlace(const SearchArguments& arguments)
        : lock(state_path(arguments) + ".lock", state_path(arguments)) {
        check_outputs(arguments);
        if (arguments.report.empty()) return;
        make_parent(arguments.report);
        report_lock.emplace(lock_path(arguments.report), arguments.report);
        check_outputs(arguments);  // who was at work there may have ended since
    }
    io::FileLock lock;
    std::optional<io::FileLock> report_lock{};
};

void search_networks(const SearchArguments& arguments, const Job& job) {
    if (arguments.out.empty() == arguments.pareto.empty())
        fail("search: name one of --out ARCH.yml and --pareto FRONT.csv");
    if (arguments.limit_ms > 0 && arguments.speedup > 0)
        fail("search: name one of --limit-ms and --speedup");
    if (!arguments.out.empty() && !(arguments.limit_ms > 0 || arguments.speedup > 0))
        fail("search: --out needs a limit: --limit-ms or --speedup");
    if (arguments.report.empty() && arguments.health.members > 0)
        fail("search: --health needs --report, in which it is told");
    std::optional<SearchPlace> place;
    if (job.is_first()) place.emplace(arguments);
    Workbench bench(arguments, job);
    if (!arguments.latency.empty() && arguments.measure > 0 && job.is_first())
        check_measurable(bench.super.network, arguments.run, arguments.latency);
    const double limit = limit_of(arguments, bench);
    if (elastic::cardinality(bench.space).text() == "1")
        std::fprintf(stderr, "note: the space has one network only: there is nothing to choose\n");
    if (!arguments.latency.empty()) {
        const auto table = read_measurements(arguments.latency);
        const bool below = std::all_of(table.begin(), table.end(),
                                       [&](const auto& row) { return limit < row.total_ms(); });
        if (below && !table.empty())
            std::fprintf(stderr,
                         "note: the limit is below every measured sample: predictions there are "
                         "extrapolated\n");
    }
    if (arguments.pareto.empty())
        search_under_limit(arguments, bench, limit);
    else
        search_front(arguments, bench, limit);
}

}  // namespace

void add_search(CLI::App& app) {
    auto arguments = std::make_shared<SearchArguments>();
    CLI::App* command = app.add_subcommand(
        "search", "Finds the best network of a SuperTransformer that is fast enough.");
    command->footer(
        "Where the space lets members choose how they are served (weight-bits-choice,\n"
        "listed-tokens-choice), that is searched, too. A loss is that of the weights as they\n"
        "are rounded, over all tokens: what a shortlist leaves out is not counted.\n\n"
        "Example:\n  hat search --run super --predictor predictor.json --limit-ms 12 "
        "--out chosen.yml --latency latency.csv --report report\n"
        "  hat search --run super --predictor predictor.json --pareto front.csv\n"
        "mpirun -n 2 in front shares the work (if hat is built with -D HAT_WITH_MPI=ON).");
    const auto path = [&](const char* name, std::string& value, const char* text) {
        return command->add_option(name, value, text);
    };
    const NumberFlags number(*command);
    constexpr int many = 1'000'000;
    path("--run", arguments->run, "what `hat train --space` made")->required();
    path("--predictor", arguments->predictor, "what `hat predictor` made")->required();
    number.without_default("--limit-ms", arguments->limit_ms, {.above = 0, .high = 1e9},
                           "longest predicted latency allowed");
    number.without_default("--speedup", arguments->speedup, {.above = 0, .high = 1e6},
                           "instead: how much faster than the largest network");
    number("--limit-parameters", arguments->limit_parameters, {.low = 0},
           "most parameters allowed in the layers; 0: any");
    path("--out", arguments->out, "architecture to write (YAML)");
    path("--pareto", arguments->pareto,
         "instead: the front of loss, latency and size to write (CSV)");
    path("--data", arguments->data, "validation data; else that of the run");
    path("--report", arguments->report, "folder for report.md and its figures");
    path("--latency", arguments->latency,
         "the table behind the predictor: networks that are found are measured in the same way");
    number("--measure", arguments->measure, {.low = 0, .high = 1000},
           "with --latency, networks to measure for the report and the front");
    number("--health", arguments->health.members, {.low = 0, .high = 1000},
           "members to tune for a look at the SuperTransformer's health; 0: none");
    number("--health-updates", arguments->health.updates, {.low = 1, .high = 1'000'000'000},
           "of each of them");
    number("--health-tokens", arguments->health.max_tokens, {.low = 1, .high = 1'000'000'000},
           "target tokens of an update");
    number("--iterations", arguments->iterations, {.low = 0, .high = many}, "generations");
    number("--population", arguments->population, {.low = 0, .high = many},
           "networks of the start; 0: the setting's");
    number("--patience", arguments->patience, {.low = 0, .high = many},
           "iterations without a better network before it ends; 0: go on to the end");
    command->add_flag("--published", arguments->published,
                      "the setting of the HAT paper, without surrogate and race");
    number("--seed", arguments->seed, {}, "of the search");
    number("--threads", arguments->threads, {.low = 0, .high = ThreadPool::max_threads},
           "0: all cores");
    command->add_flag("--resume", arguments->resume, "go on where an earlier search stopped")
        ->excludes(command->add_flag("--overwrite", arguments->overwrite,
                                     "replace the search that is at --out or --pareto"));
    command->callback([arguments] {
        run_job("search", [&](const Job& job) { search_networks(*arguments, job); });
    });
}

}  // namespace hat::program
