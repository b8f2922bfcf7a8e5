// SPDX-License-Identifier: Apache-2.0

/// `hat-translate`: `hat translate` of a model directory, as one program without libraries, for
/// boards that have none. Text is read as exported headers read it, without SentencePiece.

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/core/ragged.hpp>
#include <hat/core/threads.hpp>
#include <hat/data/text_rules.hpp>
#include <hat/decode/served_network.hpp>
#include <hat/deploy/embedded_text_builder.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/line_reader.hpp>
#include <hat/io/model_directory.hpp>

#include "../hat/number.hpp"
#include "../hat/standard_streams.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace {

using hat::decode::WeightKind;
using hat::deploy::TextStatus;

constexpr const char* help =
    R"(hat-translate: translates standard input, one sentence a line, with a run or model directory.

  hat-translate --model DIRECTORY [--weights fp32|bf16|int8] [--beam N] <text >translations

It says what hat translate says. A line that hat translate would cut into parts is told by its
number, and has an empty translation. Not for models with lower case, NFKC, protected patterns,
shortlists or dictionaries of fairseq.
)";

/// What the command line is wrong about.
struct UsageError {
    std::string message;
};

struct Options {
    std::string model;
    std::optional<WeightKind> weights;
    hat::decode::SearchOptions search;
    bool help = false;
};

WeightKind weights_named(std::string_view word) {
    for (const WeightKind kind : {WeightKind::fp32, WeightKind::bf16, WeightKind::int8})
        if (word == word_of(kind)) return kind;
    throw UsageError{"--weights: expected fp32, bf16 or int8"};
}

/// The model directory that is meant: `path` itself, or the model of the run that it is.
std::string model_path(const std::string& path) {
    const std::string inside = path + "/model";
    return hat::io::exists(inside + "/config.json") ? inside : path;
}

Options parse(std::span<char* const> arguments) {
    Options options;
    std::set<std::string_view> given;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view name = arguments[i];
        const auto value = [&]() -> std::string_view {
            if (!given.insert(name).second)
                throw UsageError{std::string(name) + ": is given twice"};
            if (i + 1 == arguments.size()) throw UsageError{std::string(name) + ": needs a value"};
            return arguments[++i];
        };
        if (name == "--help" || name == "-h")
            options.help = true;
        else if (name == "--model")
            options.model = value();
        else if (name == "--weights")
            options.weights = weights_named(value());
        else if (name == "--beam")
            options.search.beam =
                hat::program::parse_number<int>(name, value(), {.low = 1, .high = 1000});
        else
            throw UsageError{"there is no option " + hat::program::detail::shown(name)};
    }
    if (!options.help && options.model.empty()) throw UsageError{"name a model: --model DIRECTORY"};
    return options;
}

class BoardTranslator {
public:
    explicit BoardTranslator(const Options& options)
        : directory_(hat::io::ModelDirectory::open_to_serve(model_path(options.model))),
          search_(options.search), network_(load_network(checked(directory_), options.weights)),
          owned_(text_tables()), tables_(owned_.view()), pool_(1) {
        const int pieces = tables_.subwords.pieces;
        const int words = directory_.config().architecture.source_vocab_size;
        if (pieces != words)
            hat::fail(directory_.path(), ": its text has ", pieces, " pieces, but its network ",
                      words);
    }

    [[nodiscard]] const std::string& note() const noexcept { return network_.note; }

