#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What headers that `hat export` writes say on many processors, as hashes beside that of `hat translate`:
#
#     bench/exported.sh HAT MODEL INTEGERS SOURCE [LINES [PROCESSOR…]]
#
# HAT is the program, MODEL a run or model directory, INTEGERS what `hat quantize --integer` made of it (- leaves either out),
# SOURCE a text, of which the first LINES (default: all) are translated, on a Cortex-M the first DEVICE_LINES (10).
# PROCESSORs, without any all of them:
#
#     native x86-64-v3 x86-64         this machine, with all its instructions and with fewer
#     aarch64 aarch64+dotprod armv7   qemu-user; Debian: g++-aarch64-linux-gnu, g++-arm-linux-gnueabihf
#     node chromium                   the page of examples/web; emscripten, nodejs, chromium
#     cortex-m7 cortex-m55            qemu-system-arm; gcc-arm-none-eabi, libstdc++-arm-none-eabi-newlib
#     cortex-m0plus                   integers alone; its instructions, on the board of a Cortex-M7
#
# BEAM (5) and MAX_LENGTH (64) are for `hat export`. A line that is too long for the header has a status there and is left
# out on both sides: `lines` counts the others. Seconds are of CPU, with the self-test; of Chromium by the clock, with its start.
# Ends with 1 if anything differs or is not as it should be.
set -euo pipefail

if [ $# -lt 4 ]; then
    echo "usage: bench/exported.sh HAT MODEL INTEGERS SOURCE [LINES [PROCESSOR…]]" >&2
    exit 2
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
HAT=$(realpath "$1")
export HAT
model=$2 integers=$3 source=$(realpath "$4") limit=${5:-1000000000}
shift $(($# < 5 ? $# : 5))
processors=("$@")
if [ $# -eq 0 ]; then
    processors=(native x86-64-v3 x86-64 aarch64 aarch64+dotprod armv7 node chromium cortex-m7 cortex-m55 cortex-m0plus)
fi
beam=${BEAM:-5} max_length=${MAX_LENGTH:-64} device_lines=${DEVICE_LINES:-10}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
has_failed=0
board=$root/examples/embedded/cortex_m
TIMEFORMAT='%U'

# digits: of the hash of what is read, as many as the eye compares.
digits() { sha256sum | cut -c1-16; }

# row PROCESSOR WEIGHTS LINES SECONDS: of the table, with what is in $work/found.
row() {
    local found expected verdict=same
    found=$(digits <"$work/found")
    expected=$(head -n "$3" "$work/expected" | digits)
    if [ "$found" != "$expected" ]; then
        verdict=DIFFERS
        has_failed=1
    fi
    printf '%-16s %-8s %6d %9s  %-16s %-16s %s\n' "$1" "$2" "$3" "$4" "$found" "$expected" "$verdict"
}

# fail TEXT: instead of a row.
fail() {
    echo "$*"
    has_failed=1
}

# program COMPILER FLAG…: examples/embedded's, of $work/model.hpp.
program() {
    local compiler=$1
    shift
    "$compiler" -std=c++20 -O2 -fno-exceptions -fno-rtti -fno-threadsafe-statics -Wno-psabi "-I$work" "$@" \
        "$root/examples/embedded/translate.cpp" -o "$work/translate" 2>"$work/log"
}

# device MACHINE FLAG…: the program for a Cortex-M, on a board of QEMU.
device() {
    local machine=$1
    shift
    program arm-none-eabi-g++ -mthumb "$@" -ffunction-sections -Wl,--gc-sections -nostartfiles --specs=rdimon.specs \
        -T "$board/cortex_m.ld" "$board/start.cpp" || return 1
    command=(qemu-system-arm -M "$machine" -display none -monitor none -serial none -semihosting -kernel translate)
}

# build PROCESSOR: what translates, as `command`.
build() {
    command=(./translate)
    case $1 in
    native) program g++ -march=native ;;
    x86-64*) program g++ "-march=$1" ;;
    aarch64 | aarch64+dotprod)
        local architecture=armv8-a
        if [ "$1" = aarch64+dotprod ]; then architecture=armv8.2-a+dotprod; fi
        program aarch64-linux-gnu-g++ -static "-march=$architecture" || return 1
        command=(qemu-aarch64 -cpu max ./translate)
        ;;
    armv7)
        program arm-linux-gnueabihf-g++ -static -march=armv7-a+neon-vfpv4 || return 1
        command=(qemu-arm ./translate)
        ;;
    node | chromium)
        [ -e "$work/page.html" ] || "$root/examples/web/build.sh" "$work/model.hpp" "$work/page.html" 2>"$work/log" || return 1
        command=(node "$root/tests/web/module.mjs" page.html)
        if [ "$1" = chromium ]; then command=(node "$root/tests/web/lines.mjs" chromium page.html); fi
        ;;
    cortex-m7) device mps2-an500 -mcpu=cortex-m7 -mfpu=fpv5-sp-d16 -mfloat-abi=hard ;;
    cortex-m55) device mps3-an547 -mcpu=cortex-m55 -mfloat-abi=hard ;;
    cortex-m0plus) device mps2-an500 -mcpu=cortex-m0plus ;;
    *)
        echo "$1 is no processor that exported.sh knows" >"$work/log"
        return 1
        ;;
    esac
}

