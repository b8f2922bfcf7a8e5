#!/usr/bin/env bash
# Where the pages of the repository lead to exists: every file and folder that a link of a Markdown page
# names, and every heading behind a `#`, by the anchor that code hosts give it. And the index of the library
# (include/hat/README.md) has the page of every folder.
#
#     links.sh <source of hat>
set -euo pipefail
cd "$1"

mapfile -t pages < <(git -c core.quotePath=off ls-files --cached --others --exclude-standard '*.md' 2>/dev/null)
if [ ${#pages[@]} -eq 0 ]; then  # unpacked without git
    mapfile -t pages < <(find . -name '*.md' -not -path './build/*' | sed 's|^\./||')
fi

# parts KIND PAGE: its headings' anchors, or its links, one a line; code is none.
parts() {
    awk -v kind="$1" '
        function tell(link) { sub(/[ \t].*/, "", link); if (kind == "links") print link }
        /^ *(```|~~~)/ { fenced = !fenced; next }
        fenced { next }
        /^ *$/ { blank = 1; list = list && $0 ~ /^ *$/; next }
        /^(    |\t)/ && (blank || listing) && !list { listing = 1; next }
        { if ($0 ~ /^ *([-*+]|[0-9]+\.) /) list = 1; else if (blank && $0 !~ /^ /) list = 0; blank = listing = 0 }
        /^#+ / && kind == "anchors" {
            title = $0
            sub(/^#+ +/, "", title)
            gsub(/\]\([^)]*\)/, "", title)
            title = tolower(title)
            gsub(/[][!-,.\/:-@\\^`{-~]/, "", title)
            gsub(/ /, "-", title)
            print (seen[title]++ ? title "-" (seen[title] - 1) : title)
        }
        {
            line = $0
            gsub(/`[^`]*`/, "", line)
            if (match(line, /^\[[^]]*\]: */)) tell(substr(line, RLENGTH + 1))
            rest = line
            while (match(rest, /\]\([^()]*\)/)) {
                link = substr(rest, RSTART + 2, RLENGTH - 3)
                rest = substr(rest, RSTART + RLENGTH)
                tell(link)
            }
            rest = line
            while (match(rest, /(src|href|srcset)="[^"]*"/)) {
                link = substr(rest, RSTART, RLENGTH - 1)
                rest = substr(rest, RSTART + RLENGTH)
                sub(/^[a-z]*="/, "", link)
                tell(link)
            }
        }' "$2"
}

faults=0
count=0
fault() {
    echo "$1" >&2
    faults=$((faults + 1))
}

declare -A led_to
for page in "${pages[@]}"; do
    [ -e "$page" ] || continue  # just removed
    while read -r link; do
        if [[ $link =~ ^[a-z]+: ]]; then continue; fi  # elsewhere
        count=$((count + 1))
        file=${link%%#*}
        folder=$(dirname "$page")
        target=$(realpath -m --relative-to=. "$folder/$file")
        if [ -z "$file" ]; then target=$page; fi
        if [[ $target == ..* ]] || [ ! -e "$target" ]; then
            fault "$page: leads to $link, which does not exist"
        elif [[ $link == *#* && $target == *.md ]]; then
            # All of it is read, or the first program would write into a closed pipe.
            if ! parts anchors "$target" | grep -Fx -- "${link#*#}" >/dev/null; then
                fault "$page: leads to $link, but $target has no such heading"
            fi
        fi
        if [ "$page" = include/hat/README.md ]; then led_to[$target]=1; fi
    done < <(parts links "$page")
done
if [ "$count" -eq 0 ]; then fault "no links were found"; fi

for folder in include/hat/*/; do
    name=$(basename "$folder")
    if [ "$name" = c ]; then umbrella=include/hat/c/hat.h; else umbrella=include/hat/$name/$name.hpp; fi
    [ -n "${led_to[$umbrella]:-}" ] || fault "include/hat/README.md: does not lead to $umbrella"
done
echo "$count links of ${#pages[@]} pages lead somewhere, but for $faults faults"
[ "$faults" -eq 0 ]
