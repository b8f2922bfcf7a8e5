// SPDX-License-Identifier: Apache-2.0
#include "support/linear_time.hpp"

#include <hat/data/bleu.hpp>
#include <hat/data/bpe.hpp>
#include <hat/data/chrf.hpp>
#include <hat/data/fairseq_dictionary.hpp>
#include <hat/data/lines.hpp>
#include <hat/data/subword.hpp>
#include <hat/data/subword_trainer.hpp>
#include <hat/data/tokenizer.hpp>
#include <hat/data/unicode.hpp>
#include <hat/data/utf8.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/interop/pickle.hpp>
#include <hat/io/csv.hpp>
#include <hat/io/jsonl.hpp>
#include <hat/io/yaml.hpp>

#include "../../examples/corpus/catalogue.hpp"
#include "../../examples/corpus/nearest.hpp"
#include "../../examples/corpus/page.hpp"
#include "support/subword_text.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace hat::data;

namespace {

/// A function of text, and the text that would be hard for it: `pattern` again and again.
struct Case {
    std::string name;
    std::string begin;
    std::string pattern;
    std::string end;
    std::function<void(const std::string&)> run;
};

std::string text_of(const Case& c, int bytes) {
    std::string text = c.begin;
    while (text.size() < static_cast<std::size_t>(bytes)) text += c.pattern;
    return text + c.end;
}

/// Whatever is wrong with the text is said in linear time too.
double growth(const Case& c, int bytes) {
    return hat::support::growth(
        bytes, [&](int n) { return text_of(c, n); },
        [&](const std::string& text) {
            try {
                c.run(text);
            } catch (const hat::Error&) {
                return;
            }
        });
}

template <class Function>
std::function<void(const std::string&)> of(Function function) {
    return [function](const std::string& text) { static_cast<void>(function(text)); };
}

template <Tokenizer tokenizer>
void tokens(const std::string& text) {
    static_cast<void>(tokenize(text, tokenizer));
}

void bleu_of(const std::string& text) {
    static_cast<void>(sentence_bleu(text, text));
}

void chrf_of(const std::string& text) {
    static_cast<void>(count_chrf(text, text, {.word_order = 2}));
}

void csv_of(const std::string& text) {
    static_cast<void>(hat::io::Csv::parse(text, "t.csv"));
}

void pickle_of(const std::string& text) {
    static_cast<void>(hat::interop::Pickle(std::as_bytes(std::span(text)), "file.pt"));
}

void page_of(const std::string& text) {
    static_cast<void>(corpus::read_page(text, "page"));
}

const std::vector<Case> cases{
    {"13a: entities", "", "&quot;", "", tokens<Tokenizer::v13a>},
    {"13a: skipped", "", "<skipped>", "", tokens<Tokenizer::v13a>},
    {"13a: lines", "", "-\n", "", tokens<Tokenizer::v13a>},
    {"13a: half an entity", "", "&quot", "", tokens<Tokenizer::v13a>},
    {"13a: periods", "", ".,1-", "", tokens<Tokenizer::v13a>},
    {"intl", "", "a.1,\xE2\x82\xAC", "", tokens<Tokenizer::international>},
    {"char", "", "\xE6\x9D\xB1", "", tokens<Tokenizer::character>},
    {"none: spaces", "", " ", "", tokens<Tokenizer::none>},
    {"BLEU: equal words", "", "a ", "", bleu_of},
    {"BLEU: one word", "", "a", "", bleu_of},
    {"BLEU: entities", "", "&quot;", "", bleu_of},
    {"BLEU: words", "", "one two, three four 5. ", "", bleu_of},
    {"chrF: equal characters", "", "a", "", chrf_of},
    {"chrF: words", "", "one two, ", "", chrf_of},
    {"lower case: sigmas", "", "\xCE\xA3", "",
     of([](const std::string& t) { return to_lower(std::u32string_view(decode_utf8(t))); })},
    {"lower case: sigmas with marks", "", "a\xCE\xA3'''''''''''''''", "",
     of([](const std::string& t) { return to_lower(std::u32string_view(decode_utf8(t))); })},
    {"lower case: marks", "\xCE\xA3", "'", "",
     of([](const std::string& t) { return to_lower(std::u32string_view(decode_utf8(t))); })},
    {"UTF-8", "", "\xF0\x9F\x98\x80", "",
     of([](const std::string& t) { return encode_utf8(decode_utf8(t)); })},
    {"lines", "", "\n", "", of([](const std::string& t) { return split_lines(t, "t"); })},
    {"BPE: merges", "", "ab", "", of([](const std::string& t) {
         return BpeCodes::from_text("a b\nab ab\nabab abab\nabababab abababab\n", "codes").apply(t);
     })},
    {"BPE: a merge that grows", "", "a", "", of([](const std::string& t) {
         return BpeCodes::from_text("a a\naa a\naaa a\n", "codes").apply(t);
     })},
    {"BPE: words", "", "ab ", "",
     of([](const std::string& t) { return BpeCodes::from_text("a b\n", "codes").apply(t); })},
    {"BPE: marks", "", "a@@ ", "", of([](const std::string& t) { return remove_bpe(t); })},
    {"BPE: spaces", "", " ", "", of([](const std::string& t) { return remove_bpe(t); })},
    {"BPE: codes", "#version: 0.2\n", "a b\n", "",
     of([](const std::string& t) { return BpeCodes::from_text(t, "codes").size(); })},
    {"dictionary", "", "word 1\n", "",
     of([](const std::string& t) { return FairseqDictionary::from_text(t, "dict.txt").size(); })},
    {"dictionary: a line", "", "word ", "1\n",
     of([](const std::string& t) { return FairseqDictionary::from_text(t, "dict.txt").size(); })},
    {"CSV: rows", "a,b\n", "1,2\n", "", csv_of},
    {"CSV: columns", "", "a,", "b\n", csv_of},
    {"CSV: a long row", "a,b\n", "1,", "\n", csv_of},
    {"JSON line", "", "\"\\\n\x01", "", of([](const std::string& t) {
         return hat::io::JsonRecord{}.add(t, std::string_view(t)).text();
     })},
    {"YAML: list", "list: [", "1, ", "1]\n", of([](const std::string& t) {
         return hat::io::YamlMap::parse(t, "t.yml").integers("list").size();
     })},
    {"YAML: aliases", "a: &a [1]\nlist: [", "*a, ", "*a]\n", of([](const std::string& t) {
         return hat::io::YamlMap::parse(t, "t.yml").integers("list").size();
     })},
    {"YAML: a quoted word", "word: \"", "\\n", "\"\n",
     of([](const std::string& t) { return hat::io::YamlMap::parse(t, "t.yml").word("word"); })},
    {"gene string", "e640:3072x8", "+2048x4", "/d512:3072x8x4x1",
     of([](const std::string& t) { return hat::elastic::parse_genes(t, "genes"); })},
    {"pickle: memo", "\x80\x02]", "q\1", ".", pickle_of},
    {"pickle: tuples", "\x80\x02N", "\x85", ".", pickle_of},
    {"pickle: appends", "\x80\x02]", "(NNe", ".", pickle_of},
    {"pickle: items", "\x80\x02}", "NNs", ".", pickle_of},
    {"pickle: marks", "\x80\x02", "(", ".", pickle_of},
    {"page: ampersands", "<p id=\"par_id1\">", "&", ";</p>", page_of},
    {"page: references", "<p id=\"par_id1\">", "&#1", ";</p>", page_of},
    {"page: spans", "<p id=\"par_id1\">", "<span>", "</p>", page_of},
    {"page: comments", "", "<!-- ", "", page_of},
    {"page: tags", "", "<", ">", page_of},
    {"page: paragraphs", "", "<p id=\"par_id1\">a</p>", "", page_of},
    {"n-grams of the nearest", "", "a ", "",
     of([](const std::string& t) { return corpus::word_ngrams(t); })},
};

}  // namespace

