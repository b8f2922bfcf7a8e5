// SPDX-License-Identifier: Apache-2.0

/// hat translate: text on stdin → its translation on stdout.

#include <hat/data/utf8.hpp>
#include <hat/io/line_reader.hpp>

#include "commands.hpp"
#include "line_translator.hpp"
#include "search_flags.hpp"

#include <cstddef>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace hat::program {

namespace {

struct TranslateOptions {
    std::string model;
    SearchFlags search;
    data::UnknownPolicy unknown = data::UnknownPolicy::copy;
    bool scores = false;
    bool strict = false;
    std::size_t max_line_bytes = std::size_t{1} << 20;
};

constexpr const char* input_name = "standard input";

/// Lines that are translated together.
struct Block {
    std::vector<std::string> lines;
    std::vector<data::SourceLine> sources;
    std::size_t size_bytes = 0;

    static constexpr std::size_t most_bytes = std::size_t{1} << 20;
    [[nodiscard]] bool is_full() const noexcept {
        return lines.size() >= 1024 || size_bytes >= most_bytes;
    }
};

/// Reads blocks: what is at hand, without waiting for more. What is wrong with a line is mended and
/// told, or, if that is strict, ends the input.
class BlockReader {
public:
    BlockReader(const LineTranslator& translator, const TranslateOptions& options)
        : translator_(translator), options_(options),
          reader_(STDIN_FILENO, input_name, options.max_line_bytes) {}

    /// The next lines; none at the end.
    [[nodiscard]] Block next() {
        Block block;
        while (!block.is_full() && !fault_) {
            auto line = block.lines.empty() ? reader_.next() : reader_.next_at_hand();
            if (!line) break;
            data::SourceLine source = read(*line);
            if (fault_) break;
            block.size_bytes += line->text.size();
            block.lines.push_back(std::move(line->text));
            block.sources.push_back(std::move(source));
        }
        return block;
    }

    /// Throws  `Error` if the input ended with a line that is not as it must be
    void check_end() const {
        if (fault_) fail(*fault_);
    }

private:
    /// The line as the network reads it, once its text is what it should be.
    data::SourceLine read(io::Line& line) {
        const std::string where = input_name + (":" + std::to_string(line.number)) + ": ";
        if (line.dropped_bytes > 0)
            report(where + "the line has " + std::to_string(line.text.size() + line.dropped_bytes) +
                       " bytes, expected at most " + std::to_string(options_.max_line_bytes),
                   "the last " + std::to_string(line.dropped_bytes) + " are left out");
        if (const auto bad = data::find_invalid_utf8(line.text); bad != std::string::npos) {
            report(where + "byte " + std::to_string(bad + 1) + " of the line is not valid UTF-8",
                   "U+FFFD takes the place of such bytes");
            line.text = data::replace_invalid_utf8(line.text);
        }
        data::SourceLine source = translator_.encode(line.text);
        if (source.parts.size() > 1)
            report(where + "the line has " + std::to_string(source.tokens) +
                       " tokens, expected at most " + std::to_string(translator_.most_tokens()),
                   "it is translated in " + std::to_string(source.parts.size()) + " parts");
        return source;
    }

    void report(const std::string& what, const std::string& remedy) {
        if (options_.strict && !fault_) fault_ = what;
        if (!options_.strict) std::fprintf(stderr, "note: %s; %s\n", what.c_str(), remedy.c_str());
    }

    const LineTranslator& translator_;
    const TranslateOptions& options_;
    io::LineReader reader_;
    std::optional<std::string> fault_;
};

void print(const LineTranslation& translation, bool with_score) {
    if (with_score) std::printf("%.4f\t", static_cast<double>(translation.score));
    std::printf("%s\n", translation.text.c_str());
}

void translate(const TranslateOptions& options) {
    LineTranslator translator(options.model, options.search, options.unknown);
    BlockReader reader(translator, options);
    for (Block block = reader.next(); !block.lines.empty(); block = reader.next()) {
        const auto translations = translator.translate(block.sources);
        for (std::size_t i = 0; i < translations.size(); ++i)
            print(translations[i].front(), options.scores && !block.sources[i].parts.empty());
        std::fflush(stdout);
        if (std::ferror(stdout) != 0) fail("standard output: cannot be written");
    }
    reader.check_end();
}

}  // namespace

void add_translate(CLI::App& app) {
    auto options = std::make_shared<TranslateOptions>();
    CLI::App* command =
        app.add_subcommand("translate", "Translates standard input, one sentence a line.");
    command->footer("Example:\n  echo 'Save the file.' | hat translate --model run/model");
    command->add_option("--model", options->model, "run or model directory")->required();
    add_search_flags(*command, options->search);
    command->add_flag("--scores", options->scores,
                      "print the score of each translation in front of it, and a tab");
    const std::map<std::string, data::UnknownPolicy> policies{{"copy", data::UnknownPolicy::copy},
                                                              {"drop", data::UnknownPolicy::drop},
                                                              {"mark", data::UnknownPolicy::mark}};
    command
        ->add_option("--unk", options->unknown,
                     "text that the vocabulary lacks: copy (default) it into the translation, "
                     "drop it, or put a mark (⁇) in its place")
        ->transform(CLI::CheckedTransformer(policies))
        ->option_text("copy|drop|mark");
    command->add_flag("--strict", options->strict,
                      "end at the first line that is too long or not UTF-8, instead of mending it");
    command
        ->add_option("--max-line-bytes", options->max_line_bytes,
                     "what a longer line has behind these is left out, with a note")
        ->check(CLI::Range(std::size_t{16}, std::size_t{1} << 30))
        ->capture_default_str();
    command->callback([options] { translate(*options); });
}

}  // namespace hat::program
