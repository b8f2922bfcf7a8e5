#!/usr/bin/env bash
# What it costs to include hat.hpp, in multiples of what xsimd alone costs in the same run: seconds of
# CPU differ from machine to machine and from minute to minute, their ratio does not. More than the
# limit fails.
#
#     include_cost.sh COMPILER INCLUDE_FOLDER…
set -euo pipefail

# The aim is 6. On two shared cores the same header was found at 4.7 and at 6.5 within a minute, as
# the second that xsimd takes varies most; what the limit must catch is a library that enters unseen.
limit=8
compiler=$1
shift
folders=()
for folder in "$@"; do
    # The system's own folder is searched anyway, and must keep its place in the order.
    if [ "$folder" != /usr/include ]; then folders+=("-I$folder"); fi
done

# Prints the seconds of CPU (user and system) for one include.
cost() {
    local TIMEFORMAT='%U %S'
    { time printf '#include <%s>\n' "$1" |
        "$compiler" -std=c++20 -fsyntax-only "${folders[@]}" -x c++ - ; } 2>&1 |
        awk 'NF != 2 || $1 + 0 != $1 { bad = bad $0 "\n"; next }
             { print $1 + $2 }
             END { if (bad != "") { printf "%s", bad > "/dev/stderr"; exit 1 } }'
}

# The least of three rounds: what else the machine does only adds.
least() {
    awk -v a="$1" -v b="$2" 'BEGIN { print a == "" || b < a ? b : a }'
}
xsimd="" core="" hat=""
for _ in 1 2 3; do
    xsimd=$(least "$xsimd" "$(cost xsimd/xsimd.hpp)")
    core=$(least "$core" "$(cost hat/core/core.hpp)")
    hat=$(least "$hat" "$(cost hat/hat.hpp)")
    ratio=$(awk -v h="$hat" -v x="$xsimd" 'BEGIN { printf "%.2f", h / x }')
done
echo "include cost: <hat/core/core.hpp> $core s, <hat/hat.hpp> $hat s of CPU, $ratio times <xsimd/xsimd.hpp>" \
    "($("$compiler" --version | head -n 1))"
if awk -v r="$ratio" -v l="$limit" 'BEGIN { exit !(r <= l) }'; then exit 0; fi
echo "include cost: <hat/hat.hpp> is above $limit times <xsimd/xsimd.hpp>" >&2
exit 1
