# SPDX-License-Identifier: Apache-2.0
#
# A SuperTransformer is trained, interrupted, resumed; small models are cut out of it, tuned and taught.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_text train 400 1
make_text valid 30 2
make_text test 20 3
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data >/dev/null 2>&1
make_space
published=("$hat" train --data data --space space.yml --updates 30 --max-tokens 300 --dropout 0.1
    --warmup 10 --checkpoint-every 5 --average-last 2)
train=("${published[@]}" --sandwich 1 --shrink-after 8)

# Stopped in any way, it goes on bit for bit, on another number of threads too.
"${train[@]}" --out whole --threads 2 2>log >/dev/null || fail "training: $(cat log)"
"${train[@]}" --out cut --threads 1 >/dev/null 2>log &
job=$!
for _ in $(seq 600); do
    if [ -e cut/checkpoints/checkpoint-00000005.safetensors ] || ! kill -0 "$job" 2>/dev/null; then break; fi
    sleep 0.05
done
kill -KILL "$job" 2>/dev/null || true
wait "$job" 2>/dev/null || true
"${train[@]}" --out cut --resume 2>log >/dev/null
grep -q 'resumed after update' log || fail "nothing was resumed: $(cat log)"
cmp whole/model/weights.safetensors cut/model/weights.safetensors ||
    fail "the interrupted training has other weights than the one that ran through"
grep -q '"loss_largest"' whole/log.jsonl || fail "the log does not tell the largest's loss"
grep -q '"loss_random_4"' whole/log.jsonl || fail "the log does not tell a random network's loss"
[ -e whole/space.yml ] || fail "the run does not keep its design space"

# Extraction, with every way to name an architecture.
"$hat" extract --run whole --architecture largest --out largest 2>/dev/null >/dev/null
"$hat" translate --model whole/model <test.en >super.out
"$hat" translate --model largest <test.en | cmp - super.out ||
    fail "the largest model does not translate as the SuperTransformer"
genes=e48:64x2/d64:128x4x2x2
"$hat" extract --run whole --architecture "$genes" --out genes >/dev/null
"$hat" extract --run whole/model --architecture "$genes" --out from_model >/dev/null
cmp genes/weights.safetensors from_model/weights.safetensors ||
    fail "a run and its model give different weights"
cat >published.yml <<'YAML'
encoder-embed-dim-subtransformer: 48
decoder-embed-dim-subtransformer: 64
encoder-ffn-embed-dim-all-subtransformer: [64, 128]
decoder-ffn-embed-dim-all-subtransformer: [128]
encoder-layer-num-subtransformer: 1
decoder-layer-num-subtransformer: 1
encoder-self-attention-heads-all-subtransformer: [2]
decoder-self-attention-heads-all-subtransformer: [4]
decoder-ende-attention-heads-all-subtransformer: [2]
decoder-arbitrary-ende-attn-all-subtransformer: [1]
YAML
cat >ours.yml <<'YAML'
encoder-layers: 1
decoder-layers: 1
encoder-embed-dim: 48
decoder-embed-dim: 64
qkv-dim: 64
encoder-ffn-dims: 64
encoder-heads: 2
decoder-ffn-dims: 128
decoder-heads: 4
decoder-cross-heads: 2
decoder-attended-layers: 2
sharing: all
YAML
for form in published ours; do
    "$hat" extract --run whole --architecture $form.yml --out $form >/dev/null
    cmp genes/weights.safetensors $form/weights.safetensors || fail "$form.yml gives other weights"
done
"$hat" extract --run whole --architecture smallest --out smallest >/dev/null
"$hat" translate --model smallest <test.en >/dev/null || fail "the smallest does not translate"
[ "$(wc -c <smallest/weights.safetensors)" -lt "$(wc -c <largest/weights.safetensors)" ] ||
    fail "the smallest model is not smaller"

# Tuning: interrupted or not, alone or with a teacher, from inherited or random weights.
tune=("$hat" tune --model smallest --data data --max-tokens 300 --updates 20 --checkpoint-every 5)
"${tune[@]}" --out tuned --threads 2 2>log >stdout || fail "tuning: $(cat log)"
[ "$(cat stdout)" = tuned ] || fail "tune prints $(cat stdout), expected where the model is"
"$hat" translate --model tuned <test.en >/dev/null || fail "a tuned model does not translate"
cmp -s tuned/weights.safetensors smallest/weights.safetensors && fail "tuning changed nothing"
"${tune[@]}" --out again --threads 1 >/dev/null 2>log &
job=$!
for _ in $(seq 600); do
    if [ -e again.run/checkpoints/checkpoint-00000005.safetensors ] || ! kill -0 "$job" 2>/dev/null; then break; fi
    sleep 0.05
