# SPDX-License-Identifier: Apache-2.0
#
# Installs BINARY_DIR to PREFIX and compares what is there with installed.txt, in which a word behind a
# file is one of HAS if the file is to be there, and with all headers of SOURCE_DIR.

cmake_policy(VERSION 3.25)
string(REPLACE "," ";" HAS "${HAS}")
file(REMOVE_RECURSE ${PREFIX})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BINARY_DIR} --prefix ${PREFIX}
                OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)

file(GLOB_RECURSE expected RELATIVE ${SOURCE_DIR} ${SOURCE_DIR}/include/hat/*.hpp)
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/installed.txt lines)
string(TOLOWER "${CONFIG}" config)
foreach(line IN LISTS lines)
    string(REGEX MATCH "^([^ ]+) *([^ ]*)$" line "${line}")
    set(file ${CMAKE_MATCH_1})
    if(CMAKE_MATCH_2 STREQUAL "" OR CMAKE_MATCH_2 IN_LIST HAS)
        string(REGEX REPLACE "^LIB/" "${LIBDIR}/" file ${file})
        string(REPLACE "VERSION" "${VERSION}" file ${file})
        string(REPLACE "CONFIG" "${config}" file ${file})
        list(APPEND expected ${file})
    endif()
endforeach()

file(GLOB_RECURSE found RELATIVE ${PREFIX} ${PREFIX}/*)
set(missing ${expected})
list(REMOVE_ITEM missing ${found})
set(unexpected ${found})
list(REMOVE_ITEM unexpected ${expected})
if(missing OR unexpected)
    message(FATAL_ERROR "not installed: ${missing}\ninstalled, but not in installed.txt: ${unexpected}")
endif()
