// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/spaces.hpp>
#include <hat/latency/session.hpp>

#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace hat::latency;
using hat::model::Architecture;
using hat::support::overwrite;

namespace {

LatencyPlan plan_of(int members, int beam = 5) {
    const auto space = with_vocabulary(hat::elastic::quickstart_space(), 2000, 2000);
    return plan_latency(space, {.lengths = {{12, 12}}, .beam = beam}, members, 1);
}

/// A survey whose latencies follow from the number of the measurement.
struct FakeSurvey {
    int measured = 0;
    int resumed = 0;
    int fails_after = 1000;
    std::map<std::string, std::vector<std::string>> flags;  ///< by genes, of each measurement

    LatencyRow calibrate() {
        LatencyRow row = measure(plan_of(1).members[0]);
        row.details->flags = "sentinel";
        --measured;
        return row;
    }
    double resume(const LatencyRow& /*sentinel*/) {
        ++resumed;
        return 1.25;
    }
    LatencyRow measure(const Architecture& member) {
        if (measured == fails_after) hat::fail("the power is gone");
        const std::string genes = hat::elastic::gene_string(member);
        std::string flag;
        if (auto& left = flags[genes]; !left.empty()) {
            flag = left.front();
            left.erase(left.begin());
        }
        const double total_ms = 10.0 + measured++;
        return {.features = latency_features(member),
                .encoder_mean_ms = 1,
                .decoder_mean_ms = 2,
                .details = LatencyDetails{.encoder_median_ms = 1,
                                          .decoder_median_ms = total_ms - 1,
                                          .total_median_ms = total_ms,
                                          .flags = flag,
                                          .genes = genes}};
    }
};

constexpr auto quiet = [](const LatencyProgress&) {};

}  // namespace

