# SPDX-License-Identifier: Apache-2.0
#
# What `prepare` leaves out is said: pairs that the filters of --clean refuse, and held-out pairs that
# stand in the training text.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

# prepare NAME OPTION…: its stderr is in log.
prepare() {
    local out=$1
    shift
    "$hat" prepare --vocab-size 40 --out "$out" "$@" 2>log >/dev/null
}
says() { grep -qF -- "$1" log || fail "stderr lacks \"$1\": $(cat log)"; }
is_silent_on() { ! grep -qF -- "$1" log || fail "stderr has \"$1\": $(cat log)"; }

make_text raw 400 1
paste raw.en raw.de | awk -F '\t' '!seen[$1]++' >unique.tsv
[ "$(wc -l <unique.tsv)" -gt 300 ] || fail "the toy text has few different pairs"
head -n 280 unique.tsv | tee >(cut -f 1 >train.en) | cut -f 2 >train.de
sed -n 281,300p unique.tsv | tee >(cut -f 1 >valid.en) | cut -f 2 >valid.de
pairs=(--source train.en --target train.de)
valid=(--valid-source valid.en --valid-target valid.de)

# ---- leaks ---------------------------------------------------------------------------------------

prepare none "${pairs[@]}" "${valid[@]}"
says 'validation: 20 pairs'
is_silent_on 'warning:'
is_silent_on 'left out'

# 7 validation pairs stand in the training text, 3 others have a source that does.
{ head -n 7 train.en; sed -n 11,13p train.en; cat valid.en; } >leak.en
{ head -n 7 train.de; sed -n 21,23p train.de; cat valid.de; } >leak.de
leaky=(--valid-source leak.en --valid-target leak.de)
prepare leaks "${pairs[@]}" "${leaky[@]}"
says 'warning: the source of 10 of 30 validation pairs stands in the training text (with the same translation: 7)'
says 'left out (--keep-leaks keeps them)'
says 'validation: 20 pairs'
cmp none/valid.corpus leaks/valid.corpus || fail "the pairs that do not leak are other ones"
prepare kept "${pairs[@]}" "${leaky[@]}" --keep-leaks
says 'the source of 10 of 30 validation pairs'
says 'validation: 30 pairs'
head -n 20 train.en >all.en
head -n 20 train.de >all.de
expect 1 'every validation pair stands in the training text; --keep-leaks keeps them' \
    "$hat" prepare "${pairs[@]}" --valid-source all.en --valid-target all.de --vocab-size 40 --out all

# What prepare holds out itself is not in the training text either: every pair is there twice.
cat train.en train.en >twice.en
cat train.de train.de >twice.de
prepare twice --source twice.en --target twice.de
says 'left out 2 training pairs whose source is held out'
says 'validation: 2 pairs'
says 'training: 556 pairs'
# Pairs that are there once are taken first.
cat train.en train.en valid.en >mixed.en
cat train.de train.de valid.de >mixed.de
prepare mixed --source mixed.en --target mixed.de
is_silent_on 'left out'
says 'training: 577 pairs'

# ---- filters -------------------------------------------------------------------------------------

long=$(printf 'one%.0s' {1..400})
{
    cat train.en
    echo "$long"                # too long
    echo 'x 1 2 3 4 5 6'        # few letters
    echo 'one two three'        # identical sides
    echo '12.5'                 # few letters; the same on both sides, but nothing to translate
    echo 'one'                  # of unlike length
    head -n 2 train.en          # copies
    echo '一二三 四五'          # unknown to the vocabulary
} >dirty.en
{
    cat train.de
    echo "eins"
    echo 'x 1 2 3 4 5 6'
    echo 'one two three'
    echo '12.5'
    echo 'eins zwei drei vier fünf sechs sieben acht neun zehn'
    head -n 2 train.de
    echo 'eins zwei'
} >dirty.de
dirty=(--source dirty.en --target dirty.de "${valid[@]}")
prepare dirty "${dirty[@]}"
is_silent_on 'clean:'
says 'training: 287 pairs'  # the long one has too many tokens

prepare clean "${dirty[@]}" --clean
says 'clean: left out 1 pairs too long: --max-characters 1000'
says 'clean: left out 2 pairs with few letters: --min-letters 0.2'
says 'clean: left out 1 pairs with identical sides: --min-identical 1'
says 'clean: left out 1 pairs of unlike length: --max-ratio 3'
says 'clean: left out 2 pairs that repeat another: --max-copies 1'
says 'training: 281 pairs'

# Each filter alone, and all without one.
prepare alone "${dirty[@]}" --max-copies 1
says 'clean: left out 2 pairs that repeat another: --max-copies 1'
[ "$(grep -c 'clean:' log)" = 1 ] || fail "more than one filter: $(cat log)"
prepare without "${dirty[@]}" --clean --max-ratio 0 --min-letters 0.1
says 'clean: left out 1 pairs with few letters: --min-letters 0.1'
is_silent_on '--max-ratio'

# The vocabulary of another text does not know the characters.
"$hat" prepare "${dirty[@]}" --subword none/subword.model --max-unknown 0.3 --out unknown \
    2>log >/dev/null
says 'clean: left out 3 pairs with unknown tokens: --max-unknown 0.3'

expect 1 'cleaning left no pair; raise its thresholds' \
    "$hat" prepare "${pairs[@]}" --max-characters 3 --vocab-size 40 --out empty
[ ! -e empty ] || fail "a failed prepare left a directory"

# ---- language models -----------------------------------------------------------------------------

sentence='one two three four five six seven eight nine ten one two'
{ printf '= one =\n\n'; cat train.en; echo "$sentence."; echo "$sentence."; } >text
{ printf '= one =\n\n'; echo "$sentence."; cat valid.en; } >valid
lines=(--task language-model --text text --valid-text valid)
prepare lines "${lines[@]}"
says 'warning: '
says ' validation lines stand in the training text (of those with 40 characters and more)'
found=$(sed -nE 's/^warning: ([0-9]+) of 23 .*/\1/p' log)
says "validation: $((23 - found)) lines"
prepare kept_lines "${lines[@]}" --keep-leaks
says 'validation: 23 lines'
prepare clean_lines "${lines[@]}" --clean
says ' lines that repeat another: --max-copies 1'
is_silent_on 'few letters'
finish
