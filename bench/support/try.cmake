# SPDX-License-Identifier: Apache-2.0
#
# Runs a program of bench/nn for as short as it can, and reads what it writes: a device's results
# must be a table of times in which ours and a rival agree.
#
#     cmake -D COMMAND=<program> -P try.cmake

cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${COMMAND} --benchmark_min_time=0.0001 --benchmark_format=json
                OUTPUT_VARIABLE json COMMAND_ERROR_IS_FATAL ANY)
string(JSON count LENGTH "${json}" benchmarks)
set(implementations "")
math(EXPR last "${count} - 1")
foreach(i RANGE ${last})
    string(JSON name GET "${json}" benchmarks ${i} name)
    string(JSON failed ERROR_VARIABLE none GET "${json}" benchmarks ${i} error_message)
    if(NOT none)
        message(SEND_ERROR "${name}: ${failed}")
        continue()
    endif()
    string(JSON time GET "${json}" benchmarks ${i} cpu_time)
    string(JSON unit GET "${json}" benchmarks ${i} time_unit)
    if(NOT time GREATER 0)
        message(SEND_ERROR "${name}: takes ${time} ${unit}")
    endif()
    string(REGEX REPLACE ".*/" "" implementation ${name})
    list(APPEND implementations ${implementation})
endforeach()
foreach(needed IN ITEMS hat hat_fixed eigen)
    if(NOT needed IN_LIST implementations)
        message(SEND_ERROR "${needed} is not measured")
    endif()
endforeach()
list(REMOVE_DUPLICATES implementations)
message(STATUS "${count} benchmarks of ${implementations}")
