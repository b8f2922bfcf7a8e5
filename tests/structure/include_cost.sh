#!/usr/bin/env bash
# What it costs to include hat.hpp, in multiples of what xsimd alone costs. More than the limit fails.
#
#     include_cost.sh COMPILER INCLUDE_FOLDER…
#
# Instructions of the compiler are counted, which are the same everywhere. Seconds are not, nor is
# their ratio: the same two headers were found at 5.4 and at 8.7, as the longer compilation needs more
# of a machine's caches and of its memory. A limit of 5 in instructions is one of about 6 in seconds
# of CPU on a machine that does nothing else; those of one compilation are printed, too.
set -euo pipefail

limit=5
compiler=$1
shift
folders=()
for folder in "$@"; do
    # The system's own folder is searched anyway, and must keep its place in the order.
    if [ "$folder" != /usr/include ]; then folders+=("-I$folder"); fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compile() {
    "${@:2}" "$compiler" -std=c++20 -fsyntax-only "${folders[@]}" "$work/$1.cpp"
}

# Prints the millions of instructions of the compiler's processes for the source of a name.
instructions() {
    compile "$1" valgrind --tool=cachegrind --cache-sim=no --trace-children=yes \
        --cachegrind-out-file=/dev/null --log-file="$work/$1.%p"
    awk '/I +refs:/ { gsub(",", ""); sum += $NF } END { printf "%.0f", sum / 1e6 }' "$work/$1".[0-9]*
}

# Prints the seconds of CPU (user and system), likewise.
seconds() {
    local TIMEFORMAT='%U %S'
    { time compile "$1"; } 2>&1 | awk '{ print $1 + $2 }'
}

echo '#include <xsimd/xsimd.hpp>' >"$work/xsimd.cpp"
echo '#include <hat/hat.hpp>' >"$work/hat.cpp"
xsimd=$(instructions xsimd)
hat=$(instructions hat)
ratio=$(awk -v h="$hat" -v x="$xsimd" 'BEGIN { printf "%.2f", h / x }')
echo "include cost: <hat/hat.hpp> $hat million instructions, $ratio times <xsimd/xsimd.hpp>;" \
    "$(seconds hat) and $(seconds xsimd) s of CPU ($("$compiler" --version | head -n 1))"
# A count of nothing is none.
if awk -v r="$ratio" -v l="$limit" -v x="$xsimd" 'BEGIN { exit !(x > 0 && r >= 1 && r <= l) }'; then exit 0; fi
echo "include cost: <hat/hat.hpp> is above $limit times <xsimd/xsimd.hpp>" >&2
exit 1
