# SPDX-License-Identifier: Apache-2.0
#
# `bench/compare` and `bench/rivals` print the tables that <name>.txt says, and name a file that is none.
#
#     cmake -D PROGRAM=<compare or rivals> -D FILES=<list of .json, here> -P tables.cmake

cmake_minimum_required(VERSION 3.25)
set(here ${CMAKE_CURRENT_LIST_DIR})
cmake_path(GET PROGRAM FILENAME name)

list(TRANSFORM FILES PREPEND ${here}/)
execute_process(COMMAND ${PROGRAM} ${FILES} OUTPUT_VARIABLE found COMMAND_ERROR_IS_FATAL ANY)
file(READ ${here}/${name}.txt expected)
if(NOT found STREQUAL expected)
    message(FATAL_ERROR "${name} printed\n${found}\nbut ${name}.txt has\n${expected}")
endif()

list(POP_BACK FILES)
foreach(wrong IN ITEMS compare.txt missing.json)
    execute_process(COMMAND ${PROGRAM} ${FILES} ${here}/${wrong}
                    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE error)
    string(REGEX MATCHALL "\n" lines "${error}")
    list(LENGTH lines count)
    if(NOT status EQUAL 1 OR output OR NOT count EQUAL 1 OR NOT error MATCHES "${wrong}")
        message(FATAL_ERROR "${wrong}: exit code ${status}, \"${output}\", \"${error}\"")
    endif()
endforeach()
