# SPDX-License-Identifier: Apache-2.0
#
# Two programs must print the same.
#
#     cmake -D FIRST=PROGRAM -D SECOND=PROGRAM -P same_output.cmake

foreach(name IN ITEMS FIRST SECOND)
    execute_process(COMMAND ${${name}} OUTPUT_VARIABLE ${name}_output COMMAND_ERROR_IS_FATAL ANY)
endforeach()
if(FIRST_output STREQUAL "" OR NOT FIRST_output STREQUAL SECOND_output)
    message(FATAL_ERROR "${FIRST} printed\n${FIRST_output}\nbut ${SECOND}\n${SECOND_output}")
endif()
