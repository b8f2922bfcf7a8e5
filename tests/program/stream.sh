# SPDX-License-Identifier: Apache-2.0
#
# Text goes through `hat translate` as a stream: what is there is answered, a bad line is mended and
# told, and nothing is lost unsaid.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_text train 400 1
make_text valid 20 2
make_architecture
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data >/dev/null 2>&1
"$hat" train --data data --architecture small.yml --updates 150 --max-tokens 600 --learning-rate 4e-3 \
    --warmup 20 --out run 2>log >/dev/null || fail "training: $(cat log)"
translate=("$hat" translate --model run --max-length-b 20)

# ok COMMAND…: ends with exit code 0; stdout and stderr are kept.
ok() {
    "$@" >stdout 2>stderr || fail "$*: exit code $?: $(cat stderr)"
}
# has FILE TEXT
has() { grep -qF -- "$2" "$1" || fail "$1 lacks \"$2\": $(head -c 2000 "$1")"; }

# One bad line is mended and told; the others are as without it.
printf 'one two.\nthree.\nfour five.\n' | "${translate[@]}" >good
printf '\xef\xbb\xbfone two.\nthr\xffee.\nfour five.' >bytes.txt
ok "${translate[@]}" <bytes.txt
has stderr "note: standard input:2: byte 4 of the line is not valid UTF-8; U+FFFD"
[ "$(wc -l <stdout)" = 3 ] || fail "3 lines in, $(wc -l <stdout) out"
diff <(sed -n '1p;3p' good) <(sed -n '1p;3p' stdout) || fail "a bad byte changed other lines"
awk 'BEGIN { print "one two."; for (i = 0; i < 700; ++i) printf "one two three%s ", i % 4 ? "" : ".";
             print ""; print "four five." }' >long.txt
ok "${translate[@]}" <long.txt
has stderr "note: standard input:2: the line has"
[ "$(wc -l <stdout)" = 3 ] || fail "3 lines in, $(wc -l <stdout) out"
diff <(sed -n '1p;3p' good) <(sed -n '1p;3p' stdout) || fail "a long line changed other lines"
parts=$(count_parts stderr)
[ "$parts" -ge 175 ] || fail "175 sentences in $parts parts"
[ "$(sed -n 2p stdout | wc -w)" -ge "$parts" ] || fail "a long line lost some of $parts parts: $(cat stdout)"
[ "$(sed -n 2p stdout | wc -w)" -ge 175 ] || fail "a long line lost sentences: $(cat stdout)"

# So is a line that is longer than all that the network was trained on; --strict does not end there.
grep -qE '"longest_source": "[0-9]+"' run/model/config.json || fail "no length: $(cat run/model/config.json)"
awk 'BEGIN { for (i = 0; i < 60; ++i) printf "one two three. "; print "" }' >longer.txt
ok "${translate[@]}" --strict <longer.txt
grep -qE '^note: standard input:1: the line has [0-9]+ tokens, expected at most [0-9]{2}; it is translated in [0-9]+ parts$' stderr ||
    fail "a longer line: $(cat stderr)"
in_parts=$(wc -w <stdout)
ok "${translate[@]}" --strict --split-over 0 <longer.txt
! grep -q parts stderr || fail "--split-over 0: $(cat stderr)"
[ "$in_parts" -gt "$(wc -w <stdout)" ] || fail "a longer line has only $in_parts words in parts"
ok "${translate[@]}" --split-over 5 <good
has stderr ' tokens, expected at most 5; it is translated in '

# --strict ends there, after what came before.
for bad in bytes.txt long.txt; do
    expect 1 "standard input:2: " "${translate[@]}" --strict <"$bad"
    cmp -s stdout <(head -n 1 good) || fail "$bad: what came before is not there: $(cat stdout)"
done

# A line without end needs no memory in proportion, and is told.
memory=()
for bytes in 3000000 300000000; do
    head -c "$bytes" /dev/zero | tr '\0' x |
        "$hat" translate --model run --max-length-b 5 --max-line-bytes 2000 --threads 1 --stats >endless 2>stderr ||
        fail "a line of $bytes bytes: $(cat stderr)"
    has stderr "standard input:1: the line has $bytes bytes, expected at most 2000; the last"
    [ "$(wc -l <endless)" = 1 ] || fail "one line in, $(wc -l <endless) out"
    memory+=("$(sed -n 's/.*; memory at most \([0-9]*\) MB$/\1/p' stderr)")
