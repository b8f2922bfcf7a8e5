#!/usr/bin/env bash
# What it costs to include hat.hpp, in seconds of CPU; more than the limit fails. The limit is for a
# machine that includes xsimd, which is not ours, in `xsimd_seconds`; where that takes longer, because
# the machine is slower or does other things, the limit is as much higher.
#
#     include_cost.sh COMPILER INCLUDE_FOLDER…
set -euo pipefail

limit=2.50
xsimd_seconds=0.90
compiler=$1
shift
folders=()
for folder in "$@"; do
    # The system's own folder is searched anyway, and must keep its place in the order.
    if [ "$folder" != /usr/include ]; then folders+=("-I$folder"); fi
done

# Prints the seconds of CPU (user and system) for one include of a header.
cost() {
    local TIMEFORMAT='%U %S'
    { time printf '#include <%s>\n' "$1" |
        "$compiler" -std=c++20 -fsyntax-only "${folders[@]}" -x c++ - ; } 2>&1 |
        awk 'NF != 2 || $1 + 0 != $1 { bad = bad $0 "\n"; next }
             { t = $1 + $2 }
             END { if (bad != "") { printf "%s", bad > "/dev/stderr"; exit 1 }
                   printf "%.2f\n", t }'
}

# In turns, so that the machine is as busy for one as for the other; the least of four counts.
declare -A least
for _ in 1 2 3 4; do
    for header in xsimd/xsimd.hpp hat/core/core.hpp hat/hat.hpp; do
        seconds=$(cost "$header")
        least[$header]=$(printf '%s\n' "$seconds" "${least[$header]:-$seconds}" | sort -n | head -n 1)
    done
done
limit=$(awk -v l="$limit" -v x="${least[xsimd/xsimd.hpp]}" -v usual="$xsimd_seconds" \
    'BEGIN { printf "%.2f\n", l * (x > usual ? x / usual : 1) }')
for header in "${!least[@]}"; do
    echo "include cost: <$header> ${least[$header]} s of CPU ($("$compiler" --version | head -n 1))"
done
if ! awk -v s="${least[hat/hat.hpp]}" -v l="$limit" 'BEGIN { exit !(s <= l) }'; then
    echo "include cost: <hat/hat.hpp> is above the limit of $limit s" >&2
    exit 1
fi
