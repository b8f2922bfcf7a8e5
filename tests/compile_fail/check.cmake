# SPDX-License-Identifier: Apache-2.0
#
# Passes if SOURCE does not compile, for the reason that its line "// Expect: <regex>" gives, and does
# compile once the lines that end in "// wrong" are left out.

file(STRINGS ${SOURCE} expect REGEX "^// Expect: ")
string(REGEX REPLACE "^// Expect: " "" expect "${expect}")
if(expect STREQUAL "")
    message(FATAL_ERROR "${SOURCE}: has no line \"// Expect: <regex>\"")
endif()

set(flags -std=c++20 -fsyntax-only -I${INCLUDE})
if(NOT XSIMD_INCLUDE STREQUAL "/usr/include")
    list(APPEND flags -isystem ${XSIMD_INCLUDE})
endif()

execute_process(COMMAND ${COMPILER} ${flags} ${SOURCE}
                RESULT_VARIABLE failed ERROR_VARIABLE errors)
if(failed EQUAL 0)
    message(FATAL_ERROR "${SOURCE}: compiles, but must not")
endif()
if(NOT errors MATCHES "${expect}")
    message(FATAL_ERROR "${SOURCE}: expected \"${expect}\", but the compiler says:\n${errors}")
endif()

execute_process(COMMAND sed "/\\/\\/ wrong$/d" ${SOURCE}
                COMMAND ${COMPILER} ${flags} -x c++ -
                RESULT_VARIABLE failed ERROR_VARIABLE errors)
if(NOT failed EQUAL 0)
    message(FATAL_ERROR "${SOURCE}: is wrong even without its wrong lines:\n${errors}")
endif()
