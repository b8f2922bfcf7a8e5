#!/usr/bin/env bash
# The single header has the code of the headers, and nothing but comments and blanks less:
#
#     single_header_code.sh GCC PROGRAM INCLUDE_FOLDER HEADER
#
# It is small enough to be pasted into an online compiler, which takes a megabyte, as JSON.
set -euo pipefail
compiler=$1 program=$2 include=$3 header=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$program" "$include" "$work/commented.hpp" --comments
code() {
    "$compiler" -fpreprocessed -dD -E -P -x c++ -w "$1" | sed 's/^ *//; /^$/d'
}
code "$work/commented.hpp" >"$work/expected"
code "$header" >"$work/found"
diff "$work/expected" "$work/found"
if [ "$(wc -l <"$work/found")" -lt 10000 ]; then
    echo "$header: less than 10,000 lines, which cannot be all" >&2
    exit 1
fi
if grep -n '# *include *[<"]hat/' "$header"; then exit 1; fi

bytes=$(wc -c <"$header")
as_json=$((bytes + $(tr -cd '\n\t"\\' <"$header" | wc -c)))
echo "single header: $bytes bytes, $as_json as JSON, $(gzip -9c "$header" | wc -c) by gzip;" \
    "$(wc -c <"$work/commented.hpp") with comments"
if [ "$as_json" -ge 1000000 ]; then
    echo "$header: expected less than 1,000,000 bytes as JSON" >&2
    exit 1
fi
