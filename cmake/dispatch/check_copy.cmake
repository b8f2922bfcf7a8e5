# SPDX-License-Identifier: Apache-2.0
#
# cmake -D COPY=… -D ENTRY=… -D NM=… -D OBJDUMP=… -P check_copy.cmake: fails, and removes the copy, unless
# it shows its entry alone and nothing of it runs before or after that.

cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${NM} -g --defined-only --format=posix ${COPY} OUTPUT_VARIABLE symbols
                COMMAND_ERROR_IS_FATAL ANY)
string(REGEX REPLACE " [^\n]*\n" ";" symbols "${symbols}")
list(REMOVE_ITEM symbols ${ENTRY} "")
execute_process(COMMAND ${OBJDUMP} -h ${COPY} OUTPUT_VARIABLE sections COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL " \\.(preinit_array|init_array|fini_array|ctors|dtors)[^ ]*" sections "${sections}")
if(symbols OR sections)
    file(REMOVE ${COPY})
    list(JOIN symbols " " symbols)
    message(FATAL_ERROR "${COPY}: is not apart from other copies: ${symbols}${sections}")
endif()
