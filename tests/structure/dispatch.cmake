# SPDX-License-Identifier: Apache-2.0
#
# What would make a dispatching program wrong is refused when it is configured:
#
#     cmake -D SOURCE_DIR=… -P dispatch.cmake
cmake_minimum_required(VERSION 3.25)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
include(${SOURCE_DIR}/cmake/hatDispatch.cmake)

# refused(<beginning of what is missing>)
function(refused expected)
    hat_can_dispatch(missing)
    string(FIND "${missing}" "${expected}" at)
    if(NOT at EQUAL 0)
        message(SEND_ERROR "expected \"${expected}…\", found \"${missing}\"")
    endif()
endfunction()

foreach(flag -mavx2 -march=native -flto -flto=auto)
    set(CMAKE_CXX_FLAGS "-mtune=native -O2 ${flag} -mno-omit-leaf-frame-pointer")
    refused("CMAKE_CXX_FLAGS without ${flag}")
endforeach()
set(CMAKE_CXX_FLAGS "")
set(CMAKE_BUILD_TYPE Release)
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -mfma")
refused("CMAKE_CXX_FLAGS without -mfma")
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -mtune=native -mno-omit-leaf-frame-pointer")
set(known "x86-64, x86-64-v3, x86-64-v3+avxvnni, x86-64-v4, x86-64-v4+avx512vnni")
set(HAT_DISPATCH_ISAS x86-64 x86-64-v2)
refused("HAT_DISPATCH_ISAS of ${known}; found \"x86-64-v2\"")
set(HAT_DISPATCH_ISAS "")
refused("HAT_DISPATCH_ISAS of ${known}; found \"\"")
