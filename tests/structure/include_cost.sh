#!/usr/bin/env bash
# What it costs to include hat.hpp, in multiples of what xsimd alone costs. More than the limit fails.
#
#     include_cost.sh COMPILER INCLUDE_FOLDER…
#
# The instructions of the compiler are counted, as they do not depend on what else the machine does.
# Seconds do, and their ratio, too: the longer compilation needs more of its caches and memory. Where
# nothing else runs, 5 in instructions is about 6 in seconds of CPU. Seconds of one compilation, with
# those of the core alone, are printed besides.
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
echo '#include <xsimd/xsimd.hpp>' >"$work/xsimd.cpp"
echo '#include <hat/core/core.hpp>' >"$work/core.cpp"
echo '#include <hat/hat.hpp>' >"$work/hat.cpp"

# compile NAME [COMMAND…]: that source, by the compiler run under the command.
compile() {
    "${@:2}" "$compiler" -std=c++20 -fsyntax-only "${folders[@]}" "$work/$1.cpp"
}

# What does not compile costs nothing, and proves nothing. Seconds of CPU are user and system.
TIMEFORMAT='%U %S'
for name in xsimd core hat; do
    { time compile $name 2>"$work/$name.errors" || true; } 2>"$work/$name.time"
    if [ -s "$work/$name.errors" ]; then cat "$work/$name.errors" >&2 && exit 1; fi
done
for name in xsimd hat; do
    compile $name valgrind --tool=cachegrind --cache-sim=no --vex-iropt-level=1 --trace-children=yes \
        --cachegrind-out-file=/dev/null --log-file="$work/$name.%p"
done

seconds() {
    awk '{ print $1 + $2 }' "$work/$1.time"
}
# Millions, of all processes of the compiler.
instructions() {
    awk '/I +refs:/ { gsub(",", ""); sum += $NF } END { printf "%.0f", sum / 1e6 }' "$work/$1".[0-9]*
}
xsimd=$(instructions xsimd)
hat=$(instructions hat)
if [ "$xsimd" -lt 100 ] || [ "$hat" -lt "$xsimd" ]; then
    echo "include cost: counted $xsimd and $hat million instructions, which cannot be" >&2
    exit 1
fi
ratio=$(awk -v h="$hat" -v x="$xsimd" 'BEGIN { printf "%.2f", h / x }')
echo "include cost: <hat/hat.hpp> $hat million instructions, $ratio times <xsimd/xsimd.hpp>;" \
    "xsimd, <hat/core/core.hpp>, hat: $(seconds xsimd), $(seconds core), $(seconds hat) s of CPU" \
    "($("$compiler" --version | head -n 1))"
if awk -v r="$ratio" -v l="$limit" 'BEGIN { exit !(r <= l) }'; then exit 0; fi
echo "include cost: <hat/hat.hpp> is above $limit times <xsimd/xsimd.hpp>" >&2
exit 1
