// SPDX-License-Identifier: Apache-2.0

/// hat completion: a script that completes the commands of this program in a shell, made of what
/// CLI11 knows of them.

#include "commands.hpp"
#include "flags.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hat::program {

namespace {

/// What may follow a flag, or stand where a command has a word of its own.
struct Values {
    std::vector<std::string> words{};
    bool files = false;  ///< a file or a directory, too
};

std::vector<std::string> parts(std::string_view text, char between) {
    std::vector<std::string> found;
    for (std::size_t begin = 0, end = 0; end != std::string_view::npos; begin = end + 1) {
        end = text.find(between, begin);
        found.emplace_back(text.substr(begin, end - begin));
    }
    return found;
}

bool is_upper(std::string_view word) {
    return std::all_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// From the type that the help shows: `fp32|int8`, `TEXT:{bleu,chrf}`, `FILE|tiny|base`, `INT (1 to
/// 9)`. What takes any text may take a file.
Values values_of(const CLI::Option& option) {
    const std::string type = option.get_type_name();
    const std::size_t brace = type.find(":{");
    if (brace != std::string::npos)
        return {.words = parts(std::string_view(type).substr(brace + 2, type.find('}') - brace - 2),
                               ',')};
    if (type.find('|') == std::string::npos)
        return {.files = type.starts_with("TEXT") || type.starts_with("FILE")};
    Values values{.words = parts(type, '|')};
    values.files = std::erase(values.words, "FILE") > 0;
    std::erase_if(values.words, is_upper);
    return values;
}

bool takes_value(const CLI::Option& option) {
    return option.get_items_expected_max() > 0;
}

/// `--run` and `--model`, of an option with these two names.
std::vector<std::string> flags_of(const CLI::Option& option) {
    std::vector<std::string> flags;
    for (const std::string& name : option.get_lnames()) flags.push_back("--" + name);
    for (const std::string& name : option.get_snames()) flags.push_back("-" + name);
    return flags;
}

std::string joined(const std::vector<std::string>& words, const char* between) {
    std::string text;
    for (const std::string& word : words) (text += text.empty() ? "" : between) += word;
    return text;
}

std::vector<std::string> names_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
    return names;
}

/// In single quotes, for a shell.
std::string in_shell_quotes(std::string_view text) {
    std::string result = "'";
    for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return result + "'";
}

// ---- bash --------------------------------------------------------------------------------------

/// What may stand behind each flag of a command, as cases of "COMMAND FLAG".
std::string bash_values(const CLI::App& command) {
    std::map<std::string, std::vector<std::string>> cases;  // of what is done there
    for (const CLI::Option* option : command.get_options({})) {
        if (!takes_value(*option)) continue;
        const Values values = values_of(*option);
        const std::string what = "flags= words=" + in_shell_quotes(joined(values.words, " ")) +
                                 " files=" + (values.files ? "yes" : "no");
        for (const std::string& flag : flags_of(*option))
            cases[what].push_back(in_shell_quotes(command.get_name() + " " + flag));
    }
    std::string lines;
    for (const auto& [what, flags] : cases)
        lines += "    " + joined(flags, " | ") + ") " + what + " ;;\n";
    return lines;
}

/// The flags of a command, and the words that may stand by themselves.
std::string bash_words(const std::string& name, const CLI::App& command) {
    std::vector<std::string> flags;
    std::vector<std::string> words = names_of(command);
    for (const CLI::Option* option : command.get_options({})) {
        for (const std::string& flag : flags_of(*option)) flags.push_back(flag);
        if (!option->get_positional()) continue;
        for (const std::string& word : values_of(*option).words) words.push_back(word);
    }
    return "    " + in_shell_quotes(name) + ") flags=" + in_shell_quotes(joined(flags, " ")) +
           " words=" + in_shell_quotes(joined(words, " ")) + " ;;\n";
}

std::string bash_script(const CLI::App& program) {
    std::string words = bash_words("", program);
    std::string values;
    for (const CLI::App* command : program.get_subcommands({})) {
        words += bash_words(command->get_name(), *command);
        values += bash_values(*command);
    }
    return R"(# Completes the commands of hat in bash; hat completion bash makes it.
_hat() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  local command= flags= words= files=no IFS=$' \t\n'
  [ "$COMP_CWORD" -lt 2 ] || command=${COMP_WORDS[1]}
  # --flag=value comes as three words.
  if [ "$word" = = ]; then
    word=
  elif [ "$before" = = ]; then
    before=${COMP_WORDS[COMP_CWORD-2]}
  fi
  case $command in
)" + words +
           R"(  esac
  case "$command $before" in
)" + values +
           R"(  esac
  if [[ $word == -* ]]; then words=$flags; else words+=" $flags"; fi
  mapfile -t COMPREPLY < <(
    compgen -W "$words" -- "$word"
    [ "$files" = no ] || compgen -f -- "$word"
  )
  [ "$files" = no ] || compopt -o filenames 2>/dev/null
}
complete -F _hat hat
)";
}