done
kill -KILL "$job" 2>/dev/null || true
wait "$job" 2>/dev/null || true
"${tune[@]}" --out again --resume 2>log >/dev/null
grep -q 'resumed after update' log || fail "no tuning was resumed: $(cat log)"
cmp tuned/weights.safetensors again/weights.safetensors ||
    fail "the interrupted tuning has other weights than the one that ran through"
"${tune[@]}" --teacher whole --out taught >/dev/null 2>log || fail "a teacher: $(cat log)"
cmp -s tuned/weights.safetensors taught/weights.safetensors && fail "the teacher taught nothing"
"${tune[@]}" --from-scratch --out scratch >/dev/null 2>log || fail "from scratch: $(cat log)"
"$hat" tune --model smallest --data data --epochs 2 --max-tokens 300 --out epochs >/dev/null 2>log
grep -q '"epoch": 2' epochs.run/log.jsonl || fail "two epochs are not two epochs: $(cat log)"

# Sequence-level distillation: the teacher's translations are the targets.
"$hat" distill --model whole --data data --out easier >/dev/null 2>log || fail "distill: $(cat log)"
cmp -s data/train.corpus easier/train.corpus && fail "distilling changed no target"
cmp data/valid.corpus easier/valid.corpus || fail "distilling changed the validation pairs"
"$hat" distill --model whole --data data --beam 1 --keep --out both >/dev/null 2>log
grep -q '"training_pairs": 800' both/config.json || fail "--keep does not keep the original pairs"
"$hat" tune --model smallest --data easier --max-tokens 300 --updates 5 --out student >/dev/null 2>log ||
    fail "tuning on distilled data: $(cat log)"

# What does not fit is named.
sed 's/48/56/' published.yml >between.yml
expect 1 "encoder_embed_dim = 56 is not in the design space (64, 48)" \
    "$hat" extract --run whole --architecture between.yml --out other
sed 's/48/640/' published.yml >wide.yml
expect 1 "encoder_embed_dim = 640 exceeds the super network's 64" \
    "$hat" extract --run whole --architecture wide.yml --out other
sed 's/qkv-dim: 64/qkv-dim: 32/' ours.yml >foreign.yml
expect 1 "qkv_dim = 32 differs from the super network's 64" \
    "$hat" extract --run whole --architecture foreign.yml --out other
sed 's/encoder-layers: 1/encoder-layers: 4/' ours.yml >deep.yml
expect 1 "encoder_layers = 4 exceeds the super network's 2" \
    "$hat" extract --run whole --architecture deep.yml --out other
expect 1 "nor is it a gene string" "$hat" extract --run whole --architecture nothing --out other
expect 1 "column 5: expected" "$hat" extract --run whole --architecture e48:/d --out other
expect 2 "--architecture excludes --space" "${train[@]}" --architecture tiny --out other
expect 2 "requires --space" "$hat" train --data data --sandwich 1 --out other
expect 2 "--sampler" "${train[@]}" --sampler dice --out other
expect 1 "draws one network an update" "${published[@]}" --sandwich 2 --sampler reference --out other
expect 1 "no such file, nor a space of that name" "$hat" train --data data --space none --out other
expect 1 "sandwich was true, is false" "${published[@]}" --out whole --resume
"$hat" prepare --source train.en --target train.de --vocab-size 36 --out others_data >/dev/null 2>&1
expect 1 "another subword model" "$hat" tune --model smallest --data others_data --out other
expect 1 "another subword model" "$hat" distill --model whole --data others_data --out other
expect 1 "there is no such model directory" "${tune[@]}" --teacher nobody --out other
expect 1 "holds a training already" "${tune[@]}" --out tuned
expect 1 "holds training data already" "$hat" distill --model whole --data data --out easier
expect 2 "requires --teacher" "${tune[@]}" --distill 0.5 --out other
[ ! -e other ] && [ ! -e other.run ] || fail "a failed command left something behind"
finish
