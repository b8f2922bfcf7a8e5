# SPDX-License-Identifier: Apache-2.0
#
# A SuperTransformer is trained, interrupted, resumed; small models are cut out of it.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_text train 400 1
make_text valid 30 2
make_text test 20 3
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data >/dev/null 2>&1
cat >space.yml <<'YAML'
encoder-embed-dim: 64
decoder-embed-dim: 64
encoder-ffn-embed-dim: 128
decoder-ffn-embed-dim: 128
encoder-layers: 2
decoder-layers: 2
encoder-attention-heads: 4
decoder-attention-heads: 4
qkv-dim: 64
share-all-embeddings: True
encoder-embed-choice: [64, 48]
decoder-embed-choice: [64, 48]
encoder-ffn-embed-dim-choice: [128, 64]
decoder-ffn-embed-dim-choice: [128, 64]
encoder-layer-num-choice: [2, 1]
decoder-layer-num-choice: [2, 1]
encoder-self-attention-heads-choice: [4, 2]
decoder-self-attention-heads-choice: [4, 2]
decoder-ende-attention-heads-choice: [4, 2]
decoder-arbitrary-ende-attn-choice: [-1, 1]
YAML
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
expect 1 "nor is it a gene string" "$hat" extract --run whole --architecture nothing --out other
expect 1 "column 5: expected" "$hat" extract --run whole --architecture e48:/d --out other
expect 2 "--architecture excludes --space" "${train[@]}" --architecture tiny --out other
expect 2 "requires --space" "$hat" train --data data --sandwich 1 --out other
expect 2 "--sampler" "${train[@]}" --sampler dice --out other
expect 1 "draws one network an update" "${published[@]}" --sandwich 2 --sampler reference --out other
expect 1 "no such file, nor a space of that name" "$hat" train --data data --space none --out other
expect 1 "was trained with other settings" "${published[@]}" --out whole --resume
[ ! -e other ] || fail "a failed command left something behind"
finish
