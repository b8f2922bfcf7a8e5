// SPDX-License-Identifier: Apache-2.0
/// Writes hat.hpp, one file with all that <hat/hat.hpp> brings, for releases and online compilers:
///
///     single_header INCLUDE_FOLDER FILE [--comments]
///
/// Comments are left out, unless they are asked for, and indentation is a space a level.

#include <hat/deploy/amalgamation.hpp>
#include <hat/version.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace {

using hat::deploy::Amalgamation;

constexpr std::string_view part = "// ---- ";  // begins a header, and stays

constexpr bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Reads code from left to right, and leaves comments out.
class CommentFilter {
public:
    explicit CommentFilter(std::string_view text) : text_(text) {}

    [[nodiscard]] std::string code() {
        while (at_ < text_.size()) step();
        return std::move(code_);
    }

private:
    [[nodiscard]] bool is_at(std::string_view what) const {
        return text_.substr(at_).starts_with(what);
    }
    void copy_until(std::size_t end) {
        if (end > text_.size()) hat::fail("single_header: a literal or comment does not end");
        code_.append(text_.substr(at_, end - at_));
        at_ = end;
    }

    void step() {
        if (is_at(part)) {
            copy_until(text_.find('\n', at_));
        } else if (is_at("//")) {
            at_ = std::min(text_.find('\n', at_), text_.size());
        } else if (is_at("/*")) {
            at_ = text_.find("*/", at_ + 2) + 2;
            code_ += ' ';
        } else if (text_[at_] == '"') {
            copy_literal('"');
        } else if (text_[at_] == '\'') {
            copy_literal('\'');
        } else if (is_word(text_[at_])) {
            copy_word();
        } else {
            code_ += text_[at_++];
        }
    }

    /// A name or a number, in which ' is no quote; what stands before a raw string is one, too.
    void copy_word() {
        const bool is_number = text_[at_] >= '0' && text_[at_] <= '9';
        std::size_t end = at_;
        while (end < text_.size() && (is_word(text_[end]) || (is_number && text_[end] == '\'')))
            ++end;
        const bool is_raw = end < text_.size() && text_[end] == '"' && text_[end - 1] == 'R';
        copy_until(end);
        if (is_raw) copy_raw();
    }
    void copy_raw() {
        const std::size_t open = text_.find('(', at_);
        const std::string close = ')' + std::string(text_.substr(at_ + 1, open - at_ - 1)) + '"';
        const std::size_t end = text_.find(close, open);
        // Its lines would be indented.
        if (end == std::string_view::npos || text_.substr(at_, end - at_).find('\n') < end)
            hat::fail("single_header: a raw string has several lines");
        copy_until(end + close.size());
    }
    void copy_literal(char quote) {
        std::size_t end = at_ + 1;
        while (end < text_.size() && text_[end] != quote) end += text_[end] == '\\' ? 2U : 1U;
        copy_until(end + 1);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string code_;
};

/// Without empty lines, blanks at ends, and three of four blanks at beginnings.
std::string narrowed(std::string_view text) {
    std::string result;
    for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
        end = std::min(text.find('\n', begin), text.size());
        std::string_view line = text.substr(begin, end - begin);
        const bool goes_on = line.ends_with('\\');
        if (goes_on) line.remove_suffix(1);
        line = line.substr(0, line.find_last_not_of(' ') + 1);
        if (line.empty() && !goes_on) continue;
        const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
        result.append(indent / 4, ' ').append(line.substr(indent));
        result += goes_on ? " \\\n" : "\n";
    }
    return result;
}

std::string single_header(const std::string& folder, bool with_comments) {
    Amalgamation headers([&](const std::string& name) {
        std::ifstream file(folder + '/' + name, std::ios::binary);
        if (!file) hat::fail(folder, "/", name, ": cannot be read");
        return std::string(std::istreambuf_iterator<char>(file), {});
    });
    headers.add("hat/hat.hpp");
    const std::string all = headers.text();
    const std::size_t count = headers.headers().size();
    headers.add("hat/decode/instances.hpp");
    std::string instances = headers.text();
    if (headers.headers().size() != count + 1 || !instances.starts_with(all))
        hat::fail("hat/decode/instances.hpp: includes more than hat/hat.hpp does");
    instances.erase(0, all.size());

    const std::size_t first_line = all.find('\n') + 1;  // names the licence
    std::string code = all.substr(first_line);
    if (!with_comments) {
        code = narrowed(CommentFilter(code).code());
        instances = narrowed(CommentFilter(instances).code());
    }
    return all.substr(0, first_line) + "//\n// hat " + std::string(hat::version) +
           ": all of <hat/hat.hpp> in one file, instead of the headers of hat/, not beside "
           "them.\n" +
           (with_comments ? "" : "// What each name means is said in those headers.\n") +
           "//\n"
           "// Where several sources include it, what runs networks is compiled once if all of "
           "them\n"
           "// define HAT_SHARED_INSTANCES, and one of them HAT_INSTANCES, too.\n"
           // GCC 12 finds uninitialised values in its own headers of AVX-512.
           "#if defined(__GNUC__) && !defined(__clang__)\n#pragma GCC diagnostic push\n"
           "#pragma GCC diagnostic ignored \"-Wmaybe-uninitialized\"\n"
           "#pragma GCC diagnostic ignored \"-Wuninitialized\"\n#endif\n" +
           code + "#ifdef HAT_INSTANCES\n" + instances +
           "#endif\n"
           "#if defined(__GNUC__) && !defined(__clang__)\n#pragma GCC diagnostic pop\n#endif\n";
}

}  // namespace

int main(int argc, char** argv) try {
    const bool with_comments = argc == 4 && argv[3] == std::string_view("--comments");
    if (argc != 3 && !with_comments) {
        std::fprintf(stderr, "usage: single_header INCLUDE_FOLDER FILE [--comments]\n");
        return 2;
    }
    std::ofstream file(argv[2], std::ios::binary);
    file << single_header(argv[1], with_comments);
    file.close();
    if (!file) hat::fail(argv[2], ": cannot be written");
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
