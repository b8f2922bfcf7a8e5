# SPDX-License-Identifier: Apache-2.0
#
# What the tests of the program share: a folder that goes at the end, a toy corpus, expectations.
set -euo pipefail

hat=$1
folder=$(mktemp -d)
trap 'kill %% 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
failures=0

# What tests draw with: a function of awk, a number between 0 and 1 from the variable `seed`, not 0, on. A Lehmer
# generator (Park and Miller 1988), exact in doubles, as the numbers of rand() differ from awk to awk.
random='function random() { seed = seed * 16807 % 2147483647; return seed / 2147483647 }'

# contains FLAG… PATTERN: grep finds the pattern in standard input, which is read to its end: grep -q would
# close the pipe of who still writes, and what a signal then ended counts as failed here.
contains() { [ "$(grep -c "$@")" != 0 ]; }

# make_text NAME LINES SEED: NAME.en with sentences of number words, NAME.de with their translation.
make_text() {
    awk -v n="$2" -v seed="$3" -v name="$1" "$random"' BEGIN {
        split("one two three four five six seven eight nine ten", en)
        split("eins zwei drei vier fünf sechs sieben acht neun zehn", de)
        for (i = 0; i < n; ++i) {
            a = b = ""
            for (k = 2 + int(random() * 5); k > 0; --k) {
                w = 1 + int(random() * 10); a = a en[w] " "; b = b de[w] " "
            }
            sub(/ $/, ".", a); sub(/ $/, ".", b)
            print a > (name ".en"); print b > (name ".de")
        }
    }'
}

# make_odd_lines: 401 lines of its words, pieces of words, what the vocabulary lacks, white space, marks and
# symbols; some are long, and the last one is not UTF-8.
make_odd_lines() {
    awk -v seed=7 "$random"' BEGIN {
        n = split("one two three four five six seven eight nine ten one. two. . , ( ) xyz Zürich é e\314\201 ß 東京 " \
                  "\360\237\230\200 € 42 ® \342\226\201 \302\240 \343\200\200 ne thr ONE \357\267\220 - \" \\ ??", part)
        for (i = 0; i < 400; ++i) {
            line = ""
            for (k = int(random() * 9); k > 0; --k) {
                line = line part[1 + int(random() * n)]
                if (random() < 0.8) line = line (random() < 0.1 ? "  " : random() < 0.05 ? "\t" : " ")
            }
            if (random() < 0.02) while (length(line) < 300) line = line " one two"
            print line
        }
        print "not utf-8: \377"
    }'
}

# small.yml: a network that learns this in seconds.
make_architecture() {
    cat >small.yml <<'YAML'
encoder-layers: 1
decoder-layers: 1
encoder-embed-dim: 64
decoder-embed-dim: 64
qkv-dim: 64
encoder-ffn-dims: 128
encoder-heads: 4
decoder-ffn-dims: 128
decoder-heads: 4
decoder-cross-heads: 4
decoder-attended-layers: 1
sharing: all
YAML
}

# space.yml: a small design space.
make_space() {
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
}

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# expect CODE TEXT COMMAND…: the command ends with that code, and stderr is one line with TEXT in it.
expect() {
    local code=$1 text=$2 found=0
    shift 2
    "$@" >stdout 2>stderr || found=$?
    [ "$found" = "$code" ] || fail "$*: exit code $found, expected $code: $(cat stderr)"
    grep -qF -- "$text" stderr || fail "$*: stderr lacks \"$text\": $(cat stderr)"
    [ "$(grep -c '^hat: ' stderr)" = 1 ] || fail "$*: not one line of error: $(cat stderr)"
}

finish() {
    if [ "$failures" != 0 ]; then exit 1; fi
    echo "all as expected"
}

# make_chain: what a whole chain of commands begins with (text, a design space), and its first steps,
# tiny: prepare, train and tune, which lack --out, and --data and --updates where they are needed.
make_chain() {
    make_text train 200 1
    make_text valid 20 2
    make_text test 10 3
    make_space
    prepare=("$hat" prepare --source train.en --target train.de --valid-source valid.en
        --valid-target valid.de --vocab-size 40)
    local brief=(--max-tokens 300 --average-last 1 --threads 1)
    train=("$hat" train --space space.yml "${brief[@]}" --validate-random 1)
    tune=("$hat" tune "${brief[@]}")
}

# well COMMAND…: the command ends well.
well() {
    "$@" >stdout 2>stderr || fail "$*: $(cat stderr)"
}

# run_readme FILE SECTION [LINES]: runs the commands of that section, or those lines of them; what they print
# is in `found`.
run_readme() {
    sed -n "/^#* *$2\$/,/^#/s/^    //p" "$1" | sed -n "${3:-1,\$}p" >commands
    [ -s commands ] || fail "$1, $2: has no commands"
    PATH=$(dirname "$hat"):$PATH bash -e commands >found 2>log || fail "$1, $2: $(cat log)"
}

# count_parts STDERR: in how many parts `hat translate` says there that it translates a long line. Each has a
# word of its own in the translation, however little the network has learnt.
count_parts() {
    sed -nE 's/.*; it is translated in ([0-9]+) parts$/\1/p' "$1"
}

# same FOLDER COPY: nothing in it was changed.
same() {
    diff -r "$1" "$2" >difference || fail "$1 was changed: $(cat difference)"
}

# A corpus of toys, a SuperTransformer of a small space, its latencies and their predictor: data, super,
# latency.csv and predictor.json.
make_super_network() {
    make_text train 400 1
    make_text valid 30 2
    make_space
    "$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
        --vocab-size 40 --out data >/dev/null 2>&1
    "$hat" train --data data --space space.yml --updates 60 --max-tokens 300 --dropout 0.1 --warmup 20 \
        --average-last 2 --out super >/dev/null 2>log || fail "training: $(cat log)"
    "$hat" latency --space space.yml --data data --samples 14 --sentences 2 --repeats 3 --attempts 1 \
        --out latency.csv >/dev/null 2>log || fail "latency: $(cat log)"
    "$hat" predictor --latency latency.csv --model additive --out predictor.json >/dev/null 2>log ||
        fail "predictor: $(cat log)"
}