done
[ "${memory[1]}" -le $((memory[0] + 8)) ] || fail "lines of 3 and 300 MB take ${memory[*]} MB"

# What cannot be read is an error, not an empty text.
expect 1 "standard input: cannot be read: Is a directory" "${translate[@]}" <.
expect 1 "standard input: cannot be read: Input/output error" "${translate[@]}" </proc/self/mem
expect 1 "standard input: cannot be read: Bad file descriptor" "${translate[@]}" <&-

# Text that the vocabulary lacks.
printf 'one 😀 two.\n保存文件。\n' >unknown.txt
ok "${translate[@]}" <unknown.txt
has stderr "2 of 2 lines have text that the vocabulary lacks; the first, line 1: 😀"
has stdout "😀"
[ "$(sed -n 2p stdout)" = "保存文件。" ] || fail "a line of which nothing is known: $(cat stdout)"
ok "${translate[@]}" --unk drop <unknown.txt
! grep -q "😀" stdout || fail "--unk drop kept what it knows nothing of"
[ "$(sed -n 2p stdout)" = "" ] || fail "--unk drop: $(cat stdout)"
ok "${translate[@]}" --unk mark <unknown.txt
[ "$(sed -n 2p stdout)" = "⁇" ] || fail "--unk mark: $(cat stdout)"
[ "$(sed -n 1p stdout | grep -o ⁇ | wc -l)" = 1 ] || fail "--unk mark: $(cat stdout)"
ok "${translate[@]}" <good
! grep -q lacks stderr || fail "known text is said to be unknown: $(cat stderr)"

# Translations that were cut are counted.
ok "$hat" translate --model run --max-length-b 1 <valid.en
has stderr "20 of 20 translations are as long as it may be"
ok "${translate[@]}" --stats <valid.en
has stderr "20 lines, $(wc -w <valid.en) words, "
has stderr " tokens, 0 of them unknown (0.00 %) in 0 lines; "
ok "$hat" distill --model run --data data --out distilled --beam 1 --max-length-b 1
has stderr "400 of 400 translations are as long as it may be"
has distilled/config.json '"cut_translations": 400'

# A mean of parameters that is worse than the best ones is told.
grep -qE '^note: the mean of the last parameters is worse than the best \(loss [0-9.]+ at update [0-9]+\); --average-last 1 takes no mean$' log ||
    fail "the mean is worse, unsaid: $(cat log)"

# Bytes that are no character are told: here the third is cut off.
sed 's/.*/保/' train.de >bytes.de
sed 's/.*/保/' valid.de >valid_bytes.de
"$hat" prepare --source train.en --target train.de --vocab-size 400 --byte-fallback on \
    --out with_bytes >/dev/null 2>&1
"$hat" prepare --source train.en --target bytes.de --valid-source valid.en --keep-leaks \
    --valid-target valid_bytes.de --subword with_bytes/subword.model --out bytes >/dev/null 2>&1
"$hat" train --data bytes --architecture small.yml --updates 40 --max-tokens 600 --learning-rate 4e-3 \
    --warmup 20 --average-last 1 --out bytes_run >/dev/null 2>log || fail "training: $(cat log)"
ok "$hat" translate --model bytes_run --max-length-b 2 --stats <valid.en
has stderr "20 of 20 translations have bytes that are no character (U+FFFD); the first, line 1"
has stderr "cut, 20 with bytes that are no character; "
printf 'one \xff two.\n' >bad_byte
ok "$hat" translate --model bytes_run --max-length-b 2 <bad_byte
! grep -q "no character" stderr || fail "the source has U+FFFD itself: $(cat stderr)"

# On a terminal it tells how far it is.
script -qec "'$hat' translate --model run --max-length-b 20 <valid.en >on_terminal" typescript </dev/null >/dev/null
grep -q '20 lines  [0-9]* words/s' typescript || fail "no progress: $(cat typescript)"
[ "$(wc -l <on_terminal)" = 20 ] || fail "progress among the translations"

# The best few, and the same scores for targets that are given.
"${translate[@]}" --scores <valid.en >scored
"${translate[@]}" --scores --n-best 3 <valid.en >best
[ "$(wc -l <best)" = 60 ] || fail "3 translations of 20 lines are $(wc -l <best)"
awk 'NR % 3 == 1' best | cut -f 2- | cmp - scored || fail "the first of the best is not the best"
[ "$(cut -f 1 best | uniq -c | awk '{ print $1 }' | sort -u)" = 3 ] || fail "numbers of lines"
awk '{ for (i = 0; i < 3; ++i) print }' valid.en >thrice.en
cut -f 3 best >best.de
"${translate[@]}" --score-targets best.de <thrice.en >scores
# (Text may be cut into other pieces than the search found, and then scores otherwise.)
paste scores <(cut -f 2 best) | awk '{ if ($1 == $2) ++n } END { exit n < 50 }' ||
    fail "given targets have other scores: $(paste scores <(cut -f 2 best) | head -n 5)"
