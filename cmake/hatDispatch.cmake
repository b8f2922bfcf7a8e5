# SPDX-License-Identifier: Apache-2.0
#
# One x86-64 program for all machines: it holds itself once for each of HAT_DISPATCH_ISAS, and its main
# goes on in the best copy (dispatch/choose.hpp).
#
# Copies must share nothing that a compiler made: of an inline function or a template of any library, a
# linker keeps one version, which may be the one of a newer processor, and what initialises static
# objects would run for all copies. Namespaces per instruction set would part our own code only, and
# several executables behind a launcher are no one program (and no help to a shared library). So each
# copy is compiled as the program always is, its objects are linked into one relocatable object in which
# every symbol but the entry becomes local, and its initialisers go to a section that dispatch/main.cpp
# runs for the chosen copy alone. check_copy.cmake looks that nothing else is left.

# Those that cmake/dispatch/main.cpp knows.
set(hat_known_isas x86-64 x86-64-v3 x86-64-v3+avxvnni x86-64-v4 x86-64-v4+avx512vnni)
list(JOIN hat_known_isas ", " known)
set(HAT_DISPATCH_ISAS ${hat_known_isas} CACHE STRING
    "What a dispatching program is compiled for, of ${known}")

# GNU binutils for Clang, too: beside that, CMake finds the tools of LLVM, whose linker keeps groups.
foreach(tool ld objcopy nm objdump)
    string(TOUPPER HAT_${tool} variable)
    find_program(${variable} NAMES ${tool}.bfd ${CMAKE_CXX_LIBRARY_ARCHITECTURE}-${tool} ${tool}
                 DOC "GNU ${tool}, for programs that dispatch")
    mark_as_advanced(${variable})
endforeach()

# hat_can_dispatch(<result>): an empty string, or what is missing here.
function(hat_can_dispatch result)
    set(missing "")
    set(linker_help "")
    set(unknown_isas ${HAT_DISPATCH_ISAS})
    list(REMOVE_ITEM unknown_isas ${hat_known_isas})
    # Flags that could let a compiler use more than a copy's instructions.
    string(TOUPPER "${CMAKE_BUILD_TYPE}" config)
    string(REGEX REPLACE "(^| )-m(tune=|no-|cmodel=|64)[^ ]*" " " flags
           "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${config}}")
    if(HAT_LD)
        execute_process(COMMAND ${HAT_LD} --help OUTPUT_VARIABLE linker_help ERROR_QUIET)
    endif()
    if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$" OR NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
        set(missing "x86-64 Linux")
    elseif(flags MATCHES "(^| )(-m[^ ]+|-flto[^ ]*)")
        set(missing "CMAKE_CXX_FLAGS without ${CMAKE_MATCH_2}")
    elseif(HAT_DISPATCH_ISAS STREQUAL "" OR NOT unknown_isas STREQUAL "")
        list(JOIN hat_known_isas ", " known)
        set(missing "HAT_DISPATCH_ISAS of ${known}; found \"${unknown_isas}\"")
    elseif(NOT linker_help MATCHES "--force-group-allocation")
        set(missing "GNU ld 2.29 or later (HAT_LD is ${HAT_LD})")
    elseif(NOT HAT_OBJCOPY OR NOT HAT_NM OR NOT HAT_OBJDUMP)
        set(missing "objcopy, nm and objdump of GNU binutils")
    else()
        include(CheckCXXCompilerFlag)
        foreach(isa IN LISTS HAT_DISPATCH_ISAS)
            hat_isa_flags(flags ${isa})
            string(MAKE_C_IDENTIFIER "hat_has_${isa}" has)
            string(REPLACE ";" " " flags "${flags}")
            check_cxx_compiler_flag("${flags}" ${has})
            if(NOT ${has})
                set(missing "a compiler that knows ${flags} (or HAT_DISPATCH_ISAS without ${isa})")
                break()
            endif()
        endforeach()
    endif()
    set(${result} "${missing}" PARENT_SCOPE)
