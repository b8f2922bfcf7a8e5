# SPDX-License-Identifier: Apache-2.0
#
# The index examples/README.md tells of every program in examples/gallery what its `///` comment and its
# `// Output:` say, none is left out, and none has more than 60 lines in front of that output. How many there
# are is what it and README.md say. Every other program and folder in examples/ has a link there.
#
#     cmake -D SOURCE_DIR=. -P tests/structure/gallery.cmake                # checks
#     cmake -D SOURCE_DIR=. -D WRITE=ON -P tests/structure/gallery.cmake    # writes the index's part anew

cmake_policy(VERSION 3.25)

# In the order of the index.
set(gallery attention_alone own_operation own_activation own_block static_dextra delight_language_model
            super_transformer own_search_problem pareto_front safetensors eigen_in_out thread_pool)
set(most_lines 60)
set(begin "<!-- gallery: written by tests/structure/gallery.cmake -->\n")
set(end "<!-- end of the gallery -->\n")

set(faults "")
set(index "")
file(GLOB found RELATIVE ${SOURCE_DIR}/examples/gallery ${SOURCE_DIR}/examples/gallery/*)
list(TRANSFORM gallery APPEND .cpp OUTPUT_VARIABLE expected)
list(SORT expected)
if(NOT found STREQUAL expected)
    message(FATAL_ERROR "examples/gallery has ${found}, expected ${expected}")
endif()
foreach(name IN LISTS gallery)
    file(READ ${SOURCE_DIR}/examples/gallery/${name}.cpp text)
    string(FIND "${text}" "\n// Output:\n" place REVERSE)
    if(place LESS 0 OR NOT text MATCHES "\n\n///")
        message(FATAL_ERROR "examples/gallery/${name}.cpp: has no \"///\" behind its first line, or no \"// Output:\"")
    endif()
    string(SUBSTRING "${text}" 0 ${place} program)
    string(SUBSTRING "${text}" ${place} -1 output)
    string(REGEX REPLACE "[^\n]" "" lines "${program}\n")
    string(LENGTH "${lines}" count)
    if(count GREATER most_lines)
        string(APPEND faults "examples/gallery/${name}.cpp: ${count} lines, expected at most ${most_lines}\n")
    endif()

    string(REGEX REPLACE "^[^\n]*\n\n/// ([^\n]*(\n/// [^\n]*)*).*" "\\1" idea "${program}")
    string(REPLACE "\n/// " "\n" idea "${idea}")
    string(REPLACE "\n// Output:\n" "" output "${output}")
    string(REGEX REPLACE "(^|\n)// ? ? ?" "\\1" output "${output}")
    string(STRIP "${output}" output)
    string(APPEND index "\n### [${name}.cpp](gallery/${name}.cpp)\n\n${idea}\n\n```output\n${output}\n```\n")
endforeach()

set(page ${SOURCE_DIR}/examples/README.md)
file(READ ${page} text)
string(FIND "${text}" "${begin}" first)
string(FIND "${text}" "${end}" last)
if(first LESS 0 OR last LESS first)
    message(FATAL_ERROR "examples/README.md: expected \"${begin}\" and, behind it, \"${end}\"")
endif()
string(LENGTH "${begin}" length)
math(EXPR first "${first} + ${length}")
string(SUBSTRING "${text}" 0 ${first} before)
string(SUBSTRING "${text}" ${last} -1 behind)
set(wanted "${before}${index}\n${behind}")
if(WRITE)
    file(WRITE ${page} "${wanted}")
elseif(NOT text STREQUAL wanted)
    string(APPEND faults "examples/README.md: its gallery is not what the programs say; write it anew with\n"
                         "    cmake -D SOURCE_DIR=. -D WRITE=ON -P tests/structure/gallery.cmake\n")
endif()

file(GLOB others RELATIVE ${SOURCE_DIR}/examples ${SOURCE_DIR}/examples/*)
list(REMOVE_ITEM others CMakeLists.txt README.md gallery)
foreach(name IN LISTS others)
    string(FIND "${text}" "](${name})" whole)
    string(FIND "${text}" "](${name}/" inside)
    if(whole LESS 0 AND inside LESS 0)
        string(APPEND faults "examples/README.md: has no link to ${name}\n")
    endif()
endforeach()

set(words no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen)
list(LENGTH gallery count)
list(GET words ${count} word)
foreach(page IN ITEMS README.md examples/README.md)
    file(READ ${SOURCE_DIR}/${page} text)
    if(NOT text MATCHES "${word} programs of at[ \n]most ${most_lines} lines")
        string(APPEND faults "${page}: expected \"${word} programs of at most ${most_lines} lines\"\n")
    endif()
endforeach()

if(faults)
    message(FATAL_ERROR "\n${faults}")
endif()
message(STATUS "the gallery's index is as its programs")
