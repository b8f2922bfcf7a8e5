// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/elastic/super_transformer.hpp>
#include <hat/io/file_lock.hpp>
#include <hat/latency/affinity.hpp>
#include <hat/latency/device.hpp>
#include <hat/latency/session.hpp>
#include <hat/latency/stopwatch.hpp>
#include <hat/latency/survey.hpp>
#include <hat/report/progress.hpp>

#include "relay.hpp"

#include <cstdio>
#include <string>
#include <unistd.h>

/// What `hat latency` and `hat-latency` have in common.
namespace hat::program {

struct SurveyOptions {
    std::string out;
    latency::LatencyProtocol protocol{};
    int core = -1;  ///< −1: the last one
    bool resume = false;
    bool replace = false;   ///< a table that is there gives way
    bool attached = false;  ///< the table goes to standard output, whose reader may end this
};

/// A line a network on stderr; on a terminal, one line that renews itself.
class SurveyProgress {
public:
    void operator()(const latency::LatencyProgress& progress) const {
        const latency::LatencyDetails& row = *progress.row->details;
        const double seconds = (latency::SteadyClock{}.now_ms() - start_ms_) / 1e3;
        const int left = progress.members - progress.done;
        char line[160];
        std::snprintf(
            line, sizeof line,
            "%d/%d  %.4g ms (encoder %.4g, decoder %.4g) +- %.1f %%  sentinel %.3f  eta %s",
            progress.done, progress.members, row.total_median_ms, row.encoder_median_ms,
            row.decoder_median_ms,
            50 * (row.total_high_ms - row.total_low_ms) / row.total_median_ms, row.sentinel_ratio,
            report::duration_text(seconds / progress.measured * left).c_str());
        std::fprintf(stderr, terminal_ ? "\r%s\033[K" : "%s", line);
        if (!row.flags.empty()) std::fprintf(stderr, "  %s", row.flags.c_str());
        if (!terminal_) std::fputc('\n', stderr);
        std::fflush(stderr);
    }
    void finish() const {
        if (terminal_) std::fputc('\n', stderr);
    }

private:
    bool terminal_ = ::isatty(STDERR_FILENO) != 0;
    double start_ms_ = latency::SteadyClock{}.now_ms();
};

/// Carries out `plan` with the weights of `super`; the path of the table goes to stdout, or, where
/// a caller is attached, the table itself (relay.hpp).
///
/// Throws  `Error` if another process is at work on the table, or it cannot be begun, resumed or
/// written
inline void measure_latencies(const latency::LatencyPlan& plan, const model::Network& super,
                              const SurveyOptions& options) {
    const io::FileLock lock(options.out + ".lock", options.out);
    const std::string device = latency::device_name();
    if (options.replace && latency::remove_latency_table(options.out))
        std::fprintf(stderr, "note: %s: the table of an earlier survey is replaced\n",
                     options.out.c_str());
    latency::LatencySession session(options.out, plan, device, options.resume);
    if (options.attached) {
        end_with_input();
        relay_device(device);
        if (!session.table().empty()) relay_table(session.table());
    }
    const latency::PinnedThread pin(options.core);
    std::fprintf(stderr, "%s, %s; beam %d, lengths %s, %d runs, %s time\n", device.c_str(),
                 pin.problem().empty() ? ("core " + std::to_string(pin.core())).c_str()
                                       : pin.problem().c_str(),
                 plan.workload.beam, latency::lengths_text(plan.workload.lengths).c_str(),
                 options.protocol.blocks() * options.protocol.block_runs,
                 io::enum_word(plan.workload.time));
    latency::LatencySurvey survey(super, plan, options.protocol);
    SurveyProgress progress;
    session.run(survey, [&](const latency::LatencyProgress& row) {
        progress(row);
        if (options.attached) relay_table(session.table());
    });
    progress.finish();
    if (const double change = session.baseline_change(); change > 1.1 || change < 0.9) {
        std::fprintf(stderr,
                     "note: the sentinel takes %.2f times as long as in the first session; rows "
                     "are scaled to that\n",
                     change);
    }
    if (session.unsteady() > 0) {
        std::fprintf(stderr,
                     "note: %d of %zu rows are marked: the device changed its speed or did other "
                     "things; see the column flags\n",
                     session.unsteady(), session.table().size());
    }
    if (!options.attached) std::printf("%s\n", options.out.c_str());
}

}  // namespace hat::program
