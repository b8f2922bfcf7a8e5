# SPDX-License-Identifier: Apache-2.0
#
# A toy translator is tuned for 8 bits; a tuning that is interrupted goes on bit for bit.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_text train 400 1
make_text valid 30 2
make_architecture
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data 2>log >/dev/null || fail "prepare: $(cat log)"
"$hat" train --data data --architecture small.yml --updates 60 --max-tokens 300 --warmup 20 \
    --average-last 1 --out run 2>log >/dev/null || fail "train: $(cat log)"
tune=("$hat" tune --model run --data data --quantised --updates 30 --max-tokens 300
    --learning-rate 1e-3 --average-last 2 --checkpoint-every 5)
well "${tune[@]}" --threads 2 --out whole
losses=$(grep -o 'validation loss [0-9.]*' stderr | tail -n 1)
grep -q '"quantised": true' whole.run/config.json || fail "the configuration does not tell"

# On another number of threads, and killed on the way.
"${tune[@]}" --threads 1 --out cut >/dev/null 2>log &
job=$!
for _ in $(seq 600); do
    if [ -n "$(find cut.run/checkpoints -name 'checkpoint-*' 2>/dev/null)" ] ||
        ! kill -0 "$job" 2>/dev/null; then break; fi
    sleep 0.05
done
kill -s KILL "$job" 2>/dev/null || true
wait "$job" 2>/dev/null || true
well "${tune[@]}" --threads 1 --out cut --resume
cmp whole/weights.safetensors cut/weights.safetensors ||
    fail "the interrupted tuning has other weights than the one that ran through"
[ "$(grep -o 'validation loss [0-9.]*' stderr | tail -n 1)" = "$losses" ] || fail "other losses"

# It is another training than one for floats.
plain=()
for argument in "${tune[@]}"; do [ "$argument" = --quantised ] || plain+=("$argument"); done
expect 1 "quantised" "${plain[@]}" --out cut --resume

# What comes of it is stored and served in 8 bits.
well "$hat" quantize --model whole --weights int8 --out small
"$hat" translate --model small <valid.en >small.out 2>log || fail "translate: $(cat log)"
"$hat" translate --model whole --weights int8 <valid.en >whole.out 2>log || fail "translate: $(cat log)"
cmp -s small.out whole.out || fail "stored it says something else"
well "${tune[@]}" --teacher run --out taught
finish
