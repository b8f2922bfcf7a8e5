# SPDX-License-Identifier: Apache-2.0
#
# tests/package is a project of its own; it is built against the installed package, with the source tree as a
# subdirectory, and with an archive of it. What is installed is listed in package/installed.txt. Packages
# for pkg-config, vcpkg and Conan, and the single header, are compiled with.

if(NOT HAT_INSTALL OR NOT HAT_WITH_JSON)
    message(STATUS "not tested, without HAT_INSTALL or HAT_WITH_JSON: packages")
    return()
endif()

set(work ${CMAKE_CURRENT_BINARY_DIR}/package)
set(scripts ${CMAKE_CURRENT_SOURCE_DIR}/package)
set(archive ${work}/archive/hat-release.tar.gz)
set(components ${hat_all_components})
foreach(component IN LISTS hat_all_components)
    string(TOUPPER ${component} COMPONENT)
    if(NOT HAT_WITH_${COMPONENT})
        list(REMOVE_ITEM components ${component})
    endif()
endforeach()

list(JOIN components "," components_in_a_row)

# hat_add_package_test(<name> <command>…): no argument of which may be a list.
function(hat_add_package_test name)
    add_test(NAME package_${name} COMMAND ${ARGN})
    set_tests_properties(package_${name} PROPERTIES LABELS package TIMEOUT 600)
endfunction()

# ---- CMake -------------------------------------------------------------------------------------

set(config ${CMAKE_BUILD_TYPE})
if(NOT config)
    set(config noconfig)
endif()
hat_add_package_test(install ${CMAKE_COMMAND} -D SOURCE_DIR=${PROJECT_SOURCE_DIR}
                     -D BINARY_DIR=${PROJECT_BINARY_DIR} -D PREFIX=${work}/prefix
                     -D LIBDIR=${CMAKE_INSTALL_LIBDIR} -D VERSION=${PROJECT_VERSION} -D CONFIG=${config}
                     -DHAS=$<$<TARGET_EXISTS:hat_program>:program>,$<$<TARGET_EXISTS:hat_c>:c> -P ${scripts}/install.cmake)
hat_add_package_test(archive ${CMAKE_COMMAND} -D SOURCE_DIR=${PROJECT_SOURCE_DIR} -D ARCHIVE=${archive}
                     -P ${scripts}/archive.cmake)
set_tests_properties(package_install PROPERTIES FIXTURES_SETUP package)
set_tests_properties(package_archive PROPERTIES FIXTURES_SETUP archive)

foreach(way IN ITEMS find_package add_subdirectory fetch_content)
    set(of_way ${components})
    if(TARGET hat_c AND way STREQUAL "find_package")  # the others do not build it unasked
        list(APPEND of_way c)
    elseif(way STREQUAL "fetch_content")  # is a subdirectory once it is there
        set(of_way json)
    endif()
    list(JOIN of_way "," of_way)
    hat_add_package_test(${way} ${CMAKE_CTEST_COMMAND}
                         --build-and-test ${scripts} ${work}/${way}
                         --build-generator ${CMAKE_GENERATOR}
                         --build-options
                             -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
                             -DWAY=${way}
                             -DCMAKE_PREFIX_PATH=${work}/prefix
                             -Dhat_sources=${PROJECT_SOURCE_DIR}
                             -Dhat_archive=${archive}
                             -DHAT_COMPONENTS=${of_way}
                             -DHAT_WITH_MPI=${HAT_WITH_MPI}
                         --test-command ${work}/${way}/program ${PROJECT_VERSION})
endforeach()
set_tests_properties(package_find_package PROPERTIES FIXTURES_REQUIRED package)
set_tests_properties(package_fetch_content PROPERTIES FIXTURES_REQUIRED archive)

hat_add_package_test(versions ${CMAKE_COMMAND} -D SOURCE_DIR=${PROJECT_SOURCE_DIR} -D PREFIX=${work}/prefix
                     -D LIBDIR=${CMAKE_INSTALL_LIBDIR} -D VERSION=${PROJECT_VERSION}
                     -P ${scripts}/versions.cmake)
set_tests_properties(package_versions PROPERTIES FIXTURES_REQUIRED package)

# ---- pkg-config, vcpkg, Conan --------------------------------------------------------------------

find_program(HAT_PKG_CONFIG NAMES pkgconf pkg-config DOC "Is asked for what hat.pc says")
if(HAT_PKG_CONFIG)
    set(modules "")
    foreach(component IN LISTS components)
        # Another MPI or a library without a .pc file is no fault of ours.
        execute_process(COMMAND ${HAT_PKG_CONFIG} --exists "${hat_${component}_module}"
                        RESULT_VARIABLE missing ERROR_QUIET)
        if(hat_${component}_module AND NOT missing)
            list(APPEND modules ${component})
        endif()
    endforeach()
    if(TARGET hat_c)
        list(APPEND modules c)
    endif()
    hat_add_package_test(pkg_config ${scripts}/pkg_config.sh ${HAT_PKG_CONFIG} ${work}/prefix
                         ${CMAKE_INSTALL_LIBDIR} ${CMAKE_CXX_COMPILER} ${PROJECT_VERSION} ${modules})
    set_tests_properties(package_pkg_config PROPERTIES FIXTURES_REQUIRED package)
