// SPDX-License-Identifier: Apache-2.0

/// hat search: a SuperTransformer, a latency predictor and a limit → the best architecture.

#include <hat/core/threads.hpp>
#include <hat/elastic/cardinality.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/elastic/genes.hpp>
#include <hat/io/architecture_yaml.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/file_hashes.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/json.hpp>
#include <hat/latency/device.hpp>
#include <hat/latency/predictor.hpp>
#include <hat/latency/table.hpp>
#include <hat/model/counts.hpp>
#include <hat/search/architecture_problem.hpp>
#include <hat/search/dominance.hpp>
#include <hat/search/evolution.hpp>
#include <hat/search/inherited_loss.hpp>
#include <hat/search/one_for_all.hpp>
#include <hat/search/pareto.hpp>
#include <hat/search/report.hpp>
#include <hat/search/search_checkpoint.hpp>
#include <hat/search/trade_off.hpp>

#include "agreement.hpp"
#include "commands.hpp"
#include "data_directory.hpp"
#include "flags.hpp"
#include "job.hpp"
#include "measurements.hpp"
#include "model_argument.hpp"
#include "predictor_vocabulary.hpp"
#include "run_data.hpp"
#include "run_space.hpp"
#include "search_health.hpp"
#include "search_latency.hpp"
#include "search_place.hpp"
#include "text_facts.hpp"

#include <algorithm>
#include <cstddef>
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

/// Predicted latencies of architectures; infinite where one has too many parameters.
struct PredictedLatency {
    const latency::Predictor* predictor = nullptr;
    std::int64_t limit_parameters = 0;  ///< in layers; 0: any

    double operator()(const Architecture& a) const {
        const bool too_large = limit_parameters > 0 && layer_parameters(a) > limit_parameters;
        return too_large ? std::numeric_limits<double>::infinity() : predictor->predict_ms(a);
    }
};

using Problem = search::ArchitectureProblem<PredictedLatency, search::InheritedLoss>;
using ScoredNetwork = search::Scored<Architecture>;

/// Every network is scored to the end.
constexpr search::RaceOptions no_race{.keep = 0};

/// A device, as what predicts latencies there.
struct PredictedDevice {
    PredictorFile file;
    latency::Predictor predictor;
    double limit_ms = std::numeric_limits<double>::max();
};

/// All that a search works with.
struct Workbench {
    const SearchArguments& arguments;
    const Job& job;
    LoadedModel super;
    elastic::DesignSpace space;
    std::vector<PredictedDevice> devices;
    std::string data_path;
    TrainingData data;
    ThreadPool pool;
    train::Validator validator;

    Workbench(const SearchArguments& from, const Job& of)
        : arguments(from), job(of), super(from.run), space(space_of_run(from.run, super.directory)),
          devices(devices_of(from, super.network.architecture().target_vocab_size)),
          data_path(data_of(from)),
          data(load_training_data(data_path, corpus_check(data_path, of))),
          pool(of.threads(from.threads)), validator(data.validation, pool, of.ranks) {
        check_vocabulary(super.directory, "--run " + from.run, data.files);
        for (const PredictedDevice& device : devices)
            fail_with_place(
                [&] {
                    for (const Architecture& way : served_in_all_ways(space, largest(space)))
                        static_cast<void>(device.predictor.predict_ms(way));
                },
                "--predictor ", device.file.path);
    }

