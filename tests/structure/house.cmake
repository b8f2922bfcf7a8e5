# SPDX-License-Identifier: Apache-2.0
#
# Every file that HOUSE.md names is there, and every folder of the library is named in it.
#
#     cmake -D SOURCE_DIR=<top> -P house.cmake

cmake_minimum_required(VERSION 3.25)
file(READ ${SOURCE_DIR}/HOUSE.md text)
string(REGEX MATCHALL "[A-Za-z0-9_]+(/[A-Za-z0-9_]+)+\\.[a-z]+" files "${text}")
list(REMOVE_DUPLICATES files)
list(LENGTH files count)
if(count LESS 50)
    message(FATAL_ERROR "HOUSE.md: expected at least 50 names of files, found ${count}")
endif()
foreach(file IN LISTS files)
    if(NOT EXISTS ${SOURCE_DIR}/include/hat/${file} AND NOT EXISTS ${SOURCE_DIR}/${file})
        message(SEND_ERROR "HOUSE.md: ${file} is neither in include/hat nor at the top")
    endif()
endforeach()
file(GLOB folders RELATIVE ${SOURCE_DIR}/include/hat ${SOURCE_DIR}/include/hat/*)
foreach(folder IN LISTS folders)
    if(IS_DIRECTORY ${SOURCE_DIR}/include/hat/${folder} AND NOT text MATCHES "[ `\n]${folder}[ `\n]")
        message(SEND_ERROR "HOUSE.md: include/hat/${folder} is not named")
    endif()
endforeach()