else()
    message(STATUS "not tested, without pkg-config: hat.pc")
endif()

hat_add_package_test(vcpkg ${CMAKE_COMMAND} -D SOURCE_DIR=${PROJECT_SOURCE_DIR} -D WORK=${work}/vcpkg
                     -D ARCHIVE=${archive} -D COMPILER=${CMAKE_CXX_COMPILER} -DHAS=${components_in_a_row}
                     -P ${scripts}/vcpkg.cmake)
set_tests_properties(package_vcpkg PROPERTIES FIXTURES_REQUIRED archive FIXTURES_SETUP vcpkg)
hat_add_package_test(vcpkg_program ${CMAKE_CTEST_COMMAND}
                     --build-and-test ${PROJECT_SOURCE_DIR}/cmake/conan/test_package ${work}/vcpkg_program
                     --build-generator ${CMAKE_GENERATOR}
                     --build-options -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
                                     -Dhat_DIR=${work}/vcpkg/overlay/share/hat
                     --test-command ${work}/vcpkg_program/test_package)
set_tests_properties(package_vcpkg_program PROPERTIES FIXTURES_REQUIRED vcpkg)

find_program(HAT_PYTHON NAMES python3 DOC "Runs Conan's recipe")
if(HAT_PYTHON)
    hat_add_package_test(conan ${HAT_PYTHON} ${scripts}/conan.py ${PROJECT_SOURCE_DIR} ${work}/conan
                         ${CMAKE_CXX_COMPILER} ${PROJECT_VERSION} ${hat_all_components})
else()
    message(STATUS "not tested, without python3: Conan's recipe")
endif()

# ---- the single header -------------------------------------------------------------------------

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    hat_add_package_test(single_header_code ${scripts}/single_header_code.sh ${CMAKE_CXX_COMPILER}
                         $<TARGET_FILE:hat_single_header> ${PROJECT_SOURCE_DIR}/include
                         ${hat_single_header})
endif()

# hat_add_single_header_test(<name> <labels> <example> <compiler> <flag>…)
function(hat_add_single_header_test name labels example compiler)
    hat_add_package_test(single_header_${name} ${scripts}/single_header.sh ${hat_single_header}
                         ${PROJECT_SOURCE_DIR}/examples/${example}.cpp ${compiler} ${ARGN})
    set_tests_properties(package_single_header_${name} PROPERTIES LABELS "${labels}" TIMEOUT 1200)
endfunction()

set(march "")
if(HAT_NATIVE)
    set(march -march=native)  # without an instruction for it, a fused multiply-add takes long
endif()
find_program(HAT_GCC NAMES g++ DOC "Compiles the single header")
find_program(HAT_CLANG NAMES clang++-14 clang++ DOC "Compiles the single header, too")
set(training first_translator)
set(search gallery/own_search_problem)
set(static static_translator)
# With AVX2 and -O1, GCC 12 keeps sums of products in memory: a training takes sixteen times as long.
set(optimise_training -O2)
set(optimise_search -O1)
set(optimise_static -O1)
if(HAT_GCC)
    hat_add_single_header_test(training package ${training} ${HAT_GCC} -std=c++20 -O2 ${march})
    hat_add_single_header_test(static package ${static} ${HAT_GCC} -std=gnu++20 -O0 ${march}
                               -DHAT_WITHOUT_XSIMD -fno-exceptions -fno-rtti)
endif()
if(HAT_CLANG)
    hat_add_single_header_test(search package ${search} ${HAT_CLANG} -std=c++2b -O1 ${march})
endif()
foreach(compiler IN ITEMS GCC CLANG)
    if(NOT HAT_${compiler})
        continue()
    endif()
    foreach(standard IN ITEMS c++20 c++2b gnu++20)
        foreach(example IN ITEMS training search static)
            hat_add_single_header_test(${example}_${compiler}_${standard} "package;slow" ${${example}}
                                       ${HAT_${compiler}} -std=${standard} ${optimise_${example}} ${march})
        endforeach()
    endforeach()
    hat_add_single_header_test(search_of_networks_${compiler} "package;slow" search_your_own
                               ${HAT_${compiler}} -std=c++20 -O2 ${march})
    hat_add_single_header_test(instances_${compiler} "package;slow" ${training} ${HAT_${compiler}}
                               -std=c++20 -O2 ${march} -DHAT_SHARED_INSTANCES)
endforeach()