    /// The first device: the only one, but for fronts.
    [[nodiscard]] const PredictedDevice& device() const { return devices.front(); }
    /// " on NAME", where there are several devices.
    [[nodiscard]] std::string on(const PredictedDevice& device) const {
        return devices.size() > 1 ? " on " + device.file.name : "";
    }
    [[nodiscard]] PredictedLatency latency(const PredictedDevice& of) const {
        return {&of.predictor, arguments.limit_parameters};
    }
    [[nodiscard]] Problem problem(const search::RaceOptions& race) {
        return {
            space, latency(device()),
            search::InheritedLoss(super.network, validator, pool, arguments.label_smoothing, race)};
    }
    /// Nothing unless `--latency` and `--measure` ask for measurements, which one rank takes.
    [[nodiscard]] std::unique_ptr<MeasuredLatency> measured_latency() const {
        if (arguments.latency.empty() || arguments.measure == 0 || !job.is_first()) return nullptr;
        return std::make_unique<MeasuredLatency>(super.network, arguments.run, arguments.latency);
    }
    [[nodiscard]] double loss(const Architecture& a) {
        search::InheritedLoss inherited(super.network, validator, pool, arguments.label_smoothing,
                                        no_race);
        return inherited(std::span(&a, 1)).front();
    }

private:
    static std::vector<PredictedDevice> devices_of(const SearchArguments& from, int pieces) {
        std::vector<PredictedDevice> devices;
        for (const PredictorFile& file : predictor_files(from.predictors))
            devices.push_back({file, load_predictor(file.path, from.run, pieces)});
        return devices;
    }
    /// `--data`, or what the run was trained on.
    static std::string data_of(const SearchArguments& from) {
        return from.data.empty() ? data_of_run(from.run) : from.data;
    }
};

/// Throws  `Error` if no member is as small as is asked for
void check_size_limit(const SearchArguments& arguments, const Workbench& bench) {
    const Architecture least_one = smallest(bench.space);
    if (arguments.limit_parameters > 0 && layer_parameters(least_one) > arguments.limit_parameters)
        fail("--limit-parameters: ", arguments.limit_parameters,
             " is impossible in this space: the smallest network, ",
             elastic::gene_string(least_one), ", has ", layer_parameters(least_one),
             " in its layers");
}

/// The limit of the search on a device in ms.
///
/// Throws  `Error` if no member can be that fast there
double limit_of(const SearchArguments& arguments, const Workbench& bench,
                const PredictedDevice& device) {
    const double largest_ms = device.predictor.predict_ms(largest(bench.space));
    if (!(largest_ms > 0))
        fail("--predictor ", device.file.path, ": predicts ", largest_ms,
             " ms for the largest network, expected more than 0");
    const double limit = arguments.speedup > 0    ? largest_ms / arguments.speedup
                         : arguments.limit_ms > 0 ? arguments.limit_ms
                                                  : std::numeric_limits<double>::max();
    const PredictedLatency latency = bench.latency(device);
    const Architecture fastest = search::cheapest_member(bench.space, latency);
    const double least = latency(fastest);
    if (!(least <= limit)) {
        fail(arguments.speedup > 0 ? "--speedup: " : "--limit-ms: ", limit,
             " ms is impossible in this space", bench.on(device), ": the fastest network, ",
             elastic::gene_string(fastest), ", takes ", least, " ms",
             !device.predictor.monotone() ? ", as far as descent from several starts could find"
             : served_in_all_ways(bench.space, fastest).size() > 1
                 ? ", and every other is larger in some gene or served no faster"
                 : ", and every other is larger in some gene",
             "; the smallest possible limit is that");
    }
    return limit;
}

