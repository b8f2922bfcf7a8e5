# SPDX-License-Identifier: Apache-2.0
include(FetchContent)
FetchContent_Declare(hat URL ${hat_archive})
FetchContent_MakeAvailable(hat)
target_link_libraries(program PRIVATE hat::hat hat::json)