# translate PROCESSOR WEIGHTS: a row.
translate() {
    local lines seconds began
    lines=$(wc -l <"$work/expected")
    if [[ $1 = cortex-m* ]] && [ "$lines" -gt "$device_lines" ]; then lines=$device_lines; fi
    head -n "$lines" "$work/source" >"$work/lines"
    if ! build "$1"; then
        fail "$1, $2: not built: $(head -n 4 "$work/log")"
        return
    fi
    began=$SECONDS
    if ! seconds=$(cd "$work" && { time "${command[@]}" <lines >found 2>notes; } 2>&1); then
        fail "$1, $2: $(tail -n 4 "$work/notes")"
        return
    fi
    if [ "$1" = chromium ]; then seconds=$((SECONDS - began)); fi
    row "$1" "$2" "$lines" "$seconds"
}

# keep_short_lines: leaves out what has a status here, in the text and in what `hat translate` says of it. All processors
# translate the same lines then, and a status of theirs is a difference.
keep_short_lines() {
    program g++ -march=native || { cat "$work/log" >&2 && exit 1; }
    "$work/translate" <"$work/all.source" >"$work/out" 2>"$work/notes" || { cat "$work/notes" >&2 && exit 1; }
    sed -nE 's/^line ([0-9]+): .*/\1/p' "$work/notes" >"$work/without"
    for text in source expected; do
        awk -v without="$work/without" 'BEGIN { while ((getline line < without) > 0) left[line] } !(FNR in left)' \
            "$work/all.$text" >"$work/$text"
    done
    [ -s "$work/source" ] || { echo "exported.sh: no line of $source is translated" >&2 && exit 1; }
    if [ -s "$work/without" ]; then echo "$1: left out: $(paste -sd ' ' "$work/without")"; fi
}

head -n "$limit" "$source" >"$work/all.source"
printf 'beam %d, at most %d tokens\n\n%-16s %-8s %6s %9s  %-16s %s\n' "$beam" "$max_length" \
    processor weights lines 's of CPU' header 'hat translate'
for weights in int8 integer; do
    flags=(--model "$integers")
    if [ $weights = int8 ]; then flags=(--model "$model" --weights int8); fi
    if [ "${flags[1]}" = - ]; then continue; fi
    rm -f "$work/page.html"
    "$HAT" export "${flags[@]}" --beam "$beam" --max-length "$max_length" --out "$work/model.hpp" --overwrite >"$work/log" 2>&1 ||
        { cat "$work/log" >&2 && exit 1; }
    "$HAT" translate "${flags[@]}" --beam "$beam" --threads 1 <"$work/all.source" >"$work/all.expected" 2>"$work/log" ||
        { cat "$work/log" >&2 && exit 1; }
    keep_short_lines $weights
    for processor in "${processors[@]}"; do
        if [ $weights = int8 ] && [ "$processor" = cortex-m0plus ]; then continue; fi
        translate "$processor" $weights
    done
done
exit $has_failed
