# SPDX-License-Identifier: Apache-2.0
find_package(hat REQUIRED COMPONENTS json)
target_link_libraries(program PRIVATE hat::hat hat::json)
