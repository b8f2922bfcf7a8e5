# SPDX-License-Identifier: Apache-2.0
#
# Writes the reference with Doxygen, and fails if it warns of anything that counts (undocumented.awk):
#
#     cmake -D DOXYGEN=<doxygen> -D DOCS=<folder> -D PROJECT_VERSION=… -D PROJECT_DESCRIPTION=… -P docs.cmake

cmake_policy(VERSION 3.25)
cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH PROJECT_SOURCE_DIR)
cmake_path(GET PROJECT_SOURCE_DIR PARENT_PATH PROJECT_SOURCE_DIR)

# quoted(<variable> <file>…): a list as Doxygen reads it.
function(quoted variable)
    list(TRANSFORM ARGN REPLACE "(.+)" "\"\\1\"" OUTPUT_VARIABLE files)
    list(JOIN files " " files)
    set(${variable} ${files} PARENT_SCOPE)
endfunction()

set(source ${PROJECT_SOURCE_DIR})
file(GLOB pages ${source}/*.md)
file(GLOB_RECURSE more ${source}/include/*.md ${source}/examples/*.md ${source}/bench/*.md ${source}/cmake/*.md
                       ${source}/tests/*.md)
quoted(docs_pages ${pages} ${more})
file(GLOB_RECURSE examples ${source}/examples/*.cpp ${source}/examples/*.c ${source}/examples/*.hpp
                           ${source}/examples/*.h)
list(FILTER examples EXCLUDE REGEX "/examples/hat/|/build/")
quoted(docs_examples ${examples})

file(REMOVE_RECURSE ${DOCS})
file(MAKE_DIRECTORY ${DOCS})
configure_file(${CMAKE_CURRENT_LIST_DIR}/Doxyfile.in ${DOCS}/Doxyfile @ONLY)
execute_process(COMMAND ${DOXYGEN} ${DOCS}/Doxyfile RESULT_VARIABLE failed)
if(failed)
    message(FATAL_ERROR "doxygen failed: ${failed}")
endif()
execute_process(COMMAND awk -f ${CMAKE_CURRENT_LIST_DIR}/undocumented.awk ${DOCS}/warnings.txt
                OUTPUT_VARIABLE faults COMMAND_ERROR_IS_FATAL ANY)
if(faults)
    string(REPLACE "\n" "\n  " faults "${faults}")
    message(FATAL_ERROR "\n  ${faults}")
endif()

# Doxygen 1.9.4 leads to lists of what is private, or of macros that are not ours, which are not there.
foreach(list IN ITEMS nested-classes define-members)
    execute_process(COMMAND grep -l "href=\"#${list}\"" -r html
                    COMMAND xargs -r grep -L "name=\"${list}\""
                    COMMAND xargs -r sed -i "s|<a href=\"#${list}\">[^<]*</a>[^<]*||"
                    WORKING_DIRECTORY ${DOCS})
endforeach()

# Files that pages lead to, but the reference does not show.
file(GLOB html ${DOCS}/html/*.html)
foreach(page IN LISTS html)
    file(STRINGS ${page} lines REGEX "(href|src)=\"files/")
    string(REGEX MATCHALL "(href|src)=\"files/[^\"]*\"" links "${lines}")
    foreach(link IN LISTS links)
        string(REGEX REPLACE "^[a-z]*=\"files/(.*)\"$" "\\1" shown ${link})
        string(REGEX REPLACE "\\.txt$" "" file ${shown})
        cmake_path(GET file PARENT_PATH folder)
        if(NOT EXISTS ${source}/${file})
            message(FATAL_ERROR "a page leads to ${file}, which does not exist")
        elseif(IS_DIRECTORY ${source}/${file})  # what is in it
            file(GLOB inside RELATIVE ${source}/${file} ${source}/${file}/*)
            list(JOIN inside "\n" inside)
            file(WRITE ${DOCS}/html/files/${shown} "${inside}\n")
        else()
            file(MAKE_DIRECTORY ${DOCS}/html/files/${folder})
            configure_file(${source}/${file} ${DOCS}/html/files/${shown} COPYONLY)
        endif()
    endforeach()
endforeach()
list(LENGTH html count)
message(STATUS "${count} pages: ${DOCS}/html/index.html")
