# SPDX-License-Identifier: Apache-2.0
#
# A file of one folder in another one, of the same size and shape: it is named, at every step.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_chain
well "${prepare[@]}" --out data
make_text more 200 8
well "$hat" prepare --source more.en --target more.de --vocab-size 40 --out other
well "${train[@]}" --updates 4 --data data --out super
well "${train[@]}" --updates 4 --data data --seed 2 --out again
for run in super again; do
    well "$hat" extract --run $run --architecture smallest --out small-$run
done

# swapped FOLDER OTHER FILE COMMAND…: with that file of OTHER in FOLDER, the command names it; with
# another config.json, it is the files that are not those it was saved with.
swapped() {
    local folder=$1 other=$2 file=$3
    shift 3
    cp "$folder/$file" kept
    cp "$other/$file" "$folder/$file"
    [ "$file" = config.json ] || expect 1 "$folder/$file: " "$@"
    expect 1 "is not the file this" "$@"
    cp kept "$folder/$file"
}

for file in train.corpus valid.corpus subword.model config.json; do
    swapped data other $file "${train[@]}" --updates 4 --data data --out next
    swapped data other $file "${tune[@]}" --updates 4 --model small-super --data data --out next
    swapped data other $file "$hat" distill --model super --data data --out next
done
swapped super/model again/model weights.safetensors "$hat" extract --run super \
    --architecture smallest --out next
for file in weights.safetensors config.json; do
    swapped small-super small-again $file "${tune[@]}" --updates 4 --model small-super --data data --out next
    swapped small-super small-again $file "$hat" translate --model small-super <test.en
done
swapped small-super other subword.model "$hat" translate --model small-super <test.en
sed 's/\[128, 64\]/[64, 128]/' space.yml >turned.yml
well "$hat" train --data data --space turned.yml --updates 2 --max-tokens 300 --average-last 1 --threads 1 \
    --out turned
swapped super turned space.yml "$hat" extract --run super --architecture smallest --out next
[ ! -e next ] && [ ! -e next.run ] || fail "a command that was refused left something behind"

# Everything in its place again.
well "${tune[@]}" --updates 4 --model small-super --data data --out tuned
"$hat" translate --model tuned <test.en >test.out || fail "the tuned model does not translate"
"$hat" score --reference test.de <test.out | contains BLEU || fail "its translations are not scored"

# A file that is read once, and one with two documents in it.
cat >part.yml <<'YAML'
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
well "$hat" extract --run super --architecture part.yml --out from-file/
well "$hat" extract --run super --architecture <(cat part.yml) --out from-pipe
same from-file/weights.safetensors from-pipe/weights.safetensors
{ cat part.yml; echo ---; cat part.yml; } >two.yml
expect 1 "two.yml:14: a second YAML document begins" \
    "$hat" extract --run super --architecture two.yml --out next
grep -q 'from-file' from-file/README.md || fail "the card does not name the model: $(cat from-file/README.md)"
finish
