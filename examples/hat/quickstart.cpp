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

/// How much of everything there is.
struct QuickstartAmounts {
    std::string space = "quickstart";
    int max_words = corpus::most_words;
    int vocab_size = 4000;
    double speedup = 2;
    std::int64_t updates = 3000;
    std::int64_t tune_updates = 4500;
    int samples = 40;
    int health = 8;

    // What no flag sets: how trainings, measurements and the search go.
    std::string training = "--max-tokens 2000 --learning-rate 4e-3 --dropout 0.2";
    std::string tuning = "--max-tokens 2000 --learning-rate 3.5e-3 --dropout 0.1";
    std::string measuring;
    std::string searching = "--population 60 --iterations 12 --patience 4 --front 8";

    /// The flags, each with what it sets.
    static void flags(const auto& f, auto&... amounts) {
        f("--space", amounts.space...);
        f("--max-words", amounts.max_words...);
        f("--vocab-size", amounts.vocab_size...);
        f("--speedup", amounts.speedup...);
        f("--updates", amounts.updates...);
        f("--tune-updates", amounts.tune_updates...);
        f("--samples", amounts.samples...);
        f("--health", amounts.health...);
    }

    friend bool operator==(const QuickstartAmounts&, const QuickstartAmounts&) = default;
};

/// Those of `--quick`: some seven minutes of one core, so four of two.
QuickstartAmounts quick_amounts() {
    return {.space = "quick",
            .max_words = 10,
            .vocab_size = 2000,
            .speedup = 1.7,
            .updates = 1000,
            .tune_updates = 4000,
            .samples = 16,
            .health = 0,
            .training = "--max-tokens 1000 --learning-rate 4e-3 --dropout 0.1",
            .tuning = "--max-tokens 1000 --learning-rate 4e-3 --dropout 0.05",
            .measuring = "--sentences 6 --repeats 11",
            .searching = "--population 40 --iterations 4 --patience 3 --front 3"};
}

/// Those of `--quick`, but for what flags of `command` have set in `usual`.
QuickstartAmounts quick_amounts(const CLI::App& command, const QuickstartAmounts& usual) {
    QuickstartAmounts quick = quick_amounts();
    QuickstartAmounts::flags(
        [&](const char* flag, auto& to, const auto& given) {
            if (command.get_option(flag)->count() > 0) to = given;
        },
        quick, usual);
    return quick;
}

