// SPDX-License-Identifier: Apache-2.0

/// hat latency --devices: a plan is carried out on many devices at once.

#include "shelf.hpp"

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/file_lock.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/text_file.hpp>
#include <hat/latency/plan_text.hpp>
#include <hat/latency/session.hpp>
#include <hat/latency/table.hpp>

#include "../latency/relay.hpp"
#include "child_process.hpp"
#include "output_directory.hpp"
#include "output_file.hpp"
#include "process.hpp"
#include "stop_signal.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace hat::program {

namespace {

/// SIGPIPE is ignored while it lives: a device that hears nothing more is an error of its own.
class WithoutPipeSignal {
public:
    WithoutPipeSignal() : before_(std::signal(SIGPIPE, SIG_IGN)) {}
    WithoutPipeSignal(const WithoutPipeSignal&) = delete;
    WithoutPipeSignal& operator=(const WithoutPipeSignal&) = delete;
    ~WithoutPipeSignal() { std::signal(SIGPIPE, before_); }

private:
    void (*before_)(int);
};

/// A line on stderr with the name of the device it is of.
void tell(const std::string& device, std::string_view line) {
    static std::mutex one_at_a_time;
    constexpr std::size_t longest = 400;
    const std::lock_guard lock(one_at_a_time);
    std::fprintf(stderr, "%s: %s\n", device.c_str(), readable(line, longest).c_str());
}

/// The device that the table at `path` was measured on, as its plan says; empty: there is no plan.
std::string device_of_table(const std::string& path) {
    const std::string plan = path + ".plan";
    if (!io::is_regular_file(plan)) return {};
    const std::string line = first_line(plan);
    if (!line.starts_with(latency::device_prefix)) return {};
    return line.substr(latency::device_prefix.size());
}

/// `command` with the words FILE and PLACE replaced.
std::string copy_command(std::string_view command, const std::string& file,
                         const std::string& place) {
    std::string line;
    for (std::size_t at = 0; at < command.size();) {
        const auto replace = [&](std::string_view word, const std::string& by) {
            if (!is_word_at(command, at, word)) return false;
            line += command_line({by});
            at += word.size();
            return true;
        };
        if (!replace("FILE", file) && !replace("PLACE", place)) line += command[at++];
    }
    return line;
}

/// How many members of `plan` have no row in `table`.
int rows_missing(const latency::LatencyPlan& plan, const latency::LatencyTable& table) {
    std::set<std::string> measured;
    for (const latency::LatencyRow& row : table)
        if (row.details) measured.insert(row.details->genes);
    return static_cast<int>(std::count_if(
        plan.members.begin(), plan.members.end(), [&](const model::Architecture& member) {
            return !measured.contains(elastic::gene_string(member));
        }));
}

/// A device that its plan is carried out on, and its table here.
class ShelfDevice {
public:
    /// Throws  `Error` if another process is at work on the table, or it cannot be begun or resumed
    ShelfDevice(const Device& device, const latency::LatencyPlan& plan, const ShelfOptions& options)
        : device_(device), plan_(plan), options_(options),
          path_(without_slash(options.out) + "/" + device.name + ".csv"),
          lock_(path_ + ".lock", path_), measured_on_(device_of_table(path_)) {
        const latency::LatencySession known(path_, plan, measured_on_, options.resume);
        table_ = known.table();
        missing_ = rows_missing(plan_, table_);
    }

    /// Networks that its table lacks.
    [[nodiscard]] int missing() const noexcept { return missing_; }
    [[nodiscard]] const std::string& name() const noexcept { return device_.name; }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// Measures what is missing, and tells how that ended; earlier if `stop` can be read.
    void run(int stop) noexcept {
        stop_ = stop;
        try {
            if (missing_ > 0) {
                send_plan();
                send_program();
                measure(has_rows_to_keep() ? " --resume" : " --replace");
            }
            if (missing_ == 0) tell(name(), all() + " are measured: " + path_);
        } catch (const ErrorHere& error) {
            tell_end("an error here, ", error);
        } catch (const Error& error) {
            tell_end("is gone ", error);
        } catch (const std::exception& error) {
            tell_end("an error here, ", error);
        }
    }

