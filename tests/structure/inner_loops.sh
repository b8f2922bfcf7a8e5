#!/usr/bin/env bash
# On small 64-bit Arm processors, inner loops of products of floats do little but multiply, and those of
# 8 bits have few instructions: bounds of what bench/inner_loops.sh says.
#
#     inner_loops.sh        CXX_AARCH64, LLVM_MCA: as there
set -euo pipefail

"$(dirname "${BASH_SOURCE[0]}")"/../../bench/inner_loops.sh cortex-a72 cortex-a76 | tee /dev/stderr |
    awk '
        $1 !~ /^cortex/ { next }
        $2 ~ /^fp32/ { ++floats; if ($5 < 90) { print $1, $2 ": " $5 " % of the slots, expected 90"; bad = 1 } }
        # By instructions of a multiply-add, one row.
        $2 ~ /^int8-1x/ {
            ++bytes
            most = $1 == "cortex-a72" ? 0.3 : 0.16
            if ($3 > most) { print $1, $2 ": " $3 " instructions, expected " most " at most"; bad = 1 }
        }
        END {
            if (floats != 10 || bytes != 2) { print "found " floats " and " bytes " tiles, expected 10 and 2"; bad = 1 }
            exit bad
        }'
