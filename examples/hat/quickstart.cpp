// SPDX-License-Identifier: Apache-2.0

/// hat quickstart: the whole method on real text and on this machine.

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/data/bleu.hpp>
#include <hat/data/chrf.hpp>
#include <hat/data/lines.hpp>
#include <hat/data/parallel_text.hpp>
#include <hat/elastic/design_space_yaml.hpp>
#include <hat/elastic/spaces.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/content_hash.hpp>
#include <hat/io/file_hashes.hpp>
#include <hat/io/file_lock.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/json.hpp>
#include <hat/io/text_file.hpp>
#include <hat/latency/device.hpp>
#include <hat/report/language_name.hpp>

#include "../corpus/libreoffice.hpp"
#include "../corpus/nearest.hpp"
#include "commands.hpp"
#include "flags.hpp"
#include "number.hpp"
#include "output_directory.hpp"
#include "process.hpp"
#include "quickstart_amounts.hpp"
#include "step_record.hpp"
#include "stop_signal.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace hat::program {

namespace {

struct QuickstartOptions {
    std::string language = "de";
    std::string out = "build/quickstart";
    std::string text;
    std::string text_name = "a text of the user's own";
    std::string licence = "unknown";
    bool quick = false;
    QuickstartAmounts usual;         ///< those without `--quick`
    QuickstartAmounts amounts;       ///< those of this run
    std::vector<std::string> given;  ///< the flags of this run but `--quick`
};

/// The files of a quickstart. A step whose result is there is not run again (`StepRecord`).
class Quickstart {
public:
    explicit Quickstart(const QuickstartOptions& options)
        : options_(options), amounts_(options.amounts),
          work_(options.out + "/en-" + options.language + (options.quick ? "-quick" : "")),
          text_(options.text.empty() ? work_ + "/text" : options.text) {}

    void run() {
        check_arguments();
        const std::vector<Step> all = steps();
        make_directory(work_);
        const io::FileLock lock(lock_path(work_), work_);
        StepRecord record(record_path());
        check_place(all);
        record.check(all);
        tell_plan();
        {
            const StopSignal stop{SIGINT, SIGTERM, SIGHUP};
            stop_ = &stop;
            for (const Step& step : all) {
                check_signal();
                record.run(step);
            }
            check_signal();
            stop_ = nullptr;
        }
        tell();
    }

private:
    static void make_directory(const std::string& path) {
        std::error_code error;
        std::filesystem::create_directories(path, error);
        if (error) fail(path, ": cannot make the directory: ", error.message());
    }

    void say(const std::string& words) const {
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin_;
        std::fprintf(stderr, "\n== %s  (after %d:%02d min)\n", words.c_str(),
                     static_cast<int>(passed.count()) / 60, static_cast<int>(passed.count()) % 60);
    }

    /// Adds words that are parted by spaces.
    static void add(std::vector<std::string>& command, const std::string& words) {
        std::istringstream stream(words);
        for (std::string word; stream >> word;) command.push_back(word);
    }

    void tell_plan() const {
        if (io::exists(work_ + "/model/config.json")) return;
        std::fprintf(
            stderr,
            "\nText, a SuperTransformer, this machine's latencies, a search, a translator%s. "
            "When it is interrupted, the same command goes on.\n",
            expected_time().c_str());
    }
    /// Measured on two cores of 2022 (AMD Zen 4); of other amounts nothing is known.
    [[nodiscard]] std::string expected_time() const {
        if (own_text()) return {};
        if (amounts_ == quick_amounts()) return ": some four minutes on two cores";
        if (amounts_ == QuickstartAmounts{}) return ": some 18 minutes on two cores";
        return {};
    }

    /// Throws  what ends this program by the signal that has come, if one has
    void check_signal() const {
        if (stop_->signal() == 0) return;
        const char* const name = stop_->signal() == SIGINT    ? "SIGINT"
                                 : stop_->signal() == SIGTERM ? "SIGTERM"
                                                              : "SIGHUP";
        std::fprintf(stderr, "hat: quickstart: ended by %s; the same command goes on there\n",
                     name);
        throw CLI::RuntimeError(128 + stop_->signal());
    }

