# SPDX-License-Identifier: Apache-2.0
#
# Protected strings: a toy language with fields, tags and addresses is learnt with symbols in their place,
# and strings that were never seen come back exactly.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

# make_strings NAME LINES SEED: NAME.en and NAME.de as `make_text` makes them, with up to three
# protected strings between the words, the same on both sides. The translation says it backwards.
make_strings() {
    awk -v n="$2" -v seed="$3" -v name="$1" "$random"' BEGIN {
        split("one two three four five six seven eight nine ten", en)
        split("eins zwei drei vier fünf sechs sieben acht neun zehn", de)
        for (i = 0; i < n; ++i) {
            a = b = ""
            kind = int(random() * 4); x = int(random() * 1000)
            count = 2 + int(random() * 3)
            for (k = 1; k <= count; ++k) {
                w = 1 + int(random() * 10); p = en[w]; q = de[w]
                if (k == 1 && kind == 1) { p = p " {" x "}"; q = q " {" x "}" }
                if (k == 1 && kind == 2) { p = "<b id=\"" x "\">" p "</b>"; q = "<b id=\"" x "\">" q "</b>" }
                if (k == 2 && kind >= 2) { p = p " https://a.org/" x; q = q " https://a.org/" x }
                a = a p " "; b = b q " "
            }
            sub(/ $/, "", a); sub(/ $/, "", b)
            print a > (name ".en"); print b > (name ".de")
        }
    }'
}
says() { grep -qF -- "$2" "$1" || fail "$1 lacks \"$2\": $(cat "$1")"; }

make_strings train 3000 1
make_strings valid 60 2
make_architecture
# Pairs whose sides do not hold the same strings stay as they are; a symbol on one side is no pair.
{ cat train.en; echo 'one {1}'; echo 'one two'; echo 'one ⟦3⟧'; } >given.en
{ cat train.de; echo 'eins {2}'; echo 'eins %s'; echo 'eins'; } >given.de
"$hat" prepare --source given.en --target given.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 90 --protect markup,url,braces printf 'regex:KB-[0-9]+' --keep-leaks --out data \
    2>log >/dev/null || fail "prepare: $(cat log)"
says log 'training: 2 pairs do not hold the same protected strings on both sides, and stay as they are'
says log 'training: left out 1 pairs'
grep -Eq 'training: [0-9]+ protected strings in [0-9]+ pairs are symbols' log ||
    fail "protected strings are not counted: $(cat log)"
"$hat" train --data data --architecture small.yml --updates 500 --max-tokens 600 --learning-rate 4e-3 \
    --warmup 100 --dropout 0.1 --average-last 3 --out run 2>log || fail "training: $(cat log)"

# Strings that no training pair holds.
cat >test.en <<'TEXT'
<b id="new &amp; unseen">three</b> five https://example.com/a_(b)?c=d&e=%20#f
two {name:>10} four
one <a href='x'>KB-17
six seven
TEXT
cat >expected <<'TEXT'
<b id="new &amp; unseen">drei</b> fünf https://example.com/a_(b)?c=d&e=%20#f
zwei {name:>10} vier
TEXT
"$hat" translate --model run <test.en >test.out 2>log || fail "translate: $(cat log)"
head -n 2 test.out | cmp - expected || fail "strings do not come back: $(cat test.out)"
says log 'protected strings'
for string in "<a href='x'>" KB-17; do
    [ "$(sed -n 3p test.out | grep -oF -- "$string" | wc -l)" = 1 ] ||
        fail "line 3 has not one $string: $(cat test.out)"
done
[ "$(sed -n 4p test.out)" = 'sechs sieben' ] || fail "line 4: $(cat test.out)"
# A line alone, another thread count and batch: the same.
"$hat" translate --model run --batch 1 --threads 1 <test.en 2>/dev/null | cmp - test.out ||
    fail "a line is translated differently alone"

# Any line keeps its strings, however it is translated: 30 fields, repeated ones, and symbols.
fields=$(printf '{%d} ' {1..30})
printf '%s\n' "one ${fields}two" 'one {0} {0} {0} two' 'one ⟦0⟧ ⟦7⟧ {0} two' >hard.en
for lost in append mark; do
    "$hat" translate --model run --lost $lost <hard.en >hard.out 2>log
    for line in 1 2 3; do
        for side in en out; do
            sed -n ${line}p hard.$side | grep -oE '\{[0-9]+\}|⟦[0-9]+⟧' | sort >strings.$side
        done
        cmp strings.en strings.out || fail "--lost $lost, line $line: $(sed -n ${line}p hard.out)"
    done
done
"$hat" translate --model run --format jsonl <hard.en 2>log | grep -oE '"lost":[0-9]+' | cut -d : -f 2 >lost
says log "$(awk '{ n += $1 } END { print n + 0 }' lost) were lost in translation"
"$hat" translate --model run --lost drop <hard.en >hard.out 2>/dev/null
grep -oE '\{[0-9]+\}' hard.out | sort -u | grep -vxF -f <(grep -oE '\{[0-9]+\}' hard.en) &&
    fail "a string was invented: $(cat hard.out)"

# The symbols and rules go with the data: another subword model for the same text, and distillation.
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --subword data/subword.model --keep-leaks --out again 2>log >/dev/null || fail "prepare: $(cat log)"
says log 'are symbols'
"$hat" distill --model run --data again --beam 1 --out easier 2>log >/dev/null ||
    fail "distill: $(cat log)"
cmp data/text.json easier/text.json || fail "the rules are lost in distillation"

expect 2 'expected markup, url, email, printf, braces, all or regex:…' \
    "$hat" prepare --source train.en --target train.de --protect tags --out none
expect 2 'is no regular expression' \
    "$hat" prepare --source train.en --target train.de --protect 'regex:(' --out none
expect 2 'has \C, a byte, which cuts characters' \
    "$hat" prepare --source train.en --target train.de --protect 'regex:\C' --out none
expect 2 'matches nothing but empty strings' \
    "$hat" prepare --source train.en --target train.de --protect 'regex:\b' --out none
expect 2 '--protect requires --source' \
    "$hat" prepare --task language-model --text train.en --protect url --vocab-size 40 --out none
finish
