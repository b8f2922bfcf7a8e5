# SPDX-License-Identifier: Apache-2.0
#
# What must be true of every header, checked by reading it:
# - a folder includes only itself and folders before it, in the order below;
# - the file begins with the licence and has `#pragma once`;
# - a header that includes a library of an optional component says so: "Needs: <library>";
# - a header of hat that is included exists;
# - a header includes what declares the names of other libraries that it uses;
# - a header has tests of its name.

cmake_policy(VERSION 3.25)

set(order core distributed kernels autograd nn model io data interop report integer decode train elastic latency search deploy)
set(optional "cblas\\.h" OpenBLAS "Eigen/" Eigen "nlohmann/" nlohmann-json "yaml-cpp/" yaml-cpp
             "sentencepiece_" SentencePiece "utf8proc\\.h" utf8proc "re2/" RE2
             "xxhash\\.h" xxHash "zlib\\.h" zlib "mpi\\.h" MPI)

# Names of the standard library, and the headers (one of several) that declare them.
set(standard
    "array|to_array" array "vector" vector "string|to_string|u32string" string
    "string_view|u32string_view" string_view "span|as_bytes|as_writable_bytes" span "optional|nullopt" optional
    "variant|variant_size_v|visit|get_if|holds_alternative|monostate" variant "map" map "set" set "deque" deque
    "unordered_map" unordered_map "unordered_set" unordered_set
    "unique_ptr|make_unique|shared_ptr|make_shared|construct_at|destroy_at" memory
    "function|less|greater|hash" functional "tuple|tie|apply" tuple
    "pair|move|exchange|swap|forward|as_const|declval|in_place" utility
    "(make_)?(index|integer)_sequence(_for)?" utility
    "get|tuple_size_v" "array|tuple|utility|variant"
    "ssize" "iterator|array|span|string|string_view|vector" "erase|erase_if" "string|vector"
    "max|min|clamp|sort|stable_sort|copy|copy_n|fill|fill_n|find|find_if|find_if_not" algorithm
    "adjacent_find|any_of|all_of|none_of|count|count_if|transform|equal|nth_element|max_element|min_element" algorithm
    "lower_bound|upper_bound|binary_search|minmax_element|partial_sort|reverse|rotate|replace|replace_if" algorithm
    "remove_if|mismatch|unique|lexicographical_compare|swap_ranges|reverse_copy" algorithm
    "(make|push|pop|sort)_heap" algorithm
    "remove" "algorithm|cstdio" "iota|accumulate|gcd|inner_product|midpoint" numeric
    "sqrt|abs|exp|log|log10|pow|fabs|floor|ceil|trunc|lround|llround|isfinite|isnan|tanh|cos|sin" cmath
    "fma|frexp|ldexp|nearbyint|lerp" cmath "numbers" numbers
    "u?int(8|16|32|64)_t|uintptr_t|intptr_t" cstdint
    "size_t|ptrdiff_t|byte|nullptr_t|to_integer" cstddef "numeric_limits" limits
    "memcpy|memcmp|memset|memmove|strlen|strcmp|strerror" cstring
    "snprintf|fprintf|printf|fflush|fopen|fclose|fread|fwrite|fputs|fputc|puts|rename|FILE" cstdio
    "abort|free" cstdlib "time|time_t" ctime "align_val_t|bad_alloc" new
    "bit_cast|rotl|rotr|countl_zero|countr_zero|bit_width|popcount|endian" bit
    "from_chars|to_chars" charconv "errc|error_code|generic_category|system_error" system_error
    "atomic|atomic_flag|atomic_ref|memory_order_[a-z]+" atomic "thread|this_thread" thread
    "mutex|lock_guard|unique_lock|adopt_lock(_t)?" mutex "condition_variable" condition_variable
    "chrono|milli" chrono "filesystem" filesystem "ifstream|ofstream" fstream
    "ostringstream" sstream "mt19937" random "initializer_list" initializer_list
    "exception|exception_ptr|current_exception|rethrow_exception" exception
    "runtime_error" stdexcept
    "(is|remove|add|conditional|decay|integral|underlying|make|void|invoke|type_identity)_[a-z_]*(_v|_t)|conditional_t|decay_t|type_identity_t"
    type_traits
    "integral_constant|is_constant_evaluated" type_traits
    "same_as|convertible_to|derived_from|integral|floating_point|invocable|equality_comparable" concepts)

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
       NOT EXISTS ${SOURCE_DIR}/tests/${folder}/slow/${base}.cpp AND
       NOT EXISTS ${SOURCE_DIR}/tests/embedded/${base}.cpp)  # of code for devices alone
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

    # A check of each header alone finds what none of its includes declares; this, what it owes to them.
    file(READ ${header} code)
    string(REGEX REPLACE "//[^\n]*" "" code "${code}")
    string(REGEX MATCHALL "std::(ranges::)?[A-Za-z0-9_]+" used "${code}")
    list(TRANSFORM used REPLACE "^std::(ranges::)?" "")
    list(REMOVE_DUPLICATES used)
    set(rows ${standard})
    while(rows)
        list(POP_FRONT rows pattern libraries)
        set(of_row ${used})
        list(FILTER of_row INCLUDE REGEX "^(${pattern})$")
        if(of_row AND NOT includes MATCHES "<(${libraries})>")
            fault("uses std::${of_row} without including <${libraries}>")
        endif()
        list(FILTER used EXCLUDE REGEX "^(${pattern})$")
    endwhile()
    if(used)
        fault("uses std::${used}: say in tests/structure/headers.cmake which header declares it")
    endif()
    if(code MATCHES "xsimd::" AND NOT includes MATCHES "<xsimd/")
        fault("uses xsimd without including <xsimd/xsimd.hpp>")
    endif()
    if(code MATCHES "nlohmann::" AND NOT includes MATCHES "<nlohmann/")
        fault("uses nlohmann without including its header")
    endif()
    file(STRINGS ${header} bare REGEX "(^|[^:A-Za-z0-9_])(u?int(8|16|32|64)_t|size_t|ptrdiff_t|INFINITY|NAN|mem(cpy|set|move|cmp))[^A-Za-z0-9_]")
    list(FILTER bare EXCLUDE REGEX "^ *(//|\"[^\"]*\";?$)")  # comments and lines of text
    if(bare)
        fault("${bare}: written as std::… (of limits: std::numeric_limits)")
    endif()
endforeach()

if(faults)
    message(FATAL_ERROR "\n${faults}")
endif()
message(STATUS "${count} headers are in order")
