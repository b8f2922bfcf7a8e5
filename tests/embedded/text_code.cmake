# SPDX-License-Identifier: Apache-2.0
#
# The code of SOURCE asks for nothing but what compilers ask of any system (memcmp and the like, division):
# no heap, no exceptions, no arithmetic of floating point; it has no constructors that run before
# `main`, and no more code than LIMIT bytes, which SIZE counts, if these are given.
#
#     cmake -D SOURCE=text_code.cpp -D COMPILER=… -D NM=… [-D SIZE=… -D LIMIT=…] -D OPTIONS=… -D INCLUDE=… -D OBJECT=…
#           -P text_code.cmake

cmake_policy(VERSION 3.25)
function(run)
    execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
    set(output "${output}" PARENT_SCOPE)
endfunction()

run(${COMPILER} -std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics ${OPTIONS} -I${INCLUDE}
    -c ${CMAKE_CURRENT_LIST_DIR}/${SOURCE} -o ${OBJECT})
run(${NM} ${OBJECT})
string(REGEX MATCHALL "[A-Za-z] [^\n ]+" symbols "${output}")
foreach(symbol IN LISTS symbols)
    if(symbol MATCHES "_GLOBAL__sub_I|__static_initialization")
        message(FATAL_ERROR "a constructor runs before main: ${symbol}")
    endif()
    if(symbol MATCHES "^U " AND NOT symbol MATCHES
       "^U (tables|model|abort|bcmp|mem(cmp|cpy|move|set)|strlen|__aeabi_(lmul|u?i?div(mod)?|u?ldivmod|llsl|llsr|lasr)|__clz[sd]i2|_GLOBAL_OFFSET_TABLE_)$")
        message(FATAL_ERROR "asks for ${symbol}")
    endif()
endforeach()
if(NOT SIZE)
    return()
endif()
run(${SIZE} ${OBJECT})
string(REGEX MATCH "\n *([0-9]+)" line "${output}")
message(STATUS "${CMAKE_MATCH_1} bytes of code, at most ${LIMIT}")
if(CMAKE_MATCH_1 GREATER LIMIT)
    message(FATAL_ERROR "expected at most ${LIMIT}")
endif()
