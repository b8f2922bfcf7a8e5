// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/functions.hpp>
#include <hat/autograd/tape.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/error.hpp>
#include <hat/core/ragged.hpp>
#include <hat/core/threads.hpp>
#include <hat/core/token_ids.hpp>
#include <hat/data/corpus.hpp>
#include <hat/model/network.hpp>
#include <hat/model/transformer.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// How well a language model foretells a text.
namespace hat::train {

/// Tokens that a language model may read at once.
[[nodiscard]] inline int max_text_length(const model::Transformer<nn::Trainable>& model) noexcept {
    return model::Network::most_tokens(model.target_positions.value);
}

/// How a text is cut into windows.
struct PerplexityOptions {
    int block = 512;    ///< tokens that are read at once …
    int context = 400;  ///< … of which up to so many were scored before
};

/// One reading of a stretch of text: the tokens `first` … `first + count − 1` are scored, each
/// knowing what is before it in the window, which begins `context` tokens earlier.
struct TextWindow {
    std::int64_t first;
    int context;
    int count;

    friend bool operator==(const TextWindow&, const TextWindow&) = default;
};

/// The windows that score every token of a text once: `block − context` new tokens each, behind
/// the last `context` old ones, or as many as there are.
///
/// Throws  `Error` unless 0 ≤ context < block
///
/// See  DeLighT's reference implementation, which scores WikiText-103 with block 512, context 400
[[nodiscard]] inline std::vector<TextWindow> text_windows(std::int64_t tokens,
                                                          const PerplexityOptions& options) {
    if (options.context < 0 || options.context >= options.block)
        fail("perplexity: a context of ", options.context, " tokens, expected 0 to ",
             options.block - 1, ", less than the block");
    const int step = options.block - options.context;
    std::vector<TextWindow> windows;
    for (std::int64_t first = 0; first < tokens; first += step) {
        windows.push_back(
            {.first = first,
             .context = static_cast<int>(std::min<std::int64_t>(options.context, first)),
             .count = static_cast<int>(std::min<std::int64_t>(step, tokens - first))});
    }
    return windows;
}

/// Σ −log p over the tokens of a text, natural logarithm.
struct Perplexity {
    double nll = 0;
    std::int64_t tokens = 0;

    /// The mean of a token.
    [[nodiscard]] double loss() const noexcept {
        return nll / static_cast<double>(std::max<std::int64_t>(tokens, 1));
    }
    /// The perplexity: e^loss.
    [[nodiscard]] double value() const noexcept { return std::exp(loss()); }
};

/// The perplexity of a text, whose lines are one stream: every token is scored, ends of line too,
/// by what is before it in its window. In front of the text stands an end of line. The same bits on
/// any number of threads.
///
/// Throws  `Error` if the windows are not possible or longer than what the model has positions for,
///         or a token is not in its vocabulary
/// Cost    block / (block − context) forward passes over the text
[[nodiscard]] inline Perplexity measure_perplexity(const model::Transformer<nn::Trainable>& model,
                                                   const data::Side& text,
                                                   const PerplexityOptions& options,
                                                   ThreadPool& pool) {
    if (options.block > max_text_length(model))
        fail("perplexity: blocks of ", options.block, " tokens, expected at most ",
             max_text_length(model), ", as the model has positions for");
    if (text.vocab_size != model.architecture.target_vocab_size)
        fail("perplexity: the text has a vocabulary of ", text.vocab_size, ", the model one of ",
             model.architecture.target_vocab_size);
    const std::span<const int> targets = text.sentences.tokens.view();
    check_token_ids(std::span(&text.eos, 1), text.vocab_size, "perplexity: the text");
    check_token_ids(targets, text.vocab_size, "perplexity: the text");
    std::vector<int> inputs{text.eos};
    if (!targets.empty()) inputs.insert(inputs.end(), targets.begin(), targets.end() - 1);
    const std::vector<TextWindow> windows =
        text_windows(static_cast<std::int64_t>(targets.size()), options);

    struct Workspace {
        Arena memory;
        Arena scratch;
    };
    std::vector<Workspace> workspaces(static_cast<std::size_t>(pool.size()));
    std::vector<double> losses(windows.size());
    pool.run(static_cast<int>(windows.size()), [&](int index, int thread) {
        Workspace& workspace = workspaces[static_cast<std::size_t>(thread)];
        workspace.memory.reset();
        workspace.scratch.reset();
        autograd::Eval context(workspace.memory, workspace.scratch);
        const TextWindow& window = windows[static_cast<std::size_t>(index)];
        const std::array offsets{0, window.context + window.count};
        const auto begin = static_cast<std::size_t>(window.first - window.context);
        const auto read = std::span(inputs).subspan(begin, static_cast<std::size_t>(offsets[1]));
        const Matrix states =
            model::decode(context, model, {}, {}, read, Ragged(offsets.data(), 1)).output.value;
        const autograd::Variable scored{states.middle_rows(window.context, window.count), nullptr};
        const auto wanted = std::span(targets).subspan(static_cast<std::size_t>(window.first),
                                                       static_cast<std::size_t>(window.count));
        losses[static_cast<std::size_t>(index)] =
            loss_of_states(context, model, scored, wanted, 0.0F).nll;
    });
    Perplexity result{.tokens = static_cast<std::int64_t>(targets.size())};
    for (const double loss : losses) result.nll += loss;
    return result;
}

}  // namespace hat::train