/// The flags that `--quick` stands for.
std::string quick_flags() {
    const QuickstartAmounts quick = quick_amounts();
    std::ostringstream words;
    QuickstartAmounts::flags(
        [&](const char* flag, const auto& value) { words << ' ' << flag << ' ' << value; }, quick);
    return words.str();
}

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
        check();
        make_directory(work_);
        const io::FileLock lock(lock_path(work_), work_);
        tell_plan();
        StepRecord record(record_path());
        for (const Step& step : steps()) {
            if (stop_.signal() != 0) end_by_signal();
            record.run(step);
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

    [[noreturn]] void end_by_signal() const {
        std::fprintf(stderr, "hat: quickstart: ended by %s; the same command goes on there\n",
                     stop_.signal() == SIGINT ? "SIGINT" : "SIGTERM");
        throw CLI::RuntimeError(128 + stop_.signal());
    }

    /// What runs a subcommand of this program, which is shown as the user would type it.
    [[nodiscard]] static std::vector<std::string> hat(std::vector<std::string> arguments) {
        std::fprintf(stderr, "hat %s\n", command_line(arguments).c_str());
        arguments.insert(arguments.begin(), own_path());
        return arguments;
    }
    /// Its output, a path as a rule, is not shown.
    void run_hat(std::vector<std::string> arguments) const {
        run_step([&] {
            run_program(hat(std::move(arguments)), {.output = "/dev/null", .stop = &stop_});
        });
    }
    void run_step(const auto& step) const {
        try {
            step();
        } catch (const Error& error) {
            if (stop_.signal() != 0) end_by_signal();
            const bool has_told = dynamic_cast<const ProgramFailed*>(&error) != nullptr;
            fail("quickstart: the last step has failed",
                 has_told ? ", as it says above" : std::string(": ") + error.what(),
                 "; once that is mended, the same command goes on there");
        }
    }

    [[nodiscard]] std::string part(const char* name, bool source) const {
        return text_ + "/" + name + "." + (source ? "en" : options_.language);
    }

    // ---- the steps ---------------------------------------------------------------------------

    [[nodiscard]] std::string record_path() const { return work_ + "/steps.json"; }

    /// What can be wrong is told before anything is made.
    void check() const {
        static_cast<void>(elastic::find_design_space(amounts_.space));
        if (own_text())
            for (const char* name : {"train", "valid", "test"}) {
                for (const bool source : {true, false})
                    if (!io::exists(part(name, source)))
                        fail("--text ", options_.text, ": there is no ", part(name, source));
                    else
                        static_cast<void>(io::file_hash(part(name, source)));  // a regular file
                static_cast<void>(data::read_parallel_text(part(name, true), part(name, false)));
            }
        if (!io::exists(record_path()) && io::exists(work_ + "/super"))
            fail(work_, ": has results, but no ", record_path(),
                 " that says what they are of; choose another --out");
    }

    /// The steps in their order: which flags decide about each, and what it is made of.
    [[nodiscard]] std::vector<Step> steps() const {
        using Paths = std::vector<std::string>;
        const auto there = [this](const char* name) {
            return [path = work_ + name] { return io::exists(path); };
        };
        const auto in_work = [this](Paths names) {
            for (std::string& name : names) name.insert(0, work_);
            return names;
        };
        const io::Json space{{"--space", amounts_.space}, {"content", {{"--space", space_hash()}}}};
        io::Json text{{"--max-words", amounts_.max_words}};
        io::Json prepared{{"--vocab-size", amounts_.vocab_size}};
        if (own_text()) {
            text = {{"--text", options_.text}, {"content", {{"--text", text_hashes()}}}};
            prepared["--text-name"] = options_.text_name;
            prepared["--licence"] = options_.licence;
        }
        io::Json trained = space;
        trained["--updates"] = amounts_.updates;
        io::Json measured = space;
        measured["--samples"] = amounts_.samples;
        const io::Json searched{{"--speedup", amounts_.speedup}, {"--health", amounts_.health}};
        const io::Json tuned{{"--tune-updates", amounts_.tune_updates}};
        const Paths inherited = in_work({"/chosen-inherited", "/largest-inherited"});
        const Paths translations{hypotheses("model"), hypotheses("largest-inherited")};
        const Paths model = in_work({"/model/config.json", "/model/weights.safetensors"});
        const Paths super =
            in_work({"/super/model/config.json", "/super/model/weights.safetensors"});
        const auto with = [](Paths paths, const Paths& more) {
            paths.insert(paths.end(), more.begin(), more.end());
            return paths;
        };
        return {
            {.name = "the text",
             .settings = text,
             .is_there = [this] { return io::exists(part("test", false)); },
             .run = [this] { get_text(); }},
            {.name = "the preparation",
             .settings = prepared,
             .outputs = in_work({"/data"}),
             .is_there = there("/data/config.json"),
             .run = [this] { prepare(); }},
            {.name = "the SuperTransformer",
             .settings = trained,
             .inputs = in_work({"/data/config.json"}),
             .outputs = in_work({"/super"}),
             .is_there = there("/super/model/config.json"),
             .run = [this] { train(); }},
            {.name = "the measuring",
             .settings = measured,
             .inputs = in_work({"/data/config.json"}),
             .outputs = in_work({"/latency.csv", "/latency.csv.plan", "/predictor.json"}),
             .is_there = there("/predictor.json"),
             .run = [this] { measure(); }},
            {.name = "the search",
             .settings = searched,
             .inputs = with(super, in_work({"/predictor.json"})),
             .outputs = in_work(
                 {"/chosen.yml", "/chosen.yml.search.json", "/chosen.yml.front.json", "/report"}),
             .is_there =
                 [this] {
                     return io::exists(work_ + "/chosen.yml") &&
                            io::exists(work_ + "/report/report.md");
                 },
             .run = [this] { search(); }},
            {.name = "the extraction",
             .inputs = with(super, in_work({"/chosen.yml"})),
             .outputs = inherited,
             .is_there =
                 [inherited] {
                     return io::exists(inherited[0] + "/config.json") &&
                            io::exists(inherited[1] + "/config.json");
                 },
             .run = [this] { extract(); }},
            {.name = "the tuning",
             .settings = tuned,
             .inputs = in_work({"/data/config.json", "/chosen-inherited/config.json",
                                "/chosen-inherited/weights.safetensors"}),
             .outputs = in_work({"/model", "/model.run"}),
             .is_there = there("/model/config.json"),
             .run = [this] { tune(); }},
            {.name = "the translation",
             .inputs = with(model, in_work({"/largest-inherited/weights.safetensors"})),
             .outputs = translations,
             .is_there =
                 [translations] {
                     return io::exists(translations[0]) && io::exists(translations[1]);
                 },
             .run = [this] { translate(); }},
            {.name = "the model's card",
             .inputs = with(model, {translations[0]}),
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
        for (const char* name : {"train", "valid", "test"})
            for (const bool source : {true, false})
                hashes[std::filesystem::path(part(name, source)).filename().string()] =
                    io::file_hash(part(name, source));
        return hashes;
    }

    void get_text() const {
        if (own_text()) return;
        say("Get the text: LibreOffice's help and interface, English and " + language_name() +
            " (MPL-2.0)");
        const std::string& language = options_.language;
        const std::string packages = options_.out + "/packages-en-" + language;  // of --quick, too
        const std::string unpacked = work_ + "/unpacked";
        make_directory(packages);
        const io::FileLock lock(lock_path(packages), packages);
        try {
            // Downloads what is not there to the folder as whoever runs this; installs nothing.
            run_program({"apt-get", "download", "-q", "-o", "APT::Sandbox::User=root",
                         "libreoffice-help-en-us", "libreoffice-help-" + language,
                         "libreoffice-l10n-" + language},
                        {.output = "/dev/null", .directory = packages, .stop = &stop_});
        } catch (const Error& error) {
            if (stop_.signal() != 0) end_by_signal();
            fail(
                error.what(), "; is \"", language,
                "\" a language of LibreOffice's help, and are apt's lists there (apt-get update)?");
        }
        for (const auto& entry : std::filesystem::directory_iterator(packages))
            if (entry.path().extension() == ".deb")
                run_program({"dpkg", "-x", entry.path().string(), unpacked});
        corpus::Splits splits = corpus::read_libreoffice(unpacked, language);
        corpus::keep_short(splits, amounts_.max_words);
        write_pairs("train", splits.train);
        write_pairs("valid", splits.valid);
        write_pairs("test", splits.test);  // last: its presence says that all is there
        std::error_code ignored;
        std::filesystem::remove_all(unpacked, ignored);
    }
    void write_pairs(const char* name, const std::vector<corpus::Pair>& pairs) const {
        if (pairs.empty())
            fail("found no pair for ", name, " in what ", options_.out, "/packages-en-",
                 options_.language, " has");
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
            run_step([&] {
                run_program_to_file(
                    hat({"translate", "--model", work_ + "/" + name}),
                    {.input = part("test", true), .output = hypothesis, .stop = &stop_});
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
                 "--measure"});
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
        std::string text = "This was the quick one. Without --quick there are larger batches";
        const auto updates = [](const QuickstartAmounts& of) {
            return std::to_string(of.updates) + " + " + std::to_string(of.tune_updates);
        };
        if (updates(usual) != updates(amounts_))
            text += ", " + updates(usual) + " updates in place of " + updates(amounts_);
        if (usual.space != amounts_.space) text += ", a larger space";
        if (usual.samples != amounts_.samples)
            text += ", " + std::to_string(usual.samples) + " measured networks";
        if (usual.speedup != amounts_.speedup) {
            std::ostringstream times;
            times << usual.speedup;
            text += ", a network " + times.str() + " times as fast as the largest";
        }
        if (usual.health != amounts_.health)
            text += ",\na look at how well the SuperTransformer ranks networks";
        if (!own_text() && usual.max_words != amounts_.max_words)
            text += ", sentences of up to " + std::to_string(usual.max_words) + " words";
        if (own_text() || usual != QuickstartAmounts{}) return text + ".";
        return text + ":\nsome 18 minutes on two cores, for some 32 BLEU on the short sentences "
                      "that are scored here,\n29 to 30 on all (English to German).";
    }

    /// The commands to try next, as they can be copied to a shell.
    void show_next() const {
        const auto show = [](const char* what, const std::string& line) {
            std::fprintf(stderr, "\n%s:\n    %s\n", what, line.c_str());
        };
        const auto hat = [program = own_name()](std::vector<std::string> arguments) {
            arguments.insert(arguments.begin(), program);
            return command_line(arguments);
        };
        const std::string model = work_ + "/model";
        show("A sentence of your own",
             "echo 'Open the file.' | " + hat({"translate", "--model", model}));
        show("The translator as one C++ header, in 8 bits",
             hat({"export", "--model", model, "--weights", "int8", "--out",
                  work_ + "/translator.hpp"}));
        if (options_.quick) {
            std::vector<std::string> command = options_.given;
            command.insert(command.begin(), "quickstart");
            show("The long run", hat(command));
        } else if (own_text()) {
            show("A whole file, in 8 bits",
                 hat({"translate", "--model", model, "--weights", "int8"}) + " <" +
                     command_line({part("test", true)}));
        } else {
            show("All of it on a text of your own, in six files such as these",
                 hat({"quickstart", "--language", options_.language, "--text", text_, "--out",
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
    StopSignal stop_{SIGINT, SIGTERM};
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

std::string is_said(const std::string& word) {
    return word.empty() ? "is empty, expected a folder" : "";
}

std::string is_language(const std::string& word) {
    const bool is_code =
        !word.empty() && word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string::npos;
    if (word == "en") return "en is what is translated from, expected another language";
    return is_code ? "" : in_quotes(word) + " is no language, expected one such as fr or pt-br";
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
        ->check(is_language)
        ->capture_default_str();
    command->add_option("--out", options->out, "folder for everything")
        ->take_last()
        ->check(is_said)
        ->capture_default_str();
    CLI::Option* text = command->add_option(
        "--text", options->text,
        "folder with {train,valid,test}.{en,LANGUAGE}, instead of LibreOffice's");
    text->check(is_said);
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