/// What the scores depend on besides the options of the search.
std::string configuration(const SearchArguments& arguments, const Workbench& bench) {
    io::Json predictor = bench.device().file.path;
    io::Json content = io::file_hash(bench.device().file.path);
    if (bench.devices.size() > 1) {
        predictor = content = io::Json::object();
        for (const PredictedDevice& device : bench.devices) {
            predictor[device.file.name] = device.file.path;
            content[device.file.name] = io::file_hash(device.file.path);
        }
    }
    const io::Json json = {{"run", arguments.run},
                           {"predictor", predictor},
                           {"data", bench.data_path},
                           {"published", arguments.published},
                           {"limit_parameters", arguments.limit_parameters},
                           {"label_smoothing", arguments.label_smoothing},
                           {"content",
                            {{"run", model_content(bench.super.directory)},
                             {"predictor", content},
                             {"data", data_content(bench.data, bench.job)}}}};
    check_agreement(bench.job, json);
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

std::string predictor_text(const PredictedDevice& device) {
    const latency::Predictor& predictor = device.predictor;
    std::string text =
        std::string("The ") + predictor.name() + " predictor `" + file_name(device.file.path) + "`";
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
    const latency::Predictor& predictor = bench.device().predictor;
    const Architecture top = largest(bench.space);
    search::SearchReport report{.title = search_report_title,
                                .device = latency::device_name(),
                                .predictor = predictor_text(bench.device()),
                                .search = summary};
    report.baseline = {.name = "largest member",
                       .architecture = top,
                       .loss = bench.loss(top),
                       .predicted_ms = predictor.predict_ms(top)};
    report.chosen = reported("chosen", best);
    for (const ScoredNetwork& network : scored) report.scored.push_back(reported("", network));
    int number = 0;
    for (const ScoredNetwork& network : front_of(scored))
        report.front.push_back(reported("front " + std::to_string(++number), network));
    report.progress = std::move(progress);
    if (!arguments.latency.empty()) {
        for (const auto& row : read_measurements(arguments.latency))
            report.samples.push_back({row.details ? row.details->genes : "",
                                      predictor.predict_ms(row.features), row.total_ms()});
        if (latency) measure(report, arguments.measure, *latency);
        bench.job.ranks.barrier();  // others leave the machine to what is measured
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

/// A search for the front of loss and latency, without a limit, which begins with the front of
/// `scored` and saves its state after each generation. `goes_on`: from the one that is saved. Adds
/// what it scores to `scored`, in which networks that it meets again get their loss over all
/// validation data, and tells how many are new.
///
/// Throws  `Error` if the state cannot be written, or the saved one is damaged or of another search
std::size_t score_front(const SearchArguments& arguments, Workbench& bench,
                        const std::string& scores_of, bool goes_on,
                        std::vector<ScoredNetwork>& scored) {
    Problem problem = bench.problem(no_race);
    search::TradeOff trade_off(
        problem, std::vector<search::LimitedCost<PredictedLatency>>{
                     {bench.latency(bench.device()), std::numeric_limits<double>::max()}});
    std::vector<Architecture> start{smallest(bench.space), largest(bench.space)};
    for (const ScoredNetwork& network : front_of(scored)) start.push_back(network.genome);
    search::ParetoSearch pareto(
        trade_off, {.iterations = arguments.front, .population = 40, .seed = arguments.seed},
        std::move(start));
    const std::string state = front_state_path(arguments);
    if (goes_on && io::exists(state)) {
        search::load_search(state, trade_off, pareto, scores_of);
        std::fprintf(stderr, "front resumed after iteration %d\n", pareto.iteration() - 1);
    }
    check_agreement(bench.job, {{"front", pareto.iteration()}});
    while (pareto.iterate()) {
        if (bench.job.is_first()) search::save_search(state, trade_off, pareto, scores_of);
        std::fprintf(stderr, "front %d/%d  scored %d\n", pareto.iteration() - 1, arguments.front,
                     pareto.scored());
    }
    const std::size_t known = scored.size();
    for (const auto& member : pareto.members()) {
        if (member.objectives.empty()) continue;
        const auto same = [&](const ScoredNetwork& other) { return other.genome == member.genome; };
        const auto again = std::find_if(scored.begin(), scored.end(), same);
        if (again != scored.end())
            again->score = member.objectives[0];
        else
            scored.push_back({member.genome, member.objectives[1], member.objectives[0]});
    }
    return scored.size() - known;
}

/// The best loss so far, at each network that was better than those before it and at the last.
std::vector<search::ReportedProgress> progress_of(const std::vector<ScoredNetwork>& scored) {
    std::vector<search::ReportedProgress> progress;
    for (std::size_t i = 0; i < scored.size(); ++i) {
        const bool is_better = progress.empty() || scored[i].score < progress.back().best_loss;
        if (!is_better && i + 1 < scored.size()) continue;
        const double best = is_better ? scored[i].score : progress.back().best_loss;
        progress.push_back({static_cast<std::int64_t>(i + 1), best});
    }
    return progress;
}

void search_under_limit(const SearchArguments& arguments, Workbench& bench) {
    const double limit = bench.device().limit_ms;
    Problem problem = bench.problem(arguments.published ? no_race : search::RaceOptions{});
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
        std::fprintf(stderr, "resumed after iteration %d\n", evolution.iteration() - 1);
    }
    const int begun = evolution.iteration();
    check_agreement(bench.job, {{"iteration", begun}});
    while (evolution.iterate()) {
        if (bench.job.is_first()) {
            remove_front_state(arguments);  // first: a kill may come between
            search::save_search(state, problem, evolution, scores_of);
        }
        const ScoredNetwork& best = evolution.best();
        std::fprintf(stderr, "iteration %d/%d  scored %zu  best loss %.4f  %.3f ms  %s\n",
                     evolution.iteration() - 1, options.iterations, evolution.scored().size(),
                     best.score, best.cost, elastic::gene_string(best.genome).c_str());
    }
    ScoredNetwork best = evolution.best();
    std::vector<ScoredNetwork> scored = evolution.scored();
    std::string further;
    if (arguments.front > 0) {
        const bool goes_on = arguments.resume && evolution.iteration() == begun;
        const std::size_t more = score_front(arguments, bench, scores_of, goes_on, scored);
        for (const ScoredNetwork& network : scored)
            if (network.cost <= limit && network.score < best.score) best = network;
        further = ", " + std::to_string(more) + " more for the front of all latencies";
    }
    if (bench.job.is_first()) io::write_file(arguments.out, io::architecture_to_yaml(best.genome));
    if (!arguments.report.empty()) {
        auto latency = bench.measured_latency();
        write_page(arguments, bench, scored, best, progress_of(evolution.scored()),
                   "Limit " + decimals(limit, 3) + " ms, " + size_limit(arguments) +
                       std::to_string(evolution.scored().size()) + " networks scored in " +
                       std::to_string(evolution.iteration() - 1) + " iterations" + further + ", " +
                       (arguments.published ? "published setting" : "default setting") + ", seed " +
                       std::to_string(arguments.seed) + ".",
                   latency.get());
    }
    std::printf("%s\n", arguments.out.c_str());
}

using FoundNetwork = search::ParetoMember<Architecture>;

/// The front as CSV. With `latency`, `count` of its networks are measured, evenly from the lowest
/// loss to the highest, and a column more tells how long they took.
std::string front_table(const std::vector<FoundNetwork>& front, int count,
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
    std::string csv = search_front_columns;
    csv += latency ? ",measured_ms\n" : "\n";
    for (std::size_t i = 0; i < front.size(); ++i) {
        const auto& member = front[i];
        csv += decimals(member.objectives[0], 9) + "," + decimals(member.objectives[1], 6) + "," +
               decimals(member.objectives[2], 0) + "," + elastic::gene_string(member.genome);
        csv += latency ? "," + measured[i] + "\n" : "\n";
    }
    return csv;
}

/// The front of loss, latency and size on the device at `index`.
std::vector<FoundNetwork> front_on(const Workbench& bench, std::size_t index,
                                   const std::vector<FoundNetwork>& found) {
    return search::front_of(search::members_of_cost(found, static_cast<int>(index),
                                                    static_cast<int>(bench.devices.size()),
                                                    bench.devices[index].limit_ms));
}

/// "on the front 12"; of several devices, "on the front of desk 12, kitchen 9".
std::string front_sizes(const Workbench& bench, const std::vector<FoundNetwork>& found) {
    std::string text = bench.devices.size() > 1 ? "on the front of" : "on the front";
    for (std::size_t d = 0; d < bench.devices.size(); ++d) {
        if (bench.devices.size() > 1) text += (d > 0 ? ", " : " ") + bench.devices[d].file.name;
        text += " " + std::to_string(front_on(bench, d, found).size());
    }
    return text;
}

/// The network of the lowest loss within all limits; null if there is none.
const FoundNetwork* best_within(const std::vector<FoundNetwork>& found,
                                const std::vector<double>& limits) {
    const FoundNetwork* best = nullptr;
    for (const FoundNetwork& network : found) {
        bool is_within = !network.objectives.empty();
        for (std::size_t i = 0; is_within && i < limits.size(); ++i)
            is_within = network.objectives[1 + i] <= limits[i];
        if (is_within && (!best || network.objectives.front() < best->objectives.front()))
            best = &network;
    }
    return best;
}

/// The network that `--one-for-all` asks for, written and told.
///
/// Throws  `Error` if none that was scored is as good as `--max-loss`, within all limits
void choose_for_all(const SearchArguments& arguments, const Workbench& bench,
                    const std::vector<FoundNetwork>& found) {
    std::vector<double> limits;
    for (const PredictedDevice& device : bench.devices) limits.push_back(device.limit_ms);
    const double max_loss = *arguments.max_loss;
    const auto chosen = search::one_for_all(found, limits, max_loss);
    if (!chosen) {
        const FoundNetwork* const best = best_within(found, limits);
        if (!best)
            fail("--one-for-all: no network that was scored is within the limits of all devices");
        fail("--max-loss: no network that was scored has a loss of ", max_loss,
             has_limit(arguments) ? " at most within the limits of all devices" : " at most",
             "; the least is ", best->objectives.front(), ", of ",
             elastic::gene_string(best->genome));
    }
    const FoundNetwork& network = found[chosen->member];
    io::write_file(arguments.one_for_all, io::architecture_to_yaml(network.genome));
    std::fprintf(stderr, "one for all: loss %.4f  %s\n", network.objectives.front(),
                 elastic::gene_string(network.genome).c_str());
    for (std::size_t d = 0; d < bench.devices.size(); ++d)
        std::fprintf(stderr, "  on %s: %.3f ms, %.3f times the least, %.3f ms\n",
                     bench.devices[d].file.name.c_str(), network.objectives[1 + d],
                     chosen->slowdowns[d], chosen->least[d]);
}

/// A network of each device to begin with, so that there is one on every front.
std::vector<Architecture> first_networks(const Workbench& bench) {
    std::vector<Architecture> networks{smallest(bench.space), largest(bench.space)};
    for (const PredictedDevice& device : bench.devices) {
        if (bench.devices.size() == 1) break;
        networks.push_back(search::cheapest_member(bench.space, bench.latency(device)));
    }
    return networks;
}

void write_fronts(const SearchArguments& arguments, const Workbench& bench,
                  const std::vector<FoundNetwork>& found, MeasuredLatency* latency) {
    for (std::size_t d = 0; d < bench.devices.size(); ++d)
        io::write_file(front_path(arguments, bench.devices[d].file),
                       front_table(front_on(bench, d, found), arguments.measure, latency));
    if (!arguments.one_for_all.empty()) choose_for_all(arguments, bench, found);
}

void search_front(const SearchArguments& arguments, Workbench& bench) {
    Problem problem = bench.problem(no_race);
    const auto parameters = [](const Architecture& a) {
        return static_cast<double>(model::layer_parameters(a));
    };
    std::vector<search::LimitedCost<PredictedLatency>> latencies;
    for (const PredictedDevice& device : bench.devices)
        latencies.push_back({bench.latency(device), device.limit_ms});
    search::TradeOff trade_off(problem, latencies, parameters);
    search::ParetoOptions options{.iterations = arguments.iterations, .seed = arguments.seed};
    if (arguments.population > 0) options.population = arguments.population;
    search::ParetoSearch pareto(trade_off, options, first_networks(bench));
    const std::string state = state_path(arguments);
    const std::string scores_of = configuration(arguments, bench);
    if (arguments.resume && io::exists(state))
        search::load_search(state, trade_off, pareto, scores_of);
    check_agreement(bench.job, {{"iteration", pareto.iteration()}});
    while (pareto.iterate()) {
        if (bench.job.is_first()) search::save_search(state, trade_off, pareto, scores_of);
        std::fprintf(stderr, "iteration %d/%d  scored %d  %s\n", pareto.iteration() - 1,
                     options.iterations, pareto.scored(),
                     front_sizes(bench, pareto.members()).c_str());
    }
    auto latency = bench.measured_latency();
    if (bench.job.is_first()) write_fronts(arguments, bench, pareto.members(), latency.get());
    bench.job.ranks.barrier();  // others leave the machine to what is measured
    if (!arguments.report.empty()) {
        const auto front = pareto.front();
        std::vector<ScoredNetwork> scored;
        for (const FoundNetwork& member : pareto.members())
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
    for (const PredictedDevice& device : bench.devices)
        std::printf("%s\n", front_path(arguments, device.file).c_str());
    if (!arguments.one_for_all.empty()) std::printf("%s\n", arguments.one_for_all.c_str());
}

/// Throws  `Error` if the flags do not go together
void check_flags(const SearchArguments& arguments) {
    if (arguments.out.empty() == arguments.pareto.empty())
        fail("search: name one of --out ARCH.yml and --pareto FRONT.csv");
    if (arguments.limit_ms > 0 && arguments.speedup > 0)
        fail("search: name one of --limit-ms and --speedup");
    if (!arguments.out.empty() && !has_limit(arguments))
        fail("search: --out needs a limit: --limit-ms or --speedup");
    if (arguments.report.empty() && arguments.health.members > 0)
        fail("search: --health needs --report, in which it is told");
    if (arguments.front > 0 && (arguments.report.empty() || arguments.out.empty()))
        fail("search: --front is of --out with --report, in which it is shown");
    if (arguments.one_for_all.empty() == arguments.max_loss.has_value())
        fail("search: --one-for-all and --max-loss go together");
    if (!arguments.one_for_all.empty() && arguments.pareto.empty())
        fail("search: --one-for-all needs --pareto, whose networks it chooses among");
    if (predictor_files(arguments.predictors).size() == 1) return;
    if (arguments.pareto.empty())
        fail("search: several --predictor need --pareto FOLDER, for a front of each device");
    if (!arguments.report.empty() || !arguments.latency.empty())
        fail("search: ", arguments.report.empty() ? "--latency" : "--report",
             " is of one device, and there are several --predictor");
}

void search_networks(const SearchArguments& arguments, const Job& job) {
    check_flags(arguments);
    if (const int shards = train::ShardOptions{}.shards;
        arguments.health.members > 0 && job.ranks.size() > shards)
        fail("search: --health trains with ", shards, " ranks at most, found ", job.ranks.size());
    std::optional<SearchPlace> place;
    if (job.is_first()) place.emplace(arguments);
    Workbench bench(arguments, job);
    if (!arguments.latency.empty() && arguments.measure > 0 && job.is_first())
        check_measurable(bench.super.network, arguments.run, arguments.latency);
    check_size_limit(arguments, bench);
    for (PredictedDevice& device : bench.devices)
        device.limit_ms = limit_of(arguments, bench, device);
    if (elastic::cardinality(bench.space).text() == "1")
        std::fprintf(stderr, "note: the space has one network only: there is nothing to choose\n");
    if (!arguments.latency.empty()) {
        const auto table = read_measurements(arguments.latency);
        const double limit = bench.device().limit_ms;
        const bool below = std::all_of(table.begin(), table.end(),
                                       [&](const auto& row) { return limit < row.total_ms(); });
        if (below && !table.empty())
            std::fprintf(stderr,
                         "note: the limit is below every measured sample: predictions there are "
                         "extrapolated\n");
    }
    if (arguments.pareto.empty())
        search_under_limit(arguments, bench);
    else
        search_front(arguments, bench);
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
        "  hat search --run super --predictor predictor.json --pareto front.csv\n\n"
        "For several devices at once: each network is scored once, and each device has its front,\n"
        "in the folder --pareto, by the name of its predictor's file. A limit (--limit-ms, or\n"
        "--speedup against the largest network there) is that of each device: a front has what is\n"
        "within it there. --one-for-all writes the network that suits all: of those within all\n"
        "limits, with a loss of --max-loss at most, the one whose worst slowdown is least, "
        "against\n"
        "the fastest of that loss on each device.\n"
        "  hat search --run super --predictor kitchen.json --predictor desk.json \\\n"
        "    --pareto fronts --one-for-all common.yml --max-loss 3.5\n"
        "(--report, and --latency to measure, are of one device.)\n\n"
        "mpirun -n 2 in front shares the work (if hat is built with -D HAT_WITH_MPI=ON).");
    const auto path = [&](const char* name, std::string& value, const char* text) {
        return command->add_option(name, value, text);
    };
    const NumberFlags number(*command);
    constexpr int many = 1'000'000;
    path("--run", arguments->run, "what `hat train --space` made")->required();
    command
        ->add_option("--predictor", arguments->predictors,
                     "what `hat predictor` made; with --pareto, several: one of each device")
        ->allow_extra_args(false)
        ->required();
    number.without_default("--limit-ms", arguments->limit_ms, {.above = 0, .high = 1e9},
                           "longest predicted latency allowed");
    number.without_default("--speedup", arguments->speedup, {.above = 0, .high = 1e6},
                           "instead: how much faster than the largest network");
    number("--limit-parameters", arguments->limit_parameters, {.low = 0},
           "most parameters allowed in the layers; 0: any");
    path("--out", arguments->out, "architecture to write (YAML)");
    path("--pareto", arguments->pareto,
         "instead: the front of loss, latency and size to write (CSV); for several devices, a "
         "folder of them");
    path(
        "--one-for-all", arguments->one_for_all,
        "with --pareto: the network to write (YAML) that is nearest to the fastest on all devices");
    number.without_default("--max-loss", arguments->max_loss, {.above = 0, .high = 1e9},
                           "of --one-for-all: the highest loss that is good enough");
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
    number("--front", arguments->front, {.low = 0, .high = many},
           "with --out and --report, generations of a search for the best networks of all "
           "latencies, too; 0: only what the limit allows is looked at");
    number("--iterations", arguments->iterations, {.low = 0, .high = many}, "generations");
    number("--population", arguments->population, {.low = 0, .high = many},
           "networks of the start; 0: the setting's");
    number("--patience", arguments->patience, {.low = 0, .high = many},
           "iterations without a better network before it ends; 0: go on to the end");
    command->add_flag("--published", arguments->published,
                      "the setting of the HAT paper, without surrogate and race");
    number("--seed", arguments->seed, {}, "of the search");
    number("--threads", arguments->threads, {.low = 0, .high = ThreadPool::max_threads},
           "0: all cores, shared with other ranks on them");
    command->add_flag("--resume", arguments->resume, "go on where an earlier search stopped")
        ->excludes(command->add_flag("--overwrite", arguments->overwrite,
                                     "replace the search that is at --out or --pareto"));
    command->callback([arguments, command] {
        run_job(*command, [&](const Job& job) { search_networks(*arguments, job); });
    });
}

}  // namespace hat::program