expect 1 "--n-best: 6, but a beam of 5" "${translate[@]}" --n-best 6 </dev/null
expect 1 "standard input has 20 lines, but best.de has 60" "${translate[@]}" --score-targets best.de <valid.en
[ "$(wc -l <stdout)" = 20 ] || fail "scores that came before are not there"
expect 1 "standard input has more lines than --score-targets" \
    "${translate[@]}" --score-targets valid.de <thrice.en
[ "$(wc -l <stdout)" = 20 ] || fail "scores that came before are not there"

# Scores of words: as many as there are words, in text and in JSON.
"${translate[@]}" --word-scores <valid.en >worded
[ "$(cut -f 1 worded | wc -w)" = "$(cut -f 2 worded | wc -w)" ] || fail "scores of words: $(head -n 3 worded)"
cut -f 2 worded | cmp - <("${translate[@]}" <valid.en) || fail "scores of words change translations"
head -n 1 valid.en | "${translate[@]}" --word-scores --format jsonl | contains -E '"word_scores":\[(-[0-9.]+,?)+\]' ||
    fail "scores of words in JSON"

# Which words stand for which.
"${translate[@]}" --alignment <valid.en >aligned
cut -f 2 aligned | cmp - <("${translate[@]}" <valid.en) || fail "an alignment changes translations"
[ "$(cut -f 1 aligned | wc -w)" = "$(cut -f 2 aligned | wc -w)" ] || fail "alignment: $(head -n 3 aligned)"
paste <(cut -f 1 aligned) valid.en | awk -F '\t' '{ n = split($1, links, " "); words = split($2, w, " ")
    for (i = 1; i <= n; ++i) { split(links[i], l, "-"); if (l[1] >= words || l[2] != i - 1) exit 1 } }' ||
    fail "links to no words: $(head -n 3 aligned)"
head -n 1 valid.en | "${translate[@]}" --alignment --word-scores --format jsonl --n-best 2 |
    grep -qE '"word_scores":\[[-0-9.,]+\],"alignment":\[(\[[0-9]+,[0-9]+\],?)+\].*"n_best"' || fail "alignment in JSON"
expect 1 "decoder layer 2 of 1 has no attention to the source" \
    "${translate[@]}" --alignment --alignment-layer 2 <valid.en

# What a translation begins with.
awk '{ print $0 "\t" (NR % 2 ? "zwei vier" : "") }' valid.en >begun.en
"${translate[@]}" --prefix <begun.en >begun
[ "$(awk 'NR % 2' begun | grep -c '^zwei vier')" = 10 ] || fail "--prefix: $(cat begun)"
paste begun <("${translate[@]}" <valid.en) | awk -F '\t' 'NR % 2 == 0 && $1 != $2 { exit 1 }' ||
    fail "--prefix changes other lines"
# One that cannot be said, or has nothing to stand in front of, is told and left out.
printf 'one.\ttwo 😀\n\tzwei\none.\n' | "${translate[@]}" --prefix >found 2>stderr || fail "prefix: $(cat stderr)"
[ "$(sed -n 1p found)" = "$(sed -n 3p found)" ] || fail "a prefix that cannot be said changes the line: $(cat found)"
[ "$(wc -l <found)" = 3 ] || fail "a prefix costs a line: $(cat found)"
has stderr "standard input:1: what a translation begins with, \"two 😀\", has text that the vocabulary lacks; its prefix"
has stderr "standard input:2: there is nothing to translate in front of the prefix; its prefix is left out"
printf 'one.\ttwo 😀\n' | "${translate[@]}" --prefix --strict 2>stderr && fail "--strict takes a prefix that cannot be said"
# Words of lines that begin with letters of several bytes are told apart, too.
printf 'one\n\u00fcber one\n' | "${translate[@]}" --alignment --word-scores >found 2>stderr || fail "alignment: $(cat stderr)"

