# SPDX-License-Identifier: Apache-2.0
#
# Whatever is wrong with what hat is given: one clear line, exit code 1 (or 2 for usage), and nothing
# half-written.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_text train 300 1
make_text valid 30 2
prepare=("$hat" prepare --source train.en --target train.de --valid-source valid.en
    --valid-target valid.de --vocab-size 40)
"${prepare[@]}" --out data 2>/dev/null
train=("$hat" train --data data --architecture tiny --updates 3 --max-tokens 500)
"${train[@]}" --out run 2>/dev/null

# Usage
expect 2 "--updates" "${train[@]}" --updates -5 --out other
expect 2 "subcommand" "$hat"
expect 2 "--model is required" "$hat" translate
expect 2 "--beam" "$hat" translate --model run/model --beam 0

# Text
: >empty
expect 1 "empty: the file is empty" "$hat" prepare --source empty --target train.de --out other
head -n 299 train.de >short.de
expect 1 "has 300 lines and short.de has 299" \
    "$hat" prepare --source train.en --target short.de --out other
sed '7s/.*//' train.de >gap.de
expect 1 "gap.de:7: the line is empty" "$hat" prepare --source train.en --target gap.de --out other
{ head -n 4 train.en; printf 'not \xff UTF-8\n'; tail -n +6 train.en; } >bad.en
expect 1 "bad.en:5: byte 5" "$hat" prepare --source bad.en --target train.de --out other
expect 1 "too small for the characters of the text" \
    "$hat" prepare --source train.en --target train.de --vocab-size 8 --out other
expect 1 "missing.en" "$hat" prepare --source missing.en --target train.de --out other
[ ! -e other ] || fail "a failed prepare left something behind"

# Data and runs
expect 1 "no such data directory" "$hat" train --data missing --out other
cp -r data cut
head -c 1000 data/train.corpus >cut/train.corpus
expect 1 "cut/train.corpus" "$hat" train --data cut --out other
expect 1 "holds a training already" "${train[@]}" --out run
expect 1 "no such file, nor a preset" "$hat" train --data data --architecture giant --out other
printf 'encoder_embed_dim: 64\n' >part.yml
expect 1 "part.yml" "$hat" train --data data --architecture part.yml --out other
expect 1 "was trained with other settings" \
    "$hat" train --data data --architecture tiny --dropout 0.2 --updates 3 --out run --resume

# Models
expect 1 "there is no such model directory" "$hat" translate --model missing </dev/null
expect 1 "data: is no model directory: its config.json says it is hat data" \
    "$hat" translate --model data </dev/null
for file in config.json weights.safetensors subword.model; do
    rm -rf broken
    cp -r run/model broken
    head -c $(($(wc -c <"run/model/$file") / 2)) "run/model/$file" >"broken/$file"
    expect 1 "$file" "$hat" translate --model broken </dev/null
    printf 'something else entirely, and long enough to be looked at\n' >"broken/$file"
    expect 1 "$file" "$hat" translate --model broken </dev/null
    rm "broken/$file"
    expect 1 "broken" "$hat" translate --model broken </dev/null
done
printf 'fine\nnot \xff UTF-8\n' >bad.txt
expect 1 "standard input:2: byte 5" "$hat" translate --model run/model --strict <bad.txt
awk 'BEGIN { for (i = 0; i < 3000; ++i) printf "one "; print "" }' >long.txt
expect 1 "standard input:1: the line has" "$hat" translate --model run/model --strict <long.txt

# Threads
expect 2 "--threads: 5000, expected 0 to 1024" "$hat" translate --model run/model --threads 5000 </dev/null
(
    ulimit -v 3000000  # for fewer stacks than threads
    expect 1 "threads: the system starts" "$hat" translate --model run/model --threads 1000 </dev/null
    exit "$failures"
) || fail "threads that the system does not start"

# A name may be anything; what is said of it is one line of text.
expect 1 'hat: no\nsuch\u001b[31mmodel'$'\xef\xbf\xbd: there is no such model directory' \
    "$hat" translate --model $'no\nsuch\e[31mmodel\xff' </dev/null
[ "$(wc -l <stderr)" = 1 ] || fail "more than a line: $(cat stderr)"

# Scores
expect 1 "has 300 lines, but valid.de has 30" "$hat" score --reference valid.de <train.de

# A full disk (as far as a limit on file sizes is one): the run that was there stays whole.
cp -r run before
(
    ulimit -f 40
    trap '' XFSZ
    expect 1 "cannot write" "${train[@]}" --out full
    exit "$failures"
) || fail "a full disk"
[ ! -e full/model ] || fail "a full disk left a model behind"
diff -r before run || fail "a failed command changed the run"
finish