    /// "all 14 networks"
    [[nodiscard]] std::string all() const {
        return "all " + std::to_string(plan_.members.size()) + " networks";
    }

private:
    [[nodiscard]] std::string progress() const {
        const auto members = static_cast<int>(plan_.members.size());
        return "after " + std::to_string(members - missing_) + " of " + std::to_string(members) +
               " networks";
    }
    void tell_end(std::string_view how, const std::exception& error) const {
        if (is_stopped()) return;
        tell(name(), std::string(how) + progress() + ": " + error.what());
    }
    [[nodiscard]] bool is_stopped() const {
        pollfd stop{stop_, POLLIN, 0};
        return ::poll(&stop, 1, 0) > 0;
    }

    // On the device.
    [[nodiscard]] std::string table_there() const { return name() + ".csv"; }
    [[nodiscard]] std::string plan_there() const { return name() + ".plan.txt"; }
    [[nodiscard]] std::string program_there() const { return "hat-latency." + name(); }
    [[nodiscard]] std::string go_there() const { return "cd " + device_.folder + " && "; }
    /// What puts standard input into a file there, as a whole.
    [[nodiscard]] static std::string take(const std::string& file) {
        return "cat >" + file + ".new && mv -f " + file + ".new " + file;
    }

    /// Throws  `Error` that tells how the command ended, and what it said last
    void run_here(const std::string& command, Conversation talk) {
        std::string last;
        const auto hear = std::move(talk.hear_error);
        talk.hear_error = [&](std::string_view line) {
            last = line;
            if (hear) hear(line);
        };
        talk.stop = stop_;
        const std::string ending = converse({"/bin/sh", "-c", command}, talk);
        if (is_stopped()) fail("stopped");
        if (ending.empty()) return;
        fail(ending, last.empty() ? ", without a word" : ", and said last ",
             last.empty() ? "" : in_quotes(last, 300));
    }
    void run_there(const std::string& line, Conversation talk) {
        run_here(device_.shell + " " + command_line({line}), std::move(talk));
    }

    void send(const std::string& line, std::string_view input) {
        run_there(line, {.input = input});
    }
    void send_plan() {
        send("mkdir -p " + device_.folder + " && " + go_there() + take(plan_there()),
             latency::plan_to_text(plan_));
    }
    void send_program() {
        if (device_.program.empty()) return;
        const std::string file = program_there();
        if (device_.copy.empty()) {
            send(go_there() + "cat >" + file + ".new",
                 here([&] { return io::read_file(device_.program); }));
        } else {
            const std::string place = device_.folder + "/" + file + ".new";
            run_here(copy_command(device_.copy, device_.program, place), {});
        }
        send(go_there() + "chmod +x " + file + ".new && mv -f " + file + ".new " + file, "");
    }

    /// Empty: there is no such file.
    [[nodiscard]] std::string file_there(const std::string& file) {
        std::string text;
        run_there(go_there() + "cat " + file + " 2>/dev/null || :",
                  {.hear_output = [&](std::string_view piece) { text += piece; }});
        return text;
    }

    /// Whether the table there is to be gone on with: it is that of this survey. If it is not, one
    /// that is here goes there, so that nothing is measured twice.
    [[nodiscard]] bool has_rows_to_keep() {
        if (!options_.resume) return false;
        const std::string there = file_there(table_there());
        const latency::LatencyTable rows = rows_of_plan(there);
        if (table_.empty()) {
            if (rows.empty() || !has_plan_there()) return false;
            tell(name(), "has a table of this plan, and goes on with it: " + networks(rows));
            return true;
        }
        if (!latency::looks_like_latency_table(there))
            fail(table_there(), ": is there already and is not a latency table, so that it would ",
                 "be lost; choose another folder, or remove it");
        // The sentinel's times tell a survey from all others.
        if (rows.size() >= table_.size() && rows.front() == table_.front()) return true;
        tell(name(), (there.empty() ? "has lost its table, and gets it back: "
                                    : "has another table, and gets this one back: ") +
                         networks(table_));
        send(go_there() + "rm -f " + table_there() + " && " + take(table_there() + ".plan"),
             here([&] { return io::read_file(path_ + ".plan"); }));
        send(go_there() + take(table_there()), latency::latency_table_to_csv(table_));
        return true;
    }
    [[nodiscard]] static std::string networks(const latency::LatencyTable& table) {
        return std::to_string(table.size()) + " networks";
    }
    /// The table that `text` is; empty: it is none, or not all of it is of the plan.
    [[nodiscard]] latency::LatencyTable rows_of_plan(const std::string& text) const {
        if (text.empty()) return {};
        try {
            auto table = latency::latency_table_from_csv(text, "its table");
            if (latency::find_stranger(plan_, table) == nullptr) return table;
        } catch (const Error&) {
            return {};
        }
        return {};
    }
    /// Whether its table was measured for this very plan.
    [[nodiscard]] bool has_plan_there() {
        const std::string plan = file_there(table_there() + ".plan");
        return plan.starts_with(latency::device_prefix) &&
               plan.substr(std::min(plan.find('\n'), plan.size() - 1) + 1) ==
                   latency::plan_to_text(plan_);
    }

