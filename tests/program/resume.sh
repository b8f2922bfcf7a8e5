# SPDX-License-Identifier: Apache-2.0
#
# A training that is killed, in whatever way, goes on bit for bit, and loses no more than a checkpoint
# interval.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_text train 400 1
make_text valid 30 2
make_architecture
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data 2>/dev/null
train=("$hat" train --data data --architecture small.yml --updates 60 --max-tokens 300 --dropout 0.1
    --checkpoint-every 5 --average-last 2)
"${train[@]}" --out whole 2>/dev/null >/dev/null

newest() {
    find "$1/checkpoints" -name 'checkpoint-*.safetensors' 2>/dev/null | sort | tail -n 1 || true
}

# interrupt SIGNAL: begins or resumes the training in `cut` and ends it once it has come further.
interrupt() {
    local before job
    before=$(newest cut)
    "${train[@]}" --out cut --resume --threads 1 >/dev/null 2>log &
    job=$!
    for _ in $(seq 600); do
        if [ "$(newest cut)" != "$before" ] || ! kill -0 "$job" 2>/dev/null; then break; fi
        sleep 0.05
    done
    kill -s "$1" "$job" 2>/dev/null || true
    wait "$job" 2>/dev/null || true
}

interrupt KILL
[ -n "$(newest cut)" ] || fail "a killed training left no checkpoint"
interrupt TERM
interrupt INT
interrupt KILL
"${train[@]}" --out cut --resume 2>log >/dev/null
grep -q 'resumed after update' log || fail "nothing was resumed: $(cat log)"
cmp whole/model/weights.safetensors cut/model/weights.safetensors ||
    fail "the interrupted training has other weights than the one that ran through"

# What has come further already is said to have done so.
"${train[@]/60/50}" --out cut --resume 2>log >/dev/null || fail "$(cat log)"
grep -qF 'note: the run is at update 60 already, past --updates 50' log || fail "unsaid: $(cat log)"
expect 1 "dropout was 0.1, is 0.2" "${train[@]/0.1/0.2}" --out cut --resume

# What has not ended is no model, which is said plainly.
rm -r cut/model
expect 1 "no model before its training has ended" "$hat" translate --model cut
finish
