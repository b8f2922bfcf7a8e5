# SPDX-License-Identifier: Apache-2.0
#
# `bench/compare` prints two files as expected.txt says, and names a file that is none.
#
#     cmake -D PROGRAM=<compare> -P compare.cmake

cmake_minimum_required(VERSION 3.25)
set(here ${CMAKE_CURRENT_LIST_DIR})
execute_process(COMMAND ${PROGRAM} ${here}/first.json ${here}/second.json
                OUTPUT_VARIABLE found COMMAND_ERROR_IS_FATAL ANY)
file(READ ${here}/expected.txt expected)
if(NOT found STREQUAL expected)
    message(FATAL_ERROR "compare printed\n${found}\nbut expected.txt has\n${expected}")
endif()

foreach(wrong IN ITEMS expected.txt missing.json)
    execute_process(COMMAND ${PROGRAM} ${here}/first.json ${here}/${wrong}
                    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE error)
    string(REGEX MATCHALL "\n" lines "${error}")
    list(LENGTH lines count)
    if(NOT status EQUAL 1 OR output OR NOT count EQUAL 1 OR NOT error MATCHES "${wrong}")
        message(FATAL_ERROR "${wrong}: exit code ${status}, \"${output}\", \"${error}\"")
    endif()
endforeach()
