// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/special_tokens.hpp>
#include <hat/core/threads.hpp>
#include <hat/data/data_directory.hpp>
#include <hat/data/shortlist_building.hpp>
#include <hat/data/shortlist_file.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/vocabulary_hash.hpp>

#include <cstdio>

namespace hat::program {

/// Which shortlist `hat prepare` makes.
struct ShortlistFlags {
    int best = 0;  ///< target tokens of a source token; 0: none is made
    int frequent = data::ShortlistOptions{}.frequent;
};

/// Makes the shortlist of `prepared`, whose languages share a vocabulary, and says on stderr how
/// well it does on the validation pairs.
inline void add_shortlist(const ShortlistFlags& flags, data::PreparedData& prepared,
                          const SpecialTokens& special, ThreadPool& pool) {
    prepared.train.vocabulary = io::vocabulary_hash(prepared.text_files);
    const data::Shortlist shortlist = data::build_shortlist(
        prepared.train, {.best = flags.best, .frequent = flags.frequent, .shared_vocabulary = true},
        special, pool);
    const auto coverage = data::shortlist_coverage(shortlist, prepared.validation);
    std::fprintf(
        stderr,
        "shortlist: %.0f of %d tokens a validation sentence on average, which have %.2f %% "
        "of those of its translation\n",
        coverage.mean_size(), shortlist.target_vocab_size(), 100 * coverage.share());
    prepared.text_files[io::shortlist_file_name] = data::shortlist_bytes(shortlist);
    prepared.origin["shortlist"] = {{"best", flags.best}, {"frequent", flags.frequent}};
}

}  // namespace hat::program