    /// The words that run a subcommand of this program, which are shown as the user would type it.
    [[nodiscard]] static std::vector<std::string>
    shown_command(std::vector<std::string> arguments) {
        std::fprintf(stderr, "hat %s\n", command_line(arguments).c_str());
        arguments.insert(arguments.begin(), own_path());
        return arguments;
    }
    /// Its output, a path as a rule, is not shown.
    void run_hat(std::vector<std::string> arguments) const {
        run_part([&] {
            run_program(shown_command(std::move(arguments)),
                        {.output = "/dev/null", .stop = stop_});
        });
    }
    /// Programs of a step.
    void run_part(const auto& programs, const std::string& advice = {}) const {
        try {
            programs();
        } catch (const Error& error) {
            check_signal();
            const bool has_told = dynamic_cast<const ProgramFailed*>(&error) != nullptr;
            fail("quickstart: the last step has failed",
                 has_told ? ", as it says above" : std::string(": ") + error.what(), advice,
                 "; once that is mended, the same command goes on there");
        }
        check_signal();
    }

    [[nodiscard]] std::string part(const char* name, bool source) const {
        return text_ + "/" + name + "." + (source ? "en" : options_.language);
    }

    // ---- the steps ---------------------------------------------------------------------------

    [[nodiscard]] std::string record_path() const { return work_ + "/steps.json"; }

    /// What can be wrong is told before anything is made.
    void check_arguments() const {
        static_cast<void>(elastic::find_design_space(amounts_.space));
        if (!own_text()) return;
        for (const std::string& path : text_files())
            if (!io::exists(path)) fail("--text ", options_.text, ": there is no ", path);
        static_cast<void>(text_hashes());  // regular files
        for (const char* name : {"train", "valid", "test"})
            static_cast<void>(data::read_parallel_text(part(name, true), part(name, false)));
    }
    void check_place(const std::vector<Step>& all) const {
        if (io::exists(record_path())) return;
        for (const Step& step : all)
            for (const std::string& output : step.outputs)
                if (io::exists(output))
                    fail(output, ": is there already, and no ", record_path(),
                         " that says what it is of; choose another --out");
    }

    /// `names` in this run's folder.
    [[nodiscard]] std::vector<std::string> in_work(std::vector<std::string> names) const {
        for (std::string& name : names) name.insert(0, work_ + "/");
        return names;
    }
    /// A model's files.
    [[nodiscard]] std::vector<std::string> model_files(const std::string& name) const {
        return in_work({name + "/config.json", name + "/weights.safetensors"});
    }
    [[nodiscard]] std::vector<std::string> text_files() const {
        std::vector<std::string> files;
        for (const char* name : {"train", "valid", "test"})
            for (const bool source : {true, false}) files.push_back(part(name, source));
        return files;
    }
    [[nodiscard]] static std::vector<std::string> together(std::vector<std::string> files,
                                                           const std::vector<std::string>& more) {
        files.insert(files.end(), more.begin(), more.end());
        return files;
    }
    [[nodiscard]] static std::function<bool()> all_there(std::vector<std::string> files) {
        return [files = std::move(files)] {
            return std::all_of(files.begin(), files.end(),
                               [](const std::string& file) { return io::exists(file); });
        };
    }

    /// The steps in their order: which flags decide about each, and what it is made of.
    [[nodiscard]] std::vector<Step> steps() const {
        std::vector<Step> all = first_steps();
        for (Step& step : last_steps()) all.push_back(std::move(step));
        return all;
    }

    /// As far as the SuperTransformer and what is known of this machine.
    [[nodiscard]] std::vector<Step> first_steps() const {
        const io::Json space{{"--space", amounts_.space}, {"content", {{"--space", space_hash()}}}};
        io::Json prepared{{"--vocab-size", amounts_.vocab_size}};
        if (own_text()) {
            prepared["--text"] = options_.text;
            prepared["--text-name"] = options_.text_name;
            prepared["--licence"] = options_.licence;
            prepared["content"] = {{"--text", text_hashes()}};
        }
        io::Json trained = space;
        trained["--updates"] = amounts_.updates;
        trained["training"] = amounts_.training;
        io::Json measured = space;
        measured["--samples"] = amounts_.samples;
        measured["measuring"] = amounts_.measuring;
        const std::vector<std::string> data = in_work({"data/config.json"});
        std::vector<Step> steps;
        if (!own_text())
            steps.push_back({.key = "text",
                             .title = "the text",
                             .settings = {{"--max-words", amounts_.max_words}},
                             .outputs = {text_},
                             .is_there = all_there(text_files()),
                             .run = [this] { get_text(); }});
        steps.push_back({.key = "prepare",
                         .title = "the prepared data",
                         .settings = prepared,
                         .inputs = own_text() ? std::vector<std::string>{} : text_files(),
                         .outputs = in_work({"data"}),
                         .is_there = all_there(data),
                         .run = [this] { prepare(); }});
        steps.push_back({.key = "train",
                         .title = "the SuperTransformer",
                         .settings = trained,
                         .inputs = data,
                         .outputs = in_work({"super"}),
                         .is_there = all_there(model_files("super/model")),
                         .run = [this] { train(); }});
        steps.push_back({.key = "measure",
                         .title = "what was measured",
                         .settings = measured,
                         .inputs = data,
                         .outputs = in_work({"latency.csv", "latency.csv.plan", "predictor.json"}),
                         .is_there = all_there(in_work({"latency.csv", "predictor.json"})),
                         .run = [this] { measure(); }});
        return steps;
    }