TEST_SUITE("data/linear_time") {
    TEST_CASE("a function of text takes four times as long for four times the text") {
        constexpr int bytes = 1 << 15;
        for (const Case& c : cases) {
            CAPTURE(c.name);
            CHECK(growth(c, bytes) < hat::support::linear_growth);
        }
    }
    TEST_CASE("the codes of BPE and a dictionary may have many lines") {
        const auto lines = [](int n) {
            std::string text;
            for (int i = 0; i < n; ++i) text += "w" + std::to_string(i) + " 1\n";
            return text;
        };
        CHECK(hat::support::growth(5000, lines, [](const std::string& text) {
                  static_cast<void>(FairseqDictionary::from_text(text, "dict.txt"));
              }) < hat::support::linear_growth);
        CHECK(hat::support::growth(5000, lines, [](const std::string& text) {
                  static_cast<void>(BpeCodes::from_text(text, "codes"));
              }) < hat::support::linear_growth);
    }
    // Not so runs of characters without a piece: SentencePiece joins them one by one, each time
    // anew.
    TEST_CASE("subwords cut and join long lines of known characters") {
        const Subword subword = train_subword(hat::support::subword_text, {.vocab_size = 40});
        for (const std::string pattern : {"a", "the fox ", " "}) {
            CAPTURE(pattern);
            const Case c{"", "", pattern, "", [&](const std::string& text) {
                             static_cast<void>(subword.decode(subword.encode(text)));
                         }};
            CHECK(growth(c, 1 << 15) < hat::support::linear_growth);
        }
    }
}
