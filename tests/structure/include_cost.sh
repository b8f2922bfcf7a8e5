#!/usr/bin/env bash
# What it costs to include hat.hpp, in seconds of CPU; more than the limit fails.
#
#     include_cost.sh COMPILER INCLUDE_FOLDER…
set -euo pipefail

limit=2.50
compiler=$1
shift
folders=()
for folder in "$@"; do
    # The system's own folder is searched anyway, and must keep its place in the order.
    if [ "$folder" != /usr/include ]; then folders+=("-I$folder"); fi
done

# Prints the seconds of CPU (user and system) for one include, the least of three runs.
cost() {
    local TIMEFORMAT='%U %S'
    for _ in 1 2 3; do
        { time printf '#include <%s>\n' "$1" |
            "$compiler" -std=c++20 -fsyntax-only "${folders[@]}" -x c++ - ; } 2>&1
    done | awk 'NF != 2 || $1 + 0 != $1 { bad = bad $0 "\n"; next }
                { t = $1 + $2; if (n++ == 0 || t < least) least = t }
                END { if (bad != "") { printf "%s", bad > "/dev/stderr"; exit 1 }
                      printf "%.2f\n", least }'
}

# What else the machine does only adds: where the limit is passed, it is measured again a little later.
for pause in 10 20 40 0; do
    for header in hat/core/core.hpp hat/hat.hpp; do
        seconds=$(cost "$header")
        echo "include cost: <$header> $seconds s of CPU ($("$compiler" --version | head -n 1))"
    done
    if awk -v s="$seconds" -v l="$limit" 'BEGIN { exit !(s <= l) }'; then exit 0; fi
    sleep "$pause"
done
echo "include cost: <hat/hat.hpp> is above the limit of $limit s" >&2
exit 1
