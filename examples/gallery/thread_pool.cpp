// SPDX-License-Identifier: Apache-2.0

/// A translator in a thread pool: threads that answer requests share one model, and each has a
/// translator of its own, whose memory it keeps. What they say depends on nobody else.

#include <hat/hat.hpp>

#include <cstdio>
#include <deque>
#include <vector>

/// What a thread keeps from one request to the next.
struct Worker {
    explicit Worker(const hat::model::PackedModel& model) : translator(model, {}) {}

    std::vector<int> answer(const std::vector<int>& request) {
        sources.clear();
        sources.push_back(request);
        translator.translate(sources.view(), {.beam = 4, .max_length_b = 5}, alone, results);
        return results[0][0].tokens;
    }

    hat::decode::Translator translator;
    hat::ThreadPool alone{1};  // starts no thread: the caller works
    hat::decode::OwnedSources sources{};
    std::vector<hat::decode::Hypotheses> results{};
};

int main() {
    hat::model::Network network(hat::model::uniform(
        {.encoder_layers = 2, .decoder_layers = 2, .embed_dim = 64, .ffn_dim = 128, .heads = 4},
        100, 100));
    network.initialize(3);
    const hat::model::PackedModel model(network.view());  // is read alone

    std::vector<std::vector<int>> requests(40);
    hat::Random random(1);
    for (auto& request : requests) {
        request.resize(2 + random.below(9));
        for (int& token : request) token = 4 + static_cast<int>(random.below(96));
        request.push_back(2);  // eos
    }

    const auto serve = [&](int threads) {
        std::vector<std::vector<int>> answers(requests.size());
        std::deque<Worker> workers;
        hat::ThreadPool pool(threads);  // or any other
        for (int i = 0; i < pool.size(); ++i) workers.emplace_back(model);
        pool.run(static_cast<int>(requests.size()), [&](int i, int thread) {
            const auto at = static_cast<std::size_t>(i);
            answers[at] = workers[static_cast<std::size_t>(thread)].answer(requests[at]);
        });
        return answers;
    };
    std::printf("%zu answers, those of four threads as of one: %s\n", requests.size(),
                serve(4) == serve(1) ? "yes" : "no");
}

// Output:
// 40 answers, those of four threads as of one: yes
