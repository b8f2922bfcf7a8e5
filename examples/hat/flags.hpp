// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nearest_name.hpp"
#include "number.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace hat::program {

namespace detail {

template <class T>
struct NumberOf {
    using type = T;
};
template <class T>
struct NumberOf<std::optional<T>> {
    using type = T;
};

}  // namespace detail

/// The number in a `T`, which is one or an optional one.
template <class T>
using NumberOf = typename detail::NumberOf<T>::type;

/// A flag with a number, as a row of a table: its name, where it goes, what it may be, what it
/// means. The help shows range and default.
///
///     const NumberFlags number(*command);
///     number("--beam", options->beam, {.low = 1, .high = 1000}, "hypotheses a sentence");
class NumberFlags {
public:
    explicit NumberFlags(CLI::App& command) : command_(&command) {}

    /// `value` must outlive the command; the help shows what is in it as the default.
    template <class T>
    CLI::Option* operator()(const char* name, T& value, Range<std::type_identity_t<T>> range,
                            const std::string& meaning) const {
        return without_default(name, value, range, meaning)
            ->default_function([&value] { return detail::shortest(value); })
            ->capture_default_str();
    }

    /// Likewise, where what is in `value`, or an empty one, only says that the flag was not given.
    template <class T>
    CLI::Option* without_default(const char* name, T& value, Range<NumberOf<T>> range,
                                 const std::string& meaning) const {
        const auto read = [&value, range, name](const CLI::results_t& found) {
            try {
                value = parse_number<NumberOf<T>>(name, found.at(0), range);
            } catch (const NumberError& error) {
                throw CLI::ValidationError(error.line);
            }
            return true;
        };
        const std::string limits = to_text(range);
        const std::string type = std::is_integral_v<NumberOf<T>> ? "INT" : "NUMBER";
        return command_->add_option(name, read, meaning)
            ->type_name(limits.empty() ? type : type + " (" + limits + ")");
    }

private:
    CLI::App* command_;
};

/// What `words` calls `value`.
template <class T>
[[nodiscard]] std::string word_of(const std::map<std::string, T>& words, T value) {
    for (const auto& [word, of] : words)
        if (of == value) return word;
    return {};
}

/// What a choice is among: the words of an enumeration, in the order of its values.
template <class Enum, class T = Enum, std::size_t N>
[[nodiscard]] std::map<std::string, T> choices_of(const std::array<const char*, N>& words) {
    std::map<std::string, T> choices;
    for (std::size_t i = 0; i < N; ++i) choices.emplace(words[i], static_cast<Enum>(i));
    return choices;
}

/// Adds a flag whose value is one of `words`, which must outlive the command, as must `value`.
template <class T>
CLI::Option* add_choice(CLI::App& command, const char* name, T& value,
                        const std::map<std::string, T>& words, const std::string& meaning) {
    std::string all;
    for (const auto& [word, of] : words) all += (all.empty() ? "" : "|") + word;
    const auto read = [&value, &words, name, all](const CLI::results_t& found) {
        const auto chosen = words.find(found.at(0));
        if (chosen == words.end())
            throw CLI::ValidationError(name, detail::shown(found[0]) + ", expected " + all);
        value = chosen->second;
        return true;
    };
    return command.add_option(name, read, meaning)
        ->type_name(all)
        ->default_str(word_of(words, value));
}

/// The type of a flag that takes one of `names`, which ", " parts: base|big.
[[nodiscard]] inline std::string one_of(std::string names) {
    for (std::size_t at = 0; (at = names.find(", ", at)) != std::string::npos;)
        names.replace(at, 2, "|");
    return names;
}

/// Likewise, of one that takes a file, too: FILE|base|big.
[[nodiscard]] inline std::string file_or(const std::string& names) {
    return "FILE|" + one_of(names);
}

namespace detail {

/// The subcommand where the command line went wrong, and its name as one would type it: the first
/// with words left over, else the last one.
[[nodiscard]] inline const CLI::App& wrong_command(const CLI::App& program, std::string& name) {
    const CLI::App* command = &program;
    name = program.get_name();
    for (auto parsed = command->get_subcommands(); command->remaining().empty() && !parsed.empty();
         parsed = command->get_subcommands()) {
        command = parsed.front();
        name += " " + command->get_name();
    }
    return *command;
}

/// What is wrong with `word`, which `command` does not know, and what may have been meant.
[[nodiscard]] inline std::string unknown_word(const CLI::App& command, const std::string& word) {
    const bool is_flag = word.size() > 1 && word.starts_with('-');
    const std::string name = is_flag ? word.substr(0, word.find('=')) : word;
    std::vector<std::string> names;
    if (is_flag)
        for (const CLI::Option* option : command.get_options({}))
            for (const std::string& known : option->get_lnames()) names.push_back("--" + known);
    else
        for (const CLI::App* sub : command.get_subcommands({})) names.push_back(sub->get_name());
    if (names.empty()) return shown(name) + ": is neither a flag nor the value of one";
    const std::string nearest = nearest_name(name, names);
    return (is_flag ? "there is no flag " : "there is no subcommand ") + shown(name) +
           (nearest.empty() ? "" : "; did you mean " + nearest + "?");
}

}  // namespace detail

/// The line for a command line that `program` does not take; names the nearest of what it knows
/// where a word is misspelt.
[[nodiscard]] inline std::string usage_error(const CLI::App& program,
                                             const CLI::ParseError& error) {
    std::string name;
    const CLI::App& command = detail::wrong_command(program, name);
    const std::vector<std::string> unknown = command.remaining();
    const bool may_be_misspelt = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr ||
                                 dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
    std::string line = detail::shown(error.what(), 300);
    if (may_be_misspelt && !unknown.empty()) {
        // What follows a misspelt subcommand are its flags; what precedes a misspelt flag, nothing.
        const auto flag = std::find_if(unknown.begin(), unknown.end(),
                                       [](const auto& word) { return word.starts_with('-'); });
        const bool first = flag == unknown.end() || !command.get_subcommands({}).empty();
        line = detail::unknown_word(command, first ? unknown.front() : *flag);
    }
    return line + " (" + name + " --help explains)";
}

/// Answers a command line that was not run: prints help or version, or the line of the error.
///
/// Returns  the exit code: 0, or 2 for wrong usage
inline int answer(const CLI::App& program, const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);
    std::fprintf(stderr, "%s: %s\n", program.get_name().c_str(),
                 usage_error(program, error).c_str());
    return 2;
}

}  // namespace hat::program
