# SPDX-License-Identifier: Apache-2.0
#
# Data, a run, a model and a search in the form of the version that kept no hashes and compared paths
# and its own number: they are read and gone on with, to the same bits.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

# words FILE [OFFSET LENGTH]: its bytes as 64-bit integers, the last one filled up with zeros.
words() {
    od -An -v -t d8 -w8 -j "${2:-0}" ${3:+-N "$3"} "$1"
}

# le64 N: the integer as eight bytes.
le64() {
    local shift
    for shift in 0 8 16 24 32 40 48 56; do
        # shellcheck disable=SC2059
        printf "\\x$(printf %02x $(($1 >> shift & 255)))"
    done
}

# old_corpus FILE: in version 1, without the vocabulary, which changes the checksum (FNV-1a), and without what
# fills ids up to whole words.
old_corpus() {
    local -a n
    local sum=-3750763034362895579 at=0 length word
    read -ra n < <(od -An -v -t d8 -w64 -j 80 -N 64 "$1")
    tail -c +81 "$1" >content
    : >kept
    for length in 64 $(((n[2] + 1) * 8)) $((n[3] * 4)) $(((n[6] + 1) * 8)) $((n[7] * 4)); do
        while read -r word; do
            sum=$(((sum ^ word) * 0x100000001b3))
            sum=$((sum ^ (sum >> 32 & 0xffffffff)))
        done < <(words content $at $length)
        tail -c +$((at + 1)) content | head -c $length >>kept || true
        at=$(((at + length + 7) / 8 * 8))
    done
    { head -c 16 "$1"; le64 1; le64 $sum; cat kept; } >old
    mv old "$1"
}

# hash TEXT: as checkpoints have it.
hash() {
    local h word
    printf %s "$1" >text
    h=$(wc -c <text)
    while read -r word; do
        h=$((((h << 5 | (h >> 59 & 31)) ^ word) * 0x9e3779b97f4a7c15))
    done < <(words text)
    h=$(((h ^ (h >> 30 & 0x3ffffffff)) * 0xbf58476d1ce4e5b9))
    h=$(((h ^ (h >> 27 & 0x1fffffffff)) * 0x94d049bb133111eb))
    echo $((h ^ (h >> 31 & 0x1ffffffff)))
}

# position HEADER: what a checkpoint's header says of how far it has come, without escapes.
position() {
    grep -oE '"position":"([^"\\]|\\.)*"' "$1" | sed -E 's/^"position":"(.*)"$/\1/; s/\\(.)/\1/g'
}

# old_checkpoint FILE: as an older version, 0.0.9, wrote its settings.
old_checkpoint() {
    local size sum
    size=$(od -An -t d8 -N 8 "$1" | tr -d ' ')
    head -c $((size + 8)) "$1" | tail -c +9 >header
    # shellcheck disable=SC1003
    sed -E 's/,\\"parameters\\":\[[^]]*\]//
        s/\\\\\\"content\\\\\\":\{\\\\\\"data\\\\\\":\{[^}]*\}\},//
        s/(\\\\\\"hat_version\\\\\\":\\\\\\")[^\\]*/\10.0.9/' header >header.old
    [ "$(position header)" != "$(position header.old)" ] || fail "$1: the settings were not found"
    grep -qE 'content|parameters\\' header.old && fail "$1: still tells the content"
    sum=$(sed -E 's/.*"checksum":"([0-9]*)".*/\1/' header)
    sum=$(printf %u $((sum - $(hash "$(position header)") + $(hash "$(position header.old)"))))
    sed -E 's/("checksum":")[0-9]*/\1'"$sum"'/' header.old >header
    while [ $(($(wc -c <header) % 8)) != 0 ]; do printf ' ' >>header; done
    { le64 "$(wc -c <header)"; cat header; tail -c +$((size + 9)) "$1"; } >old
    mv old "$1"
}

