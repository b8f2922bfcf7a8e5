# SPDX-License-Identifier: Apache-2.0
#
# Debian's cross compiler for 64-bit Arm; programs run under qemu-user.

set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(HAT_CROSS_TRIPLET aarch64-linux-gnu)
include(${CMAKE_CURRENT_LIST_DIR}/cross_linux.cmake)