    /// The translation of a line, which is valid until the next one; nothing where `status` tells
    /// why.
    [[nodiscard]] std::string_view translate(std::string_view line, TextStatus& status) {
        const auto read =
            encode_line(tables_, line, memory_, ids_.data(), static_cast<int>(ids_.size()));
        status = read.status == TextStatus::as_it_is ? TextStatus::done : read.status;
        if (read.status == TextStatus::as_it_is) return line;
        if (status != TextStatus::done || read.count == 0) return {};
        const std::array offsets{0, read.count};
        network_.translator.translate(
            {std::span<const int>(ids_).first(static_cast<std::size_t>(read.count)),
             hat::Ragged(offsets.data(), 1)},
            search_, pool_, found_);
        const auto written = decode_line(tables_, read, memory_, found_[0][0].tokens, text_.data(),
                                         hat::deploy::longest_text_bytes);
        status = written.status;
        return {text_.data(), static_cast<std::size_t>(written.count)};
    }

private:
    static const hat::io::ModelDirectory& checked(const hat::io::ModelDirectory& directory) {
        const auto& architecture = directory.config().architecture;
        if (!architecture.has_encoder())
            hat::fail(directory.path(), ": is a language model, expected a translator");
        if (architecture.serving.listed_tokens > 0)
            hat::fail(directory.path(),
                      ": is served with a shortlist, which hat-translate has not");
        if (!directory.text_files().contains("subword.model"))
            hat::fail(directory.path(), ": has dictionaries of fairseq, expected a subword.model");
        return directory;
    }

    [[nodiscard]] hat::deploy::OwnedTextTables text_tables() const {
        const auto files = directory_.text_files();
        const auto rules = files.find("text.json");
        const int split_over = network_.split_over(search_);
        const int most = network_.most_tokens();
        return hat::deploy::make_text_tables(
            files.at("subword.model"), directory_.config().special_tokens,
            rules == files.end()
                ? hat::data::TextRules{}
                : hat::data::text_rules_from_json(rules->second, directory_.file_path("text.json")),
            split_over > 0 ? std::min(split_over, most) : most, directory_.path());
    }

    hat::io::ModelDirectory directory_;
    hat::decode::SearchOptions search_;
    hat::decode::ServedNetwork network_;
    hat::deploy::OwnedTextTables owned_;
    hat::deploy::TextTables tables_;
    hat::ThreadPool pool_;
    hat::deploy::StaticTextMemory<hat::deploy::longest_text_bytes> memory_;
    std::array<int, hat::deploy::longest_text_bytes> ids_{};
    std::array<char, hat::deploy::longest_text_bytes> text_{};
    std::vector<hat::decode::Hypotheses> found_;
};

const char* words_of(TextStatus status) {
    switch (status) {
    case TextStatus::not_utf8:
        return "is not UTF-8";
    case TextStatus::too_many_tokens:
        return "has more tokens than are read in one piece; hat translate cuts such a line";
    default:
        return "or its translation is too long";
    }
}

void translate_lines(const Options& options) {
    const auto translator = std::make_unique<BoardTranslator>(options);  // too large for a stack
    if (!translator->note().empty())
        std::fprintf(stderr, "note: %s\n", hat::one_line(translator->note()).c_str());
    hat::io::LineReader lines(STDIN_FILENO, "standard input");
    while (const auto line = lines.next()) {
        TextStatus status{};
        const std::string_view translation = translator->translate(line->text, status);
        if (status != TextStatus::done)
            std::fprintf(stderr, "line %llu %s\n", static_cast<unsigned long long>(line->number),
                         words_of(status));
        std::fwrite(translation.data(), 1, translation.size(), stdout);
        std::putchar('\n');
        hat::program::flush_standard_output();
    }
}

int wrong_usage(const std::string& line) {
    std::fprintf(stderr, "hat-translate: %s (--help explains)\n", line.c_str());
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const Options options = parse(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
        if (options.help)
            std::fputs(help, stdout);
        else
            translate_lines(options);
        return 0;
    } catch (const UsageError& error) {
        return wrong_usage(error.message);
    } catch (const hat::program::NumberError& error) {
        return wrong_usage(error.line);
    } catch (const hat::Error& error) {
        std::fprintf(stderr, "hat-translate: %s\n", hat::one_line(error.what()).c_str());
    } catch (const std::bad_alloc&) {
        std::fprintf(stderr, "hat-translate: out of memory\n");
    }
    return 1;
}
