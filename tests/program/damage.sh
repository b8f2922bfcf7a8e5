# SPDX-License-Identifier: Apache-2.0
#
# Files that were damaged, exchanged or are no files, and writers that were killed or met: one clear
# line that names the file, nothing half-written, and nothing left for ever.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_text train 300 1
make_text valid 30 2
make_space
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data >/dev/null 2>&1
super=("$hat" train --data data --space space.yml --updates 3 --max-tokens 500 --threads 1)
"${super[@]}" --out run 2>/dev/null >/dev/null
"${super[@]}" --seed 2 --out other 2>/dev/null >/dev/null

translate() { timeout 20 "$hat" translate --model "$1" --threads 1 <"${2-valid.en}"; }
translate run/model >expected 2>/dev/null

# flip FILE BYTE: turns a bit of it.
flip() {
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    printf "\\x$(printf '%02x' $((byte ^ 4)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# A bit anywhere
for file in config.json weights.safetensors subword.model; do
    size=$(wc -c <"run/model/$file")
    for part in 1 3 5 7 9; do
        rm -rf broken && cp -r run/model broken
        flip "broken/$file" $((size * part / 10))
        expect 1 "broken/$file: " translate broken
    done
done

# What another model was saved with
for file in weights.safetensors config.json; do
    rm -rf broken && cp -r run/model broken
    cp "other/model/$file" "broken/$file"
    expect 1 "is not the file this model was saved with" translate broken
done
rm -rf broken && cp -r run/model broken && rm broken/subword.model
expect 1 "subword.model" translate broken

# The parameters that a training has kept for their mean: a resume needs those its checkpoint names.
last=run/parameters/parameters-00000003.safetensors
[ -s "$last" ] || fail "no parameters of update 3: $(ls run/parameters)"
resume() { "${super[@]}" --out resumed --resume; }
# broken_parameters TEXT COMMAND…: with what the command makes of the copy's file, a resume says TEXT.
broken_parameters() {
    local text=$1
    rm -rf resumed && cp -r run resumed && rm -r resumed/model
    "${@:2}"
    expect 1 "resumed/${last#run/}: $text" resume
    [ ! -e resumed/model ] || fail "a resume made a model of broken parameters"
}
size=$(wc -c <"$last")
broken_parameters "is missing" rm "resumed/${last#run/}"
broken_parameters "is not the file of this training" cp "other/${last#run/}" "resumed/${last#run/}"
for part in 5 7 9; do
    broken_parameters "damaged" flip "resumed/${last#run/}" $((size * part / 10))
done
broken_parameters "" truncate -s $((size / 2)) "resumed/${last#run/}"
rm -rf resumed && cp -r run resumed && rm -r resumed/model
resume >/dev/null 2>stderr || fail "a training with its parameters is not resumed: $(cat stderr)"
cmp run/model/weights.safetensors resumed/model/weights.safetensors ||
    fail "a training that had ended makes another model when it is resumed"

# Special tokens that the vocabulary does not have, in a config.json without hashes
rm -rf old && cp -r run/model old
sed -zi 's/,\n  "files": {[^}]*}//; s/"eos": [0-9]*/"eos": 7/' old/config.json
expect 1 "old/config.json: special_tokens: eos = 7, but the vocabulary beside it has" translate old

# Weights with which the network says nothing
rm -rf old && cp -r run/model old
sed -zi 's/,\n  "files": {[^}]*}//' old/config.json
head -c 65536 /dev/zero | tr '\0' '~' | dd of=old/weights.safetensors bs=1 conv=notrunc status=none \
    seek=$(($(wc -c <old/weights.safetensors) - 65536))
expect 1 ": no next token has a finite score" translate old
grep -q "^hat: standard input:[0-9]*: old: beam search: sentence 0: " stderr || fail "no place: $(cat stderr)"

# A pattern that is none, likewise
rm -rf old && cp -r run/model old
sed -zi 's/,\n  "files": {[^}]*}//' old/config.json
sed -i 's/"protect": \[\]/"protect": ["regex:(a"]/' old/text.json
expect 1 'old/text.json: protect: pattern "regex:(a": is no regular expression' translate old

# A model from before hashes were kept is used as it is, unless its weights are no numbers.
rm -rf old && cp -r run/model old
sed -zi 's/,\n  "files": {[^}]*}//' old/config.json
translate old >found 2>stderr || fail "a model without hashes is not translated with: $(cat stderr)"
cmp expected found || fail "a model without hashes translates otherwise"
printf '\377\377\377\377' | dd of=old/weights.safetensors bs=1 \
    seek=$(($(wc -c <old/weights.safetensors) - 4)) conv=notrunc status=none
expect 1 "is not a finite number" translate old
expect 1 "is not a finite number" timeout 20 "$hat" extract --run old --architecture largest --out small

# No files
truncate -s 16G sparse
mkfifo pipe
for file in config.json weights.safetensors subword.model; do
    for kind in pipe sparse data; do
        rm -rf broken && cp -r run/model broken && rm "broken/$file"
        ln -s "../$kind" "broken/$file"
        expect 1 "broken" translate broken
    done
done
for file in pipe sparse data /dev/zero; do
    expect 1 "$file" timeout 20 "$hat" prepare --source "$file" --target train.de --out none
    expect 1 "$file" timeout 20 "$hat" train --data data --architecture "$file" --out none
    expect 1 "$file" timeout 20 "$hat" train --data data --space "$file" --out none
    expect 1 "$file" timeout 20 "$hat" search --run run --predictor "$file" --limit-ms 1 --out none
    expect 1 "$file" timeout 20 "$hat" predictor --latency "$file" --out none
    expect 1 "$file" timeout 20 "$hat" import --checkpoint "$file" --out none
done
[ ! -e none ] || fail "a failed command left something"
cp -r data piped
for file in train.corpus subword.model config.json; do
    mv "piped/$file" aside && mkfifo "piped/$file"
    expect 1 "piped" timeout 20 "$hat" train --data piped --architecture tiny --out none
    rm "piped/$file" && mv aside "piped/$file"
done
"$hat" prepare --source train.en --target train.de --vocab-size 40 --out from-files >/dev/null 2>&1
"$hat" prepare --source <(cat train.en) --target <(cat train.de) --vocab-size 40 --out from-pipes \
    >/dev/null 2>stderr || fail "text from pipes: $(cat stderr)"
cmp from-pipes/train.corpus from-files/train.corpus || fail "text from pipes is another text"

# Writers that are killed leave nothing for ever, and never half a model.
extract=("$hat" extract --run run --architecture largest --out small --overwrite)
"${extract[@]}" >/dev/null 2>&1
translate small >expected 2>/dev/null
for delay in 0.01 0.02 0.03 0.04 0.05 0.06 0.08 0.10 0.12 0.15; do
    "${extract[@]}" >/dev/null 2>&1 &
    job=$!
    sleep "$delay"
    kill -KILL "$job" 2>/dev/null || true
    wait "$job" 2>/dev/null || true
done
mkdir small.tmp-0123456789abcdef  # a kill just in the middle, whatever the delays have met
cp run/model/weights.safetensors small.tmp-0123456789abcdef/
translate small >found 2>/dev/null || fail "a killed extract left no whole model"
cmp expected found || fail "a killed extract left another model"
"${extract[@]}" >/dev/null 2>stderr || fail "after killed ones: $(cat stderr)"
[ "$(find . -maxdepth 1 -name 'small*' | wc -l)" = 1 ] || fail "left: $(ls -d small*)"

# Names that are taken do not stop anybody.
for n in 0 1 2 3; do touch "small.tmp-1-$n" "small.tmp-$$-$n"; done
"${extract[@]}" >/dev/null 2>stderr || fail "taken names: $(cat stderr)"
rm small.tmp-*

# Two at once: each writes it or is told that the other does, and one of them writes.
for _ in 1 2 3 4; do
    "${extract[@]}" >first.out 2>first.err &
    first=$!
    "${extract[@]}" >second.out 2>second.err || true
    wait "$first" || true
    [ -s first.out ] || [ -s second.out ] || fail "of two writers none wrote: $(cat first.err second.err)"
    for writer in first second; do
        [ -s $writer.out ] || grep -q '^hat: small: another process is at work on it' $writer.err ||
            fail "of two writers: $(cat $writer.err)"
    done
    translate small >found 2>/dev/null || fail "two writers left no whole model"
    cmp expected found || fail "two writers left another model"
done
[ "$(find . -maxdepth 1 -name 'small*' | wc -l)" = 1 ] || fail "left: $(ls -d small*)"

# Links
mkdir elsewhere && mv small elsewhere/ && ln -s elsewhere/small link
"$hat" extract --run run --architecture smallest --out link --overwrite >/dev/null 2>stderr ||
    fail "behind a link: $(cat stderr)"
[ -L link ] || fail "the link was replaced"
[ "$(find elsewhere -mindepth 1 -maxdepth 1 | wc -l)" = 1 ] || fail "left: $(ls elsewhere)"
cmp -s elsewhere/small/weights.safetensors run/model/weights.safetensors &&
    fail "nothing was written behind the link"
ln -s nowhere dangling
expect 1 "dangling: is a link that leads nowhere" \
    "$hat" extract --run run --architecture smallest --out dangling
finish
