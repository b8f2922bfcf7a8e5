# SPDX-License-Identifier: Apache-2.0
#
# tests/package is a project of its own; it is built against the installed package, and with the
# source tree as a subdirectory.

if(NOT HAT_INSTALL)
    return()
endif()

set(work ${CMAKE_CURRENT_BINARY_DIR}/package)
set(components ${hat_all_components})
foreach(component IN LISTS hat_all_components)
    string(TOUPPER ${component} COMPONENT)
    if(NOT HAT_WITH_${COMPONENT})
        list(REMOVE_ITEM components ${component})
    endif()
endforeach()

add_test(NAME package_install
         COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --prefix ${work}/prefix)
set_tests_properties(package_install PROPERTIES FIXTURES_SETUP package)

foreach(way IN ITEMS find_package add_subdirectory)
    set(of_way ${components})
    if(TARGET hat_c AND way STREQUAL "find_package")  # a subdirectory does not build it unasked
        list(APPEND of_way c)
    endif()
    add_test(NAME package_${way}
             COMMAND ${CMAKE_CTEST_COMMAND}
                     --build-and-test ${CMAKE_CURRENT_SOURCE_DIR}/package ${work}/${way}
                     --build-generator ${CMAKE_GENERATOR}
                     --build-options
                         -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
                         -DWAY=${way}
                         -DCMAKE_PREFIX_PATH=${work}/prefix
                         -DHAT_SOURCE_DIR=${PROJECT_SOURCE_DIR}
                         "-DHAT_COMPONENTS=${of_way}"
                         -DHAT_WITH_MPI=${HAT_WITH_MPI}
                     --test-command ${work}/${way}/package_test ${PROJECT_VERSION})
    set_tests_properties(package_${way} PROPERTIES FIXTURES_REQUIRED package)
endforeach()
set_tests_properties(package_install package_find_package package_add_subdirectory
                     PROPERTIES LABELS package)
