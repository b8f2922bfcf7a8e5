# SPDX-License-Identifier: Apache-2.0
#
# Debian's cross compiler for 32-bit Arm, from ARMv7 with NEON and fused multiply-adds (VFPv4:
# Cortex-A7, A15 and later) on; programs run under qemu-user.
#
# Floats are computed one by one: NEON takes the smallest of them for zero on 32-bit Arm, and bits
# would differ. Products of 8 bits have its vectors.

set(CMAKE_SYSTEM_PROCESSOR arm)
set(HAT_CROSS_TRIPLET arm-linux-gnueabihf)
# GCC tells of a change of its version 7 at every call with a vector.
set(CMAKE_CXX_FLAGS_INIT "-march=armv7-a+neon-vfpv4 -mfloat-abi=hard -Wno-psabi")
include(${CMAKE_CURRENT_LIST_DIR}/cross_linux.cmake)