    /// From the search on.
    [[nodiscard]] std::vector<Step> last_steps() const {
        const std::vector<std::string> super = model_files("super/model");
        const std::vector<std::string> chosen = model_files("chosen-inherited");
        const std::vector<std::string> largest = model_files("largest-inherited");
        const std::vector<std::string> model = model_files("model");
        const std::vector<std::string> translations{hypotheses("model"),
                                                    hypotheses("largest-inherited")};
        return {
            {.key = "search",
             .title = "the search",
             .settings = {{"--speedup", amounts_.speedup},
                          {"--health", amounts_.health},
                          {"searching", amounts_.searching}},
             .inputs = together(super, in_work({"predictor.json"})),
             .outputs = in_work(
                 {"chosen.yml", "chosen.yml.search.json", "chosen.yml.front.json", "report"}),
             .is_there = all_there(in_work({"chosen.yml", "report/report.md"})),
             .run = [this] { search(); }},
            {.key = "extract",
             .title = "the inherited networks",
             .inputs = together(super, in_work({"chosen.yml"})),
             .outputs = in_work({"chosen-inherited", "largest-inherited"}),
             .is_there = all_there(together(chosen, largest)),
             .run = [this] { extract(); }},
            {.key = "tune",
             .title = "the tuned network",
             .settings = {{"--tune-updates", amounts_.tune_updates}, {"tuning", amounts_.tuning}},
             .inputs = together(chosen, in_work({"data/config.json"})),
             .outputs = in_work({"model", "model.run"}),
             .is_there = all_there(model),
             .run = [this] { tune(); }},
            {.key = "translate",
             .title = "the translations",
             .inputs = together(together(model, largest), {part("test", true)}),
             .outputs = translations,
             .is_there = all_there(translations),
             .run = [this] { translate(); }},
            {.key = "card",
             .title = "the model's card",
             .inputs = together(model, {translations.front(), part("test", false)}),
             .is_there =
                 [this] {
                     const std::string card = work_ + "/model/README.md";
                     return io::exists(card) &&
                            io::read_file(card).find("## Latency") != std::string::npos;
                 },
             .run = [this] { describe(); }},
        };
    }

    [[nodiscard]] std::string space_hash() const {
        return io::content_hash(
            elastic::design_space_to_yaml(elastic::find_design_space(amounts_.space)));
    }
    [[nodiscard]] io::Json text_hashes() const {
        io::Json hashes;
        for (const std::string& path : text_files())
            hashes[std::filesystem::path(path).filename().string()] = io::file_hash(path);
        return hashes;
    }

