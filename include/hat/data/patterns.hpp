// SPDX-License-Identifier: Apache-2.0
// Needs: RE2
#pragma once

#include <hat/core/error.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <re2/re2.h>
#include <string>
#include <string_view>
#include <vector>

namespace hat::data {

/// A kind of string that a translation must bring back as it is, by name.
struct NamedPattern {
    std::string_view name;
    std::string_view expression;
};

/// What `Patterns` knows by name. Where an expression has a group, only that is meant: what matches
/// without it is passed over.
///
/// None reads far beyond what it finds, which keeps a search of a whole line linear.
inline constexpr std::array named_patterns{
    // Tags with their attributes, those of numbers as interfaces have them (<0>…</0>), comments,
    // declarations; and entities.
    NamedPattern{"markup", R"(</?[A-Za-z_][-\w:.]*(?:\s+[A-Za-z_:@][-\w:.]*(?:\s*=\s*)"
                           R"((?:"[^"<]*"|'[^'<]*'|[^\s"'<>=]+))?)*\s*/?>|</?[0-9]+\s*/?>|)"
                           R"(<!--[^<>]*-->|<[!?][A-Za-z][^<>]*>|)"
                           R"(&(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#[xX][0-9A-Fa-f]+);)"},
    // An address goes on over its own signs and whatever is not ASCII but no space, control or
    // punctuation. It does not end with the punctuation of the sentence; a bracket belongs to it if
    // it is closed there.
    NamedPattern{"url",
                 R"(\b(?:[A-Za-z][A-Za-z0-9+.-]*://|www\.)(?:(?:)"
                 R"([-\w%/?#&=+~$@!*';:.,|\x{200C}\x{200D}]|[^\x00-\x7F\pZ\pC\pP]|)"
                 R"(\((?:[-\w%/?#&=+~$@!*';:.,|\x{200C}\x{200D}]|[^\x00-\x7F\pZ\pC\pP])*\))*)"
                 R"((?:[-\w%/#&=+~$@*]|[^\x00-\x7F\pZ\pC\pP]|)"
                 R"(\((?:[-\w%/?#&=+~$@!*';:.,|\x{200C}\x{200D}]|[^\x00-\x7F\pZ\pC\pP])*\)))?)"},
    NamedPattern{"email", R"(\b[A-Za-z0-9][\w.%+-]*@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,})"},
    // Of C and what took after it: %s, %-5.2lf, %1$s, %%, %@, %(name)s, %1. A per cent sign between
    // a number and a word ("100%ig") is none.
    NamedPattern{"printf", R"([0-9][\s\x{A0}\x{202F}]?%-?\pL\pL|)"
                           R"((%(?:%|\([A-Za-z_]\w*\)[-+#0]*[0-9]*(?:\.[0-9]+)?[diouxXeEfFgGcrs]|)"
                           R"((?:[0-9]+\$)?[-+#0']*(?:[0-9]+|\*)?(?:\.(?:[0-9]+|\*)?)?)"
                           R"((?:hh|h|ll|l|L|q|j|z|t)?[diouxXeEfFgGaAcspn@]|L?[0-9]{1,2})))"},
    // {}, {0}, {name:>10}, ${name}, #{name}, %{name}, {{ name }}.
    NamedPattern{"braces", R"(\{\{[^{}]*\}\}|[$#%]?\{[^{}\s]*\})"},
};

/// Finds strings of several kinds in a line, from left to right: each is the first that begins, and
/// of those that begin together that of the kind named first.
///
///     const Patterns patterns({"markup", "regex:[A-Z]{2,}-[0-9]+"});
///     patterns.find("See <b>KB-17</b>");  // <b>, KB-17, </b>
///
/// Cost  linear in the line for the kinds above, and for whatever expression if it finds nothing
class Patterns {
public:
    /// Every element is the name of a kind, `all` for all of them, or `regex:` and an expression of
    /// RE2's, of which the first group is meant if it has one.
    ///
    /// Throws  `Error` if a name is none of these, an expression not valid, or matches the empty
    /// string, or nothing else, or single bytes
    explicit Patterns(const std::vector<std::string>& names) {
        for (const std::string& name : names) {
            constexpr std::string_view own = "regex:";
            if (name.starts_with(own)) {
                add(name, std::string_view(name).substr(own.size()));
                continue;
            }
            bool is_known = false;
            for (const NamedPattern& pattern : named_patterns) {
                if (name != pattern.name && name != "all") continue;
                add(name, pattern.expression);
                is_known = true;
            }
            if (!is_known) fail_to_know(name);
        }
        re2_ = compile(expression_);
        if (!re2_->ok()) fail("pattern: they cannot be combined: ", re2_->error());
    }

