# SPDX-License-Identifier: Apache-2.0
add_subdirectory(${hat_sources} hat)
target_link_libraries(program PRIVATE hat::hat hat::json)
