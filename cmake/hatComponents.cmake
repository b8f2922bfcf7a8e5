# SPDX-License-Identifier: Apache-2.0
#
# Finds the libraries that hat's headers need: the same for hat's own build and for the installed
# package. Headers and libraries are looked for directly, since the distributions' package files
# differ (Debian's xsimd links xtl, which may not be there; SentencePiece has none).

set(hat_all_components blas eigen json yaml sentencepiece utf8proc re2 xxhash zlib mpi)
set(hat_blas_library OpenBLAS)
set(hat_eigen_library Eigen)
set(hat_json_library nlohmann-json)
set(hat_yaml_library yaml-cpp)
set(hat_sentencepiece_library SentencePiece)
set(hat_utf8proc_library utf8proc)
set(hat_re2_library RE2)
set(hat_xxhash_library xxHash)
set(hat_zlib_library zlib)
set(hat_mpi_library MPI)

# hat_find(<name> HEADER <header> [SUFFIXES <folder>…] [LIBRARIES <library>…] [LINK <target>…])
#
# Makes the imported target hat::<name> if the header and the libraries are found.
function(hat_find name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "HEADER" "SUFFIXES;LIBRARIES;LINK")
    if(TARGET hat::${name})
        return()
    endif()
    find_path(HAT_${name}_INCLUDE_DIR ${arg_HEADER} PATH_SUFFIXES ${arg_SUFFIXES})
    mark_as_advanced(HAT_${name}_INCLUDE_DIR)
    set(found ${HAT_${name}_INCLUDE_DIR})
    set(libraries "")
    foreach(library IN LISTS arg_LIBRARIES)
        find_library(HAT_${library}_LIBRARY ${library} PATH_SUFFIXES ${arg_SUFFIXES})
        mark_as_advanced(HAT_${library}_LIBRARY)
        if(NOT HAT_${library}_LIBRARY)
            set(found OFF)
        endif()
        list(APPEND libraries ${HAT_${library}_LIBRARY})
    endforeach()
    if(found)
        add_library(hat::${name} INTERFACE IMPORTED GLOBAL)
        target_include_directories(hat::${name} INTERFACE ${HAT_${name}_INCLUDE_DIR})
        target_link_libraries(hat::${name} INTERFACE ${arg_LINK} ${libraries})
    endif()
endfunction()

macro(hat_find_xsimd)
    hat_find(xsimd HEADER xsimd/xsimd.hpp)
endmacro()

# Makes hat::<component>, which brings hat::hat and defines HAT_WITH_<COMPONENT>, if its library is
# found; hat_<component>_found says so.
function(hat_find_component component)
    if(component STREQUAL "blas")
        hat_find(blas HEADER cblas.h SUFFIXES openblas-pthread openblas
                 LIBRARIES openblas LINK hat::hat)
    elseif(component STREQUAL "eigen")
        hat_find(eigen HEADER Eigen/Core SUFFIXES eigen3 LINK hat::hat)
    elseif(component STREQUAL "json")
        hat_find(json HEADER nlohmann/json.hpp LINK hat::hat)
    elseif(component STREQUAL "yaml")
        hat_find(yaml HEADER yaml-cpp/yaml.h LIBRARIES yaml-cpp LINK hat::hat)
    elseif(component STREQUAL "sentencepiece")
        hat_find(sentencepiece HEADER sentencepiece_processor.h
                 LIBRARIES sentencepiece sentencepiece_train LINK hat::hat)
    elseif(component STREQUAL "utf8proc")
        hat_find(utf8proc HEADER utf8proc.h LIBRARIES utf8proc LINK hat::hat)
    elseif(component STREQUAL "re2")
        hat_find(re2 HEADER re2/re2.h LIBRARIES re2 LINK hat::hat)
    elseif(component STREQUAL "xxhash")
        hat_find(xxhash HEADER xxhash.h LINK hat::hat)
    elseif(component STREQUAL "zlib")
        hat_find(zlib HEADER zlib.h LIBRARIES z LINK hat::hat)
    elseif(component STREQUAL "mpi")
        # CMake's own finder knows the ways of MPIs; MPI_CXX_COMPILER chooses one of several.
        set(MPI_CXX_SKIP_MPICXX ON)
        find_package(MPI QUIET COMPONENTS CXX)
        if(MPI_CXX_FOUND AND NOT TARGET hat::mpi)
            add_library(hat::mpi INTERFACE IMPORTED GLOBAL)
            target_link_libraries(hat::mpi INTERFACE hat::hat MPI::MPI_CXX)
        endif()
    endif()
    set(hat_${component}_found OFF PARENT_SCOPE)
    if(TARGET hat::${component})
        set(hat_${component}_found ON PARENT_SCOPE)
        string(TOUPPER ${component} COMPONENT)
        set_property(TARGET hat::${component} PROPERTY
                     INTERFACE_COMPILE_DEFINITIONS HAT_WITH_${COMPONENT}=1)
    endif()
endfunction()
