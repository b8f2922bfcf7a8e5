#!/usr/bin/env bash
# On small 64-bit Arm processors, which work in order, sums that wait on the stack cost a product half
# of its speed: the inner loops of all tiles keep them in registers. (One of one row may keep one of
# its 16 weights there, which costs less than a narrower tile does.)
#
#     spills.sh COMPILER OPTION…
set -euo pipefail

compiler=$1
shift
source=$(dirname "${BASH_SOURCE[0]}")/tiles.cpp
cpu=cortex-a53
"$compiler" -std=c++20 -O3 -DNDEBUG -ffp-contract=off -mcpu=$cpu "$@" -S -o - "$source" |
    awk -v cpu=$cpu '
        /^_ZN.*sum_tilesILi[0-9]+ELi[0-9]+.*:/ {
            split($0, part, /sum_tilesILi|ELi|E/)
            match($0, /sum_tilesILi[0-9]+ELi[0-9]+/)
            tile = substr($0, RSTART + 12, RLENGTH - 12)
            sub(/ELi/, "x", tile)
            sub(/Li/, "", tile)
            lines = 0; delete at; shortest = 0
        }
        tile != "" { line[++lines] = $0 }
        tile != "" && /^\.L[0-9]+:/ { sub(/:.*/, ""); at[$0] = lines }
        # A branch back: the shortest loop with a multiplication is the inner one.
        tile != "" && /^\t(b|cb|tb)/ && $NF in at {
            products = stack = 0
            for (i = at[$NF]; i <= lines; ++i) {
                products += line[i] ~ /\tfmla\t/
                stack += line[i] ~ /\[sp/
            }
            if (products > 0 && (shortest == 0 || lines - at[$NF] < shortest)) {
                shortest = lines - at[$NF]
                found = sprintf("%d products, %d uses of the stack", products, stack)
                bad = stack > (tile ~ /^1x/ ? 2 : 0)
            }
        }
        tile != "" && /\.cfi_endproc/ {
            if (shortest == 0) { found = "no inner loop"; bad = 1 }
            print cpu ": tile " tile ": " found
            failed += bad; ++tiles; tile = ""
        }
        END {
            if (tiles < 6) { print cpu ": only " tiles " tiles were found"; exit 1 }
            exit failed > 0
        }'
