# SPDX-License-Identifier: Apache-2.0
#
# Runs the port as vcpkg would, with functions of vcpkg's names in place of its own, which configure and
# install: in SOURCE_DIR, and as it lies in a registry, with the release that ARCHIVE is. What it makes is used by
# tests/package, and its features are the components of hat.

cmake_policy(VERSION 3.25)
include(${SOURCE_DIR}/cmake/hatComponents.cmake)
file(REMOVE_RECURSE ${WORK})

# ---- what vcpkg.json says ----------------------------------------------------------------------

file(READ ${SOURCE_DIR}/cmake/vcpkg/vcpkg.json manifest)
string(JSON PORT GET "${manifest}" name)
string(JSON VERSION GET "${manifest}" version-semver)
string(JSON count LENGTH "${manifest}" features)
set(features "")
math(EXPR last "${count} - 1")
foreach(i RANGE ${last})
    string(JSON feature MEMBER "${manifest}" features ${i})
    string(JSON description GET "${manifest}" features ${feature} description)
    string(JSON dependency GET "${manifest}" features ${feature} dependencies 0)
    list(APPEND features ${feature})
endforeach()
set(components ${hat_all_components})
list(SORT components)
if(NOT PORT STREQUAL "hat" OR NOT features STREQUAL components)
    message(FATAL_ERROR "vcpkg.json: expected hat with features ${components}, found ${PORT} with ${features}")
endif()

# ---- what stands for vcpkg ---------------------------------------------------------------------

function(vcpkg_download_distfile result)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "FILENAME;SHA512" "URLS")
    file(DOWNLOAD ${arg_URLS} ${WORK}/downloads/${arg_FILENAME} EXPECTED_HASH SHA512=${arg_SHA512})
    set(${result} ${WORK}/downloads/${arg_FILENAME} PARENT_SCOPE)
endfunction()

function(vcpkg_extract_source_archive result)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "ARCHIVE" "")
    file(ARCHIVE_EXTRACT INPUT ${arg_ARCHIVE} DESTINATION ${WORK}/unpacked)
    file(GLOB folder ${WORK}/unpacked/*)  # the one that it has
    set(${result} ${folder} PARENT_SCOPE)
endfunction()

function(vcpkg_check_features)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "OUT_FEATURE_OPTIONS" "FEATURES")
    set(options "")
    set(known "")
    while(arg_FEATURES)
        list(POP_FRONT arg_FEATURES feature option)
        list(APPEND known ${feature})
        if(feature IN_LIST FEATURES)
            list(APPEND options -D${option}=ON)
        else()
            list(APPEND options -D${option}=OFF)
        endif()
    endwhile()
    if(NOT known STREQUAL components)
        message(FATAL_ERROR "portfile.cmake: expected options for ${components}, found ${known}")
    endif()
    set(${arg_OUT_FEATURE_OPTIONS} ${options} PARENT_SCOPE)
endfunction()

function(vcpkg_cmake_configure)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "SOURCE_PATH" "OPTIONS")
    execute_process(COMMAND ${CMAKE_COMMAND} -S ${arg_SOURCE_PATH} -B ${CURRENT_BUILDTREES_DIR}
                            -D CMAKE_INSTALL_PREFIX=${CURRENT_PACKAGES_DIR} -D CMAKE_BUILD_TYPE=Release
                            -D CMAKE_INSTALL_LIBDIR=lib -D CMAKE_CXX_COMPILER=${COMPILER}
                            -D CMAKE_CXX_FLAGS=${CXX_FLAGS} ${arg_OPTIONS}
                    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_cmake_install)
    execute_process(COMMAND ${CMAKE_COMMAND} --build ${CURRENT_BUILDTREES_DIR} --target install
                    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Moves CMake's files to share/<port>, which is two folders below the prefix.
function(vcpkg_cmake_config_fixup)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "CONFIG_PATH" "")
    set(to ${CURRENT_PACKAGES_DIR}/share/${PORT})
    file(GLOB files ${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}/*)
    file(COPY ${files} DESTINATION ${to})
    cmake_path(GET arg_CONFIG_PATH PARENT_PATH parent)
    file(REMOVE_RECURSE ${CURRENT_PACKAGES_DIR}/${parent})
    set(up "get_filename_component(_IMPORT_PREFIX \"\${_IMPORT_PREFIX}\" PATH)")
    file(READ ${to}/hatTargets.cmake text)
    string(REPLACE "${up}\n${up}\n${up}" "${up}\n${up}" text "${text}")
    file(WRITE ${to}/hatTargets.cmake "${text}")
    file(READ ${to}/hatConfig.cmake text)
    string(REPLACE "_DIR}/../../../\"" "_DIR}/../../\"" text "${text}")
    file(WRITE ${to}/hatConfig.cmake "${text}")
endfunction()

function(vcpkg_fixup_pkgconfig)
    if(NOT EXISTS ${CURRENT_PACKAGES_DIR}/share/pkgconfig/hat.pc)
        message(FATAL_ERROR "share/pkgconfig/hat.pc was not installed")
    endif()
endfunction()

function(vcpkg_install_copyright)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "FILE_LIST")
    file(INSTALL ${arg_FILE_LIST} DESTINATION ${CURRENT_PACKAGES_DIR}/share/${PORT} RENAME copyright)
endfunction()

# run_port(<name> <portfile>): what it installs is in WORK/<name>.
function(run_port name portfile)
    set(CURRENT_PACKAGES_DIR ${WORK}/${name})
    set(CURRENT_BUILDTREES_DIR ${WORK}/build_${name})
    include(${portfile})
    file(GLOB_RECURSE headers RELATIVE ${SOURCE_DIR} ${SOURCE_DIR}/include/hat/*.hpp)
    file(GLOB_RECURSE beside RELATIVE ${CURRENT_PACKAGES_DIR} ${CURRENT_PACKAGES_DIR}/*)
    set(missing ${headers})
    list(REMOVE_ITEM missing ${beside})
    list(REMOVE_ITEM beside ${headers})
    list(FILTER beside EXCLUDE REGEX "^share/pkgconfig/hat(-[a-z0-9]+)?\\.pc$")
    set(expected share/hat/copyright share/hat/hatComponents.cmake share/hat/hatConfig.cmake
                 share/hat/hatConfigVersion.cmake share/hat/hatTargets.cmake share/hat/usage)
    if(missing OR NOT beside STREQUAL expected)
        message(FATAL_ERROR "${portfile}: not installed: ${missing}; beside the headers: ${beside}")
    endif()
endfunction()

# ---- in the source, and in a registry ------------------------------------------------------------

string(REPLACE "," ";" FEATURES "core,${HAS}")
run_port(overlay ${SOURCE_DIR}/cmake/vcpkg/portfile.cmake)

file(COPY ${SOURCE_DIR}/cmake/vcpkg/usage DESTINATION ${WORK}/registry)
file(READ ${SOURCE_DIR}/cmake/vcpkg/portfile.cmake text)
file(SHA512 ${ARCHIVE} hash)
string(REPLACE "set(release_url \"\")" "set(release_url \"file://${ARCHIVE}\")" text "${text}")
string(REPLACE "set(release_sha512 \"\")" "set(release_sha512 \"${hash}\")" text "${text}")
file(WRITE ${WORK}/registry/portfile.cmake "${text}")
set(FEATURES core)
run_port(release ${WORK}/registry/portfile.cmake)
