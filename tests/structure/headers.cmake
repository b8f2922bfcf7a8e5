# SPDX-License-Identifier: Apache-2.0
#
# What must be true of every header, checked by reading it:
# - a folder includes only itself and folders before it, in the order below;
# - the file begins with the licence and has `#pragma once`;
# - a header that includes a library of an optional component says so: "Needs: <library>";
# - a header of hat that is included exists;
# - a header includes what declares the names of the standard library that it uses, as far as the
#   table below has them;
# - a header has tests of its name.

set(order core kernels autograd nn model io data interop report decode train elastic latency search deploy)
set(optional "cblas\\.h" OpenBLAS "Eigen/" Eigen "nlohmann/" nlohmann-json "yaml-cpp/" yaml-cpp
             "sentencepiece_" SentencePiece "utf8proc\\.h" utf8proc "re2/" RE2
             "xxhash\\.h" xxHash "mpi\\.h" MPI)

set(standard
    "array|to_array" array "vector" vector "string|to_string" string "string_view" string_view
    "span|as_bytes" span "optional|nullopt" optional "variant|visit|get_if|holds_alternative" variant
    "unique_ptr|make_unique|shared_ptr|make_shared" memory "function|less|greater|hash" functional
    "map" map "set" set "unordered_map" unordered_map "unordered_set" unordered_set "deque" deque
    "tuple|tie|apply" tuple "pair|move|exchange|swap|forward|as_const" utility
    "declval|index_sequence|integer_sequence|in_place" utility "construct_at|destroy_at" memory
    "max|min|clamp|sort|stable_sort|copy|copy_n|fill|fill_n|find|find_if|any_of|all_of|none_of" algorithm
    "count_if|transform|equal|nth_element|max_element|min_element|lower_bound|upper_bound" algorithm
    "minmax_element|partial_sort|reverse|rotate|replace|remove_if|mismatch|unique" algorithm
    "iota|accumulate|gcd|inner_product|midpoint" numeric
    "sqrt|abs|exp|log|pow|fabs|floor|ceil|lround|isfinite|isnan|tanh|cos|sin|fma|ldexp|nearbyint" cmath
    "u?int(8|16|32|64)_t|uintptr_t|intptr_t" cstdint "size_t|ptrdiff_t|byte|nullptr_t" cstddef
    "numeric_limits" limits "memcpy|memcmp|memset|memmove|strlen|strcmp|strerror" cstring
    "snprintf|fprintf|printf|fflush|fopen|fclose|fwrite|FILE" cstdio
    "bit_cast|rotl|rotr|countl_zero|countr_zero|bit_width|popcount|endian" bit
    "from_chars|to_chars|errc" charconv "atomic|atomic_flag" atomic "thread" thread "mutex|lock_guard|unique_lock" mutex
    "error_code|generic_category" system_error
    "chrono" chrono "filesystem" filesystem "ifstream|ofstream" fstream "ostringstream" sstream
    "initializer_list" initializer_list "exception_ptr|current_exception" exception
    "(is|remove|add|conditional|decay|integral|underlying|make|void|invoke)_[a-z_]*(_v|_t)|conditional_t|decay_t"
    type_traits "same_as|convertible_to|derived_from|integral|floating_point|invocable" concepts)

set(faults "")
macro(fault text)
    string(APPEND faults "  ${name}: ${text}\n")
endmacro()

file(GLOB_RECURSE headers ${SOURCE_DIR}/include/hat/*.hpp)
list(LENGTH headers count)
if(count EQUAL 0)
    message(FATAL_ERROR "no headers in ${SOURCE_DIR}/include/hat")
endif()
foreach(header IN LISTS headers)
    cmake_path(RELATIVE_PATH header BASE_DIRECTORY ${SOURCE_DIR}/include OUTPUT_VARIABLE name)
    file(STRINGS ${header} first LIMIT_COUNT 1)
    file(STRINGS ${header} once REGEX "^#pragma once$")
    if(NOT first STREQUAL "// SPDX-License-Identifier: Apache-2.0" OR NOT once)
        fault("does not begin with the SPDX line, or lacks #pragma once")
    endif()

    set(place -1)  # files beside the folders: config.hpp, version.hpp
    if(name MATCHES "^hat/([^/]+)/")
        set(folder ${CMAKE_MATCH_1})
        list(FIND order ${folder} place)
        if(place LESS 0)
            fault("folder ${folder} is not one of: ${order}")
        endif()
    elseif(name STREQUAL "hat/hat.hpp")
        list(LENGTH order place)
    endif()

    string(REGEX REPLACE "^hat/(.*)\\.hpp$" "\\1" stem ${name})
    cmake_path(GET stem PARENT_PATH folder)
    cmake_path(GET stem FILENAME base)
    if(NOT EXISTS ${SOURCE_DIR}/tests/${stem}.cpp AND
       NOT EXISTS ${SOURCE_DIR}/tests/${folder}/slow/${base}.cpp)
        fault("has no tests: tests/${stem}.cpp is missing")
    endif()

    file(STRINGS ${header} includes REGEX "^ *# *include")
    file(STRINGS ${header} needs REGEX "^//.*Needs: ")
    foreach(line IN LISTS includes)
        if(line MATCHES "<(hat/([^/>]+)/[^>]+)>")
            set(included ${CMAKE_MATCH_1})
            list(FIND order ${CMAKE_MATCH_2} other)
            if(other GREATER place)
                fault("includes <${included}>, against the order of the folders")
            endif()
            if(NOT EXISTS ${SOURCE_DIR}/include/${included})
                fault("includes <${included}>, which does not exist")
            endif()
        elseif(line MATCHES "\"")
            fault("${line}: headers of hat are included as <hat/…>")
        endif()
        set(libraries ${optional})
        while(libraries)
            list(POP_FRONT libraries pattern library)
            if(line MATCHES "<${pattern}" AND NOT needs MATCHES ${library})
                fault("includes a header of ${library} without saying \"Needs: ${library}\"")
            endif()
        endwhile()
    endforeach()

    file(STRINGS ${header} code REGEX "std::")
    list(FILTER code EXCLUDE REGEX "^ *//")
    set(names ${standard})
    while(names)
        list(POP_FRONT names pattern library)
        if(NOT includes MATCHES "<${library}>" AND
           code MATCHES "std::(ranges::)?(${pattern})[^a-zA-Z0-9_]")
            fault("uses std::${CMAKE_MATCH_2} without including <${library}>")
        endif()
    endwhile()
endforeach()

if(faults)
    message(FATAL_ERROR "\n${faults}")
endif()
message(STATUS "${count} headers are in order")
