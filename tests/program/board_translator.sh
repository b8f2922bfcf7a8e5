# SPDX-License-Identifier: Apache-2.0
#
# hat-translate, which has no SentencePiece, says of a model directory what hat translate says, byte for byte,
# or has a note.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"
alone=$2

make_text train 400 1
make_text valid 30 2
make_architecture
well "$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data
well "$hat" train --data data --architecture small.yml --updates 60 --max-tokens 300 --warmup 20 --average-last 1 --out run
make_odd_lines >odd.en

# compare MODEL FLAG…: both programs, but for lines that have a note.
compare() {
    "$alone" --model "$@" <odd.en >found 2>notes || fail "hat-translate $*: $(cat notes)"
    "$hat" translate --model "$@" --threads 1 <odd.en >expected 2>log || fail "translate $*: $(cat log)"
    sed -nE 's/^line ([0-9]+) .*/\1/p' notes >without
    for side in found expected; do
        awk 'NR == FNR { without[$1]; next } !(FNR in without)' without "$side" >"$side.done"
    done
    [ "$(wc -l <found.done)" -gt 380 ] || fail "$*: $(wc -l <found.done) lines are translated: $(head -n 3 notes)"
    cmp found.done expected.done || fail "$*: $(diff found.done expected.done | head -n 4)"
    grep -q 'line 401 is not UTF-8' notes || fail "$*: bytes that are no UTF-8 have no note"
    grep -q 'has more tokens than are read in one piece' notes || fail "$*: no line is too long"
}

compare run/model
compare run
compare run/model --weights bf16 --beam 1
well "$hat" quantize --model run --packed int8
compare run/model --weights int8 --beam 2
well "$hat" quantize --model run --integer --data data --out integers
compare integers --beam 3

# What it does not do is refused in one line.
refuse() {
    local code=$1 text=$2 found=0
    shift 2
    "$alone" "$@" </dev/null >stdout 2>stderr || found=$?
    [ "$found" = "$code" ] || fail "hat-translate $*: exit code $found, expected $code: $(cat stderr)"
    grep -qF -- "$text" stderr || fail "hat-translate $*: stderr lacks \"$text\": $(cat stderr)"
    [ "$(grep -c '^hat-translate: ' stderr)" = 1 ] || fail "hat-translate $*: not one line: $(cat stderr)"
}
refuse 2 "name a model: --model DIRECTORY"
refuse 2 "there is no option --modl" --modl run/model
refuse 2 "--weights: expected fp32, bf16 or int8" --model run/model --weights int4
refuse 2 "--beam: 0, expected 1 to 1000" --model run/model --beam 0
refuse 2 "--beam: is given twice" --model run/model --beam 2 --beam 3
refuse 2 "--model: is given twice" --model run/model --model integers
mkdir -p unfinished/checkpoints
refuse 1 "unfinished" --model unfinished
refuse 1 "missing: there is no such model directory" --model missing
refuse 1 "expected no other kind of weights" --model integers --weights fp32
well "$hat" prepare --source train.en --target train.de --vocab-size 40 --lowercase --out lower
well "$hat" train --data lower --architecture small.yml --updates 2 --max-tokens 300 --average-last 1 --out low
refuse 1 "lowercase cannot be embedded" --model low/model
finish
