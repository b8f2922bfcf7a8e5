// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/io/architecture_fields.hpp>
#include <hat/io/byte_order_mark.hpp>
#include <hat/latency/plan.hpp>
#include <hat/latency/workload.hpp>
#include <hat/model/genes.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

namespace hat::io {

template <>
inline constexpr std::array enum_words<latency::TimeKind>{"thread", "wall"};

}  // namespace hat::io

/// A latency plan as text, so that a device without any library can be told what to measure:
///
///     hat_latency_plan: 1
///     beam: 5
///     time: thread
///     lengths: fixed:30
///     seed: 1
///     source_vocab_size: 8000
///     …                                        (all fields of the super network)
///     e128:384x4+384x4/d128:384x4x4x2          (a gene string a line, the sentinel first)
namespace hat::latency {

namespace detail {

/// Writes fields as lines "name: value"; one number a layer as "name: 1,2,3".
class PlanWriter {
public:
    explicit PlanWriter(std::string& text) : text_(text) {}

    template <class T>
    void value(const char* name, const T& x, bool /*is_required*/ = true) {
        line(name, word(x));
    }
    template <class At>
    void layers(const char* name, int count, const At& at, bool is_required = true) {
        if (!is_required && !io::detail::any_layer(count, at)) return;
        std::string list;
        for (int i = 0; i < count; ++i) (list += i == 0 ? "" : ",") += std::to_string(at(i));
        line(name, list);
    }
    void line(std::string_view name, std::string_view value) {
        ((text_ += name) += ": ") += value;
        text_ += '\n';
    }
    [[nodiscard]] std::string address(const char* name) const { return std::string(name) + ": "; }

private:
    template <class T>
    [[nodiscard]] static std::string word(T x) {
        if constexpr (std::is_enum_v<T>)
            return io::enum_word(x);
        else
            return std::to_string(static_cast<int>(x));
    }

    std::string& text_;
};

/// Lines "name: value" of a plan, and where they stand.
class PlanReader {
public:
    explicit PlanReader(std::string_view where) : where_(where) {}

    void add(std::string_view name, std::string_view value, int line) {
        for (const Entry& entry : entries_)
            if (entry.name == name)
                fail(where_, ":", line, ": ", readable(name), " appears twice (first in line ",
                     entry.line, ")");
        if (entries_.size() == max_fields)
            fail(where_, ":", line, ": has more than ", max_fields, " fields, which no plan has");
        entries_.push_back({name, value, line, false});
    }

    template <class T>
    void value(const char* name, T& x, bool is_required = true) {
        if (is_required || find(name) != nullptr) read(required(name), x);
    }
    template <class At>
    void layers(const char* name, int count, const At& at, bool is_required = true) {
        if (!is_required && find(name) == nullptr) return;
        const Entry& entry = required(name);
        std::string_view rest = entry.value;
        for (int i = 0; i < count; ++i) {
            const auto comma = rest.find(',');
            if ((comma == std::string_view::npos) != (i + 1 == count))
                fail(address(name), "expected ", count, " numbers, one a layer");
            read({entry.name, rest.substr(0, comma), entry.line, true}, at(i));
            if (comma != std::string_view::npos) rest.remove_prefix(comma + 1);
        }
    }
    /// Throws  `Error` if there is no such line
    [[nodiscard]] std::string_view text(const char* name) { return required(name).value; }

    [[nodiscard]] std::string address(const char* name) const {
        for (const Entry& entry : entries_)
            if (entry.name == name)
                return std::string(where_) + ":" + std::to_string(entry.line) + ": " + name + ": ";
        return std::string(where_) + ": " + name + ": ";
    }
    /// Throws  `Error` naming a line that nobody asked for
    void finish() const {
        for (const Entry& entry : entries_)
            if (!entry.used)
                fail(where_, ":", entry.line, ": there is no field ", readable(entry.name));
    }

private:
    struct Entry {
        std::string_view name;
        std::string_view value;
        int line;
        bool used;
    };

    [[nodiscard]] Entry* find(std::string_view name) {
        for (Entry& entry : entries_) {
            if (entry.name != name) continue;
            entry.used = true;
            return &entry;
        }
        return nullptr;
    }
    [[nodiscard]] const Entry& required(const char* name) {
        if (const Entry* entry = find(name)) return *entry;
        fail(where_, ": expected a line \"", name, ": …\", found none");
    }

