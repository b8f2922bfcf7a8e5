#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What Markdown shows as code is compiled, and what it shows as output is printed: every fenced block of these
# languages is part of a file, with its lines in one piece. The file is that of the last link before the block, or
# of one behind it, "(from [name](path)", or of a comment before it, <!-- code: path/from/the/top -->:
#
#     cpp, c    a source or header that tests compile
#     output    what stands after "// Output:" in a source, which is compared when it runs
#     cmake     a file of CMake that a test configures; without a name, one of tests/package
#
# How lines are indented does not matter, nor what comments in CMake say. A line "// …" stands for lines that
# are left out. A block of text may hold anything; other languages, of which nothing would be known, are faults.
#
#     code_blocks.sh SOURCE_DIR [FILE…]
set -euo pipefail
cd "$1"
shift
files=("$@")
if [ ${#files[@]} = 0 ]; then
    mapfile -t files < <(git -c core.quotePath=off ls-files -co --exclude-standard '*.md' 2>/dev/null ||
        find . -name '*.md' -not -path './build/*' | sed 's|^\./||')
fi

awk '
function fault(line, text) { printf "%s:%d: %s\n", page, line, text; ++faults }

function stripped(line, language) {
    if (language == "cmake") sub(/(^|[ \t]+)#.*/, "", line)
    gsub(/^[ \t]+|[ \t\r]+$/, "", line)
    return line
}

# Reads a file once; of a source whose output is meant, its last comment. False if there is nothing.
function load(path, language,    key, line, is_there, begun, n) {
    key = language SUBSEP path
    if (key in count) return count[key] > 0
    begun = language != "output"
    while ((is_there = (getline line < path)) > 0) {
        if (language == "output" && line == "// Output:") {
            begun = 1
            n = 0
        } else if (begun) {
            if (language == "output") sub(/^\/\/ ? ? ?/, "", line)
            lines[key, ++n] = stripped(line, language)
        }
    }
    close(path)
    count[key] = n + 0
    return n > 0
}

# The line behind block[first … last] in a file, from its line `from` on; 0 if there is none: then
# block[missing] is the first that cannot be had.
function place(key, first, last, from,    i, k, most) {
    most = 0
    for (i = from; i <= count[key]; ++i) {
        k = 0
        while (first + k <= last && i + k <= count[key] && block[first + k] == lines[key, i + k]) ++k
        if (first + k > last) return i + k
        if (k > most) most = k
    }
    missing = first + most
    return 0
}

# Whether the block is part of the file, piece by piece.
function is_part(path, language,    key, first, last, from) {
    if (!load(path, language)) {
        missing = 0
        return 0
    }
    key = language SUBSEP path
    from = 1
    for (first = 1; first <= size; first = last + 2) {
        for (last = first - 1; last < size && block[last + 1] !~ /^(\/\/|#) …$/;) ++last
        if (last >= first && (from = place(key, first, last, from)) == 0) return 0
    }
    return 1
}

# What is to be done at the end of a block, once it is known whether a link behind it names the file.
function check(    path, i, kind) {
    if (!waiting) return
    waiting = 0
    kind = language ~ /^(cpp|c)$/ ? "code" : language
    path = named[kind]
    if (language == "cmake" && path == "") {
        for (i = 1; i <= configured_count; ++i)
            if (is_part(configured[i], language)) return
        fault(opened, "no file of CMake in tests/package has this block")
    } else if (path == "") {
        fault(opened, "no link at this block names the file it is from")
    } else if (kind == "code" && path !~ /^(bench|examples|include|tests)\//) {
        fault(opened, path " is nothing that tests compile")
    } else if (!is_part(path, language)) {
        if (missing == 0)
            fault(opened, path (kind == "output" ? " has no output to compare" : " is not there"))
        else
            fault(opened + missing, "\"" block[missing] "\" is not there in " path \
                (missing > 1 ? ", behind \"" block[missing - 1] "\"" : ""))
    }
}

# The path from the top of what is linked from here.
function from_top(path,    folder) {
    folder = page
    sub(/[^\/]*$/, "", folder)
    path = folder path
    while (sub(/(^|\/)\.\//, "/", path) || sub(/[^\/.]+\/\.\.\//, "", path));
    return path
}

function name(path) {
    if (path ~ /(CMakeLists\.txt|\.cmake)$/) named["cmake"] = path
    if (path ~ /\.(cpp|hpp|c|h)$/) named["code"] = path
    if (path ~ /\.cpp$/) named["output"] = path
}

BEGIN {
    while (("ls tests/package/CMakeLists.txt tests/package/*.cmake 2>/dev/null" | getline path) > 0)
        configured[++configured_count] = path
}

function end_page() {
    check()
    if (is_open) fault(opened, "this block is not closed")
    is_open = 0
    split("", named)
}

FNR == 1 {
    if (NR > 1) end_page()
    page = FILENAME
}

/^ *```/ {
    if (is_open) {
        waiting = language ~ /^(cpp|c|output|cmake)$/
        blocks += waiting
        is_open = 0
    } else {
        check()
        is_open = 1
        opened = FNR
        language = $0
        gsub(/^ *```|[ \r]+$/, "", language)
        if (language !~ /^(cpp|c|output|cmake|text)$/)
            fault(FNR, "a block of \"" language "\", expected cpp, c, output, cmake or text")
        size = 0
    }
    next
}

is_open { block[++size] = stripped($0, language); next }

{
    if ($0 ~ /[^ ]/ && $0 !~ /^\(from \[/) check()
    rest = $0
    while (match(rest, /\]\([^)]*\)|<!-- code: [^ ]+ -->/)) {
        found = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        if (sub(/^<!-- code: /, "", found)) {
            sub(/ -->$/, "", found)
            name(found)
        } else {
            gsub(/^\]\(|(#[^)]*)?\)$/, "", found)
            name(from_top(found))
        }
        check()
    }
}

END {
    end_page()
    if (faults > 0) exit 1
    if (blocks == 0) {
        print "there are no blocks of code"
        exit 1
    }
    print blocks " blocks of code are parts of what is compiled"
}' "${files[@]}"
