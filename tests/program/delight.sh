# SPDX-License-Identifier: Apache-2.0
#
# DeLighT networks are trained and asked like any other, alone and in one space with HAT's blocks; a
# language model of theirs has an adaptive softmax.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_text train 400 1
make_text valid 30 2
make_text test 20 3
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data >/dev/null 2>&1

cat >delight.yml <<'YAML'
encoder-layers: 2
decoder-layers: 2
encoder-embed-dim: 64
decoder-embed-dim: 64
qkv-dim: 32
encoder-ffn-dims: 16
encoder-heads: 1
decoder-ffn-dims: 16
decoder-heads: 1
decoder-cross-heads: 1
decoder-attended-layers: 1
encoder-dextra-depths: [2, 4]
encoder-dextra-widths: [2000, 3000]
encoder-dextra-groups: 4
decoder-dextra-depths: [2, 4]
decoder-dextra-widths: [2000, 3000]
decoder-dextra-groups: 4
embedding-dim: 48
embedding-dextra-depth: 2
embedding-dextra-width: 2000
embedding-dextra-groups: 4
sharing: all
activation: swish
YAML
"$hat" train --data data --architecture delight.yml --updates 300 --max-tokens 300 --warmup 60 \
    --learning-rate 5e-3 --dropout 0.05 --unit-dropout 0.02 --embedding-dropout 0.05 \
    --position-dropout 0.05 --average-last 2 --out delight >/dev/null 2>log ||
    fail "training: $(cat log)"
"$hat" translate --model delight/model <test.en >test.out
score=$("$hat" score --reference test.de <test.out | awk '{ print $3 }')
awk -v score="$score" 'BEGIN { exit !(score > 60) }' || fail "the DeLighT network scores $score"
[ "$("$hat" translate --model delight/model --no-repeat-ngram 1 <<<'one one one.' |
    tr ' ' '\n' | grep -c eins)" -le 1 ] || fail "a word is repeated though it may not be"
"$hat" inspect --architecture delight-256 --vocab-size 43728 2>&1 | contains 13787560 ||
    fail "inspect does not count the published DeLighT: $("$hat" inspect --architecture delight-256 \
        --vocab-size 43728 2>&1 | head -n 5)"

# The same of DeFINE units, with a feed-forward layer of another width on each side and two tables.
sed -e 's/^sharing: .*/sharing: decoder_input_output/' -e 's/^decoder-ffn-dims: .*/decoder-ffn-dims: 32/' \
    delight.yml >define.yml
echo 'dextra-variant: define' >>define.yml
"$hat" inspect --architecture define.yml >stdout 2>log || fail "inspecting DeFINE: $(cat log)"
grep -q 'embeddings: DeFINE 48 → 64 of 2 layers, widest 96, at most 4 groups' stdout ||
    fail "inspect does not tell the embeddings' units: $(cat stdout)"
grep -q 'encoder layer 1: ffn_dim 16, heads 1, DeFINE 64 → 32 of 4 layers' stdout ||
    fail "inspect does not tell the units of layers: $(cat stdout)"
"$hat" train --data data --architecture define.yml --updates 20 --max-tokens 300 --average-last 1 \
    --out define >/dev/null 2>log || fail "training DeFINE: $(cat log)"
"$hat" translate --model define/model <test.en >define.out 2>log || fail "translating: $(cat log)"
[ "$(wc -l <define.out)" = "$(wc -l <test.en)" ] || fail "DeFINE translates $(wc -l <define.out) lines"

"$hat" train --data data --architecture delight.yml --recipe wmt14-en-de --updates 1 --max-tokens 300 \
    --batches-per-update 1 --average-last 1 --out recipe >/dev/null 2>log || fail "recipe: $(cat log)"
for setting in '"schedule": "cosine"' '"learning_rate": 0.01,' '"warmup": 10000,' '"period": 20000.0' \
    '"max_tokens": 300,'; do
    grep -qF "$setting" recipe/config.json || fail "the recipe does not say $setting: $(cat recipe/config.json)"
