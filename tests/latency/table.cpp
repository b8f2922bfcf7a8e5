// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/gene_string.hpp>
#include <hat/latency/table.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

using namespace hat::latency;
using hat::Error;

namespace {

const std::string header =
    "encoder_embed_dim,encoder_layer_num,encoder_ffn_embed_dim_avg,encoder_self_attention_heads_"
    "avg,decoder_embed_dim,decoder_layer_num,decoder_ffn_embed_dim_avg,decoder_self_attention_"
    "heads_avg,decoder_ende_attention_heads_avg,decoder_arbitrary_ende_attn_avg,latency_mean_"
    "encoder,latency_mean_decoder,latency_std_encoder,latency_std_decoder";

const std::string line = "640,6,1962.6666666666667,6.0,512,4,1920.0,2.5,5.5,1.5,5.49,124.5,0.05,"
                         "0.4";

/// Those of `line`.
const std::string sample_genes = "e640:3072x6+3072x6+1024x6+1024x6+1536x6+2048x6/"
                                 "d512:1024x2x4x1+2048x2x6x1+2048x2x6x2+2560x4x6x2";

LatencyRow detailed_row() {
    LatencyRow row = latency_table_from_csv(header + "\n" + line + "\n", "t.csv")[0];
    row.features.decoder_weight_mb = 7.5;
    row.details = LatencyDetails{.encoder_median_ms = 5.4,
                                 .decoder_median_ms = 124,
                                 .total_median_ms = 388.0 / 3,
                                 .total_low_ms = 129.2,
                                 .total_high_ms = 129.5,
                                 .encoder_p95_ms = 6,
                                 .decoder_p95_ms = 130,
                                 .sentinel_ratio = 1.01,
                                 .repeats = 20,
                                 .beam = 5,
                                 .source_length = 12.5,
                                 .target_length = 13.25,
                                 .flags = "",
                                 .genes = sample_genes};
    return row;
}

}  // namespace

