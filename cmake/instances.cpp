// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/instances.hpp>
