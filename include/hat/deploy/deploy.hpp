// SPDX-License-Identifier: Apache-2.0
#pragma once

/// From a trained network to what serves it elsewhere.

#include <hat/deploy/amalgamation.hpp>
