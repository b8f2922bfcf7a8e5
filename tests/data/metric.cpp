// SPDX-License-Identifier: Apache-2.0
#include <hat/data/metric.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using Lines = std::vector<std::string>;

namespace {

/// The score of a corpus, summed up sentence by sentence.
template <class Metric>
auto summed(const Metric& metric, const Lines& hypotheses, const std::vector<Lines>& references) {
    auto sum = metric.none();
    for (std::size_t i = 0; i < hypotheses.size(); ++i)
        metric.add(metric.count(hypotheses[i], hat::data::references_of(references, i)), sum);
    return metric.score(sum);
}

}  // namespace

TEST_SUITE("data/metric") {
    const Lines hypotheses{"the cat sat on a mat .", "one two three"};
    const std::vector<Lines> references{{"the cat sat on the mat .", "one three two"},
                                        {"a cat sat on a mat", "one two"}};

    TEST_CASE("sums over sentences are the score of the corpus") {
        CHECK(summed(hat::data::BleuMetric{{.references = 2}}, hypotheses, references).line() ==
              hat::data::corpus_bleu(hypotheses, references).line());
        CHECK(summed(hat::data::ChrfMetric{{.word_order = 2, .references = 2}}, hypotheses,
                     references)
                  .line() ==
              hat::data::corpus_chrf(hypotheses, references, {.word_order = 2}).line());
        CHECK(summed(hat::data::TerMetric{{.references = 2}}, hypotheses, references).line() ==
              hat::data::corpus_ter(hypotheses, references).line());
    }
    TEST_CASE("a metric has the name that its line begins with") {
        CHECK(hat::data::BleuMetric::name() == "BLEU");
        CHECK(hat::data::ChrfMetric{{.word_order = 2}}.name() == "chrF2++");
        CHECK(hat::data::TerMetric::name() == "TER");
    }
}
