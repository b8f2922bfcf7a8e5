# SPDX-License-Identifier: Apache-2.0
#
# hat score: metrics, references, tokenizers, sentences, and comparisons; lines as sacreBLEU prints them.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

version=hat-$("$hat" --version | sed 's/,.*//')

# prints TEXT COMMAND…: the command succeeds and its stdout is TEXT.
prints() {
    local text=$1
    shift
    "$@" >stdout 2>stderr || fail "$*: exit code $?: $(cat stderr)"
    [ "$(cat stdout)" = "$text" ] || fail "$*: printed \"$(cat stdout)\", expected \"$text\""
}

# The values of sacreBLEU's README and tests.
printf '%s\n' 'The dog bit the man.' "It wasn't surprising." 'The man had just bitten him.' >system
printf '%s\n' 'The dog bit the man.' 'It was not unexpected.' 'The man bit him first.' >first
printf '%s\n' 'The dog had bit the man.' 'No one was surprised.' 'The man had bitten the dog.' >second
score() { "$hat" score --reference first --reference second "$@" <system; }
bleu="nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:$version"
line="BLEU|$bleu = 48.5 82.4/50.0/45.5/37.5 (BP = 0.943 ratio = 0.944 hyp_len = 17 ref_len = 18)"
prints "$line" score
score --tokenize intl >stdout
grep -qF 'tok:intl|smooth:exp' stdout && grep -qF ' = 43.9 ' stdout || fail "intl: $(cat stdout)"
score --tokenize none >stdout
grep -qF 'tok:none|smooth:exp' stdout && grep -qF ' = 49.2 ' stdout || fail "none: $(cat stdout)"

# Several metrics in one run
score --metric bleu --metric chrf --metric ter >stdout
[ "$(sed 's/ = .*//' stdout)" = "BLEU|$bleu
chrF2|nrefs:2|case:mixed|eff:yes|nc:6|nw:0|space:no|version:$version
TER|nrefs:2|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:$version" ] ||
    fail "three metrics: $(cat stdout)"
score --metric chrf --word-order 2 >stdout
grep -qF 'chrF2++|nrefs:2|case:mixed|eff:yes|nc:6|nw:2|space:no' stdout || fail "chrF++: $(cat stdout)"
printf 'd e f g h a b c\n' >shifted
printf 'a b c d e f g h\n' >right
prints "TER|nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:$version = 12.5" \
    "$hat" score --reference right --metric ter <shifted

# Chinese text has a score with its own tokenizer, and none without.
printf '保存文件。\n打开新的文档！\n' >zh
"$hat" score --reference zh --tokenize zh <zh >stdout
grep -qF 'tok:zh|smooth:exp' stdout && grep -qF ' = 100.0 ' stdout || fail "zh: $(cat stdout)"
"$hat" score --reference zh <zh >stdout
grep -qF 'tok:13a' stdout && grep -qF ' = 0.0 ' stdout || fail "zh as 13a: $(cat stdout)"

# Case
printf 'The Dog Bit The Man\n' >upper
printf 'the dog bit the man\n' >lower
"$hat" score --reference lower --lowercase <upper >stdout
grep -qF '|case:lc|' stdout && grep -qF ' = 100.0 ' stdout || fail "lowercase: $(cat stdout)"

# Sentences: scores on stdout, how they were computed on stderr. The second has 4 of 6 words, 2 of 5
# pairs, 0 of 4 and 0 of 3 (smoothed to 1/2 and 1/4), and exp(1 - 7/6); 4 edits for 6 words.
prints "100.00	0.00
19.43	66.67" bash -c "printf 'The dog bit the man.\nThe man just bit him.\n' |
    '$hat' score --reference <(printf 'The dog bit the man.\nThe man bit him first, no\n') \
        --metric bleu --metric ter --sentence"
grep -qF 'BLEU|nrefs:1|case:mixed|eff:yes|tok:13a|smooth:exp' stderr || fail "signature: $(cat stderr)"

# Comparison: p is never 0.
for i in 1 2 3 4 5 6 7 8; do cat second; done >reference
for i in 1 2 3 4 5 6 7 8; do cat second; done >good
for i in 1 2 3 4 5 6 7 8; do cat system; done >bad
"$hat" score --reference reference --against bad --metric bleu --metric ter <good >stdout
grep -qF 'BLEU 100.00 against' stdout && grep -qF 'TER 0.00 against' stdout || fail "against: $(cat stdout)"
[ "$(grep -c 'p = 0.001, paired bootstrap, 1000 samples' stdout)" = 2 ] || fail "p: $(cat stdout)"

# Empty lines are told, once for each text.
printf 'a b c d\n\n \n' >gaps
prints "$("$hat" score --reference first <gaps 2>/dev/null)" "$hat" score --reference first <gaps
[ "$(cat stderr)" = "note: 2 of 3 lines of standard input are empty; the first, line 2" ] ||
    fail "empty lines: $(cat stderr)"
printf 'a b c d\n\nb\n' >gap
"$hat" score --reference gap --reference first --against gaps <first >stdout 2>stderr
[ "$(cat stderr)" = "note: 1 of 3 lines of gap is empty; the first, line 2
note: 2 of 3 lines of gaps are empty; the first, line 2" ] || fail "empty lines: $(cat stderr)"

# What is wrong
expect 2 "--tokenize: is for --metric bleu" score --metric chrf --tokenize intl
expect 2 "--word-order: is for --metric chrf" score --word-order 2
expect 2 "ja-mecab" score --tokenize ja-mecab
grep -qF "13a,none,char,intl,zh" stderr || fail "tokenizers: $(cat stderr)"
expect 2 "meteor" score --metric meteor
expect 2 "--word-order: 9, expected 0 to 4" score --word-order 9
head -n 1 first >short
expect 1 "short has 1 lines, but first has 3" "$hat" score --reference first --reference short <system
expect 2 "--reference" "$hat" score <system

# Time in proportion: these took minutes.
printf '&quot;%.0s' $(seq 80000) >entities
"$hat" score --reference entities --metric bleu --metric chrf <entities >stdout || fail "entities"
finish