TEST_SUITE("latency/session") {
    TEST_CASE("every member gets a row, and the table is on the disk after each") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "latency.csv";
        FakeSurvey survey;
        LatencySession session(path, plan_of(5), "a machine", false);
        int reports = 0;
        session.run(survey, [&](const LatencyProgress& progress) {
            CHECK(progress.done == ++reports);
            CHECK(progress.measured == reports);
            CHECK(progress.members == 5);
            CHECK(read_latency_table(path).back() == *progress.row);
        });
        CHECK(reports == 5);
        CHECK(survey.measured == 4);
        REQUIRE(session.table().size() == 5);
        CHECK(session.table()[0].details->flags == "sentinel");
        CHECK(session.unsteady() == 0);
        CHECK(plan_from_text(hat::io::read_file(path + ".plan"), "plan") == plan_of(5));
    }

    TEST_CASE("what ended early goes on where it was") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "latency.csv";
        FakeSurvey first;
        first.fails_after = 2;
        LatencySession broken(path, plan_of(6), "a machine", false);
        CHECK_THROWS_AS(broken.run(first, quiet), hat::Error);
        const LatencyTable before = read_latency_table(path);
        CHECK(before.size() == 3);

        FakeSurvey second;
        LatencySession session(path, plan_of(8), "a machine", true);
        session.run(second, quiet);
        CHECK(second.resumed == 1);
        CHECK(second.measured == 5);
        REQUIRE(session.table().size() == 8);
        CHECK(std::equal(before.begin(), before.end(), session.table().begin()));
        CHECK(session.baseline_change() == 1.25);
    }

    TEST_CASE("half a row at the end is measured again") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "latency.csv";
        FakeSurvey first;
        LatencySession(path, plan_of(5), "a machine", false).run(first, quiet);
        const LatencyTable whole = read_latency_table(path);
        const std::string text = hat::io::read_file(path);
        overwrite(path, text.substr(0, text.size() - 7));
        FakeSurvey second;
        LatencySession session(path, plan_of(5), "a machine", true);
        CHECK(session.table().size() == 4);
        session.run(second, quiet);
        CHECK(second.measured == 1);
        CHECK(std::equal(whole.begin(), whole.end() - 1, session.table().begin()));
        CHECK(session.table().back().details->genes == whole.back().details->genes);
        CHECK(read_latency_table(path) == session.table());
    }

    TEST_CASE("where the plan will be, nothing else is lost") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "latency.csv";
        overwrite(path + ".plan", "my plans for the summer\n");
        CHECK_THROWS_WITH_AS(LatencySession(path, plan_of(3), "a machine", false),
                             (path + ".plan: is there already and is not a latency plan, so that "
                                     "it would be lost; choose another --out, or remove it")
                                 .c_str(),
                             hat::Error);
        overwrite(path + ".plan", "# device: a machine\nhat_latency_plan: 1\n");
        CHECK_NOTHROW(LatencySession(path, plan_of(3), "a machine", false));
    }

    TEST_CASE("rows that were not steady are measured once more in the end") {
        const hat::support::TemporaryDirectory folder;
        const auto plan = plan_of(6);
        const auto genes = [&](std::size_t i) {
            return hat::elastic::gene_string(plan.members[i]);
        };
        FakeSurvey survey;
        survey.flags[genes(2)] = {"remeasured+drifting", ""};
        survey.flags[genes(4)] = {"uncertain", "uncertain"};
        LatencySession session(folder / "latency.csv", plan, "a machine", false);
        session.run(survey, quiet);
        CHECK(survey.measured == 5 + 2);
        CHECK(session.table()[2].details->flags == "remeasured");
        CHECK(session.table()[2].total_ms() == 15);
        CHECK(session.table()[4].details->flags == "uncertain");
        CHECK(session.table()[4].total_ms() == 13);
        CHECK(session.unsteady() == 1);
        CHECK(read_latency_table(folder / "latency.csv") == session.table());
    }

    TEST_CASE("where most rows are not steady nothing is gained by going on") {
        const hat::support::TemporaryDirectory folder;
        const auto plan = plan_of(4);
        FakeSurvey survey;
        for (const Architecture& member : plan.members)
            survey.flags[hat::elastic::gene_string(member)] = {"throttled", "throttled"};
        LatencySession session(folder / "latency.csv", plan, "a machine", false);
        session.run(survey, quiet);
        CHECK(survey.measured == 3);
        CHECK(session.unsteady() == 3);
    }

    TEST_CASE("a table that is there is left alone unless it is to be resumed") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "latency.csv";
        FakeSurvey survey;
        LatencySession(path, plan_of(3), "a machine", false).run(survey, quiet);
        const std::string before = hat::io::read_file(path);
        CHECK_THROWS_WITH_AS(
            LatencySession(path, plan_of(3), "a machine", false),
            (path + ": there is a latency table already; --resume goes on with it").c_str(),
            hat::Error);
        CHECK_THROWS_WITH_AS(
            LatencySession(path, plan_of(3, 4), "a machine", true),
            (path + ": was measured under other conditions: beam: 5; now beam: 4").c_str(),
            hat::Error);
        CHECK_THROWS_WITH_AS(LatencySession(path, plan_of(3), "another", true),
                             (path + ": was measured under other conditions: # device: a machine; "
                                     "now # device: another")
                                 .c_str(),
                             hat::Error);
        CHECK(hat::io::read_file(path) == before);
    }

    TEST_CASE("a table goes on with networks of its plan alone") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "latency.csv";
        FakeSurvey survey;
        LatencySession(path, plan_of(6), "a machine", false).run(survey, quiet);
        const std::string before = hat::io::read_file(path);
        const std::string genes = read_latency_table(path)[4].details->genes;
        CHECK_THROWS_WITH_AS(LatencySession(path, plan_of(4), "a machine", true),
                             (path + ":6: " + genes +
                              " is no network of this plan, but of another space or a longer plan")
                                 .c_str(),
                             hat::Error);
        LatencyPlan other = plan_of(6);
        std::swap(other.members[0], other.members[1]);
        const auto name = [](const Architecture& member) {
            return hat::elastic::gene_string(member);
        };
        CHECK_THROWS_WITH_AS(LatencySession(path, other, "a machine", true),
                             (path + ":2: its sentinel is " + name(other.members[1]) +
                              ", that of this plan " + name(other.members[0]))
                                 .c_str(),
                             hat::Error);
        CHECK(hat::io::read_file(path) == before);
        CHECK(find_stranger(plan_of(6), read_latency_table(path)) == nullptr);
    }

    TEST_CASE("a table is removed, and nothing else") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "latency.csv";
        CHECK_FALSE(remove_latency_table(path));
        FakeSurvey survey;
        LatencySession(path, plan_of(3), "a machine", false).run(survey, quiet);
        CHECK(remove_latency_table(path));
        CHECK_FALSE(hat::io::exists(path));
        CHECK_NOTHROW(LatencySession(path, plan_of(3, 4), "a machine", false).run(survey, quiet));

        overwrite(path, "day,genes of mice\n1,2\n");
        CHECK_THROWS_WITH_AS(remove_latency_table(path),
                             (path + ": is there already and is not a latency table, so that it "
                                     "would be lost; choose another --out, or remove it")
                                 .c_str(),
                             hat::Error);
        CHECK(hat::io::read_file(path) == "day,genes of mice\n1,2\n");
        CHECK_THROWS_WITH_AS(remove_latency_table(folder / "."),
                             (folder / "." + ": cannot remove: not a regular file").c_str(),
                             hat::Error);
    }

    TEST_CASE("what was not measured by this program cannot be resumed") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "latency.csv";
        FakeSurvey survey;
        LatencySession(path, plan_of(2), "a machine", false).run(survey, quiet);
        LatencyTable table = read_latency_table(path);

        hat::io::write_file(path + ".plan", "beam: 5\n");
        CHECK_THROWS_WITH_AS(
            LatencySession(path, plan_of(2), "a machine", true),
            (path + ".plan: expected a line \"hat_latency_plan: …\", found none").c_str(),
            hat::Error);
        const std::string other = folder / "other.csv";
        write_latency_table(other, table);
        CHECK_THROWS_AS(LatencySession(other, plan_of(2), "a machine", true), hat::Error);
        for (LatencyRow& row : table) row.details.reset();
        write_latency_table(path, table);
        CHECK_THROWS_WITH_AS(
            LatencySession(path, plan_of(2), "a machine", true),
            (path + ": its first row is not a sentinel's: it was not measured by this program")
                .c_str(),
            hat::Error);
    }
}
