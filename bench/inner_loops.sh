#!/usr/bin/env bash
# What the inner loops of products do on small Arm processors, by the model of llvm-mca: no board is
# needed, and none is that precise about cycles. For every tile (rows x panels of 16 outputs):
#
#     instr/MAC   instructions of the loop for one multiply-add of two numbers
#     MAC/cycle   multiply-adds a cycle, in the model, from caches that never miss
#     slots       the share of the cycles in which the multiplying instructions are at work that they
#                 would be without all others: at 100 %, nothing but multiplying costs time
#     stack       loads and stores of numbers that found no register, an iteration
#
#     bench/inner_loops.sh [PROCESSOR…]      default: cortex-a53 cortex-a72 cortex-a76 cortex-m7
#
# CXX_AARCH64, CXX_ARM_NONE and LLVM_MCA name other programs than Debian's. For a Cortex-A76 the
# model is that of the Neoverse N1, its server twin, which llvm-mca has from version 17 on; older ones
# take it for a Cortex-A57, with half of the vector pipes, and say the same of both.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

processors=("${@:-}")
if [ $# -eq 0 ]; then processors=(cortex-a53 cortex-a72 cortex-a76 cortex-m7); fi
mca=${LLVM_MCA:-}
for program in llvm-mca-{22,19,16,15,14} llvm-mca; do
    if [ -z "$mca" ] && command -v "$program" >/dev/null; then mca=$program; fi
done
if [ -z "$mca" ]; then
    echo "inner_loops.sh: llvm-mca is needed (Debian: llvm-14 or llvm-19)" >&2
    exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Alone, as beside it is the C library of this machine.
for folder in /usr/include /usr/local/include; do
    if [ -d "$folder/xsimd" ]; then ln -sfn "$folder/xsimd" "$work/xsimd"; fi
done

# cut_loops: of the assembly on stdin, the inner loop of every tile becomes a file $work/loop-<tile>,
# which begins with its use of the stack. A loop ends with a branch back; the inner one is that with the
# largest part of multiplications: it asks for no weights ahead, and is not for the last few inputs.
cut_loops() {
    awk -v folder="$work" -v products="$products" '
        /^_ZN.*sum_tilesILi[0-9]+ELi[0-9]+.*:/ {
            match($0, /sum_tilesILi[0-9]+ELi[0-9]+/)
            tile = substr($0, RSTART + 12, RLENGTH - 12)
            sub(/ELi/, "x", tile)
            tile = (/QuantisedRows/ ? "int8" : "fp32") "-" tile
            lines = most = 0
            delete at
        }
        tile == "" { next }
        # GCC writes bytes as numbers of 64 bits, which llvm-mca does not read.
        { gsub(/0xffffffffffffff/, "0x"); line[++lines] = $0 }
        /^\.L[0-9]+:/ { sub(/:.*/, ""); at[$0] = lines }
        /^\t(b|cb|tb)[a-z.]*\t/ && $NF in at {
            found = all = 0
            for (i = at[$NF]; i <= lines; ++i) {
                found += line[i] ~ products
                all += line[i] ~ /^\t[a-z]/
            }
            if (found > most * all) {
                most = found / all
                first = at[$NF]
                last = lines
            }
        }
        /\.(cfi_endproc|fnend|size)/ {
            if (most > 0) {
                file = folder "/loop-" tile
                stack = 0
                for (i = first + 1; i <= last; ++i) stack += line[i] ~ /\[sp/
                print "# " stack >file
                for (i = first + 1; i <= last; ++i)
                    if (line[i] ~ /^\t[a-z]/) print line[i] >file
                close(file)
            } else
                print "inner_loops.sh: no inner loop of the tile " tile >"/dev/stderr"
            tile = ""
        }'
}

summary() {
    "$mca" "$mca_target" -mcpu="$1" -iterations=200 -all-views=false -summary-view 2>"$work/notes" ||
        { cat "$work/notes" >&2 && return 1; }
}
# cycles MODEL: of an iteration of the loop on stdin.
cycles() { summary "$1" | awk '/^Total Cycles:/ { print $3 / 200 }'; }
# slots MODEL: cycles that the instructions on stdin would keep their units busy.
slots() { summary "$1" | awk '/^Block RThroughput:/ { print $3 }'; }

# macs: multiply-adds of an iteration of the loop on stdin.
macs() {
    awk '
        $1 ~ /^(fmla|vfma)/ { n += /s\[|\.4s|\.f32\tq/ ? 4 : 1 }
        $1 == "fmadd" { n += 1 }
        $1 ~ /^(sdot|usdot)$/ { n += 16 }
        $1 ~ /^(smmla|usmmla)$/ { n += 32 }
        $1 ~ /^(smull|smlal)2?$/ { n += 8 }
        $1 ~ /^(mla|smlabb|smlabt|smlatb|smlatt|mul|smulbb)$/ { n += 1 }
        $1 ~ /^(smlad|smladx|smuad)$/ { n += 2 }
        END { print n + 0 }'
}

printf '%s\n\n' "$("$mca" --version | grep -m1 -o 'LLVM version.*')"
printf '%-12s %-10s %10s %10s %10s %10s\n' processor tile instr/MAC MAC/cycle slots stack
for cpu in "${processors[@]}"; do
    options=(-std=c++20 -O3 -DNDEBUG -ffp-contract=off -DHAT_NO_CONTRACTION -Iinclude "-mcpu=$cpu")
    model=$cpu
    case $cpu in
    cortex-m*)
        compiler=${CXX_ARM_NONE:-arm-none-eabi-g++}
        options+=(-mthumb -mfloat-abi=hard -fno-exceptions -fno-rtti -DHAT_WITHOUT_XSIMD)
        if [ "$cpu" = cortex-m7 ]; then options+=(-mfpu=fpv5-sp-d16); fi
        mca_target=-mtriple=thumbv7em-none-eabihf
        products='\t(vfma|mla|mul|smla|smlad|smlabb|smuad)'
        ;;
    *)
        compiler=${CXX_AARCH64:-aarch64-linux-gnu-g++}
        options+=(-isystem "$work")
        mca_target=-mtriple=aarch64-linux-gnu
        products='\t(fmla|sdot|usdot|usmmla|smull2?|smlal2?|sadalp)\t'
        if [ "$cpu" = cortex-a76 ] &&
            [ "$("$mca" --version | grep -o 'version [0-9]*' | cut -d' ' -f2)" -ge 17 ]; then
            model=neoverse-n1
        fi
        ;;
    esac
    if ! command -v "$compiler" >/dev/null; then
        echo "$cpu: not looked at, without $compiler"
        continue
    fi
    rm -f "$work"/loop-*
    "$compiler" "${options[@]}" -S -o - bench/support/arm_kernels.cpp | cut_loops
    for loop in "$work"/loop-*; do
        instructions=$(grep -cv '^#' "$loop")
        n=$(macs <"$loop")
        whole=$(cycles "$model" <"$loop")
        alone=$(awk -v products="$products" '$0 ~ products' "$loop" | slots "$model")
        awk -v cpu="$cpu" -v tile="$(basename "$loop" | cut -d- -f2-)" -v instructions="$instructions" \
            -v n="$n" -v whole="$whole" -v alone="$alone" -v stack="$(sed -n '1s/# //p' "$loop")" '
            BEGIN { printf "%-12s %-10s %10.3f %10.2f %8.0f %% %10d\n",
                    cpu, tile, instructions / n, n / whole, 100 * alone / whole, stack }'
    done
done