# Translations that differ more, and drawn ones.
"${translate[@]}" --beam 4 --n-best 4 <valid.en >alike
"${translate[@]}" --beam 4 --groups 4 --diversity 5 --n-best 4 <valid.en >diverse
cmp -s alike diverse && fail "--groups changes nothing"
count() { cut -f 2 "$1" | sort -u | wc -l; }
[ "$(count diverse)" -ge "$(count alike)" ] || fail "diverse ones are fewer: $(count diverse) of $(count alike)"
# How many words the translations of a line begin with, over all lines.
beginnings() { cut -d ' ' -f 1 "$1" | sort -u | wc -l; }
[ "$(beginnings diverse)" -gt "$(beginnings alike)" ] ||
    fail "diverse ones begin in $(beginnings diverse) ways, others in $(beginnings alike)"
expect 1 "--groups: 3, expected a number that divides --beam 5" "${translate[@]}" --groups 3 <valid.en
"${translate[@]}" --sample --n-best 3 --batch 4 <valid.en >drawn
"${translate[@]}" --sample --n-best 3 --flush <valid.en | cmp - drawn || fail "the same seed draws something else"
"${translate[@]}" --sample --n-best 3 --seed 2 <valid.en | cmp -s - drawn && fail "another seed draws the same"
"${translate[@]}" --sample --top-k 1 <valid.en | cmp - <("${translate[@]}" --beam 1 <valid.en) ||
    fail "--sample --top-k 1 is not greedy"
expect 2 "--beam" "${translate[@]}" --sample --beam 3 </dev/null

# A line without a score has as many columns.
printf 'one.\n\n' >blank
"${translate[@]}" --scores <blank | sed -n 2p | diff - <(printf 'nan\t\n') || fail "score of a blank line"
"${translate[@]}" --scores --n-best 1 <blank | sed -n 2p | diff - <(printf '2\tnan\t\n') ||
    fail "score of a blank line among the best"

# As JSON.
printf 'one "two".\n\n' | "${translate[@]}" --format jsonl --n-best 2 >json
sed -n 1p json | contains -E '^\{"source":"one \\"two\\"\.","target":"[^"]+","score":-[0-9.]+(,"is_cut":true)?,"n_best":\[\{"target":"[^"]+","score":-[0-9.]+(,"is_cut":true)?\},\{' ||
    fail "JSON: $(cat json)"
[ "$(sed -n 2p json)" = '{"source":"","target":"","score":null,"n_best":[{"target":"","score":null}]}' ] ||
    fail "JSON of an empty line: $(cat json)"
# What is not as usual stands there.
{ printf 'one \xff 😀 two\none two three four five\n'; cat longer.txt; } >unusual
"${translate[@]}" --format jsonl --max-line-bytes 900 <unusual >json 2>/dev/null
sed -n 1p json | contains -E ',"unknown_tokens":[0-9]+,"mended":true\}$' || fail "JSON: $(cat json)"
sed -n 2p json | contains -E '"score":-[0-9.]+(,"is_cut":true)?\}$' || fail "JSON: $(cat json)"
sed -n 3p json | contains -E ',"parts":[0-9]+\}$' || fail "JSON: $(cat json)"
"${translate[@]}" --format jsonl --max-line-bytes 20 <unusual 2>/dev/null | sed -n 2p |
    grep -qE '"score":-[0-9.]+(,"is_cut":true)?,"shortened":true\}$' || fail "JSON of a line that is cut off"
echo 'one.' >one
"${translate[@]}" --format jsonl --score-targets one <one |
    grep -Eq '^\{"source":"one\.","target":"one\.","score":-[0-9.]+\}$' || fail "JSON of a score"

# Lengths.
"${translate[@]}" --min-length 12 <good >longer
"${translate[@]}" --scores --min-length 12 --no-unk <good >/dev/null || fail "--no-unk"
[ "$(wc -c <longer)" -gt "$("${translate[@]}" <good | wc -c)" ] || fail "--min-length has no effect"

expect 2 "--min-length: 21, expected at most --max-length-b 20" "${translate[@]}" --min-length 21 </dev/null
expect 2 "--min-length: 201, expected at most --max-length-b 200" \
    "$hat" distill --model run --data data --out other --min-length 201
ok "${translate[@]}" --min-length 21 --max-length-a 2 <good

# Rules that leave a line no token end there, and are named; lines before it are answered.
printf '\n\none.\ntwo.\n' >spent
spent=("$hat" translate --model run --min-length 100 --no-repeat-ngram 1)
rules='no next token has a finite score of those that min length = 100 and no repeat n-gram = 1 allow'
for how in "--beam 5" "--beam 1" "--beam 4 --groups 2" "--sample" "--flush" "--batch 1"; do
    # shellcheck disable=SC2086
    expect 1 "$rules" "${spent[@]}" $how <spent
    has stderr "hat: standard input:3: run/model: "
    cmp -s stdout <(printf '\n\n') || fail "$how: what came before is not there: $(cat stdout)"
