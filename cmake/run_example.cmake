# SPDX-License-Identifier: Apache-2.0
#
# Runs PROGRAM and compares what it prints with the last comment of SOURCE:
#
#     // Output:
#     //   first line
#     //   second line
#
# What follows "//" and up to three spaces is the line.

file(READ ${SOURCE} text)
string(FIND "${text}" "\n// Output:\n" place REVERSE)
if(place LESS 0)
    message(FATAL_ERROR "${SOURCE}: has no comment \"// Output:\"")
endif()
string(SUBSTRING "${text}" ${place} -1 expected)
string(REPLACE "\n// Output:\n" "" expected "${expected}")
string(REGEX REPLACE "(^|\n)// ? ? ?" "\\1" expected "${expected}")

execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE found RESULT_VARIABLE failed)
if(NOT failed EQUAL 0)
    message(FATAL_ERROR "${PROGRAM}: exit code ${failed}")
endif()
string(STRIP "${expected}" expected)
string(STRIP "${found}" found)
if(NOT found STREQUAL expected)
    message(FATAL_ERROR "${PROGRAM} printed\n${found}\n\nbut ${SOURCE} says\n${expected}")
endif()
