// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/embedded_text_builder.hpp>

#include "support/rejected.hpp"
#include "support/subword_samples.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>

using hat::data::NormalForm;
using hat::data::Subword;
using hat::data::TextRules;
using hat::deploy::make_text_tables;
using hat::deploy::OwnedTextTables;

TEST_SUITE("deploy/embedded_text_builder") {
    TEST_CASE("tables of composition are there if they are needed") {
        const Subword subword = hat::support::trained_subword({});
        const auto tables = [&](const TextRules& rules) {
            return make_text_tables(subword.bytes(), subword.special(), rules, 50, "model");
        };
        const OwnedTextTables plain = tables({});
        CHECK_FALSE(plain.view().composes);
        CHECK_FALSE(plain.view().has_stand_ins);
        CHECK(plain.view().whole_tokens == 50);
        CHECK(plain.view().eos == subword.special().eos);
        const OwnedTextTables nfc = tables({.normalize = NormalForm::nfc, .stand_ins = true});
        CHECK(nfc.view().composes);
        CHECK(nfc.view().has_stand_ins);
        CHECK(nfc.bytes() - plain.bytes() == nfc.composition->bytes());
    }

    TEST_CASE("rules that are not embedded are refused") {
        const Subword subword = hat::support::trained_subword({});
        const auto check_refused = [&](const TextRules& rules, int tokens, int eos,
                                       const std::string& part) {
            hat::support::check_rejected_at("run/model", part, [&] {
                static_cast<void>(
                    make_text_tables(subword.bytes(), {.eos = eos}, rules, tokens, "run/model"));
            });
        };
        check_refused({.lowercase = true}, 50, 2, "lowercase cannot be embedded");
        check_refused({.normalize = NormalForm::nfkc}, 50, 2, "normalize: nfkc cannot be embedded");
        check_refused({.protect = {"a+"}}, 50, 2, "protect with patterns cannot be embedded");
        check_refused({}, 0, 2, "lines of 0 tokens, expected at least 1");
        check_refused({}, 50, -1, "eos is -1");
        check_refused({}, 50, subword.size(), "eos is ");
    }
}
