// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/elastic/design_space.hpp>
#include <hat/elastic/design_space_yaml.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/model/architecture.hpp>

#include "model_argument.hpp"

#include <string>

namespace hat::program {

/// The design space that the SuperTransformer of a run was trained for.
///
/// Throws  `Error` if it is missing, not valid, or another one than `super` was trained for
[[nodiscard]] inline elastic::DesignSpace space_of_run(const std::string& run,
                                                       const io::ModelDirectory& super) {
    const std::string path = run + "/space.yml";
    if (!io::exists(path)) fail(path, ": is missing: --run must be what `hat train --space` made");
    const model::Architecture& stored = super.config().architecture;
    auto space = with_vocabulary(elastic::read_design_space(path).space, stored.source_vocab_size,
                                 stored.target_vocab_size);
    validate(space);
    if (space.super != stored)
        fail(path, ": describes another super network than ", model_path(run), " holds");
    check_space(path, super);
    return space;
}

}  // namespace hat::program
