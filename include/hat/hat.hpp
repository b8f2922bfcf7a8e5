// SPDX-License-Identifier: Apache-2.0
#pragma once

/// All of hat that needs only the standard library and xsimd.

#include <hat/core/core.hpp>
#include <hat/version.hpp>
