# SPDX-License-Identifier: Apache-2.0
#
# Commands that pages and --help show have subcommands and flags that the program has.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"
sources=$2

# flags_of FILE…: "SUBCOMMAND FLAG FILE:LINE" of every command `hat SUBCOMMAND …` in lines of code and in
# `spans` of Markdown, a flag each; "-" where there is none.
flags_of() {
    awk '
    function look(text,    n, i, part, words, count, k, command) {
        n = split(text, part, /[|;&<>]|\$\(/)
        for (i = 1; i <= n; ++i) {
            if (part[i] ~ /\.sh +hat / || !match(part[i], /(^|[ "\/])hat"? +[a-z]+( |$)/)) continue
            count = split(substr(part[i], RSTART), words, /[ "`\047,)]+/)
            for (k = 1; words[k] !~ /(^|\/)hat$/; ++k);
            command = words[k + 1]
            print command, "-", place
            for (k += 2; k <= count; ++k)
                if (match(words[k], /^--[a-z][a-z0-9-]*/))
                    print command, substr(words[k], 1, RLENGTH), place
        }
    }
    function end_paragraph(    spans, n, i) {
        n = split(paragraph, spans, /`/)
        place = paragraph_place
        for (i = 2; i <= n; i += 2) look(spans[i])
        paragraph = ""
    }
    function end_command() {
        place = command_place
        if (command_line != "") look(command_line)
        command_line = ""
    }
    FNR == 1 { end_paragraph(); end_command(); fenced = 0 }
    /^ *```/ { end_paragraph(); end_command(); fenced = !fenced; next }
    fenced || /^    / || command_line != "" {
        if (command_line == "") command_place = FILENAME ":" FNR
        continues = sub(/\\$/, "")
        command_line = command_line " " $0
        if (!continues) end_command()
        if (!fenced && paragraph != "") paragraph = paragraph " " $0  # of a list
        next
    }
    /^ *$/ { end_paragraph(); next }
    {
        if (paragraph == "") paragraph_place = FILENAME ":" FNR
        paragraph = paragraph " " $0
    }
    END { end_paragraph(); end_command() }' "$@"
}

mapfile -t pages < <(cd "$sources" && { git -c core.quotePath=off ls-files -co --exclude-standard '*.md' 2>/dev/null ||
    find . -name '*.md' -not -path './build/*'; } | grep -v 'CHANGELOG\.md$')
"$hat" --help >top 2>log || fail "--help: $(cat log)"
subcommands=$(sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p' top)
for subcommand in $subcommands; do
    "$hat" "$subcommand" --help >"help.$subcommand" 2>log || fail "$subcommand --help: $(cat log)"
    # An option may have several names: "  -h,--help", "  --model,--run TEXT".
    sed -n 's/^  \(-[^ ]*\).*/\1/p' "help.$subcommand" | tr , '\n' | grep '^--' >"flags.$subcommand" ||
        fail "$subcommand --help has no flags"
    sed -n '/^Examples*:$/,$p' "help.$subcommand" | sed -n 's/^  /    /p' >"example.$subcommand"
done

(cd "$sources" && flags_of "${pages[@]}") >used
flags_of example.* >>used
while read -r subcommand flag place; do
    if [ ! -e "flags.$subcommand" ]; then
        fail "$place: there is no hat $subcommand"
    elif [ "$flag" != - ] && ! grep -qxF -- "$flag" "flags.$subcommand"; then
        fail "$place: hat $subcommand has no $flag"
    fi
done < <(sort -u used)
[ "$(wc -l <used)" -gt 100 ] || fail "found $(wc -l <used) flags alone"
echo "$(wc -l <used) subcommands and flags were looked up"
finish
