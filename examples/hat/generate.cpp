// SPDX-License-Identifier: Apache-2.0

/// hat generate: a language model → text drawn from it.

#include <hat/data/text_codec.hpp>
#include <hat/data/utf8.hpp>
#include <hat/decode/cached_transformer.hpp>
#include <hat/decode/sampling.hpp>
#include <hat/model/pack.hpp>

#include "commands.hpp"
#include "flags.hpp"
#include "model_argument.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace hat::program {

namespace {

struct GenerateOptions {
    std::string model, prompt;
    decode::TextSamplerOptions text;
    int samples = 1;
    bool no_unk = false;
};

/// Tokens as lines of text: an end of sentence ends a line.
std::string lines_of(const std::vector<int>& tokens, const data::TextCodec& codec, int eos) {
    std::string text;
    for (auto first = tokens.begin(); first != tokens.end();) {
        const auto last = std::find(first, tokens.end(), eos);
        text += codec.decode({first, last}) + '\n';
        first = last == tokens.end() ? last : last + 1;
    }
    return text;
}

void generate(const GenerateOptions& options) {
    LoadedModel model(options.model);
    if (model.network.architecture().has_encoder())
        fail(options.model, ": is a translator; hat translate asks it");
    if (data::find_invalid_utf8(options.prompt) != std::string::npos)
        fail("--prompt: is not valid UTF-8");
    const auto codec = data::TextCodec::load(model.directory);
    io::check_special_tokens(model.directory, codec.special());
    const SpecialTokens special = model.directory.config().special_tokens;
    const model::PackedModel packed(model.network.view());
    decode::CachedTransformer decoder(packed);
    decode::TextSamplerOptions text = options.text;
    text.unk = !options.no_unk;
    const std::vector<std::vector<int>> prompts(static_cast<std::size_t>(options.samples),
                                                codec.encode(options.prompt));
    const auto texts = io::of_model(model.directory, [&] {
        return decode::TextSampler().run(decoder, prompts, special, text);
    });
    for (std::size_t i = 0; i < texts.size(); ++i) {
        std::vector<int> whole = prompts[i];
        whole.insert(whole.end(), texts[i].begin(), texts[i].end());
        std::printf("%s%s", i > 0 ? "\n" : "", lines_of(whole, codec, special.eos).c_str());
    }
}

}  // namespace

void add_generate(CLI::App& app) {
    auto options = std::make_shared<GenerateOptions>();
    CLI::App* command = app.add_subcommand(
        "generate", "Draws text from a language model; the same seed gives the same text.");
    command->footer("Example:\n  hat generate --model run --prompt 'The game' --top-p 0.9");
    command->add_option("--model", options->model, "run or model directory")->required();
    command->add_option("--prompt", options->prompt, "what the text begins with");
    const NumberFlags number(*command);
    number("--tokens", options->text.tokens, {.low = 1},
           "words or pieces to draw, ends of line among them");
    number("--temperature", options->text.sampling.temperature, {.above = 0, .high = 1000},
           "below 1, likely tokens become likelier");
    number("--top-k", options->text.sampling.top_k, {.low = 0},
           "only the so many likeliest tokens; 0: all");
    number("--top-p", options->text.sampling.top_p, {.low = 1e-6F, .high = 1},
           "only the likeliest tokens that have this probability together");
    number("--samples", options->samples, {.low = 1, .high = 1000}, "texts");
    number("--seed", options->text.sampling.seed, {}, "of the draws");
    command->add_flag("--one-line", options->text.stop_at_eos, "stop at the end of a line");
    command->add_flag("--no-unk", options->no_unk, "never draw the unknown word");
    command->callback([options] { generate(*options); });
}

}  // namespace hat::program
