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


# A network of integers says nearly the same, whatever the beam; nothing but hat translate and hat export reads it.
for beam in 5 1; do
    translate run --beam $beam >fp32.out
    [ -d integers ] || "$hat" quantize --model run --integer --out integers --sentences 500 2>log >/dev/null ||
        fail "quantize --integer: $(cat log)"
    translate integers --beam $beam >integer.out
    [ "$(other_lines integer.out)" -le 4 ] || fail "integers say something else"
    translate integers --beam $beam --threads 2 >threads.out
    cmp -s integer.out threads.out || fail "integers say something else on two threads"
done
"$hat" quantize --model run/model --integer --data data --sentences 500 --out again.integers 2>log >/dev/null ||
    fail "quantize --integer --data: $(cat log)"
grep -Eq '^integers: [0-9.]+ MB, weights were [0-9.]+ MB; 500 pairs were observed$' log ||
    fail "quantize --integer does not say what it did: $(cat log)"
cmp -s integers/integer.safetensors again.integers/integer.safetensors || fail "integers are others when made again"
"$hat" quantize --model run/model --integer --calibrate valid.en --out of.text 2>log >/dev/null ||
    fail "quantize --integer --calibrate: $(cat log)"
grep -q '; 60 pairs were observed$' log || fail "quantize --calibrate does not say what it did: $(cat log)"
translate of.text >text.out
translate run >fp32.out
[ "$(other_lines text.out)" -le 4 ] || fail "integers of a text say something else"
echo >empty.en
expect 1 "--calibrate: has no sentence that the network can read" \
    "$hat" quantize --model run/model --integer --calibrate empty.en --out none
expect 2 "--data excludes --calibrate" \
    "$hat" quantize --model run --integer --calibrate valid.en --data data --out none
for command in "inspect" "quantize --out none"; do
    # shellcheck disable=SC2086
    expect 1 "integers: is a model of integers, which hat translate and hat export read and nothing else" \
        "$hat" $command --model integers
done
expect 1 "integers: is a model of integers, which is served as it is, expected no other kind" \
    "$hat" translate --model integers --weights int8
expect 1 "a network of integers does not look for n-grams that repeat" \
    "$hat" translate --model integers --no-repeat-ngram 3 <test.en
expect 1 "a network of integers draws no translations" "$hat" translate --model integers --sample <test.en
expect 1 "a network of integers tells no alignments" "$hat" translate --model integers --alignment <test.en
expect 1 "--integer: needs sentences to see how large numbers get; expected --data" \
    "$hat" quantize --model run/model --integer --out none
expect 2 "--weights excludes --integer" "$hat" quantize --model run --integer --weights int8 --out none

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
