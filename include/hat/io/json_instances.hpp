// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/io/json.hpp>

/// What parses and writes JSON, compiled here and nowhere else: the part of a program that defines
/// HAT_SHARED_INSTANCES and includes headers that need nlohmann-json, as <hat/decode/instances.hpp>
/// is that which runs networks.
namespace hat::io {

HAT_JSON_INSTANCES(, Json)
HAT_JSON_INSTANCES(, SortedJson)

}  // namespace hat::io
