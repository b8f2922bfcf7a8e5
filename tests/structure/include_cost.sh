#!/usr/bin/env bash
# What it costs to include hat.hpp, in multiples of what xsimd alone costs in the same run: seconds of
# CPU differ from machine to machine and from minute to minute, their ratio does not. More than the
# limit fails.
#
#     include_cost.sh COMPILER INCLUDE_FOLDER…
set -euo pipefail

limit=6
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

# Each round has xsimd on both sides of hat, as speed drifts; the median of the rounds forgets the one
# that the machine disturbed.
ratios=""
for _ in 1 2 3 4 5; do
    before=$(cost xsimd/xsimd.hpp)
    hat=$(cost hat/hat.hpp)
    after=$(cost xsimd/xsimd.hpp)
    ratios+=$(awk -v h="$hat" -v b="$before" -v a="$after" 'BEGIN { printf "%.2f", 2 * h / (b + a) }')$'\n'
done
ratio=$(printf '%s' "$ratios" | sort -n | sed -n 3p)
core=$(cost hat/core/core.hpp)
echo "include cost: <hat/core/core.hpp> $core s, <hat/hat.hpp> $hat s of CPU, $ratio times <xsimd/xsimd.hpp>," \
    "median of $(printf '%s' "$ratios" | tr '\n' ' ')" \
    "($("$compiler" --version | head -n 1))"
if awk -v r="$ratio" -v l="$limit" 'BEGIN { exit !(r <= l) }'; then exit 0; fi
echo "include cost: <hat/hat.hpp> is above $limit times <xsimd/xsimd.hpp>" >&2
exit 1
