#!/usr/bin/env bash
# How many instructions a product of one row takes on small Arm processors: all of it, the rounding of
# the row to 8 bits, calls and what is around the inner loop included. An emulator counts, so that the
# figures are exact; they are the difference of a program that makes two products and one that makes one.
#
#     bench/instructions.sh [IN OUT]       default: 128 256
#
# Needs qemu-user, qemu-system-arm and the compilers; CXX_AARCH64 and CXX_ARM_NONE name other ones.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

in=${1:-128}
out=${2:-256}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Alone, as beside it is the C library of this machine.
for folder in /usr/include /usr/local/include; do
    if [ -d "$folder/xsimd" ]; then ln -sfn "$folder/xsimd" "$work/xsimd"; fi
done
options=(-std=c++20 -O3 -DNDEBUG -ffp-contract=off -DHAT_NO_CONTRACTION -Iinclude
    "-DPRODUCT_IN=$in" "-DPRODUCT_OUT=$out")

# count COMMAND…: the instructions that the emulator runs. One a block, and each block by name.
count() { "$@" -singlestep -d nochain,exec -D /dev/stdout "${program[@]}" | grep -c '^Trace'; }

# row PROCESSOR COMPILER OPTIONS EMULATOR…: a line of the table for both kinds of weights.
row() {
    local name=$1 compiler=$2 more=$3 format times counts
    shift 3
    if ! command -v "$compiler" >/dev/null; then
        echo "$name: not counted, without $compiler"
        return
    fi
    for format in Float32 Int8; do
        counts=()
        for times in 1 2; do
            # shellcheck disable=SC2086
            "$compiler" "${options[@]}" $more "-DPRODUCT_FORMAT=$format" "-DPRODUCT_TIMES=$times" \
                "${sources[@]}" bench/support/one_product.cpp -o "$work/product"
            counts+=("$(count "$@")")
        done
        awk -v name="$name" -v format="$format" -v n=$((counts[1] - counts[0])) -v macs=$((in * out)) \
            'BEGIN { printf "%-12s %-8s %12d %10.3f\n", name, format, n, n / macs }'
    done
}

printf '%d inputs, %d outputs, one row\n\n' "$in" "$out"
printf '%-12s %-8s %12s %10s\n' processor weights instr instr/MAC
sources=()
program=("$work/product")
for cpu in cortex-a53 cortex-a72 cortex-a76; do
    row $cpu "${CXX_AARCH64:-aarch64-linux-gnu-g++}" "-mcpu=$cpu -static -isystem $work" \
        qemu-aarch64 -cpu max
done
board=examples/embedded/cortex_m
sources=("$board/start.cpp")
program=(-kernel "$work/product")
bare="-mfloat-abi=hard -mthumb -fno-exceptions -fno-rtti -fno-threadsafe-statics -Wno-psabi
    -ffunction-sections -fdata-sections -Wl,--gc-sections -nostartfiles --specs=rdimon.specs
    -T $board/cortex_m.ld"
row cortex-m7 "${CXX_ARM_NONE:-arm-none-eabi-g++}" "-mcpu=cortex-m7 -mfpu=fpv5-sp-d16 $bare" \
    qemu-system-arm -M mps2-an500 -cpu cortex-m7 -nographic -semihosting
row cortex-m55 "${CXX_ARM_NONE:-arm-none-eabi-g++}" "-mcpu=cortex-m55 $bare" \
    qemu-system-arm -M mps3-an547 -nographic -semihosting
