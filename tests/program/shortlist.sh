# SPDX-License-Identifier: Apache-2.0
#
# Data gets a shortlist, at once or later; models of that data, and models made of those, keep it;
# translations with it are those without, where it has all that they need.
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

# translate MODEL OPTIONS…: the translations of the test.
translate() {
    local model=$1
    shift
    "$hat" translate --model "$model" "$@" <test.en 2>log || fail "translate $*: $(cat log)"
}
for options in '' '--beam 1' '--weights int8' '--weights bf16 --batch 3 --threads 3'; do
    # shellcheck disable=SC2086
    translate run $options >exact.out
    # shellcheck disable=SC2086
    translate run $options --shortlist --stats >listed.out
    cmp -s exact.out listed.out || fail "another translation with a shortlist, $options"
    grep -Eq '^shortlist: [0-9]+ tokens a sentence on average$' log || fail "no size of lists: $(cat log)"
    # shellcheck disable=SC2086
    translate tuned $options --shortlist >own.out
    # shellcheck disable=SC2086
    translate tuned $options --shortlist-from data >other.out
    cmp -s own.out other.out || fail "another translation with the same shortlist of the data, $options"
done

# Scores are of the list: what a sentence gets does not depend on the others.
translate run --shortlist --scores --batch 32 >together.out
translate run --shortlist --scores --batch 1 >alone.out
cmp -s together.out alone.out || fail "a sentence depends on its batch"

well "${train[@]}" --data plain --updates 1 --out without
expect 1 'without/model: has no shortlist; hat prepare --data DATA --shortlist 100 --out LISTED makes one, and' \
    "$hat" translate --model without --shortlist
expect 1 'none: there is no such directory of data or a model' "$hat" translate --model without --shortlist-from none
translate without --shortlist-from data >listed.out
well "$hat" prepare --source test.en --target test.de --vocab-size 45 --shortlist 4 --out foreign
expect 1 'foreign: its shortlist is of another vocabulary than that of run/model' \
    "$hat" translate --model run --shortlist-from foreign
expect 2 '--score-targets excludes --shortlist' \
    "$hat" translate --model run --shortlist --score-targets test.de
expect 2 '--prefix excludes --shortlist' "$hat" translate --model run --shortlist --prefix
expect 2 '--all-tokens excludes --shortlist-from' \
    "$hat" translate --model run --shortlist-from data --all-tokens
expect 2 '--sample excludes --shortlist-from' "$hat" translate --model run --shortlist-from data --sample
truncate -s -4 tuned/lexical.shortlist
expect 1 'tuned/lexical.shortlist: is not the file this model was saved with' \
    "$hat" translate --model tuned --shortlist
expect 1 'tuned/lexical.shortlist: the file is damaged' "$hat" translate --model run --shortlist-from tuned
finish
