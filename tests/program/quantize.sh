# SPDX-License-Identifier: Apache-2.0
#
# A toy translator is stored in fewer bits, served with fewer bits, and says the same.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_text train 3000 1
make_text valid 60 2
make_text test 40 3
make_architecture
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 60 --out data >/dev/null 2>log || fail "prepare: $(cat log)"
"$hat" train --data data --architecture small.yml --updates 300 --max-tokens 600 --learning-rate 4e-3 \
    --warmup 60 --dropout 0.1 --average-last 3 --out run 2>log || fail "training: $(cat log)"

# translate MODEL OPTIONS…: the translations of the test.
translate() {
    local model=$1
    shift
    "$hat" translate --model "$model" "$@" <test.en 2>log || fail "translate $*: $(cat log)"
}
# Translations that are not those of the floats, of 40.
other_lines() { paste -d '\n' fp32.out "$1" | awk 'NR % 2 { a = $0; next } a != $0 { ++n } END { print n + 0 }'; }

translate run >fp32.out
for kind in bf16 int8; do
    translate run --weights $kind >$kind.out
    [ "$(other_lines $kind.out)" -le 2 ] || fail "$kind says something else"
    "$hat" quantize --model run --weights $kind --out stored.$kind 2>log >/dev/null ||
        fail "quantize: $(cat log)"
    grep -Eq '^weights: [0-9.]+ MB, were [0-9.]+ MB; matrices moved by [0-9.]+ % of their size$' log ||
        fail "quantize does not say what it did: $(cat log)"
    # Computed with what it is stored in, or as asked for.
    translate stored.$kind >stored.out
    cmp -s $kind.out stored.out || fail "$kind says something else once it is stored"
    translate stored.$kind --weights $kind >stored.out
    cmp -s $kind.out stored.out || fail "$kind says something else once it is stored"
done
for kind in kmeans8 kmeans4 int4; do
    "$hat" quantize --model run --weights $kind --out stored.$kind 2>log >/dev/null ||
        fail "quantize: $(cat log)"
    translate stored.$kind >$kind.out
    [ "$(other_lines $kind.out)" -le 20 ] || fail "$kind says something else"
done
size() { stat -c %s "$1/weights.safetensors"; }
[ "$(size stored.int8)" -lt $(($(size run/model) * 3 / 10)) ] || fail "int8 is not a quarter"
[ "$(size stored.kmeans4)" -lt $(($(size run/model) * 2 / 10)) ] || fail "kmeans4 is not an eighth"

expect 1 "is stored as int8 already, expected fp32" \
    "$hat" quantize --model stored.int8 --out again
expect 1 "holds a model already; replace it with --overwrite" \
    "$hat" quantize --model run --out stored.int8
expect 1 "--out: run/model is the model itself, expected another directory" \
    "$hat" quantize --model run --out run/model --overwrite
expect 2 '--packed excludes --overwrite' "$hat" quantize --model run --packed int8 --overwrite
expect 2 '--weights: fp16, expected bf16|fp32|int4|int8|kmeans4|kmeans8' \
    "$hat" quantize --model run --weights fp16 --out none
expect 2 '--weights: half, expected bf16|fp32|int8|stored' "$hat" translate --model run --weights half
finish
