// SPDX-License-Identifier: Apache-2.0
#include <hat/data/bpe.hpp>
#include <hat/data/fairseq_dictionary.hpp>
#include <hat/interop/fairseq_batches.hpp>
#include <hat/interop/fairseq_data.hpp>
#include <hat/io/json.hpp>
#include <hat/io/text_file.hpp>

#include "support/golden.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace hat::data;
using namespace hat::interop;
using hat::io::Json;
using hat::support::Golden;
using Ids = std::vector<std::vector<int>>;
using Lines = std::vector<std::string>;

namespace {

// As the reference was called: the golden folder's description has the names of the files.
constexpr const char* source = "de";
constexpr const char* target = "en";

/// One folder of binarised data, beside what is expected of it.
class Comparison {
public:
    Comparison(std::filesystem::path folder, const Json& text, const Json& expected)
        : folder_(std::move(folder)), text_(text), expected_(expected) {
        for (const char* language : {source, target})
            dictionaries_[language] =
                FairseqDictionary::load((folder_ / dictionary_name(language)).string());
    }

    /// Returns how many values were compared.
    std::size_t run() {
        compare_dictionaries();
        for (const char* split : {"train", "valid"}) compare_split(split);
        compare_strings();
        compare_batches();
        return compared_;
    }

private:
    [[nodiscard]] static std::string dictionary_name(const std::string& language) {
        return "dict." + language + ".txt";
    }
    [[nodiscard]] Lines lines(const std::string& split, const std::string& language) const {
        return text_.at(text_name(split, language)).get<Lines>();
    }
    /// The name of a text, and of its ids.
    [[nodiscard]] static std::string text_name(const std::string& split,
                                               const std::string& language) {
        return split + "." + language;
    }
    /// What the names of the files of a split begin with.
    [[nodiscard]] std::string prefix(const std::string& split) const {
        return (folder_ / (split + "." + source + "-" + target)).string();
    }

    void compare_dictionaries() {
        const bool is_joined = expected_.at("dict_de") == expected_.at("dict_en");
        for (const char* language : {source, target}) {
            CAPTURE(language);
            const FairseqDictionary& read = dictionaries_[language];
            const auto words = expected_.at(std::string("dict_") + language).get<Lines>();
            REQUIRE(read.size() == static_cast<int>(words.size()));
            for (int id = 0; id < read.size(); ++id)
                CHECK(read.word(id) == words[static_cast<std::size_t>(id)]);

            // Both are made of the training text; the joined ones had a limit, and are full.
            std::map<std::string, std::int64_t> counts;
            for (const char* other : {source, target})
                if (is_joined || other == std::string(language))
                    count_words(lines("train", other), counts);
            const FairseqDictionary built = FairseqDictionary::build(
                counts, {.most_words = is_joined ? static_cast<int>(words.size()) : 0});
            CHECK(built.text() ==
                  hat::io::read_file((folder_ / dictionary_name(language)).string()));
            CHECK(read.text() == built.text());
            compared_ += words.size();
        }
    }

    void compare_split(const std::string& split) {
        for (const std::string language : {source, target}) {
            const std::string name = text_name(split, language);
            CAPTURE(name);
            const FairseqDictionary& dictionary = dictionaries_[language];
            const auto ids = expected_.at(name).get<Ids>();
            const Sentences read =
                read_fairseq_sentences(prefix(split) + "." + language, dictionary.size());
            const Side encoded = encode(lines(split, language), dictionary);
            REQUIRE(read.size() == static_cast<int>(ids.size()));
            for (int i = 0; i < read.size(); ++i) {
                const auto& sentence = ids[static_cast<std::size_t>(i)];
                CHECK(std::vector<int>(read[i].begin(), read[i].end()) == sentence);
                compared_ += sentence.size();
            }
            CHECK(encoded.sentences == read);
        }
    }

    void compare_strings() {
        const auto ids = expected_.at("valid.de").get<Ids>();
        const auto strings = expected_.at("strings_valid_de").get<Lines>();
        const auto joined = expected_.at("strings_valid_de_removed_bpe").get<Lines>();
        REQUIRE(strings.size() == ids.size());
        REQUIRE(joined.size() == ids.size());
        for (std::size_t i = 0; i < ids.size(); ++i) {
            const std::string text = dictionaries_["de"].decode(ids[i]);
            CHECK(text == strings[i]);
            CHECK(remove_bpe(text) == joined[i]);
            compared_ += 2;
        }
    }

    void compare_batches() {
        const Corpus corpus = read_fairseq_corpus(prefix("train"), source, dictionaries_[source],
                                                  target, dictionaries_[target]);
        const FairseqBatchOptions options{.max_tokens = 40, .multiple = 2};
        const BatchPlan made = plan_fairseq_batches(corpus, options, 0);
        compare_plan(made, "batches_max_tokens40_mult2",
                     [](auto pairs) { return std::vector<int>(pairs.begin(), pairs.end()); });
        const BatchPlan shuffled = plan_fairseq_batches(corpus, options, 1);
        compare_plan(shuffled, "epoch1_order_first_ids",
                     [&](auto pairs) { return fairseq_rows(corpus, pairs); });
    }

    template <class Rows>
    void compare_plan(const BatchPlan& plan, const char* key, Rows rows) {
        CAPTURE(key);
        const auto batches = expected_.at(key).get<Ids>();
        REQUIRE(plan.size() == static_cast<int>(batches.size()));
        for (int b = 0; b < plan.size(); ++b) {
            CHECK(rows(plan.sentences(b)) == batches[static_cast<std::size_t>(b)]);
            compared_ += plan.sentences(b).size();
        }
    }

    std::filesystem::path folder_;
    const Json& text_;
    const Json& expected_;
    std::map<std::string, FairseqDictionary> dictionaries_;
    std::size_t compared_ = 0;
};

}  // namespace

TEST_SUITE("golden/databin") {
    TEST_CASE("dictionaries, ids, strings and batches are the reference's") {
        Golden golden("hat/databin/expected*.json");
        for (const auto& path : golden.files()) {
            CAPTURE(path.string());
            const Json expected =
                hat::io::parse_json(hat::io::read_file(path.string()), path.string());
            std::size_t compared = 0;
            for (const auto& item : expected.items()) {
                const std::string& name = item.key();
                if (name == "text") continue;
                CAPTURE(name);
                compared +=
                    Comparison(path.parent_path() / name, expected.at("text"), item.value()).run();
            }
            golden.add(path, compared);
        }
    }
}