    template <class T>
    void read(const Entry& entry, T& x) const {
        const std::string place = std::string(where_) + ":" + std::to_string(entry.line) + ": " +
                                  std::string(entry.name) + ": ";
        if constexpr (std::is_enum_v<T>) {
            x = io::parse_enum<T>(entry.value, place);
        } else {
            using Limits = std::numeric_limits<std::conditional_t<sizeof(T) == 8, long long, int>>;
            long long number = 0;
            const char* const end = entry.value.data() + entry.value.size();
            const auto [after, error] = std::from_chars(entry.value.data(), end, number);
            constexpr long long largest = std::is_same_v<T, bool> ? 1 : Limits::max();
            if (error != std::errc{} || after != end || number < 0 || number > largest)
                fail(place, "expected a number from 0 to ", largest, ", found ",
                     in_quotes(entry.value));
            x = static_cast<T>(number);
        }
    }

    static constexpr std::size_t max_fields = 200;

    std::string_view where_;
    std::vector<Entry> entries_;
};

inline constexpr std::string_view plan_version = "1";

}  // namespace detail

/// The conditions of a plan as lines of text: all but the members. Latencies measured under equal
/// conditions on one device may be compared.
[[nodiscard]] inline std::string conditions_text(const LatencyPlan& plan) {
    std::string text;
    detail::PlanWriter writer(text);
    writer.line("hat_latency_plan", detail::plan_version);
    writer.value("beam", plan.workload.beam);
    writer.value("time", plan.workload.time);
    writer.line("lengths", lengths_text(plan.workload.lengths));
    writer.line("seed", std::to_string(plan.workload.seed));
    io::visit_fields(plan.super, writer);
    return text;
}

/// The whole plan as text: the conditions, then a gene string a line.
[[nodiscard]] inline std::string plan_to_text(const LatencyPlan& plan) {
    std::string text = conditions_text(plan);
    for (const auto& member : plan.members) (text += elastic::gene_string(member)) += '\n';
    return text;
}

/// Before the conditions in the file beside a table: the device that was measured.
inline constexpr std::string_view device_prefix = "# device: ";

/// Whether a text begins as a plan does, alone or beside a table.
[[nodiscard]] inline bool looks_like_plan(std::string_view text) noexcept {
    text = io::skip_byte_order_mark(text);
    return text.starts_with("hat_latency_plan: ") || text.starts_with(device_prefix);
}

/// Reads what `plan_to_text` writes. Empty lines and those that begin with '#' are left out.
/// `where` names the text in messages.
///
/// Throws  `Error`, "where:line: …", naming the first thing that is wrong
[[nodiscard]] inline LatencyPlan plan_from_text(std::string_view text, std::string_view where) {
    struct Line {
        std::string_view text;
        int number;
    };
    detail::PlanReader reader(where);
    std::vector<Line> genes;
    text = io::skip_byte_order_mark(text);
    for (int number = 1; !text.empty(); ++number) {
        const auto end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
        if (line.empty() || line.front() == '#') continue;
        if (elastic::looks_like_gene_string(line)) {
            genes.push_back({line, number});
            continue;
        }
        const auto colon = line.find(": ");
        if (colon == std::string_view::npos)
            fail(where, ":", number, R"(: expected "name: value" or a gene string, found )",
                 in_quotes(line));
        reader.add(line.substr(0, colon), line.substr(colon + 2), number);
    }

    LatencyPlan plan;
    if (const auto version = reader.text("hat_latency_plan"); version != detail::plan_version)
        fail(where, ": is a plan of version ", readable(version), ", expected ",
             detail::plan_version);
    reader.value("beam", plan.workload.beam);
    reader.value("time", plan.workload.time, false);
    plan.workload.lengths = parse_lengths(reader.text("lengths"), reader.address("lengths") + "…");
    reader.value("seed", plan.workload.seed, false);
    io::visit_fields(plan.super, reader);
    reader.finish();
    fail_with_place([&] { validate(plan.super); }, where);
    if (genes.empty()) fail(where, ": names no network: expected a gene string a line");
    for (const Line& line : genes) {
        const std::string place = std::string(where) + ":" + std::to_string(line.number);
        const auto member = sub_architecture(elastic::parse_genes(line.text, place), plan.super);
        fail_with_place(
            [&] {
                validate_fits_in(member, plan.super);
                validate(member);
            },
            place);
        plan.members.push_back(member);
    }
    return plan;
}

}  // namespace hat::latency
