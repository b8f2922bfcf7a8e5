// SPDX-License-Identifier: Apache-2.0

/// hat perplexity: a language model and a text → how well it foretells it.

#include <hat/core/threads.hpp>
#include <hat/data/lines.hpp>
#include <hat/data/text_codec.hpp>
#include <hat/io/file_status.hpp>
#include <hat/train/perplexity.hpp>
#include <hat/version.hpp>

#include "commands.hpp"
#include "encode_text.hpp"
#include "flags.hpp"
#include "language_data.hpp"
#include "model_argument.hpp"

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hat::program {

namespace {

struct PerplexityFlags {
    std::string model, data, text;
    train::PerplexityOptions options;
    int threads = 0;
};

/// The text to score, encoded as the model reads it.
data::Side text_argument(const PerplexityFlags& flags, const LoadedModel& model) {
    if (!flags.data.empty()) {
        TextData data = load_text_data(flags.data);
        if (data.files != model.directory.text_files())
            fail("--data ", flags.data, ": has another vocabulary than the model");
        return std::move(data.validation);
    }
    const auto codec = data::TextCodec::load(model.directory);
    data::UnknownTokens unknown;
    data::Side side{.vocab_size = codec.target_size(), .eos = codec.special().eos};
    for (const std::string& line : data::read_lines(flags.text)) {
        std::vector<int> ids = codec.encode(line);
        unknown.add(codec, line, ids);
        ids.push_back(side.eos);
        side.sentences.push_back(ids);
    }
    report_unknown(flags.text, unknown);
    return side;
}

void perplexity(const PerplexityFlags& flags) {
    if (flags.data.empty() == flags.text.empty()) fail("perplexity: name a --data or a --text");
    LoadedModel model(flags.model);
    if (model.network.architecture().has_encoder())
        fail(flags.model, ": is a translator; only language models have a perplexity");
    const data::Side text = text_argument(flags, model);
    const bool is_words = !io::exists(model.directory.subword_model_path());
    ThreadPool pool(flags.threads);
    const auto result = train::measure_perplexity(model.network.view(), text, flags.options, pool);
    std::printf("perplexity %.4f  nll %.6f  tokens %lld  signature "
                "per:%s+eos|vocab:%d|block:%d|context:%d|hat:%s\n",
                result.value(), result.loss(), static_cast<long long>(result.tokens),
                is_words ? "word" : "piece", text.vocab_size, flags.options.block,
                flags.options.context, std::string(version).c_str());
}

}  // namespace

void add_perplexity(CLI::App& app) {
    auto flags = std::make_shared<PerplexityFlags>();
    CLI::App* command = app.add_subcommand(
        "perplexity", "Scores a language model on a text: every word or piece and every end of "
                      "line once, each knowing at least --context tokens before it.");
    command->footer("Example:\n  hat perplexity --model run --text test.txt --block 512 --context "
                    "400");
    command->add_option("--model", flags->model, "run or model directory")->required();
    CLI::Option* data = command->add_option(
        "--data", flags->data, "the validation text of this data, as `hat prepare` made it");
    command->add_option("--text", flags->text, "a text of lines that follow one another")
        ->excludes(data);
    const NumberFlags number(*command);
    number("--block", flags->options.block, {.low = 1}, "tokens that are read at once");
    number("--context", flags->options.context, {.low = 0},
           "of these, up to so many were scored before and are only read again");
    number("--threads", flags->threads, {.low = 0, .high = ThreadPool::max_threads},
           "0: all cores");
    command->callback([flags] { perplexity(*flags); });
}

}  // namespace hat::program
