# SPDX-License-Identifier: Apache-2.0
#
# Data gets a shortlist, at once or later; models of that data, and models made of those, keep it.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_text train 2000 1
make_text valid 40 2
make_text test 40 3
make_architecture
prepare=("$hat" prepare --source train.en --target train.de --valid-source valid.en
    --valid-target valid.de --vocab-size 60)
well "${prepare[@]}" --out plain
well "${prepare[@]}" --shortlist 8 --shortlist-frequent 2 --threads 1 --out data
grep -Eq '^shortlist: [0-9]+ of 60 tokens a validation sentence on average, which have 100.00 % of' stderr ||
    fail "prepare does not say how well the shortlist does: $(cat stderr)"

# Any number of threads, and data that is there, give the same file.
well "${prepare[@]}" --shortlist 8 --shortlist-frequent 2 --threads 3 --out again
same data again
well "$hat" prepare --data plain --shortlist 8 --shortlist-frequent 2 --out later
same data later
well "$hat" prepare --data plain --shortlist 8 --shortlist-frequent 2 --out later --overwrite
same data later
expect 2 '--data requires --shortlist' "$hat" prepare --data plain --out none
expect 2 '--data excludes --vocab-size' "$hat" prepare --data plain --shortlist 8 --vocab-size 30 --out none
expect 2 '--shortlist: 0, expected 1 or more' "${prepare[@]}" --shortlist 0 --out none
expect 2 '--text excludes --shortlist' \
    "$hat" prepare --task language-model --text train.de --shortlist 8 --out none
expect 1 'plain: holds training data already; replace it with --overwrite' \
    "$hat" prepare --data plain --shortlist 8 --out plain

# The shortlist is none of the vocabulary: what was made without it goes with what has it.
train=("$hat" train --architecture small.yml --max-tokens 600 --learning-rate 4e-3 --warmup 60
    --dropout 0.1 --average-last 3)
well "${train[@]}" --data data --updates 300 --out run
cmp -s data/lexical.shortlist run/model/lexical.shortlist || fail "training loses the shortlist"
well "$hat" tune --model run --data plain --updates 20 --out tuned
cmp -s data/lexical.shortlist tuned/lexical.shortlist || fail "tuning loses the shortlist"
well "$hat" quantize --model run --weights int8 --out small
cmp -s data/lexical.shortlist small/lexical.shortlist || fail "quantising loses the shortlist"
well "$hat" inspect --model small
grep -Eq '^shortlist: [0-9]+ tokens always, [0-9.]+ more for each of a source on average$' stdout ||
    fail "inspect does not tell of the shortlist: $(cat stdout)"
finish