done
expect 1 'wikitext-103: is for --task language-model' "$hat" train --data data --architecture delight.yml \
    --recipe wikitext-103 --out wrong
expect 1 'there is no recipe none' "$hat" train --data data --architecture delight.yml --recipe none --out wrong

make_space
cat >>space.yml <<'YAML'
activation-fn: swish
encoder-qkv-dim-choice: [64, 32]
encoder-dextra-depth-choice: [0, 2, 3]
encoder-dextra-width-choice: [2000, 1000]
encoder-dextra-groups-choice: [2, 4]
decoder-dextra-depth-choice: [0, 2]
decoder-dextra-width-choice: [2000]
decoder-dextra-groups-choice: [4]
YAML
"$hat" train --data data --space space.yml --updates 60 --max-tokens 300 --warmup 20 --average-last 2 \
    --out super >/dev/null 2>log || fail "training the joint space: $(cat log)"
"$hat" latency --space space.yml --data data --samples 20 --sentences 2 --repeats 3 --attempts 1 \
    --out latency.csv >/dev/null 2>log || fail "latency: $(cat log)"
grep -q 'u2x' latency.csv || fail "no network with a DExTra was measured: $(cat latency.csv)"
"$hat" predictor --latency latency.csv --model additive --out predictor.json >/dev/null 2>log ||
    fail "predictor: $(cat log)"
"$hat" search --run super --predictor predictor.json --population 20 --iterations 3 --pareto front.csv \
    >/dev/null 2>log || fail "front: $(cat log)"
genes=$(awk -F, '$4 ~ /u/ { print $4; exit }' front.csv)
genes=${genes:-e64:128x4u3x2000x2/d64:128x4x4x2u2x2000x4}
"$hat" extract --run super --architecture "$genes" --out chosen >/dev/null 2>log ||
    fail "$genes cannot be extracted: $(cat log)"
"$hat" tune --model chosen --data data --updates 20 --max-tokens 300 --average-last 1 --out tuned \
    >/dev/null 2>log || fail "tuning: $(cat log)"
"$hat" translate --model tuned <test.en >tuned.out 2>log || fail "translating: $(cat log)"

cat train.en >lm.txt
"$hat" prepare --task language-model --text lm.txt --valid-text valid.en --words 1 --out words \
    >/dev/null 2>log || fail "preparing text: $(cat log)"
cat >lm.yml <<'YAML'
encoder-layers: 0
decoder-layers: 2
decoder-embed-dim: 64
qkv-dim: 32
decoder-ffn-dims: 16
decoder-heads: 1
decoder-dextra-depths: 2
decoder-dextra-widths: 2000
decoder-dextra-groups: 4
embedding-dim: 32
embedding-dextra-depth: 2
embedding-dextra-width: 2000
embedding-dextra-groups: 4
adaptive-bands: 3
adaptive-factor: 2
adaptive-cutoffs: [6, 10]
sharing: decoder_input_output
norm: pre
activation: swish
YAML
"$hat" train --task language-model --data words --architecture lm.yml --block 32 --updates 100 \
    --max-tokens 300 --warmup 20 --average-last 2 --out lm >/dev/null 2>log ||
    fail "training a language model: $(cat log)"
"$hat" perplexity --model lm --data words --block 32 --context 16 >stdout 2>log ||
    fail "perplexity: $(cat log)"
awk '{ exit !($2 > 1 && $2 < 14) }' stdout || fail "the language model has learnt nothing: $(cat stdout)"
[ "$("$hat" generate --model lm --tokens 20 --seed 1)" = "$("$hat" generate --model lm --tokens 20 --seed 1)" ] ||
    fail "the same seed gives another text"
sed 's/^decoder-dextra-groups.*/decoder-dextra-groups: 5/' lm.yml >wrong.yml
expect 1 'decoder layer 0: DExTra' "$hat" train --task language-model --data words --architecture wrong.yml \
    --out wrong
finish