endfunction()

# hat_isa_flags(<result> <isa>): x86-64-v4+avx512vnni → -march=x86-64-v4 -mavx512vnni
function(hat_isa_flags result isa)
    string(REPLACE "+" ";-m" flags "-march=${isa}")
    set(${result} "${flags}" PARENT_SCOPE)
endfunction()

# hat_isolated_copy(<result> <target> <isa> <entry> SOURCES <file>… LIBRARIES <library>…
#                   [OPTIONS <flag>…]): the path of an object that has all of the sources, compiled
# for the instructions, and shows the function `entry` as entry_<isa>. It knows HAT_ISA, the name of
# its instructions.
function(hat_isolated_copy result target isa entry)
    cmake_parse_arguments(PARSE_ARGV 4 copy "" "" "SOURCES;LIBRARIES;OPTIONS")
    string(MAKE_C_IDENTIFIER ${isa} id)
    set(objects ${target}_${id})
    add_library(${objects} OBJECT ${copy_SOURCES})
    target_link_libraries(${objects} PRIVATE ${copy_LIBRARIES})
    hat_isa_flags(flags ${isa})
    target_compile_options(${objects} PRIVATE
        ${copy_OPTIONS} ${flags}
        # Objects that are unique in a whole process would be so for all copies.
        $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
    target_compile_definitions(${objects} PRIVATE HAT_ISA="${isa}")
    set_target_properties(${objects} PROPERTIES POSITION_INDEPENDENT_CODE ON
                          INTERPROCEDURAL_OPTIMIZATION OFF)

    add_dependencies(${target} ${objects})  # make does not know which target makes an object

    set(joined ${CMAKE_CURRENT_BINARY_DIR}/${objects}.joined.o)
    set(copy ${CMAKE_CURRENT_BINARY_DIR}/${objects}.o)
    add_custom_command(
        OUTPUT ${copy}
        COMMAND ${HAT_LD} -r --force-group-allocation -o ${joined} $<TARGET_OBJECTS:${objects}>
        COMMAND ${HAT_OBJCOPY} --redefine-sym ${entry}=hat_${entry}_${id}
                --keep-global-symbol=hat_${entry}_${id}
                --rename-section .init_array=hat_init_${id} ${joined} ${copy}
        COMMAND ${CMAKE_COMMAND} -D COPY=${copy} -D ENTRY=hat_${entry}_${id} -D NM=${HAT_NM}
                -D OBJDUMP=${HAT_OBJDUMP} -P ${PROJECT_SOURCE_DIR}/cmake/dispatch/check_copy.cmake
        COMMAND ${CMAKE_COMMAND} -E rm ${joined}
        DEPENDS $<TARGET_OBJECTS:${objects}> ${PROJECT_SOURCE_DIR}/cmake/dispatch/check_copy.cmake
        COMMAND_EXPAND_LISTS VERBATIM
        COMMENT "Hiding the symbols of ${target} for ${isa}")
    set_source_files_properties(${copy} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
    set(${result} ${copy} PARENT_SCOPE)
endfunction()

# hat_dispatch_program(<target> SOURCES <file>… LIBRARIES <library>… [OPTIONS <flag>…]): gives an
# executable, which has no sources yet, a copy of the program for each instruction set.
function(hat_dispatch_program target)
    cmake_parse_arguments(PARSE_ARGV 1 program "" "" "SOURCES;LIBRARIES;OPTIONS")
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/dispatch/main.cpp)
    target_compile_features(${target} PRIVATE cxx_std_20)
    target_link_libraries(${target} PRIVATE ${program_LIBRARIES})
    foreach(isa IN LISTS HAT_DISPATCH_ISAS)
        hat_isolated_copy(copy ${target} ${isa} main SOURCES ${program_SOURCES}
                          LIBRARIES ${program_LIBRARIES} OPTIONS ${program_OPTIONS})
        target_sources(${target} PRIVATE ${copy})
    endforeach()
endfunction()
