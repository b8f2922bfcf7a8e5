// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/elastic/design_space_yaml.hpp>

#include <cstdio>
#include <string>

namespace hat::program {

/// The design space that a flag names, for data with a vocabulary of `vocab_size`: a YAML file or a
/// space that is built in.
///
/// Throws  `Error` if it is neither, or made for another vocabulary.
inline elastic::DesignSpace space_argument(const std::string& name, int vocab_size) {
    const elastic::DesignSpaceFile file = elastic::find_design_space(name);
    const elastic::DesignSpace& space = file.space;
    if (file.recipe != elastic::TrainingRecipe{}) {
        std::fprintf(stderr, "%s: its training settings are not used; flags decide\n",
                     name.c_str());
    }
    for (const int size : {space.super.source_vocab_size, space.super.target_vocab_size}) {
        if (size != 0 && size != vocab_size) {
            fail("--space ", name, ": has a vocabulary of ", size, ", but the data one of ",
                 vocab_size);
        }
    }
    return with_vocabulary(space, vocab_size, vocab_size);
}

}  // namespace hat::program