    void measure(std::string_view how) {
        std::string line =
            go_there() + device_.start + " --plan " + plan_there() + " --out " + table_there() +
            " --attached --repeats " + std::to_string(options_.protocol.repeats) + " --attempts " +
            std::to_string(options_.protocol.attempts) + " --core " + std::to_string(options_.core);
        line += how;
        RelayReader relay;
        run_there(line, {.keeps_input_open = true,
                         .hear_output =
                             [&](std::string_view piece) {
                                 relay.add(
                                     piece, [&](const std::string& device) { keep_device(device); },
                                     [&](const std::string& table) { keep_table(table); });
                             },
                         .hear_error = [&](std::string_view said) { tell(name(), said); }});
        if (missing_ > 0) fail("hat-latency ended well, but its table is not whole");
    }

    void keep_device(const std::string& device) {
        if (!table_.empty() && device != measured_on_)
            fail("is ", device, ", but ", path_, " was measured on ", measured_on_);
        measured_on_ = device;
    }

    void keep_table(const std::string& text) {
        auto table = latency::latency_table_from_csv(text, "its table");
        if (measured_on_.empty()) fail("tells a table, but not what device it is of");
        if (const latency::LatencyRow* const row = latency::find_stranger(plan_, table))
            fail("tells a network that is not of this plan: ",
                 row->details ? row->details->genes : "one without genes");
        here([&] {
            if (!has_written_plan_)
                io::write_file(path_ + ".plan", std::string(latency::device_prefix) + measured_on_ +
                                                    "\n" + latency::plan_to_text(plan_));
            has_written_plan_ = true;
            io::write_file(path_, text);
        });
        table_ = std::move(table);
        missing_ = rows_missing(plan_, table_);
    }

    const Device& device_;
    const latency::LatencyPlan& plan_;
    const ShelfOptions& options_;
    std::string path_;
    io::FileLock lock_;
    std::string measured_on_;
    latency::LatencyTable table_{};
    int missing_ = 0;
    bool has_written_plan_ = false;
    int stop_ = -1;
};

/// "kitchen lacks 9 of 14 networks, desk lacks all 14 networks"; empty: nobody lacks any.
std::string who_lacks_what(const std::vector<std::unique_ptr<ShelfDevice>>& shelf,
                           std::size_t members) {
    std::string text;
    for (const auto& device : shelf) {
        const auto missing = static_cast<std::size_t>(device->missing());
        if (missing == 0) continue;
        text += (text.empty() ? "" : ", ") + device->name() + " lacks ";
        text += missing == members
                    ? device->all()
                    : std::to_string(missing) + " of " + std::to_string(members) + " networks";
    }
    return text;
}

}  // namespace

void measure_shelf(const latency::LatencyPlan& plan, const std::vector<Device>& devices,
                   const ShelfOptions& options) {
    check_folder("--out", options.out);
    make_parent(without_slash(options.out) + "/table");
    std::vector<std::unique_ptr<ShelfDevice>> shelf;
    shelf.reserve(devices.size());
    for (const Device& device : devices)
        shelf.push_back(std::make_unique<ShelfDevice>(device, plan, options));
    const WithoutPipeSignal quiet;
    const StopSignal stop{SIGINT, SIGTERM};
    std::vector<std::thread> threads;
    threads.reserve(shelf.size());
    for (const auto& device : shelf)
        threads.emplace_back([&device, &stop] { device->run(stop.descriptor()); });
    for (std::thread& thread : threads) thread.join();

    const std::string lacking = who_lacks_what(shelf, plan.members.size());
    if (stop.signal() != 0) {
        std::fprintf(stderr, "hat: latency: ended by %s; %s; --resume goes on\n",
                     stop.signal() == SIGINT ? "SIGINT" : "SIGTERM",
                     lacking.empty() ? "all tables are whole" : lacking.c_str());
        throw CLI::RuntimeError(128 + stop.signal());
    }
    for (const auto& device : shelf)
        if (device->missing() == 0) std::printf("%s\n", device->path().c_str());
    if (!lacking.empty()) fail("latency: ", lacking, "; --resume goes on with them");
}

}  // namespace hat::program