# old_parameters FILE: without what it says of itself.
old_parameters() {
    local size
    size=$(od -An -t d8 -N 8 "$1" | tr -d ' ')
    head -c $((size + 8)) "$1" | tail -c +9 | sed -E 's/"__metadata__":\{[^}]*\},//' >header
    grep -q checksum header && fail "$1: still has a checksum"
    while [ $(($(wc -c <header) % 8)) != 0 ]; do printf ' ' >>header; done
    { le64 "$(wc -c <header)"; cat header; tail -c +$((size + 9)) "$1"; } >old
    mv old "$1"
}

# without_hashes FILE: a config.json that says nothing of files and content.
without_hashes() {
    sed -zE -i 's/,\n  "files": \{[^}]*\}//; s/\n  "content": \{\n    "data": \{[^}]*\}\n  \},//
        s/"format": "hat run",\n  "format_version": 1,\n  //
        s/,\n  "data_from_run": "[^"]*"//; s/("hat_version": ")[^"]*/\10.0.9/' "$1"
    if grep -qE '"(files|content)"|hat run' "$1"; then fail "$1: $(cat "$1")"; fi
}

make_chain
well "${prepare[@]}" --out data
rm -f data/text.json
for name in train valid; do old_corpus data/$name.corpus; done
cat >data/config.json <<'JSON'
{
  "hat_version": "0.0.9",
  "source": "train.en",
  "target": "train.de",
  "validation": "valid.en",
  "vocab_size": 40,
  "subword": "unigram",
  "max_length": 250,
  "training_pairs": 200,
  "validation_pairs": 20
}
JSON

well "${train[@]}" --data data --updates 8 --out straight
well "${train[@]}" --data data --updates 4 --out run
for file in run/checkpoints/*.safetensors; do old_checkpoint "$file"; done
for file in run/parameters/*.safetensors; do old_parameters "$file"; done
without_hashes run/config.json
without_hashes run/model/config.json

# Its model is read; the run is gone on with, from the path it knows however written, and from no other.
well "$hat" extract --run run --architecture smallest --out small
cp -r data elsewhere
expect 1 'run: was trained with other settings: data was "data", is "elsewhere"' \
    "${train[@]}" --data elsewhere --updates 8 --out run --resume
expect 1 'run: holds a training already' "${train[@]}" --data data --updates 8 --out run
well "${train[@]}" --data ./data/ --updates 8 --out run --resume
grep -q 'resumed after update 4' stderr || fail "the older run was not resumed: $(cat stderr)"
cmp run/model/weights.safetensors straight/model/weights.safetensors ||
    fail "the resumed run has other weights than the one that ran through"
# From then on, the content decides.
well "${train[@]}" --data elsewhere --updates 10 --out run --resume

well "$hat" latency --space space.yml --data data --samples 14 --sentences 2 --repeats 3 --attempts 1 \
    --out latency.csv
well "$hat" predictor --latency latency.csv --model additive --out predictor.json
search=("$hat" search --run straight --predictor predictor.json --population 8 --limit-ms 1000)
well "${search[@]}" --iterations 2 --out whole.yml
well "${search[@]}" --iterations 1 --out chosen.yml
# shellcheck disable=SC1003
sed -E -i 's/,\\"content\\":\{.*\}\}\}",/}",/' chosen.yml.search.json
grep -q content chosen.yml.search.json && fail "the search still tells the content"
well "${search[@]}" --iterations 2 --out chosen.yml --resume
cmp whole.yml chosen.yml || fail "the older search chooses another network"

expect 1 "data: holds training data already" "${prepare[@]}" --out data
well "$hat" distill --model straight --data data --beam 1 --out easier
well "${tune[@]}" --updates 4 --model small --data data --out tuned
"$hat" translate --model tuned <test.en >test.out || fail "the tuned model does not translate"
"$hat" score --reference test.de <test.out | contains BLEU || fail "its translations are not scored"
finish
