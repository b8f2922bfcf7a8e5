# SPDX-License-Identifier: Apache-2.0
#
# A program that holds itself for several instruction sets (HAT_DISPATCH) takes the best of the machine,
# or the one that HAT_ISA names, says so, and gives the same bits with each. It starts and translates on
# processors that know none of the newer ones.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"
unset HAT_ISA

make_text train 1000 1
make_text valid 20 2
make_text test 20 3
make_architecture
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 60 --out data >/dev/null 2>log || fail "prepare: $(cat log)"
"$hat" train --data data --architecture small.yml --updates 60 --max-tokens 600 --learning-rate 4e-3 \
    --warmup 20 --out run 2>log || fail "training: $(cat log)"

# What this machine can run of the program, best first.
expect 1 "hat: HAT_ISA: none is not in this program, expected " env HAT_ISA=none "$hat" --version
IFS='|' read -ra found <<<"$(sed 's/.* expected //' stderr)"
echo "instruction sets: ${found[*]}"
flags=$(grep -m 1 '^flags' /proc/cpuinfo)
knows() { for flag; do [[ " $flags " == *" $flag "* ]] || return 1; done; }
expected=()
if knows avx2 bmi1 bmi2 f16c fma movbe; then
    if knows avx512f avx512bw avx512cd avx512dq avx512vl; then
        if knows avx512_vnni; then expected+=(x86-64-v4+avx512vnni); fi
        expected+=(x86-64-v4)
    fi
    if knows avx_vnni; then expected+=(x86-64-v3+avxvnni); fi
    expected+=(x86-64-v3)
fi
expected+=(x86-64)
is_built() { [ -z "${HAT_DISPATCH_ISAS:-}" ] || [[ " $HAT_DISPATCH_ISAS " == *" $1 "* ]]; }
for i in "${!expected[@]}"; do
    is_built "${expected[i]}" || unset "expected[i]"
done
[ "${found[*]}" = "${expected[*]}" ] || fail "finds ${found[*]}, expected ${expected[*]}"

version=$("$hat" --version)
[ "${version#*, }" = "${found[0]}" ] || fail "hat --version says $version, expected ${found[0]}"

for kind in fp32 bf16 int8; do
    options=(--model run --weights $kind --beam 3 --n-best 3 --format jsonl)
    "$hat" translate "${options[@]}" <test.en >best.$kind || fail "translate with $kind"
    [ "$(wc -l <best.$kind)" = 20 ] || fail "$kind: $(wc -l <best.$kind) lines"
    for isa in "${found[@]}"; do
        HAT_ISA=$isa "$hat" translate "${options[@]}" <test.en >other || fail "translate with $kind, $isa"
        cmp -s best.$kind other || fail "$kind: other bits with $isa"
        HAT_ISA=$isa "$hat" quantize --model run --packed $kind >/dev/null 2>log || fail "pack: $(cat log)"
        mv run/model/packed.$kind.safetensors packed.$isa
        cmp -s packed.$isa "packed.${found[0]}" || fail "$kind: packs other bytes with $isa"
        [ "$(HAT_ISA=$isa "$hat" --version)" = "${version%%,*}, $isa" ] || fail "does not run $isa"
    done
done

# Older processors, emulated: the first knows no AVX, the second AVX2 alone.
if command -v qemu-x86_64 >/dev/null; then
    haswell=x86-64
    if is_built x86-64-v3; then haswell=x86-64-v3; fi
    for pair in Nehalem=x86-64 Haswell=$haswell; do
        emulated=(qemu-x86_64 -cpu "${pair%%=*}" "$hat")
        [ "$("${emulated[@]}" --version 2>/dev/null)" = "${version%%,*}, ${pair#*=}" ] ||
            fail "on ${pair%%=*}: $("${emulated[@]}" --version 2>&1), expected ${pair#*=}"
        for kind in fp32 bf16 int8; do
            head -n 3 test.en | "${emulated[@]}" translate --model run --weights $kind --beam 3 \
                --n-best 3 --format jsonl >other 2>log || fail "${pair%%=*}, $kind: $(tail -n 1 log)"
            head -n 3 best.$kind | cmp -s - other || fail "$kind: other bits on ${pair%%=*}"
        done
    done
    newer=${found[0]}
    if [ "$newer" != x86-64 ]; then
        HAT_ISA=$newer qemu-x86_64 -cpu Nehalem "$hat" --version >stdout 2>stderr &&
            fail "ran $newer on a processor without it"
        grep -q "^hat: HAT_ISA: this machine lacks instructions of $newer, expected x86-64$" stderr ||
            fail "HAT_ISA=$newer on Nehalem: $(cat stderr)"
    fi
else
    echo "not tried on older processors: no qemu-x86_64"
fi
finish
