# SPDX-License-Identifier: Apache-2.0
#
# Packed weights that a model keeps are served without loading: to the same bits, if they are its own.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_text train 300 1
make_text valid 20 2
make_text test 20 3
make_architecture
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 60 --out data >/dev/null 2>log || fail "prepare: $(cat log)"
for seed in 1 2; do
    "$hat" train --data data --architecture small.yml --updates 40 --max-tokens 600 --warmup 20 \
        --learning-rate 4e-3 --seed $seed --out run$seed 2>log || fail "training: $(cat log)"
done
model=run1/model

# translate KIND: with scores; what is said of it is in log.
translate() {
    "$hat" translate --model $model --weights "$1" --format jsonl <test.en 2>log ||
        fail "translate with $1: $(cat log)"
}
for kind in fp32 bf16 int8; do
    translate $kind >$kind.out
    copy=$("$hat" quantize --model run1 --packed $kind 2>log) || fail "quantize --packed: $(cat log)"
    [ "$copy" = $model/packed.$kind.safetensors ] || fail "quantize --packed $kind made $copy"
    grep -Eq '^packed weights: [0-9.]+ MB$' log || fail "quantize --packed says $(cat log)"
    "$hat" inspect --model run1 |
        grep -Eq "^  $kind: weights $(grep -oE '[0-9.]+ MB' log), caches [0-9.]+ MB, activations [0-9.]+ MB$" ||
        fail "inspect counts other weights than $(cat log): $("$hat" inspect --model run1)"
    # Other numbers in the floats, which a start that reads them would refuse.
    cp $model/weights.safetensors weights
    printf 'x' | dd of=$model/weights.safetensors bs=1 seek=$(($(stat -c %s weights) - 1)) \
        conv=notrunc 2>/dev/null
    translate $kind >mapped.out
    cmp -s $kind.out mapped.out || fail "$kind: other bits from the copy"
    [ ! -s log ] || fail "$kind: $(cat log)"
    cp weights $model/weights.safetensors
done

# A copy that is damaged, or another model's, is told, and does no harm.
told() {
    translate int8 >again.out
    cmp -s int8.out again.out || fail "$1: other bits"
    grep -q "^note: $model/packed.int8.safetensors: $1" log || fail "expected $1, told: $(cat log)"
    grep -q "; the weights are packed anew (hat quantize --packed int8 makes another copy)$" log ||
        fail "does not say what to do: $(cat log)"
    [ "$(wc -l <log)" = 1 ] || fail "not one line: $(cat log)"
}
copy=$model/packed.int8.safetensors
cp $copy kept
printf 'x' | dd of=$copy bs=1 seek=$(($(stat -c %s kept) - 1)) conv=notrunc 2>/dev/null
told 'content: found'
head -c 5000 kept >$copy
told 'tensor'
: >$copy
told 'is 0 bytes long'
"$hat" quantize --model run2 --packed int8 >/dev/null 2>log || fail "quantize --packed: $(cat log)"
cp run2/model/packed.int8.safetensors $copy
told 'model: found'
"$hat" quantize --model run1 --packed int8 >/dev/null 2>log || fail "quantize --packed: $(cat log)"
cmp -s kept $copy || fail "the copy was not made anew"

# A model with copies is a model still, and loses them where another takes its place.
"$hat" quantize --model run1 --weights int8 --out small 2>log >/dev/null || fail "quantize: $(cat log)"
"$hat" quantize --model small --packed int8 2>log >/dev/null || fail "quantize: $(cat log)"
"$hat" translate --model small --format jsonl <test.en >stored.out 2>log || fail "translate: $(cat log)"
cmp -s int8.out stored.out || fail "what is stored in 8 bits has another copy"
"$hat" quantize --model run2 --weights bf16 --out small --overwrite 2>log >/dev/null ||
    fail "quantize --overwrite: $(cat log)"
[ ! -e small/packed.int8.safetensors ] || fail "a copy of another model stayed"

expect 2 "--out excludes --packed" "$hat" quantize --model run1 --packed int8 --out other
expect 2 "--weights excludes --packed" "$hat" quantize --model run1 --packed int8 --weights int8
expect 2 "--packed: int4, expected bf16|fp32|int8" "$hat" quantize --model run1 --packed int4
expect 2 "--out is required" "$hat" quantize --model run1
finish
