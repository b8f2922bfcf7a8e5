// SPDX-License-Identifier: Apache-2.0

/// hat translate: text on stdin → its translation on stdout.

#include <hat/core/threads.hpp>
#include <hat/data/text_codec.hpp>
#include <hat/data/utf8.hpp>
#include <hat/decode/translate.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/model/network.hpp>
#include <hat/model/pack.hpp>

#include "commands.hpp"
#include "model_argument.hpp"

#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

namespace hat::program {

namespace {

struct TranslateOptions {
    std::string model;
    decode::SearchOptions search;
    int threads = 0;
    int batch = 32;
    bool scores = false;
};

/// A model directory, ready to translate lines.
class LineTranslator {
public:
    LineTranslator(const TranslateOptions& options)  // NOLINT: made where it is used
        : options_(options), directory_(io::ModelDirectory::open(model_path(options.model))),
          text_(data::TextCodec::load(directory_)), packed_(load()),
          translator_(packed_, directory_.config().special_tokens), pool_(options.threads) {
        const auto& architecture = directory_.config().architecture;
        if (!architecture.has_encoder()) {
            fail(options.model, ": is a language model; it has nothing to translate from");
        }
        if (text_.source_size() != architecture.source_vocab_size ||
            text_.target_size() != architecture.target_vocab_size) {
            fail(options.model, ": its text has vocabularies of ", text_.source_size(), " and ",
                 text_.target_size(), ", but its network of ", architecture.source_vocab_size,
                 " and ", architecture.target_vocab_size);
        }
    }

    /// Prints the translations of `lines`, of which the first is line `number` of the input.
    void translate(const std::vector<std::string>& lines, std::size_t number) {
        tokens_.clear();
        offsets_.assign(1, 0);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            std::vector<int> ids = text_.encode(lines[i]);
            if (ids.empty()) continue;  // an empty line translates to an empty line
            if (static_cast<int>(ids.size()) >= model::Network::max_tokens) {
                fail("standard input:", number + i, ": the line has ", ids.size(),
                     " tokens, expected less than ", model::Network::max_tokens);
            }
            tokens_.insert(tokens_.end(), ids.begin(), ids.end());
            tokens_.push_back(text_.special().eos);
            offsets_.push_back(static_cast<int>(tokens_.size()));
        }
        const Ragged sentences(offsets_.data(), static_cast<int>(offsets_.size()) - 1);
        translator_.translate({tokens_, sentences}, options_.search, pool_, results_,
                              options_.batch);
        std::size_t next = 0;
        for (const std::string& line : lines) {
            if (!text_.encode(line).empty())
                print(results_[next++].front());
            else
                std::putchar('\n');
        }
        std::fflush(stdout);
        if (std::ferror(stdout) != 0) fail("standard output: cannot be written");
    }

private:
    [[nodiscard]] model::PackedModel load() const {
        model::Network network(directory_.config().architecture);
        directory_.load_weights(network.table(), network.values());
        return model::PackedModel(network.view());
    }

    void print(const decode::Hypothesis& best) {
        std::vector<int> ids(best.tokens.begin(), best.tokens.end() - 1);  // without eos
        const std::string text = text_.decode(ids);
        if (options_.scores) std::printf("%.4f\t", static_cast<double>(best.score));
        std::printf("%s\n", text.c_str());
    }

    TranslateOptions options_;
    io::ModelDirectory directory_;
    data::TextCodec text_;
    model::PackedModel packed_;
    decode::Translator translator_;
    ThreadPool pool_;
    std::vector<int> tokens_;
    std::vector<int> offsets_;
    std::vector<decode::Hypotheses> results_;
};

void translate(const TranslateOptions& options) {
    LineTranslator translator(options);
    // Whoever types wants an answer at once; a file goes faster in bigger pieces.
    const std::size_t block = ::isatty(STDIN_FILENO) != 0 ? 1 : 1024;
    std::vector<std::string> lines;
    std::size_t number = 1;
    std::string line;
    while (std::getline(std::cin, line)) {
        if (line.ends_with('\r')) line.pop_back();
        if (const auto bad = data::find_invalid_utf8(line); bad != std::string::npos) {
            fail("standard input:", number + lines.size(), ": byte ", bad + 1,
                 " of the line is not valid UTF-8");
        }
        lines.push_back(line);
        if (lines.size() < block) continue;
        translator.translate(lines, number);
        number += lines.size();
        lines.clear();
    }
    if (std::cin.bad()) fail("standard input: cannot be read");
    if (!lines.empty()) translator.translate(lines, number);
}

}  // namespace

void add_translate(CLI::App& app) {
    auto options = std::make_shared<TranslateOptions>();
    CLI::App* command =
        app.add_subcommand("translate", "Translates standard input, one sentence a line.");
    command->footer("Example:\n  echo 'Save the file.' | hat translate --model run/model");
    command->add_option("--model", options->model, "run or model directory")->required();
    const auto number = [&](const char* name, auto& value, const char* text) {
        return command->add_option(name, value, text)->capture_default_str();
    };
    number("--beam", options->search.beam, "hypotheses a sentence; 1 is greedy")
        ->check(CLI::Range(1, 1000));
    number("--threads", options->threads, "0: all cores")->check(CLI::NonNegativeNumber);
    number("--batch", options->batch, "sentences that are translated together")
        ->check(CLI::PositiveNumber);
    number("--length-penalty", options->search.length_penalty,
           "scores are divided by length to this power");
    number("--max-length-a", options->search.max_length_a,
           "a translation has at most a · source length + b tokens")
        ->check(CLI::NonNegativeNumber);
    number("--max-length-b", options->search.max_length_b, "b of the above")
        ->check(CLI::NonNegativeNumber);
    number("--no-repeat-ngram", options->search.no_repeat_ngram,
           "no sequence of so many tokens twice in a translation; 0: any")
        ->check(CLI::NonNegativeNumber);
    command->add_flag("--scores", options->scores,
                      "print the score of each translation in front of it, and a tab");
    command->callback([options] { translate(*options); });
}

}  // namespace hat::program