    /// The strings found, as views into `line`.
    [[nodiscard]] std::vector<std::string_view> find(std::string_view line) const {
        std::vector<std::string_view> found;
        if (kinds_.empty()) return found;
        std::vector<re2::StringPiece> groups(static_cast<std::size_t>(groups_) + 1);
        const re2::StringPiece text(line.data(), line.size());
        std::size_t at = 0;
        while (at < line.size() && re2_->Match(text, at, line.size(), re2::RE2::UNANCHORED,
                                               groups.data(), groups_ + 1)) {
            if (const std::string_view meant = what_is_meant(groups); !meant.empty())
                found.push_back(meant);
            const auto end =
                static_cast<std::size_t>(groups[0].data() - line.data()) + groups[0].size();
            at = groups[0].empty() ? end + 1 : end;
        }
        return found;
    }

private:
    struct Kind {
        int group;      // what all of it matches
        bool has_part;  // the group after it is what is meant
    };

    static std::shared_ptr<const re2::RE2> compile(std::string_view expression) {
        re2::RE2::Options options;
        options.set_log_errors(false);  // they reach us as text
        return std::make_shared<const re2::RE2>(
            re2::StringPiece(expression.data(), expression.size()), options);
    }

    void add(const std::string& name, std::string_view expression) {
        const auto alone = compile(expression);
        if (!alone->ok())
            fail("pattern \"", name, "\": is no regular expression of RE2's: ", alone->error());
        if (re2::RE2::FullMatch("", *alone))
            fail("pattern \"", name, "\": matches the empty string, expected at least a character");
        if (alone->ProgramFanout(nullptr) < 0)
            fail("pattern \"", name,
                 "\": matches nothing but empty strings, expected at least a character");
        if (matches_bytes(expression))
            fail("pattern \"", name,
                 "\": has \\C, a byte, which cuts characters; a character is .");
        if (!expression_.empty()) expression_ += '|';
        ((expression_ += '(') += expression) += ')';
        kinds_.push_back({groups_ + 1, alone->NumberOfCapturingGroups() > 0});
        groups_ += 1 + alone->NumberOfCapturingGroups();
    }

    /// Whether a valid expression has a \C that is no part of \Q…\E.
    [[nodiscard]] static bool matches_bytes(std::string_view expression) {
        for (auto at = expression.find('\\'); at + 1 < expression.size();
             at = expression.find('\\', at)) {
            if (expression[at + 1] == 'C') return true;
            if (expression[at + 1] == 'Q') at = expression.find("\\E", at);
            if (at == std::string_view::npos) return false;
            at += 2;
        }
        return false;
    }

    [[nodiscard]] std::string_view
    what_is_meant(const std::vector<re2::StringPiece>& groups) const {
        for (const Kind& kind : kinds_) {
            const auto group = static_cast<std::size_t>(kind.group);
            if (groups[group].data() == nullptr) continue;
            const re2::StringPiece& part = groups[kind.has_part ? group + 1 : group];
            return part.data() == nullptr ? std::string_view()
                                          : std::string_view(part.data(), part.size());
        }
        return {};
    }

    [[noreturn]] HAT_COLD static void fail_to_know(const std::string& name) {
        std::string known;
        for (const NamedPattern& pattern : named_patterns) (known += pattern.name) += ", ";
        fail("pattern \"", name, "\": is not known, expected ", known, "all or regex:…");
    }

    std::string expression_;
    std::vector<Kind> kinds_;
    int groups_ = 0;
    std::shared_ptr<const re2::RE2> re2_;  // is not copied
};

}  // namespace hat::data
