# SPDX-License-Identifier: Apache-2.0
#
# What Debian's cross compilers for Linux have in common; HAT_CROSS_TRIPLET names the system, and
# programs run under qemu-user.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER ${HAT_CROSS_TRIPLET}-gcc)
set(CMAKE_CXX_COMPILER ${HAT_CROSS_TRIPLET}-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${CMAKE_SYSTEM_PROCESSOR} -L /usr/${HAT_CROSS_TRIPLET})

# The libraries that are headers only serve any architecture. They stand in /usr/include, beside the
# host's C library, which must not be seen: links to them alone make a tree of their own.
set(header_only ${CMAKE_BINARY_DIR}/header_only)
foreach(library IN ITEMS eigen3 xsimd doctest nlohmann xxhash.h xxh3.h)
    if(EXISTS /usr/include/${library} AND NOT EXISTS ${header_only}/include/${library})
        file(MAKE_DIRECTORY ${header_only}/include)
        file(CREATE_LINK /usr/include/${library} ${header_only}/include/${library} SYMBOLIC)
    endif()
endforeach()

set(CMAKE_FIND_ROOT_PATH ${header_only} /usr/${HAT_CROSS_TRIPLET})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
