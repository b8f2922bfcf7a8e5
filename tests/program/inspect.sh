# SPDX-License-Identifier: Apache-2.0
#
# Design spaces: what hat inspect says of those built in, of a file, of a member, and of what is none.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

# shows TEXT COMMAND…: the command ends well, and TEXT is a line of its output.
shows() {
    local text=$1
    shift
    "$@" >stdout || fail "$*: failed"
    grep -qxF -- "$text" stdout || fail "$*: does not show \"$text\": $(cat stdout)"
}

shows "members: 417846678672384 (4.18e+14)" "$hat" inspect --space wmt-space0
shows "with genes of unused layers: 2437438960041984 (2.44e+15)" "$hat" inspect --space iwslt-space1
shows "parameters in layers: 15771136 (15.77 M)" "$hat" inspect --space wmt-space0

cat >space.yml <<'YAML'
share-all-embeddings: True
dropout: 0.3
encoder-embed-dim: 64
decoder-embed-dim: 64
encoder-ffn-embed-dim: 128
decoder-ffn-embed-dim: 128
encoder-layers: 3
decoder-layers: 2
encoder-attention-heads: 4
decoder-attention-heads: 4
encoder-embed-choice: [64]
decoder-embed-choice: [64, 32]
encoder-ffn-embed-dim-choice: [128]
decoder-ffn-embed-dim-choice: [128, 64]
encoder-layer-num-choice: [3]
decoder-layer-num-choice: [2, 1]
encoder-self-attention-heads-choice: [4]
decoder-self-attention-heads-choice: [4]
decoder-ende-attention-heads-choice: [4]
decoder-arbitrary-ende-attn-choice: [-1, 1, 2]
YAML
shows "members: 84 (8.40e+01)" "$hat" inspect --space space.yml
member=e64:128x4+128x4+128x4/d32:64x4x4x2
shows "genes: $member" "$hat" inspect --space space.yml --architecture "$member"

expect 1 "there is no such file, nor a space of that name (wmt-space0, " \
    "$hat" inspect --space missing.yml
expect 1 "decoder_embed_dim = 48 is not in the design space (64, 32)" \
    "$hat" inspect --space space.yml --architecture "${member/d32/d48}"
expect 1 "--architecture: column 8: expected \"x\" and heads, found \":\"" \
    "$hat" inspect --space space.yml --architecture "e64:128:"
sed 's/dropout/drpout/' space.yml >misspelt.yml
expect 1 'misspelt.yml:2: unknown key "drpout"' "$hat" inspect --space misspelt.yml
sed 's/decoder-ffn-embed-dim-choice: .*/decoder-ffn-embed-dim-choice: [128, 256]/' space.yml >wide.yml
expect 1 "wide.yml: design space: decoder_ffn_dim of layer 0 = 256" "$hat" inspect --space wide.yml
make_architecture
sed 's/encoder-heads: 4/encoder-heads: 5/' small.yml >uneven.yml
expect 1 "uneven.yml: " "$hat" inspect --architecture uneven.yml
expect 1 "name a --model, an --architecture, a --space" "$hat" inspect

# A published network of a vocabulary of its own brings it; others of it are told where they do not fit.
shows "vocabulary: source 0, target 267744" "$hat" inspect --architecture delight-wikitext103-128
shows "vocabulary: source 0, target 60001" \
    "$hat" inspect --architecture delight-wikitext103-128 --vocab-size 60001
shows "vocabulary: source 32768, target 32768" "$hat" inspect --architecture tiny
expect 1 "--architecture delight-wikitext103-128 with a vocabulary of 60000: adaptive bands: " \
    "$hat" inspect --architecture delight-wikitext103-128 --vocab-size 60000

# What exclude each other.
expect 1 "--architecture tiny is a whole network, which excludes --space; with it, name genes or a file" \
    "$hat" inspect --space space.yml --architecture tiny
expect 1 "--architecture delight-128 is a whole network, which excludes --super; with it, name a file" \
    "$hat" inspect --super wmt --architecture delight-128
expect 1 "--architecture $member: genes need --space" \
    "$hat" inspect --super wmt --architecture "$member"
expect 2 "--space excludes --super" \
    "$hat" inspect --super wmt --space space.yml --architecture "$member"
expect 2 "--super requires --architecture" "$hat" inspect --super wmt

# The line names the instructions, and what a slow build lacks.
"$hat" inspect --version | contains -E "^hat $("$hat" --version): [^,]+, (no )?fused multiply-add" ||
    fail "hat inspect --version: $("$hat" inspect --version)"

finish
