# SPDX-License-Identifier: Apache-2.0
#
# A training that diverges ends with an error that says what was seen, leaves no model, and says so
# again when it is resumed.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_text train 300 1
make_text valid 30 2
make_architecture
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data 2>/dev/null
train=("$hat" train --data data --architecture small.yml --max-tokens 500 --threads 2 --warmup 10
    --checkpoint-every 2)

# diverges RUN FLAGS…: exit code 1, one line of what was seen and what helps, and no model.
diverges() {
    local run=$1
    shift
    expect 1 "hat: $run: diverged at update " "${train[@]}" --learning-rate 1e6 --out "$run" "$@"
    grep -qF "try a lower learning rate, a longer warm-up, or gradients that are clipped" stderr ||
        fail "$run: no advice: $(cat stderr)"
    [ ! -e "$run/model" ] || fail "$run: a model was written"
    ! grep -F '"best": true' "$run/log.jsonl" | contains -F '"loss": null' ||
        fail "$run: the best loss is no number"
    grep -qF '"event": "diverged"' "$run/log.jsonl" || fail "$run: the log does not say so"
}

diverges run --updates 200
grep '^hat: ' stderr >first
[ "$(tail -n 1 run/log.jsonl | grep -c '"event": "diverged"')" = 1 ] || fail "the log goes on"

# Again with the same rules: the same line, at once. With others it goes on, to the same end.
expect 1 "hat: run: diverged at update " "${train[@]}" --learning-rate 1e6 --out run --updates 200 \
    --resume
grep '^hat: ' stderr | cmp -s - first || fail "the resume says something else: $(cat stderr)"
diverges run --updates 200 --resume --max-skipped 0 --max-guessing 0
grep -qF "the last validation loss is " stderr || fail "with no rules: $(cat stderr)"

# Few updates are enough where that is asked for, and what is worse than guessing for long is given
# up even if all of it is finite.
diverges short --updates 12
diverges guessing --updates 400 --max-skipped 0 --max-guessing 15
grep -qE "the loss was above that of guessing, [0-9.]+, in 15 updates in a row" stderr ||
    fail "guessing: $(cat stderr)"

# A healthy training is none of this.
"${train[@]}" --out healthy --updates 30 --max-skipped 1 --max-guessing 30 2>stderr >/dev/null ||
    fail "a healthy training: $(cat stderr)"
[ ! -e healthy/diverged.json ] || fail "a healthy training left a mark"
finish
