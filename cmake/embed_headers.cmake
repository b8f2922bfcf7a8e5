# SPDX-License-Identifier: Apache-2.0
#
# The text of headers as C++, for a program that writes them where there is no source tree.

# hat_embed_headers(<file> <function> <root>…): writes a source that defines, in the namespace
# hat::program, `std::string_view <function>(std::string_view name)`: the text of the header that is
# included by that name, of a <root> or any that one needs; nothing for others. Configuring again makes it
# anew when one of them has changed.
function(hat_embed_headers file function)
    set(include ${PROJECT_SOURCE_DIR}/include)
    set(waiting ${ARGN})
    set(found "")
    set(body "")
    while(waiting)
        list(POP_FRONT waiting name)
        if(name IN_LIST found)
            continue()
        endif()
        list(APPEND found ${name})
        file(STRINGS ${include}/${name} lines REGEX "^#include <hat/.*\\.hpp>")
        foreach(line IN LISTS lines)
            string(REGEX REPLACE "^#include <([^>]+)>.*" "\\1" included "${line}")
            list(APPEND waiting ${included})
        endforeach()
        file(READ ${include}/${name} text)
        string(APPEND body "    if (name == \"${name}\")\n        return R\"header(${text})header\";\n")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${include}/${name})
    endwhile()
    set(source "// SPDX-License-Identifier: Apache-2.0\n\n#include <string_view>\n\n")
    string(APPEND source "namespace hat::program {\n\nstd::string_view ${function}(std::string_view name);\n\n")
    string(APPEND source "std::string_view ${function}(std::string_view name) {\n${body}    return {};\n}\n\n}\n")
    set(before "")
    if(EXISTS ${file})
        file(READ ${file} before)
    endif()
    if(NOT source STREQUAL before)
        file(WRITE ${file} "${source}")
    endif()
endfunction()