done

# How fast it was, and what it took.
ok "${translate[@]}" --stats <valid.en
grep -qE '^from reading a line to its translation: half of them within [0-9.e+]+ ms, 95 % within [0-9.e+]+ ms, 99 % within [0-9.e+]+ ms; memory at most [0-9]+ MB$' stderr ||
    fail "--stats: $(cat stderr)"

# A line by itself is answered the same.
"${translate[@]}" --flush <valid.en 2>/dev/null | cmp - <("${translate[@]}" <valid.en) || fail "--flush"

# Nobody reads on: it ends soon, without a word.
awk 'NR == 1 { for (i = 0; i < 100000; ++i) print }' valid.en >many
begin=$SECONDS
{ "${translate[@]}" <many 2>stderr || true; } | head -n 1 >first
[ $((SECONDS - begin)) -le 3 ] || fail "a closed pipe is noticed after $((SECONDS - begin)) s"
cmp -s first <(head -n 1 many | "${translate[@]}") || fail "the first line before a closed pipe: $(cat first)"
[ ! -s stderr ] || fail "a closed pipe is told: $(cat stderr)"
# So it does within a block, which would take minutes.
head -n 400 many >block
begin=$SECONDS
{ timeout 10 "$hat" translate --model run --beam 50 --min-length 900 --max-length-b 1000 <block 2>stderr || echo $? >code; } | sleep 1
[ "$(cat code)" = 141 ] || fail "a pipe that is closed within a block: exit code $(cat code) after $((SECONDS - begin)) s"
[ ! -s stderr ] || fail "a closed pipe is told: $(cat stderr)"

# SIGTERM: what was read is translated, what is not a whole line is not.
mkfifo held
"${translate[@]}" <held >answers 2>stderr &
pid=$!
exec {to}>held
printf 'one two.\nthree.\nfou' >&"$to"
for ((i = 0; i < 100 && $(wc -l <answers) < 2; ++i)); do sleep 0.1; done
kill -TERM "$pid"
code=0
wait "$pid" || code=$?
exec {to}>&-
[ "$code" = 143 ] || fail "SIGTERM: exit code $code"
has stderr "note: ended by SIGTERM"
cmp answers <(printf 'one two.\nthree.\n' | "${translate[@]}") || fail "SIGTERM: $(cat answers)"

# A second one does not wait for what takes long.
"$hat" translate --model run --beam 50 --min-length 900 --max-length-b 1000 <block >/dev/null 2>stderr &
pid=$!
sleep 1
for _ in 1 2; do
    kill -TERM "$pid"
    sleep 0.2
done
code=0
timeout 5 tail --pid "$pid" -f /dev/null || code=$?
[ "$code" = 0 ] || { kill -KILL "$pid"; fail "a second SIGTERM does not end it"; }
wait "$pid" && fail "a second SIGTERM ends it as if nothing were" || code=$?
[ "$code" = 143 ] || fail "a second SIGTERM: exit code $code"

# Another program holds it open for 1,000 lines and has the answer to each before it writes the next.
awk 'BEGIN { split("one two three four five six", w)
             for (i = 0; i < 1000; ++i) print w[1 + i % 6], w[1 + int(i / 6) % 6] "." }' >asked
coproc translator { exec "$hat" translate --model run --max-length-b 6 --beam 1 --threads 1 2>answers.err; }
# shellcheck disable=SC2154
exec {to}>&"${translator[1]}" {from}<&"${translator[0]}"
pid=$translator_PID
answered=0
while read -r line; do
    printf '%s\n' "$line" >&"$to"
    IFS= read -r -t 20 answer <&"$from" || break
    printf '%s\n' "$answer"
    answered=$((answered + 1))
done <asked >answers
[ "$answered" = 1000 ] || fail "line $((answered + 1)) was not answered: $(cat answers.err)"
eval "exec ${translator[1]}>&-" "$to>&-" 2>/dev/null
wait "$pid" || fail "a held translator ended with $?: $(cat answers.err)"
"$hat" translate --model run --max-length-b 6 --beam 1 --threads 1 <asked 2>/dev/null | cmp - answers ||
    fail "lines are translated differently one at a time"
finish
