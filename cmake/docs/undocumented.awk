# SPDX-License-Identifier: Apache-2.0
#
# Reads Doxygen's warnings and prints those that count: all but those of undocumented names that say what
# they are, by these rules. A comment tells of all that follows it up to a blank line, and of every function of
# its name in the folder. What needs none: members that are data or types (but for those of options and
# limits), functions that override another or that all containers have; copying, comparing, `members` of a layer,
# specialisations; macros of other libraries.

function load(file,    n, line, pending, folder, rest) {
    if (file in count) return
    folder = file
    sub(/[^\/]*$/, "", folder)
    n = 0
    while ((getline line < file) > 0) {
        text[file, ++n] = line
        if (line ~ /^ *\/\/\//) pending = 1
        else if (pending) {
            rest = line
            while (match(rest, /[A-Za-z_][A-Za-z0-9_]* *\(/)) {
                documented[folder, word(substr(rest, RSTART, RLENGTH))] = 1
                rest = substr(rest, RSTART + RLENGTH)
            }
            if (line ~ /[;{}]/) pending = 0
        }
    }
    close(file)
    count[file] = n
}

function load_folder(file,    folder, list, name) {
    folder = file
    sub(/[^\/]*$/, "", folder)
    if (folder in loaded) return
    loaded[folder] = 1
    list = "ls '" folder "'"
    while ((list | getline name) > 0)
        if (name ~ /\.hpp$/) load(folder name)
    close(list)
}

function word(s) {
    sub(/ *\($/, "", s)
    return s
}

function indentation(s) {
    match(s, /^ */)
    return RLENGTH
}

function in_paragraph(file, line,    indent, i) {
    indent = indentation(text[file, line])
    for (i = line - 1; i > 0 && text[file, i] !~ /^ *$/; --i)
        if (text[file, i] ~ /^ *(\/\/\/|\/\* )/ && indentation(text[file, i]) == indent) return 1
    return 0
}

function needs_none(file, line, message,    kind, name, scope, short, here) {
    if (in_paragraph(file, line)) return 1
    scope = name = message
    sub(/ is not documented\.$/, "", scope)
    if (message ~ /^Compound /) return scope ~ /</
    sub(/^.*\) of (class|struct|union|namespace|file) /, "", scope)
    short = scope
    sub(/<.*/, "", short)
    sub(/.*::/, "", short)
    match(message, /\((function|variable|typedef|friend|enumeration|macro definition|enumvalue|property|signal|slot)\) of /)
    kind = substr(message, RSTART + 1, RLENGTH - 6)
    name = substr(message, 8, RSTART - 9)
    if (kind == "friend" || (kind == "macro definition" && name !~ /^HAT_/)) return 1
    if (kind == "macro definition") return 0
    if (kind == "variable" || kind == "typedef") {
        if (name ~ /</) return 1
        if (kind == "variable" && scope ~ /([Oo]ptions|Limits)$/) return 0
        return short ~ /^[A-Z]/ || (short ~ /^hat_/ && kind == "variable")
    }
    if (kind != "function") return 0
    here = text[file, line] " " text[file, line + 1] " " text[file, line + 2]
    if (name ~ /->/ || here ~ / override/) return 1
    if (name ~ ("^" short "\\((const )?" short "[^,]* ?&")) return 1
    sub(/\(.*/, "", name)
    if (name ~ /^(~|operator)/ || name == short && here ~ /= (default|delete);/) return 1
    if (name ~ /^(size|empty|begin|end|data|clear|push_back|pop_back|front|back|at|members)$/) return 1
    if (name ~ /^(size_bytes|rows|cols|stride)$/) return 1
    load_folder(file)
    sub(/[^\/]*$/, "", file)
    return (file, name) in documented
}

{
    if (match($0, /^[^:]*:[0-9]+: warning: /) && / is not documented\.$/) {
        message = substr($0, RLENGTH + 1)
        split(substr($0, 1, RLENGTH), place, ":")
        load(place[1])
        if (needs_none(place[1], place[2] + 0, message)) next
    }
    if (!($0 in printed)) print
    printed[$0] = 1
}