TEST_SUITE("latency/table") {
    TEST_CASE("a published table is read column by column") {
        const LatencyTable table = latency_table_from_csv(header + "\r\n" + line + "\n", "t.csv");
        REQUIRE(table.size() == 1);
        CHECK(table[0].features ==
              LatencyFeatures{640, 6, 5888.0 / 3, 6, 512, 4, 1920, 2.5, 5.5, 1.5});
        CHECK(table[0].encoder_std_ms == 0.05);
        CHECK(table[0].total_ms() == 5.49 + 124.5);
        CHECK_FALSE(table[0].details.has_value());
    }

    TEST_CASE("a table that was written is read back the same") {
        const hat::support::TemporaryDirectory directory;
        for (const bool extended : {false, true}) {
            LatencyTable table{detailed_row(), detailed_row()};
            table[1].decoder_mean_ms = 0.1 + 0.2;
            table[1].details->flags = "remeasured+throttled";
            if (!extended)
                for (LatencyRow& row : table) {
                    row.details.reset();
                    row.features.decoder_weight_mb = 0;  // no published column
                }
            write_latency_table(directory / "t.csv", table);
            CHECK(read_latency_table(directory / "t.csv") == table);
            CHECK(table[0].total_ms() == (extended ? 388.0 / 3 : 5.49 + 124.5));
        }
        CHECK(latency_table_from_csv(latency_table_to_csv({}), "t.csv").empty());
    }

    TEST_CASE("what is wrong with a table is said with its line and column") {
        const auto message = [](const std::string& text, const char* expected) {
            CHECK_THROWS_WITH_AS(static_cast<void>(latency_table_from_csv(text, "t.csv")), expected,
                                 Error);
        };
        const auto with = [](const std::string& found, const std::string& replacement) {
            std::string text = line;
            return header + "\n" + line + "\n" +
                   text.replace(text.find(found), found.size(), replacement) + "\n";
        };
        message("", "t.csv:1: expected a line of column names, found nothing");
        message("a,b\n1,2\n",
                "t.csv:1: column \"encoder_embed_dim\" is missing; column \"a\" is not known");
        message("encoder_embed_dim\n640\n", "t.csv:1: column \"encoder_layer_num\" is missing");
        message(header + ",more\n", "t.csv:1: column \"more\" is not known to this version");
        for (const std::string extra : {"beam", "genes"})
            message(header + "," + extra + "\n",
                    ("t.csv:1: column \"encoder_median_ms\" is missing: with column \"" + extra +
                     "\" this is a table with details, which needs encoder_median_ms, "
                     "decoder_median_ms and total_median_ms")
                        .c_str());
        message(with(",0.05", ""), "t.csv:3: expected 14 fields, found 13");
        message(with("5.49", "fast"),
                "t.csv:3: latency_mean_encoder: expected a number, found \"fast\"");
        message(with("5.49", "-5"),
                "t.csv:3: latency_mean_encoder: expected a number in 0 … 1e+09, found \"-5\"");
        message(with(",6,", ",6.5,"),
                "t.csv:3: encoder_layer_num: expected an integer in 0 … 16, found \"6.5\"");
        message(
            with("1.5,", "4,"),
            "t.csv:3: decoder_arbitrary_ende_attn_avg: expected a number in 0 … 3, found \"4\"");
        message(with("5.49,124.5", "0,0"),
                "t.csv:3: latency_mean_decoder: expected a latency above 0, found \"0\"");
    }

    TEST_CASE("columns are read by name, in any order, and unknown ones are told") {
        const std::string text = latency_table_to_csv(LatencyTable{detailed_row()});
        std::string turned;  // the columns from the last to the first, and one more
        for (std::size_t at = 0, end = text.find('\n'); at < text.size();
             at = end + 1, end = text.find('\n', at)) {
            std::string line = text.substr(at, end - at);
            turned += turned.empty() ? "watts" : "7.5";
            for (std::size_t comma = line.rfind(','); !line.empty(); comma = line.rfind(',')) {
                const std::size_t begin = comma == std::string::npos ? 0 : comma + 1;
                turned += "," + line.substr(begin);
                line.resize(begin == 0 ? 0 : comma);
            }
            turned += "\n";
        }
        std::vector<std::string> unknown;
        CHECK(latency_table_from_csv(turned, "t.csv", &unknown) == LatencyTable{detailed_row()});
        CHECK(unknown == std::vector<std::string>{"watts"});
    }

    TEST_CASE("what a table of an older version lacks is told by the genes of its rows") {
        const std::string unit_genes = "e64:32x1q32u4x2000x4/d64:32x1x1x1q32u4x2000x4";
        const auto network = hat::elastic::parse_genes(unit_genes, "genes");
        const LatencyFeatures known = latency_features(network);
        REQUIRE(known.decoder_unit_mmacs > 0);
        const auto table = [&](const std::string& genes) {
            return header + ",encoder_median_ms,decoder_median_ms,total_median_ms,genes\n" +
                   "64,1,32,1,64,1,32,1,1,1,2,3,0.1,0.1,2,3,5," + genes + "\n";
        };
        const LatencyRow row = latency_table_from_csv(table(unit_genes), "t.csv")[0];
        CHECK(row.features.encoder_unit_layers == known.encoder_unit_layers);
        CHECK(row.features.decoder_unit_mmacs == known.decoder_unit_mmacs);
        CHECK(row.features.decoder_qkv_dim == 32);
        CHECK(row.features.decoder_weight_mb == 0);  // no gene
        CHECK_THROWS_WITH_AS(static_cast<void>(latency_table_from_csv(table(""), "t.csv")),
                             "t.csv:2: column \"encoder_qkv_dim\" is missing, and there are no "
                             "genes that would tell it",
                             Error);
    }

    TEST_CASE("a table that does not tell how its networks were served is of the usual way") {
        const std::string columns =
            ",encoder_median_ms,decoder_median_ms,total_median_ms,encoder_qkv_dim,"
            "encoder_unit_layers,encoder_unit_mmacs,decoder_qkv_dim,decoder_unit_layers,"
            "decoder_unit_mmacs";
        const std::string row = "64,1,32,1,64,1,32,1,1,1,2,3,0.1,0.1,2,3,5,0,0,0,0,0,0";
        const auto features_of = [](const std::string& text) {
            return latency_table_from_csv(text, "t.csv")[0].features;
        };
        CHECK(features_of(header + columns + "\n" + row + "\n").weight_bits == 32);
        const auto told =
            features_of(header + columns + ",genes\n" + row + ",e64:32x1/d64:32x1x1x1/w8l100\n");
        CHECK(told.weight_bits == 8);
        CHECK(told.listed_tokens == 100);
    }

    TEST_CASE("a last row that is cut off is refused, wherever it ends") {
        const std::string whole = latency_table_to_csv(LatencyTable{detailed_row()});
        for (std::size_t size = whole.size() - 1; size > whole.find('\n') + 1; --size)
            CHECK_THROWS_WITH_AS(
                static_cast<void>(latency_table_from_csv(whole.substr(0, size), "t.csv")),
                doctest::Contains("t.csv:2: expected "), Error);
        CHECK_THROWS_WITH_AS(
            static_cast<void>(latency_table_from_csv(header + "\n" + line, "t.csv")),
            "t.csv:2: expected a line break at the end of the last row, found none: it may be cut "
            "off",
            Error);
    }

    TEST_CASE("genes are those of the features, and a total is about what both sides take") {
        const auto message = [](const LatencyRow& row, const std::string& expected) {
            CHECK_THROWS_WITH_AS(static_cast<void>(latency_table_from_csv(
                                     latency_table_to_csv(LatencyTable{row}), "t.csv")),
                                 expected.c_str(), Error);
        };
        LatencyRow row = detailed_row();
        row.features.decoder_heads = 3;
        message(row, "t.csv:2: decoder_self_attention_heads_avg: expected 2.5, as its genes " +
                         sample_genes.substr(0, 80) + "… say, found \"3\"");
        row = detailed_row();
        row.details->genes.resize(60);
        message(
            row,
            "t.csv:2: genes: column 61: expected \"x\" and attended_layers, found nothing more");
        row = detailed_row();
        row.details->total_median_ms = 12.9;
        message(row, "t.csv:2: total_median_ms: expected about 129.4, what encoder and decoder "
                     "take together, found \"12.9\"");
        row.details->total_high_ms = 300;  // a device that was busy
        CHECK_NOTHROW(static_cast<void>(
            latency_table_from_csv(latency_table_to_csv(LatencyTable{row}), "t.csv")));
        row = detailed_row();
        row.details->genes.clear();
        CHECK_NOTHROW(static_cast<void>(
            latency_table_from_csv(latency_table_to_csv(LatencyTable{row}), "t.csv")));
    }

    TEST_CASE("a table that no file can hold is not written") {
        LatencyTable table{detailed_row(), detailed_row()};
        table[1].details->genes = "640,6";
        CHECK_THROWS_WITH_AS(static_cast<void>(latency_table_to_csv(table)),
                             "latency table: \"640,6\" cannot be a field of a CSV file", Error);
        table[1].details.reset();
        CHECK_THROWS_WITH_AS(static_cast<void>(latency_table_to_csv(table)),
                             "latency table: some rows have details and others have not", Error);
    }

    TEST_CASE("a number that no table can hold is not written, but named") {
        const auto message = [](const LatencyTable& table, const char* expected) {
            CHECK_THROWS_WITH_AS(static_cast<void>(latency_table_to_csv(table)), expected, Error);
        };
        LatencyTable table{detailed_row(), detailed_row()};
        table[1].details->total_high_ms = INFINITY;
        message(table, "latency table: line 3: total_high_ms: expected a number, found inf");
        table[0].decoder_mean_ms = NAN;
        message(table, "latency table: line 2: latency_mean_decoder: expected a number, found nan");
        table[0].details.reset();
        table.pop_back();
        table[0].decoder_mean_ms = 1;
        table[0].features.encoder_heads = -INFINITY;
        message(table,
                "latency table: line 2: encoder_self_attention_heads_avg: expected a number, "
                "found -inf");
    }
}
