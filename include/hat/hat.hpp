// SPDX-License-Identifier: Apache-2.0
#pragma once

/// All of hat that needs only the standard library and xsimd, but for the search, which is a
/// workshop's and not a device's: <hat/search/search.hpp>.

#include <hat/autograd/autograd.hpp>
#include <hat/core/core.hpp>
#include <hat/data/data.hpp>
#include <hat/decode/decode.hpp>
#include <hat/elastic/elastic.hpp>
#include <hat/kernels/kernels.hpp>
#include <hat/model/model.hpp>
#include <hat/nn/nn.hpp>
#include <hat/train/train.hpp>
#include <hat/version.hpp>