    void get_text() const {
        say("Get the text: LibreOffice's help and interface, English and " + language_name() +
            " (MPL-2.0)");
        const std::string packages = packages_path();  // of --quick, too
        const std::string unpacked = work_ + "/unpacked";
        make_directory(packages);
        const io::FileLock lock(lock_path(packages), packages);
        remove_path(unpacked);  // of a run that was interrupted
        run_part(
            [&] {
                download(packages);
                for (const std::string& package : packages_in(packages))
                    run_program({"dpkg", "-x", package, unpacked}, {.stop = stop_});
            },
            "; is " + in_quotes(options_.language) +
                " a language of LibreOffice's help, and are apt's lists there (apt-get update)?");
        corpus::Splits splits = corpus::read_libreoffice(unpacked, options_.language);
        corpus::keep_short(splits, amounts_.max_words);
        write_pairs("train", splits.train);
        write_pairs("valid", splits.valid);
        write_pairs("test", splits.test);
        remove_path(unpacked);
    }
    [[nodiscard]] std::string packages_path() const {
        return options_.out + "/packages-en-" + options_.language;
    }
    static void remove_path(const std::string& path) {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    /// Fetches what is not there of the packages with the text, as whoever runs this, and installs
    /// nothing. Files of older versions give way.
    void download(const std::string& folder) const {
        std::vector<std::string> command{
            "apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", "libreoffice-help-en-us"};
        for (const char* part : {"help", "l10n"})
            command.push_back(std::string("libreoffice-") + part + "-" + options_.language);
        std::vector<std::string> listing = command;
        listing.emplace_back("--print-uris");
        const std::string list = work_ + "/packages.txt";
        run_program_to_file(listing, list, {.directory = folder, .stop = stop_});
        std::istringstream lines(io::read_file(list));  // 'address' file size hash
        for (std::string line; std::getline(lines, line);) {
            const std::size_t begin = line.find(' ') + 1;
            const std::size_t end = line.find('_', begin);
            if (!line.starts_with('\'') || end == std::string::npos) continue;
            const std::string package = line.substr(begin, end + 1 - begin);
            for (const std::string& file : packages_in(folder))
                if (std::filesystem::path(file).filename().string().starts_with(package))
                    remove_path(file);
        }
        remove_path(list);
        run_program(command, {.output = "/dev/null", .directory = folder, .stop = stop_});
    }
    [[nodiscard]] static std::vector<std::string> packages_in(const std::string& folder) {
        std::vector<std::string> files;
        for (const auto& entry : std::filesystem::directory_iterator(folder))
            if (entry.path().extension() == ".deb") files.push_back(entry.path().string());
        return files;
    }
    void write_pairs(const char* name, const std::vector<corpus::Pair>& pairs) const {
        if (pairs.empty()) fail("found no pair for ", name, " in ", packages_path());
        make_directory(text_);
        for (const bool source : {true, false}) {
            std::string lines;
            for (const corpus::Pair& pair : pairs) {
                lines += source ? pair.source : pair.target;
                lines += '\n';
            }
            io::write_file(part(name, source), lines);
        }
    }

    void prepare() const {
        say("Prepare: one subword model for both languages, encoded sentences");
        run_hat({"prepare",
                 "--source",
                 part("train", true),
                 "--target",
                 part("train", false),
                 "--valid-source",
                 part("valid", true),
                 "--valid-target",
                 part("valid", false),
                 "--vocab-size",
                 std::to_string(amounts_.vocab_size),
                 "--source-language",
                 "en",
                 "--target-language",
                 options_.language,
                 "--licence",
                 licence(),
                 "--text-name",
                 text_name(),
                 "--out",
                 work_ + "/data"});
    }

    void train() const {
        say("Train a SuperTransformer: the weights of all networks of the space at once");
        std::vector<std::string> command{"train",        "--data", work_ + "/data", "--space",
                                         amounts_.space, "--out",  work_ + "/super"};
        add(command, amounts_.training);
        add(command,
            "--validate-every 500 --average-last 1 --updates " + std::to_string(amounts_.updates));
        add(command, "--warmup " + std::to_string(std::max<std::int64_t>(amounts_.updates / 5, 1)));
        add(command,
            "--shrink-after " + std::to_string(std::max<std::int64_t>(amounts_.updates / 2, 1)));
        if (io::exists(work_ + "/super/config.json")) command.emplace_back("--resume");
        run_hat(std::move(command));
    }

    void measure() const {
        say("Measure this machine, and learn to predict what it will take");
        const std::string table = work_ + "/latency.csv";
        std::vector<std::string> command{"latency",       "--space", amounts_.space, "--data",
                                         work_ + "/data", "--out",   table};
        add(command, "--samples " + std::to_string(amounts_.samples));
        add(command, amounts_.measuring);
        if (io::exists(table)) command.emplace_back("--resume");
        run_hat(std::move(command));
        run_hat({"predictor", "--latency", table, "--out", work_ + "/predictor.json"});
    }

    void search() const {
        say("Search for the best network that is fast enough");
        std::vector<std::string> command{"search",
                                         "--run",
                                         work_ + "/super",
                                         "--data",
                                         work_ + "/data",
                                         "--predictor",
                                         work_ + "/predictor.json",
                                         "--latency",
                                         work_ + "/latency.csv",
                                         "--report",
                                         work_ + "/report",
                                         "--out",
                                         work_ + "/chosen.yml"};
        add(command, amounts_.searching);
        add(command, "--speedup " + detail::shortest(amounts_.speedup));
        add(command, "--health " + std::to_string(amounts_.health));
        if (io::exists(work_ + "/chosen.yml.search.json")) command.emplace_back("--resume");
        run_hat(std::move(command));
    }

    void extract() const {
        for (const char* name : {"chosen", "largest"}) {
            const std::string inherited = work_ + "/" + name + "-inherited";
            if (io::exists(inherited + "/config.json")) continue;
            say(std::string("Extract the ") + name + " network");
            run_hat({"extract", "--run", work_ + "/super", "--architecture",
                     std::string(name) == "chosen" ? work_ + "/chosen.yml" : "largest", "--out",
                     inherited});
        }
    }

    void tune() const {
        say("Tune the chosen network");
        std::vector<std::string> command{
            "tune",  "--model",       work_ + "/chosen-inherited", "--data", work_ + "/data",
            "--out", work_ + "/model"};
        add(command, amounts_.tuning);
        add(command, "--validate-every 500 --average-last 1 --updates " +
                         std::to_string(amounts_.tune_updates));
        if (io::exists(work_ + "/model.run/config.json")) command.emplace_back("--resume");
        run_hat(std::move(command));
    }

    void translate() const {
        say("Translate the held-out pages");
        for (const char* name : {"model", "largest-inherited"}) {
            const std::string hypothesis = hypotheses(name);
            if (io::exists(hypothesis)) continue;
            run_part([&] {
                run_program_to_file(shown_command({"translate", "--model", work_ + "/" + name}),
                                    hypothesis, {.input = part("test", true), .stop = stop_});
            });
        }
    }

    /// Its code, where it has no name here.
    [[nodiscard]] std::string language_name() const {
        const std::string name = report::language_name(options_.language);
        return name.empty() ? options_.language : name;
    }
    [[nodiscard]] bool own_text() const { return !options_.text.empty(); }
    [[nodiscard]] std::string text_name() const {
        return own_text() ? options_.text_name : "LibreOffice's help and interface";
    }

    [[nodiscard]] std::string licence() const { return own_text() ? options_.licence : "MPL-2.0"; }

    /// The model's README.md: scores of the held-out text, and how fast it is here.
    void describe() const {
        run_hat({"card", "--model", work_ + "/model", "--name", "hat-en-" + options_.language,
                 "--translations", hypotheses("model"), "--reference", part("test", false),
                 "--test", own_text() ? "held-out text" : "held-out pages of LibreOffice's help",
                 "--measure", "--overwrite"});
    }

    [[nodiscard]] std::string hypotheses(const char* name) const {
        return work_ + "/test." + name + "." + options_.language;
    }

    /// What a translator that only copies the translation of the nearest known sentence says.
    [[nodiscard]] std::vector<std::string>
    nearest_translations(const std::vector<std::string>& sources) const {
        data::ParallelText known =
            data::read_parallel_text(part("train", true), part("train", false));
        const corpus::NearestTranslator translator(known.source, std::move(known.target));
        std::vector<std::string> result;
        for (const std::string& line : sources) result.push_back(translator.translate(line));
        return result;
    }

    void tell() const {
        const std::vector<std::string> sources = data::read_lines(part("test", true));
        const std::vector<std::string> references = data::read_lines(part("test", false));
        const std::vector<std::string> chosen = data::read_lines(hypotheses("model"));
        const std::vector<std::string> largest = data::read_lines(hypotheses("largest-inherited"));

        std::string page = "# A translator from English to " + language_name() +
                           ", made for one machine\n\nMachine: " + latency::device_name() +
                           ". Text: " + text_name() + ". Licence: " + licence() +
                           ".\n\n## Scores on " + std::to_string(references.size()) +
                           " held-out sentences\n\n";
        std::string signatures;
        const auto score = [&](const char* name, const std::vector<std::string>& lines) {
            const data::Bleu bleu = data::corpus_bleu(lines, references);
            const data::Chrf chrf = data::corpus_chrf(lines, references);
            char scores[64];
            std::snprintf(scores, sizeof scores, "%.1f BLEU, %.1f %s", bleu.score, chrf.score,
                          chrf.name.c_str());
            page += std::string("- ") + name + ": " + scores + "\n";
            signatures =
                "`BLEU|" + bleu.signature + "`, `" + chrf.name + "|" + chrf.signature + "`";
        };
        score("the searched and tuned network", chosen);
        score("the largest network, with the SuperTransformer's weights", largest);
        score("copying the translation of the nearest training sentence",
              nearest_translations(sources));
        page += "\nScored as " + signatures + ".\n";
        page += "\n## Ten of the translations\n\n";
        const std::size_t step = std::max<std::size_t>(sources.size() / 10, 1);
        for (std::size_t i = 0, shown = 0; i < sources.size() && shown < 10; i += step, ++shown)
            page += "- source: " + sources[i] + "\n  - reference: " + references[i] +
                    "\n  - hat: " + chosen[i] + "\n";
        std::printf("%s", page.c_str());

        // The search has written a page of its own: its sections follow, its title goes.
        const std::string report = work_ + "/report/report.md";
        const std::string search = io::read_file(report);
        const std::string own = work_ + "/report/README.md";
        io::write_file(own,
                       page + "\n" + search.substr(std::min(search.find('\n') + 1, search.size())));
        say("Done. The report: " + own);
        std::fprintf(stderr, "The front, the chosen network and the largest one: %s\n",
                     (work_ + "/report/front.svg").c_str());
        if (options_.quick) std::fprintf(stderr, "\n%s\n", long_one().c_str());
        show_next();
    }

    /// What the run without `--quick` adds; its figures are those of bench/RESULTS.md.
    [[nodiscard]] std::string long_one() const {
        const QuickstartAmounts& usual = options_.usual;
        std::vector<std::string> more{"larger batches"};
        const auto updates = [](const QuickstartAmounts& of) {
            return std::to_string(of.updates) + " + " + std::to_string(of.tune_updates);
        };
        if (updates(usual) != updates(amounts_))
            more.push_back(updates(usual) + " updates in place of " + updates(amounts_));
        if (usual.space != amounts_.space) more.emplace_back("a larger space");
        if (usual.samples != amounts_.samples)
            more.push_back(std::to_string(usual.samples) + " measured networks");
        if (usual.speedup != amounts_.speedup)
            more.push_back("a network " + detail::shortest(usual.speedup) +
                           " times as fast as the largest");
        if (usual.health != amounts_.health)
            more.emplace_back("a look at how well the SuperTransformer ranks networks");
        if (!own_text() && usual.max_words != amounts_.max_words)
            more.push_back("sentences of up to " + std::to_string(usual.max_words) + " words");
        std::string text = "This was the quick one. Without --quick there are";
        for (std::size_t i = 0; i < more.size(); ++i)
            text += (i == 0 ? " " : i + 1 < more.size() ? ", " : " and ") + more[i];
        text += ".";
        if (!own_text() && usual == QuickstartAmounts{})
            text +=
                "\nIt takes some 18 minutes on two cores, and reaches some 32 BLEU on the short "
                "sentences that are scored here,\n29 to 30 on all (English to German).";
        return text;
    }

    /// The commands to try next, as they can be copied to a shell.
    void show_next() const {
        const auto show = [](const char* what, const std::string& line) {
            std::fprintf(stderr, "\n%s:\n    %s\n", what, line.c_str());
        };
        const auto as_typed = [program = own_name()](std::vector<std::string> arguments) {
            arguments.insert(arguments.begin(), program);
            return command_line(arguments);
        };
        const std::string model = work_ + "/model";
        show("A sentence of your own",
             "echo 'Open the file.' | " + as_typed({"translate", "--model", model}));
        show("The translator as one C++ header, in 8 bits",
             as_typed({"export", "--model", model, "--weights", "int8", "--out",
                       work_ + "/translator.hpp"}));
        if (options_.quick) {
            std::vector<std::string> command = options_.given;
            command.insert(command.begin(), "quickstart");
            show("The long run", as_typed(command));
        } else if (own_text()) {
            show("A whole file, in 8 bits",
                 as_typed({"translate", "--model", model, "--weights", "int8"}) + " <" +
                     command_line({part("test", true)}));
        } else {
            show("All of it on a text of your own, in six files such as these",
                 as_typed({"quickstart", "--language", options_.language, "--text", text_, "--out",
                           options_.out + "/own"}));
        }
    }

    /// Its file, unless that is another program by now.
    [[nodiscard]] static std::string own_path() {
        const char* const self = "/proc/self/exe";
        std::error_code error;
        const auto path = std::filesystem::read_symlink(self, error);
        return !error && std::filesystem::equivalent(path, self, error) ? path.string() : self;
    }
    /// What a shell starts this program by: "hat" if it is the first of that name in PATH.
    [[nodiscard]] static std::string own_name() {
        std::error_code ignored;
        const std::string path = own_path();
        const char* const folders = std::getenv("PATH");
        std::istringstream stream(folders ? folders : "");
        for (std::string folder; std::getline(stream, folder, ':');)
            if (const std::string found = folder + "/hat"; io::exists(found)) {
                if (std::filesystem::equivalent(found, path, ignored)) return "hat";
                break;
            }
        return path;
    }

    const QuickstartOptions& options_;
    const QuickstartAmounts& amounts_;
    std::string work_;
    std::string text_;
    const StopSignal* stop_ = nullptr;  ///< while there are steps
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// What is wrong with a path; empty: nothing.
std::string path_error(const std::string& word) {
    return word.empty() ? "is empty, expected a folder" : "";
}

/// What is wrong with a language's code, which becomes a part of folders' names; empty: nothing.
std::string language_error(const std::string& word) {
    const bool is_code = word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string::npos;
    if (word == "en") return "en is what is translated from, expected another language";
    if (is_code && !word.empty() && word.front() != '-' && word.back() != '-' &&
        !word.ends_with("-quick"))
        return "";
    return in_quotes(word) + " is no language, expected one such as fr or pt-br";
}

}  // namespace

void add_quickstart(CLI::App& app) {
    auto options = std::make_shared<QuickstartOptions>();
    QuickstartAmounts& amounts = options->usual;
    CLI::App* command = app.add_subcommand(
        "quickstart",
        "Runs the whole method on real text: train, measure, search, tune, translate.");
    command->footer(
        "Example:\n  hat quickstart --language fr\n  hat quickstart --quick\nA run that was "
        "interrupted goes on where it was.\n\n--quick sets what no other flag does:\n " +
        quick_flags());
    command->add_flag("--quick", options->quick,
                      "some four minutes on two cores: less text, a smaller space, less training");
    command->add_option("--language", options->language, "one LibreOffice's help is in, such as fr")
        ->take_last()  // of examples/quickstart.sh and of who started it
        ->check(language_error)
        ->capture_default_str();
    command->add_option("--out", options->out, "folder for everything")
        ->take_last()
        ->check(path_error)
        ->capture_default_str();
    CLI::Option* text = command->add_option(
        "--text", options->text,
        "folder with {train,valid,test}.{en,LANGUAGE}, instead of LibreOffice's");
    text->check(path_error);
    command->add_option("--text-name", options->text_name, "what that text is, for the model card")
        ->needs(text);
    command->add_option("--licence,--license", options->licence, "of that text and its model")
        ->needs(text);
    command->add_option("--space", amounts.space, "design space: YAML file, or a name")
        ->type_name(file_or(elastic::built_in_space_names()))
        ->capture_default_str();
    const NumberFlags number(*command);
    constexpr int most = 1'000'000'000;
    constexpr int fewest_samples = 13;  // that a predictor is fitted to
    number("--max-words", amounts.max_words, {.low = 2, .high = corpus::most_words},
           "of LibreOffice's sentences")
        ->excludes(text);
    number("--vocab-size", amounts.vocab_size, {.low = 8, .high = 1'000'000}, "subwords");
    number("--speedup", amounts.speedup, {.above = 0, .high = 1e6},
           "how much faster than the largest network");
    number("--updates", amounts.updates, {.low = 1, .high = most}, "of the SuperTransformer");
    number("--tune-updates", amounts.tune_updates, {.low = 1, .high = most},
           "of the chosen network");
    number("--samples", amounts.samples, {.low = fewest_samples, .high = 1'000'000},
           "networks to measure");
    number("--health", amounts.health, {.low = 0, .high = 1000},
           "networks to tune for the supernet's health");
    command->callback([options, command] {
        options->amounts =
            options->quick ? quick_amounts(*command, options->usual) : options->usual;
        for (const CLI::Option* option : command->get_options())
            if (option->count() > 0 && !option->check_lname("quick"))
                for (const std::string& word :
                     {"--" + option->get_lnames().front(), option->results().back()})
                    options->given.push_back(word);
        Quickstart(*options).run();
    });
}

}  // namespace hat::program
