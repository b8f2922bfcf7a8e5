# SPDX-License-Identifier: Apache-2.0
#
# Every file that HOUSE.md names is there, and the folders of the library stand in it, and in the list of
# include/hat/README.md, in the order that headers.cmake checks.
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

file(STRINGS ${SOURCE_DIR}/tests/structure/headers.cmake order REGEX "^set\\(order ")
string(REGEX MATCHALL "[a-z]+" order "${order}")
list(REMOVE_ITEM order set order)

# In HOUSE.md the first folder is at the bottom, and the second behind it or to its left.
string(REGEX MATCH "## The folders.*\n`c` is " table "${text}")
string(REPLACE ";" "," table "${table}")
string(REGEX MATCHALL "\n    [a-z][^\n]*" rows "${table}")
set(folders "")
foreach(row IN LISTS rows)
    string(SUBSTRING "${row}" 0 44 names)  # what they are for is behind that
    string(REGEX MATCHALL "[a-z]+" names "${names}")
    list(APPEND folders ${names})
endforeach()
list(REVERSE folders)
if(NOT folders STREQUAL order)
    message(SEND_ERROR "HOUSE.md: its table has ${folders}, expected ${order}")
endif()

file(READ ${SOURCE_DIR}/include/hat/README.md text)
string(REGEX MATCHALL "\\[[a-z]+\\]\\([a-z]+/[a-z]+\\.hpp\\)" links "${text}")
string(REGEX REPLACE "\\[([a-z]+)\\][^;]*" "\\1" folders "${links}")
if(NOT folders STREQUAL order)
    message(SEND_ERROR "include/hat/README.md: its list has ${folders}, expected ${order}")
endif()

file(GLOB there RELATIVE ${SOURCE_DIR}/include/hat ${SOURCE_DIR}/include/hat/*)
foreach(folder IN LISTS there)
    if(IS_DIRECTORY ${SOURCE_DIR}/include/hat/${folder} AND NOT folder STREQUAL "c" AND NOT folder IN_LIST order)
        message(SEND_ERROR "include/hat/${folder} is in no order of folders")
    endif()
endforeach()
