# SPDX-License-Identifier: Apache-2.0
#
# Installs hat.pc, hat-<component>.pc for each component whose library pkg-config knows, and hat-c.pc
# where there is the C interface. They find the headers from where they lie themselves.

# hat_install_pc(<folder> <template> <name>): folder is LIBDIR or DATADIR.
function(hat_install_pc folder template name)
    file(RELATIVE_PATH to_prefix ${CMAKE_INSTALL_FULL_${folder}}/pkgconfig ${CMAKE_INSTALL_PREFIX})
    string(REGEX REPLACE "/$" "" to_prefix "${to_prefix}")
    set(includedir "\${prefix}")
    set(libdir "\${prefix}")
    cmake_path(APPEND includedir ${CMAKE_INSTALL_INCLUDEDIR})
    cmake_path(APPEND libdir ${CMAKE_INSTALL_LIBDIR})
    set(file ${PROJECT_BINARY_DIR}/pkgconfig/${name}.pc)
    configure_file(${PROJECT_SOURCE_DIR}/cmake/pkgconfig/${template}.pc.in ${file} @ONLY)
    install(FILES ${file} DESTINATION ${CMAKE_INSTALL_${folder}}/pkgconfig)
endfunction()

hat_install_pc(DATADIR hat hat)
foreach(component IN LISTS hat_all_components)
    string(TOUPPER ${component} COMPONENT)
    set(library ${hat_${component}_library})
    set(module ${hat_${component}_module})
    if(module)
        hat_install_pc(DATADIR hat-component hat-${component})
    endif()
endforeach()
if(TARGET hat_c)
    hat_install_pc(LIBDIR hat-c hat-c)
endif()
