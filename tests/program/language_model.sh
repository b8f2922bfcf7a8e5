# SPDX-License-Identifier: Apache-2.0
#
# One text file in, a language model out: the program learns a toy language, foretells it and speaks
# it, in whole words and in pieces.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

# make_lines NAME LINES SEED: counts of five words from a random one on, one empty line in ten.
make_lines() {
    awk -v n="$2" -v seed="$3" "$random"' BEGIN {
        split("one two three four five six seven eight nine ten", word)
        for (i = 0; i < n; ++i) {
            line = " "
            first = int(random() * 6)
            if (random() > 0.1) for (k = 1; k <= 5; ++k) line = line word[first + k] " "
            print line
        }
    }' >"$1"
}

make_lines train.txt 3000 1
make_lines valid.txt 100 2
cat >lm.yml <<'YAML'
encoder-layers: 0
decoder-layers: 2
decoder-embed-dim: 64
qkv-dim: 64
decoder-ffn-dims: 128
decoder-heads: 4
sharing: decoder_input_output
norm: pre
decoder-final-norm: true
YAML
train=("$hat" train --task language-model --architecture lm.yml --block 32 --max-tokens 512
    --micro-batch-tokens 128 --warmup 20 --learning-rate 5e-3 --average-last 1)

# Words
"$hat" prepare --task language-model --text train.txt --valid-text valid.txt --words 1 --out words \
    2>/dev/null >/dev/null
[ "$(wc -l <words/target.dict.txt)" = 10 ] || fail "ten words, $(wc -l <words/target.dict.txt) known"
sort -c -k 2,2nr words/target.dict.txt || fail "the words are not sorted by frequency"
"${train[@]}" --data words --updates 250 --out word-run 2>log >/dev/null || fail "training: $(cat log)"
grep -q 'label_smoothing": 0.0' word-run/config.json || fail "a language model was smoothed"

score=$("$hat" perplexity --model word-run --text valid.txt --block 32 --context 20)
echo "$score"
# First words of six, and empty lines, are all there is to guess: some 0.38 nats a token.
awk '{ exit !($2 > 1.2 && $2 < 1.7) }' <<<"$score" || fail "the toy language was not learnt: $score"
grep -q 'tokens 5[0-9][0-9] .*per:word+eos|vocab:14|block:32|context:20' <<<"$score" ||
    fail "the protocol is not told: $score"
[ "$("$hat" perplexity --model word-run --data words --block 32 --context 20)" = "$score" ] ||
    fail "the same text scores otherwise from the data"
[ "$("$hat" perplexity --model word-run --data words --block 32 --context 20 --threads 1)" = "$score" ] ||
    fail "one thread gives another perplexity"
printf ' one two green three \n' >odd.txt
"$hat" perplexity --model word-run --text odd.txt | contains 'tokens 5 ' || fail "an odd text"

"$hat" generate --model word-run --prompt 'three four' --tokens 30 --top-k 1 >said
[ "$(head -n 1 said)" = 'three four five six seven' ] || fail "it says $(cat said)"
"$hat" generate --model word-run --samples 3 --seed 5 --one-line >a
"$hat" generate --model word-run --samples 3 --seed 5 --one-line | cmp - a ||
    fail "the same seed says something else"
"$hat" generate --model word-run --samples 3 --seed 6 --one-line | cmp -s - a &&
    fail "another seed says the same"

# An interrupted training goes on bit for bit.
"${train[@]}" --data words --out cut --updates 40 --threads 1 2>/dev/null >/dev/null
"${train[@]}" --data words --updates 250 --out cut --resume 2>log >/dev/null || fail "resuming: $(cat log)"
cmp cut/model/weights.safetensors word-run/model/weights.safetensors ||
    fail "the resumed training has other weights"

# Pieces, and validation text held out
"$hat" prepare --task language-model --text train.txt --vocab-size 32 --out pieces 2>log >/dev/null
grep -q 'validation: 30 lines' log || fail "one line in a hundred was not held out: $(cat log)"
"${train[@]}" --data pieces --updates 5 --out piece-run 2>/dev/null >/dev/null
"$hat" perplexity --model piece-run --data pieces | contains 'per:piece+eos|vocab:32' ||
    fail "no perplexity of pieces"
"$hat" generate --model piece-run --prompt 'one two' --tokens 5 | sed -n 1p | contains '^one two' ||
    fail "the text does not begin with the prompt"
grep -q 'language model' piece-run/model/README.md || fail "the card does not say what the model is"

# What is wrong is said.
expect 2 "--text is required" "$hat" prepare --task language-model --out other
expect 2 "--source is required" "$hat" prepare --out other
expect 1 "holds text for --task language-model" "$hat" train --data words --out other
expect 1 "has an encoder" "$hat" train --task language-model --data words --architecture tiny \
    --out other
expect 1 "positions for 1024" "$hat" train --task language-model --data words --block 2000 --out other
expect 1 "has another vocabulary than the model" "$hat" perplexity --model word-run --data pieces
expect 1 "less than the block" "$hat" perplexity --model word-run --data words --block 64 --context 64
expect 1 "expected at most 1024 in all" "$hat" generate --model word-run --tokens 2000
make_text pairs 300 1
"$hat" prepare --source pairs.en --target pairs.de --vocab-size 40 --out pair-data 2>/dev/null >/dev/null
expect 1 "has no encoder" "$hat" train --data pair-data --architecture lm.yml --out other
expect 1 "holds sentence pairs" "$hat" train --task language-model --data pair-data --out other
expect 1 "is a language model" "$hat" translate --model word-run/model </dev/null
[ ! -e other ] || fail "a failed training left something behind"
finish
