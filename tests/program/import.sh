# SPDX-License-Identifier: Apache-2.0
#
# Checkpoints of HAT's authors become models that can be looked at, cut and run. Those of the golden
# folder are used (HAT_GOLDEN, as in tests/support/golden_files.hpp); without it, only bad input is tested.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

expect 1 "missing.pt: cannot open" "$hat" import --checkpoint missing.pt --out model
printf 'not a checkpoint\n' >text.pt
expect 1 "text.pt: is no PyTorch checkpoint" "$hat" import --checkpoint text.pt --out model
expect 2 "--checkpoint is required" "$hat" import --out model
mkdir full
printf 'chapter one\n' >full/thesis.tex
expect 1 'holds "thesis.tex"' "$hat" import --checkpoint text.pt --out full
[ ! -e model ] || fail "a failed import left something behind"

golden=${HAT_GOLDEN:-../shared/golden}
case $golden in /*) ;; *) golden=$root/$golden ;; esac
checkpoints=$golden/hat/checkpoint
if [ ! -d "$checkpoints" ]; then
    if [ -n "${HAT_GOLDEN:-}" ] && ! grep -q 'checkpoint' <<<"${HAT_GOLDEN_WITHOUT:-}"; then
        fail "there is no folder $checkpoints, and HAT_GOLDEN_WITHOUT does not name it"
    fi
    echo "golden hat/checkpoint: skipped: no folder $checkpoints"
    finish
    exit
fi

# Without dictionaries, words are their numbers.
printf '4 5 6 7\n\n8 9 10 11 12 13 14\n99 23\n' >numbers.txt
for file in "$checkpoints"/*.pt; do
    name=$(basename "$file" .pt)
    "$hat" import --checkpoint "$file" --out "$name" >out 2>err || fail "import: $(cat err)"
    [ "$(cat out)" = "$name" ] || fail "import does not say where the model is"
    [ ! -s err ] || fail "import complains: $(cat err)"
    "$hat" inspect --model "$name" | contains 'encoder layer 0: ffn_dim' || fail "inspect $name"
    "$hat" translate --model "$name" --max-length-b 20 <numbers.txt >"$name.out"
    [ "$(wc -l <"$name.out")" = 4 ] || fail "4 lines in, $(wc -l <"$name.out") lines out"
    "$hat" translate --model "$name" --max-length-b 20 --batch 1 --threads 1 <numbers.txt |
        cmp - "$name.out" || fail "$name translates differently on one thread"
done
first=$(basename "$(find "$checkpoints" -name '*_zip.pt' | sort | head -n 1)" .pt)
cmp "$first/weights.safetensors" "${first%_zip}_legacy/weights.safetensors" ||
    fail "the two containers give different weights"

# With a dictionary, the same words under their names; pieces are joined.
words=$(grep -c '^[0-9]* 0$' "$first/source.dict.txt")
seq 4 $((words + 3)) | sed 's/.*/w& 1/' >dict.txt
import=("$hat" import --checkpoint "$checkpoints/$first.pt")
"${import[@]}" --source-dict dict.txt --out named >/dev/null
cmp named/source.dict.txt named/target.dict.txt || fail "one dictionary is not that of both sides"
sed -E 's/[0-9]+/w&/g' numbers.txt | "$hat" translate --model named --max-length-b 20 >named.out
sed -E 's/[0-9]+/w&/g' "$first.out" | cmp - named.out || fail "names translate differently"
sed 's/ /@@ /' dict.txt >pieces.txt
"${import[@]}" --source-dict dict.txt --target-dict pieces.txt --out pieces >/dev/null
sed -E 's/[0-9]+/w&/g' numbers.txt | "$hat" translate --model pieces --max-length-b 20 >pieces.out
tr -d ' ' <named.out | cmp - <(tr -d ' ' <pieces.out) || fail "pieces are not joined"
if grep -q '@@' pieces.out; then fail "marks are left between pieces"; fi
# Words that codes cut: "ab" becomes "a@@ b".
{ printf 'a@@ 1\nb 1\n'; tail -n +3 dict.txt; } >cut.txt
printf '#version: 0.2\nx y\n' >codes
"${import[@]}" --source-dict cut.txt --target-dict dict.txt --bpe-codes codes --out cut >/dev/null
printf 'ab\n' | "$hat" translate --model cut --max-length-b 20 >cut.out
printf 'w4 w5\n' | "$hat" translate --model named --max-length-b 20 | cmp - cut.out ||
    fail "codes cut words differently"

# A part of the network, by either way.
cat >part.yml <<'YAML'
encoder-embed-dim-subtransformer: 12
decoder-embed-dim-subtransformer: 16
encoder-ffn-embed-dim-all-subtransformer: [16, 8, 8]
decoder-ffn-embed-dim-all-subtransformer: [8]
encoder-layer-num-subtransformer: 3
decoder-layer-num-subtransformer: 1
encoder-self-attention-heads-all-subtransformer: [4, 2, 4]
decoder-self-attention-heads-all-subtransformer: [2]
decoder-ende-attention-heads-all-subtransformer: [4]
decoder-arbitrary-ende-attn-all-subtransformer: [1]
YAML
"${import[@]}" --source-dict dict.txt --architecture part.yml --out part >/dev/null
"$hat" extract --run named --architecture part.yml --out extracted >/dev/null
for file in weights.safetensors source.dict.txt target.dict.txt; do
    cmp "part/$file" "extracted/$file" || fail "import and extract give different $file"
done
"$hat" inspect --model part | contains 'decoder layer 0: ffn_dim 8, heads 2, cross_heads 4' ||
    fail "inspect does not show the part"
printf 'w4 w5\n' | "$hat" translate --model part --max-length-b 20 >part.out
[ "$(wc -l <part.out)" = 1 ] || fail "the part does not translate"

# Bad input
head -n 3 dict.txt >short.txt
expect 1 "short.txt: has 7 words" "${import[@]}" --source-dict short.txt --out other
printf 'no count\n' >bad.txt
expect 1 "bad.txt:1: expected a word, a space and its count" \
    "${import[@]}" --source-dict bad.txt --out other
printf 'x y\nx y z\n' >bad.codes
expect 1 "bad.codes:2: expected two pieces" "${import[@]}" --bpe-codes bad.codes --out other
head -c 5000 "$checkpoints/$first.pt" >cut.pt
expect 1 "cut.pt: " "$hat" import --checkpoint cut.pt --out other
sed 's/: 12/: 99/' part.yml >wide.yml
expect 1 "encoder_embed_dim = 99" "${import[@]}" --architecture wide.yml --out other
[ ! -e other ] || fail "a failed import left something behind"
rm named/target.dict.txt
expect 1 "named: target.dict.txt is missing" "$hat" translate --model named </dev/null
finish
