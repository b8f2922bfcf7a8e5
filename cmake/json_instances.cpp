// SPDX-License-Identifier: Apache-2.0
#include <hat/io/json_instances.hpp>