// ---- zsh ---------------------------------------------------------------------------------------

/// What a description begins with, without a bracket that would stay open, and without what zsh
/// would take for its own.
std::string zsh_words(const std::string& text) {
    std::string begin = text.substr(0, text.find_first_of(";:\n"));
    for (const auto& [open, close] : {std::pair{'[', ']'}, std::pair{'(', ')'}}) {
        const std::size_t at = begin.rfind(open);
        if (at != std::string::npos && begin.find(close, at) == std::string::npos)
            begin.resize(at == 0 ? 0 : begin.find_last_not_of(' ', at - 1) + 1);
    }
    std::string words;
    for (const char c : begin) {
        if (c == '[' || c == ']' || c == '\\') words += '\\';
        words += c;
    }
    return words;
}

/// The arguments of `_arguments` for an option: one for each of its names.
std::string zsh_option(const CLI::Option& option) {
    std::string value;
    if (takes_value(option)) {
        const Values values = values_of(option);
        const std::string words = joined(values.words, " ");
        value = words.empty()  ? values.files ? ":file:_files" : ":value: "
                : values.files ? ":value:{compadd -- " + words + "; _files}"
                               : ":value:(" + words + ")";
    }
    std::string lines;
    const char* const repeated = option.get_items_expected_max() > 1 ? "*" : "";
    for (const std::string& flag : flags_of(option)) {
        const bool assigned = !value.empty() && flag.starts_with("--");
        lines += " \\\n      " + in_shell_quotes(repeated + flag + (assigned ? "=" : "") + "[" +
                                                 zsh_words(option.get_description()) + "]" + value);
    }
    return option.get_positional() ? " \\\n      " + in_shell_quotes(value) : lines;
}

std::string zsh_options(const CLI::App& command) {
    std::string lines = "_arguments";
    for (const CLI::Option* option : command.get_options({})) lines += zsh_option(*option);
    return lines;
}

std::string zsh_script(const CLI::App& program) {
    std::string names;
    std::string cases;
    for (const CLI::App* command : program.get_subcommands({})) {
        names +=
            "      " +
            in_shell_quotes(command->get_name() + ":" + zsh_words(command->get_description())) +
            "\n";
        cases += "    " + command->get_name() + ") " + zsh_options(*command) + " ;;\n";
    }
    return R"(#compdef hat
# Completes the commands of hat in zsh; hat completion zsh makes it.
_hat() {
  if (( CURRENT == 2 )); then
    local -a commands
    commands=(
)" + names +
           R"(    )
    _describe command commands
    )" + zsh_options(program) +
           R"(
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
)" + cases +
           R"(  esac
}
if [ "$funcstack[1]" = _hat ]; then _hat "$@"; else compdef _hat hat; fi
)";
}

}  // namespace

void add_completion(CLI::App& app) {
    auto shell = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand(
        "completion", "Prints a script that completes subcommands, flags and their values.");
    command->footer("For this shell, or in ~/.bashrc for all:\n  eval \"$(hat completion bash)\"\n"
                    "In ~/.zshrc, behind compinit:\n  eval \"$(hat completion zsh)\"\n"
                    "As a file that is read when it is needed:\n"
                    "  hat completion bash >~/.local/share/bash-completion/completions/hat\n"
                    "  hat completion zsh >_hat    # in a folder of $fpath");
    command->add_option("shell", *shell, "whose script")
        ->check(CLI::IsMember({"bash", "zsh"}))
        ->required();
    command->callback([shell, &app] {
        const std::string script = *shell == "bash" ? bash_script(app) : zsh_script(app);
        std::fwrite(script.data(), 1, script.size(), stdout);
    });
}

}  // namespace hat::program
