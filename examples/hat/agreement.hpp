// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/distributed/communicator.hpp>
#include <hat/io/json.hpp>
#include <hat/io/settings_difference.hpp>

#include "job.hpp"

#include <string>

/// Ranks that do a command together do the same one, with the same files.
namespace hat::program {

/// What the first rank has for `own`. Collective.
[[nodiscard]] inline io::Json of_first(const Job& job, const io::Json& own) {
    if (job.ranks.size() == 1) return own;
    std::string text = own.dump();
    distributed::broadcast(job.ranks, text);
    return io::parse_json(text, "the first rank");
}

/// Returns when all ranks have the settings of the first one. Collective.
///
/// Throws  `Error` if this one has others
inline void check_agreement(const Job& job, const io::Json& settings) {
    const std::string difference =
        io::settings_difference(of_first(job, settings).dump(), settings.dump());
    if (!difference.empty()) fail("works on something else than the first rank: ", difference);
    job.ranks.barrier();
}

}  // namespace hat::program
