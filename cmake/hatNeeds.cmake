# SPDX-License-Identifier: Apache-2.0
#
# Which components a file needs is read from what it includes, directly or through headers of hat,
# so that no list of files has to be kept.

# hat_needs(<result> <file>): the components that `file` needs.
function(hat_needs result file)
    get_property(known GLOBAL PROPERTY hat_needs_of_${file} SET)
    if(NOT known)
        set_property(GLOBAL PROPERTY hat_needs_of_${file} "")  # ends a cycle of includes
        set(needs "")
        file(STRINGS ${file} lines REGEX "^#include <")
        foreach(line IN LISTS lines)
            string(REGEX REPLACE "^#include <([^>]+)>.*" "\\1" included "${line}")
            if(included MATCHES "^hat/" AND EXISTS ${PROJECT_SOURCE_DIR}/include/${included})
                hat_needs(more ${PROJECT_SOURCE_DIR}/include/${included})
                list(APPEND needs ${more})
            elseif(included MATCHES "cblas\\.h$")
                list(APPEND needs blas)
            elseif(included MATCHES "^nlohmann/")
                list(APPEND needs json)
            elseif(included MATCHES "^yaml-cpp/")
                list(APPEND needs yaml)
            elseif(included MATCHES "^sentencepiece_")
                list(APPEND needs sentencepiece)
            elseif(included MATCHES "^CLI/")
                list(APPEND needs cli)
            elseif(included MATCHES "^mpi\\.h")
                list(APPEND needs mpi)
            endif()
        endforeach()
        list(REMOVE_DUPLICATES needs)
        set_property(GLOBAL PROPERTY hat_needs_of_${file} "${needs}")
    endif()
    get_property(needs GLOBAL PROPERTY hat_needs_of_${file})
    set(${result} "${needs}" PARENT_SCOPE)
endfunction()

# hat_sources(<result> <needs> <file>…): the files whose needs are met in this build, and all of
# those needs together.
function(hat_sources result all_needs)
    set(sources "")
    set(together "")
    foreach(file IN LISTS ARGN)
        hat_needs(needs ${file})
        set(met ON)
        foreach(component IN LISTS needs)
            string(TOUPPER ${component} COMPONENT)
            if(NOT TARGET hat::${component}
               OR (DEFINED HAT_WITH_${COMPONENT} AND NOT HAT_WITH_${COMPONENT}))
                cmake_path(RELATIVE_PATH file BASE_DIRECTORY ${PROJECT_SOURCE_DIR}
                           OUTPUT_VARIABLE name)
                message(STATUS "left out, without component ${component}: ${name}")
                set(met OFF)
                break()
            endif()
        endforeach()
        if(met)
            list(APPEND sources ${file})
            list(APPEND together ${needs})
        endif()
    endforeach()
    list(REMOVE_DUPLICATES together)
    set(${result} "${sources}" PARENT_SCOPE)
    set(${all_needs} "${together}" PARENT_SCOPE)
endfunction()

# hat_link_needs(<target> <component>…): links the components.
function(hat_link_needs target)
    foreach(component IN LISTS ARGN)
        target_link_libraries(${target} PRIVATE hat::${component})
    endforeach()
endfunction()
