# SPDX-License-Identifier: Apache-2.0
#
# What Doxygen reads in place of a file, so that sources need no commands of its own:
#
#     awk -v root=<source of hat> -f filter.awk <file>
#
# - A header: `backticks` are code, words such as "Throws  " at the beginning of a line are headings, and
#   the first comment of a folder's umbrella is the page of the folder's namespace.
# - An example: the first comment alone; Doxygen shows the code as it is.
# - A page of Markdown: headings have the anchors that code hosts give them, and links lead to the reference.
#
# Lines keep their numbers, so that Doxygen's links to source code hold.

function exists(path,    line) {
    if (!(path in known)) {
        known[path] = (getline line < (root "/" path)) >= 0
        close(root "/" path)
    }
    return known[path]
}

# Inside and outside `backticks`, whose state goes on from line to line of a paragraph (`code`).
function plain(s) {
    gsub(/\\/, "\\\\\\\\", s)
    gsub(/@/, "\\@", s)
    gsub(/--/, "\\--", s)
    gsub(/%/, "\\%", s)
    return s
}

function as_code(s) {
    s = plain(s)
    gsub(/#/, "\\#", s)
    gsub(/&/, "\\&amp;", s)
    gsub(/</, "\\&lt;", s)
    gsub(/>/, "\\&gt;", s)
    gsub(/"/, "\\&quot;", s)
    gsub(/\*/, "\\*", s)
    gsub(/:\/\//, ":</code><code>//", s)  # code is no address to go to
    return s
}

# Words outside of code. In Markdown of ours `<` begins HTML; in comments of headers a name.
function as_words(s,    out, file) {
    s = plain(s)
    if (is_page) return s
    gsub(/#/, "\\#", s)
    out = ""
    while (match(s, /<hat\/[a-z0-9_\/]+\.h(pp)?>/)) {
        file = substr(s, RSTART + 1, RLENGTH - 2)
        out = out substr(s, 1, RSTART - 1) "[" file "](@ref " file ")"
        s = substr(s, RSTART + RLENGTH)
    }
    s = out s
    gsub(/</, "\\&lt;", s)
    return s
}

function prose(s,    parts, n, i, out) {
    n = split(s, parts, "`")
    out = ""
    for (i = 1; i <= n; ++i) {
        if (i > 1) {
            code = !code
            out = out (code ? "<code>" : "</code>")
        }
        out = out (code ? as_code(parts[i]) : as_words(parts[i]))
    }
    return out
}

# ---- headers ---------------------------------------------------------------------------------

# The text of a comment, behind its `///`.
function documentation(s) {
    if (s ~ /^ *$/) {
        code = 0
        was_blank = 1
        return s
    }
    if ((was_blank || in_listing) && s ~ /^     /) {  # an equation, or lines of code
        in_listing = 1
        return s
    }
    in_listing = was_blank = 0
    if (match(s, /^ (Shapes|Cost|Throws|See|Memory)  +/)) {
        code = 0
        return " @" tolower(word(s)) "_ " prose(substr(s, RLENGTH + 1))
    }
    if (sub(/^ Precondition: /, "", s)) return " @pre " prose(s)
    return prose(s)
}

function word(s) {
    sub(/^ +/, "", s)
    sub(/ .*/, "", s)
    return s
}

# A line of a header.
function header(line,    at) {
    if (line ~ /^ *\/\/\//) {
        at = index(line, "///") + 2
        return substr(line, 1, at) documentation(substr(line, at + 1))
    }
    code = in_listing = was_blank = 0
    while (match(line, /[0-9A-Fa-f]'[0-9A-Fa-f]/))  # Doxygen 1.9.4 takes 1'000 for the begin of a text
        line = substr(line, 1, RSTART) substr(line, RSTART + 2)
    # What stands behind a member tells of it; what stands behind a statement does not.
    if (line ~ /^ *(struct|class|union|enum) [^;]*\{$/) in_type = 1
    if (line ~ /^\}/) in_type = 0
    if (in_type && match(line, /[;,] +\/\/ /) && line !~ /NOLINT|[(]/) {
        at = RSTART + RLENGTH - 2
        return substr(line, 1, at - 2) "///<" prose(substr(line, at + 1))
    }
    return line
}

# The interface in C has comments of C, the first of which is on the file.
function header_in_c(line, i) {
    if (i == 1) return line
    if (line ~ /^\/\* /) {
        sub(/^\/\*/, (lines[i - 1] == "" && !c_page++ ? "/** @file\n *" : "/**"), line)
    } else if (match(line, /[;,0-9] +\/\* /) && line !~ /^#/) sub(/\/\*/, "/**<", line)
    return line
}

# The namespace of a folder, whose page in the reference is the first comment of the folder's umbrella.
function namespace_of(group) {
    return group == "core" ? "hat" : "hat::" group
}

function header_file(    group, needs, is_umbrella, first, has_file, i, j, line) {
    if (match(name, /^include\/hat\/[a-z]+\//)) group = substr(name, 13, RLENGTH - 13)
    is_umbrella = name == "include/hat/" group "/" group ".hpp"
    for (i = 1; i <= FNR; ++i) {
        if (lines[i] ~ /^\/\/ Needs: /) needs = substr(lines[i], 4)
        if (lines[i] !~ /^\/\/\/ / || lines[i - 1] ~ /^\/\/\//) continue
        for (j = i; lines[j] ~ /^\/\/\//; ++j) continue
        # The page of the folder: "`hat/core`: what everything else stands on".
        if (is_umbrella && !first) {
            lines[i - 1] = "/// @namespace " namespace_of(group)
            sub(/^\/\/\/ `[^`]*`: /, "/// ", lines[i])
            lines[i] = "/// " toupper(substr(lines[i], 5, 1)) substr(lines[i], 6)
        } else if (!first && group == "" || lines[j] ~ /^namespace hat/) {  # of the file
            lines[i - 1] = "/// @file"
            has_file = 1
        }
        first = 1
    }
    for (i = 1; i <= FNR; ++i) {
        line = lines[i]
        if (line ~ /^\/\/\/ @/) print line
        else if (name ~ /\.h$/) print header_in_c(line, i)
        else {
            if (name ~ /\/config\.hpp$/) {  # its comment tells of all its macros
                if (line ~ /^#define/) line = ""
                if (match(line, /^\/\/\/ HAT_[A-Z_]+ +/))
                    line = "/// - `" word(substr(line, 5)) "`: " substr(line, RLENGTH + 1)
            }
            print header(line)
        }
    }
    if (!has_file && name !~ /\.h$/) print "/// @file"
    if (needs != "") print (has_file ? "/// @file\n///\n/// " : "/// ") needs
}

# An example: its first comment is what it teaches; of the rest Doxygen shows the source.
function example(    i, state, line) {
    print "/// @file"
    for (i = 2; i <= FNR; ++i) {
        line = lines[i]
        if (state == 0 && line ~ /^(\/\/\/?|\/\*\*?) [^S]/) state = 1
        if (state == 1 && line !~ /^(\/\/| ?\*|\/\*)/) state = 2
        if (state == 1) {
            sub(/^(\/\/\/?|\/\*\*?| \*\/?)/, "", line)
            sub(/ *\*\/$/, "", line)
            print "///" documentation(line)
        } else print ""
    }
}

# ---- pages -----------------------------------------------------------------------------------

function page_of(path) {
    gsub(/[^A-Za-z0-9]/, "_", path)
    return "page_" path
}

# The anchor that a code host gives a heading.
function anchor(title) {
    gsub(/\[|\]\([^)]*\)/, "", title)
    title = tolower(title)
    gsub(/[!-,.\/:-@\[-^`{-~]/, "", title)
    gsub(/ /, "-", title)
    return title
}

# `folder`/`link` without `.` and `..`.
function resolved(folder, link,    parts, n, i, kept, out) {
    n = split(folder == "" ? link : folder "/" link, parts, "/")
    kept = 0
    for (i = 1; i <= n; ++i) {
        if (parts[i] == "..") --kept
        else if (parts[i] != "." && parts[i] != "") stack[++kept] = parts[i]
    }
    out = ""
    for (i = 1; i <= kept; ++i) out = out (i > 1 ? "/" : "") stack[i]
    return out
}

function target(link,    path, fragment) {
    if (link ~ /^[a-z]+:/) return link
    fragment = ""
    if (match(link, /#/)) {
        fragment = "_" substr(link, RSTART + 1)
        link = substr(link, 1, RSTART - 1)
    }
    path = link == "" ? name : resolved(folder, link)
    if (path !~ /\.[a-z]+$/ && exists(path "/README.md")) path = path "/README.md"
    else if (path !~ /\.[a-z]+$/ && exists(path "/main.cpp")) path = path "/main.cpp"
    if (path ~ /\.md$/) return "#" page_of(path) fragment
    if (path ~ /^include\//) return "@ref " substr(path, 9)
    if (path ~ /^examples\/.*\.(cpp|c|hpp|h)$/ && path !~ /^examples\/hat\//) return "@ref " path
    # Copied there by docs.cmake.
    return "files/" path (path ~ /\.(svg|png|jpg|gif)$/ ? "" : ".txt")
}

function page(line,    out, title) {
    if (line ~ /^ *```/) in_fence = !in_fence
    if (in_fence || line ~ /^ *```/) return line
    if (line ~ /^[|][-:| ]+$/) return line  # below the head of a table
    if (line ~ /^<!--.*-->$/) return ""
    if (line ~ /^ *$/) {
        code = 0
        was_blank = 1
        return line
    }
    if ((was_blank || in_listing) && line ~ /^    / && !in_list) {
        in_listing = 1
        return line
    }
    if (line ~ /^ *([-*]|[0-9]+\.) /) in_list = 1
    else if (was_blank && line !~ /^ /) in_list = 0
    in_listing = was_blank = 0
    if (line ~ /^\*[^*]+$/ && line !~ /^\* /) in_emphasis = sub(/^\*/, "<em>", line)  # of several lines
    else if (in_emphasis && sub(/\*$/, "</em>", line)) in_emphasis = 0
    if (line ~ /^#+ /) {  # what it leads to comes behind it
        title = line
        sub(/^#+ +/, "", title)
        out = line
        gsub(/\[|\]\([^)]*\)/, "", out)
        if (line ~ /^# /) gsub(/`/, "", out)  # a title is text
        out = prose(out) " {#" page_of(name) (line ~ /^# / ? "" : "_" anchor(title)) "}"
        return title ~ /\]\(/ ? out "\n\n" linked(title) : out
    }
    return linked(line)
}

# Words, and links to where they lead in the reference.
function linked(line,    out, s, link) {
    out = ""
    while (match(line, /\]\([^() ]+\)/)) {
        s = substr(line, 1, RSTART - 1)
        link = substr(line, RSTART + 2, RLENGTH - 3)
        line = substr(line, RSTART + RLENGTH)
        out = out prose(s) "](" target(link) ")"
    }
    return out prose(line)
}

# ----------------------------------------------------------------------------------------------

{ lines[FNR] = $0 }

END {
    name = substr(FILENAME, length(root) + 2)
    folder = name
    if (!sub(/\/[^\/]*$/, "", folder)) folder = ""
    if (name ~ /\.md$/) {
        is_page = 1
        for (i = 1; i <= FNR; ++i) print page(lines[i])
    } else if (name ~ /^examples\//) {
        example()
    } else {
        header_file()
    }
}
