# SPDX-License-Identifier: Apache-2.0
#
# The whole story on toy text, in small: every step runs, is not run again, and is told of.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

mkdir text
for part in "train 400 1" "valid 30 2" "test 20 3"; do
    read -r name lines seed <<<"$part"
    make_text "text/$name" "$lines" "$seed"
done
make_space
quickstart=("$hat" quickstart --text text --out out --space space.yml --vocab-size 40 --updates 60
    --tune-updates 20 --samples 14 --speedup 1.2 --health 2)
"${quickstart[@]}" >story 2>log || fail "quickstart: $(cat log)"
grep -q 'BLEU|nrefs:1' story || fail "no score is told: $(cat story)"
[ "$(grep -c '  - hat: ' story)" = 10 ] || fail "not ten translations: $(cat story)"
grep -q 'times as fast (measured)' out/en-de/report/README.md || fail "the report tells no speed"
[ -s out/en-de/model/weights.safetensors ] || fail "there is no model"
"$hat" translate --model out/en-de/model <text/test.en | cmp - out/en-de/test.model.de ||
    fail "the model translates something else"

# It ends with a picture of the front, and with three commands that can be copied.
front=out/en-de/report/front.svg
grep -qF "one: $front" log || fail "no picture is named: $(tail -n 20 log)"
for words in '>chosen: ' '>largest: ' 'networks scored' 'the front' 'measured'; do
    grep -qF -- "$words" "$front" || fail "the picture lacks \"$words\""
done
grep -q 'more for the front of all latencies' out/en-de/report/report.md || fail "the front ends at the limit"
# next_commands LOG FILE: the commands behind the last heading, which are run as they stand.
next_commands() {
    sed -n '/^== Done/,$s/^    //p' "$1" >"$2"
    [ "$(wc -l <"$2")" = 3 ] || fail "not three commands: $(cat "$2")"
}
next_commands log next
bash -e next >found 2>stderr || fail "the three commands: $(cat next stderr)"
[ "$(wc -l <found)" = $((1 + 1 + 20)) ] || fail "the three commands print: $(cat found)"
grep -qF 'namespace' out/en-de/translator.hpp || fail "there is no header"

# The card and the report can be published: names, scores, speed, licence, and no path of this machine.
card=out/en-de/model/README.md
for words in 'translates English to German' '| BLEU |' 'nrefs:1' '| chrF2 |' '## Latency' 'one thread' \
    '## Licence' 'license: "unknown"' 'model-index:' '400 pairs of sentences'; do
    grep -qF -- "$words" "$card" || fail "the card lacks \"$words\": $(cat "$card")"
done
grep -qF 'from English to German' out/en-de/report/README.md || fail "the report names no languages"
if grep -rF -e "$folder" -e "out/en-de" out/en-de/model/*.{md,json} out/en-de/report/*.md; then
    fail "a path is published"
fi

# A card is not written anew without what it tells, unless it is asked for.
cp "$card" card.md
expect 1 'README.md: ' "$hat" card --model out/en-de/model --name hat-en-de
grep -qE ' of its lines would be lost, the first: "model-index:"; --overwrite ' stderr || fail "$(cat stderr)"
cmp "$card" card.md || fail "the card was changed"
"$hat" card --model out/en-de/model --overwrite >/dev/null || fail "card --overwrite"
"$hat" card --model out/en-de/model --name other >/dev/null || fail "a card that tells no more"
echo 'Made with love.' >>"$card"
expect 1 '1 of its lines would be lost, the first: "Made with love."' "$hat" card --model out/en-de/model
cp card.md "$card"

# What is done stays done; a step whose result is gone is done again, to the same end.
"${quickstart[@]}" >again 2>log || fail "quickstart once more: $(cat log)"
cmp story again || fail "the second time it tells another story"
grep -q '^hat ' log && fail "the second time it did something: $(cat log)"
rm -rf out/en-de/model out/en-de/model.run out/en-de/test.model.de
"${quickstart[@]}" >again 2>log || fail "quickstart, tuned once more: $(cat log)"
cmp story again || fail "tuned once more it tells another story"

# The folder's name matters to nobody, and a step that was killed behind its result is done.
by_path=("${quickstart[@]}")
by_path[5]=$PWD/out/  # behind --out
"${by_path[@]}" >again 2>log || fail "by a whole path: $(cat log)"
grep -E '^(hat|note:) ' log && fail "by a whole path it did something"

# A run that is there is not taken for one with other flags.
expect 1 'the SuperTransformer was made with something else: --updates was 60, is 61; give the same to go on, or another --out' \
    "${quickstart[@]/%60/61}"
expect 1 '--text-name was "a text of the user' "${quickstart[@]}" --text-name "my text"
cp text/train.en train.en
sed -i '1s/.*/one one/' text/train.en
expect 1 'the prepared data was made with something else: the content of --text.train.en was ' "${quickstart[@]}"
mv train.en text/train.en
cp space.yml space
echo '# another' >>space.yml
"${quickstart[@]}" >again 2>log || fail "a comment in the space: $(cat log)"
sed -i 's/^decoder-ffn-embed-dim-choice: .*/decoder-ffn-embed-dim-choice: [128]/' space.yml
expect 1 'the SuperTransformer was made with something else: the content of --space was ' "${quickstart[@]}"
mv space space.yml

# Where something is made again, so is what was made of it; what is refused before a step may be said otherwise.
rm out/en-de/predictor.json out/en-de/latency.csv*
"${quickstart[@]}" >story 2>log || fail "measured once more: $(cat log)"
grep -q '^note: the search is made again, as what it is made of has changed; removed: ' log || fail "an old search: $(cat log)"
cp -r text mended
wrong=("$hat" quickstart --text mended --out wrong --updates 4 --tune-updates 4 --samples 14 --health 0)
expect 1 'nowhere.yml: there is no such file' "${wrong[@]}" --space nowhere.yml
sed -i '$d' mended/valid.de
expect 1 'mended/valid.' "${wrong[@]}" --space space.yml
[ ! -e wrong ] || fail "a wrong space, or text, leaves a folder"
for language in en de; do head -n 5 text/train.$language >mended/valid.$language; done
"${wrong[@]}" --space space.yml --vocab-size 50 >/dev/null 2>log && fail "validation on the training text is taken"
cp text/valid.* mended  # nothing was made of it yet
for speedup in 1000 999; do
    "${wrong[@]}" --space space.yml --vocab-size 40 --speedup $speedup >/dev/null 2>log &&
        fail "an impossible limit is taken"
    grep -q 'is impossible in this space' log || fail "an impossible limit: $(cat log)"
done

# A signal to quickstart alone, or to its whole group as a terminal sends it, is told by quickstart and by its step;
# the next run goes on.
endless=("$hat" quickstart --text text --out stopped --space space.yml --vocab-size 40 --updates 1000000)
for how in "TERM 143 " "TERM 143 -" "INT 130 -"; do
    read -r signal expected group <<<"$how"
    rm -f log
    setsid env --default-signal=INT "${endless[@]}" >/dev/null 2>log &
    for ((i = 0; i < 300; ++i)); do
        grep -qsE '^update [0-9]+/' log && break
        sleep 0.1
    done
    kill "-$signal" -- "$group$!"
    code=0
    wait $! || code=$?
    [ "$code" = "$expected" ] || fail "SIG$signal: code $code, expected $expected: $(tail -n 5 log)"
    grep -q '^hat: stopped by a signal after update' log || fail "SIG$signal: the training says nothing: $(tail -n 5 log)"
    grep -q "^hat: quickstart: ended by SIG$signal; the same command goes on there$" log ||
        fail "SIG$signal: not told: $(tail -n 5 log)"
    [ "$group" = "" ] || grep -q '^hat train .* --resume$' log || fail "it does not go on: $(cat log)"
done

# The quick one is a run of its own, tells what the long one adds, and its third command is that.
"${quickstart[@]}" --quick >quick 2>log || fail "quickstart --quick: $(cat log)"
[ -s out/en-de-quick/model/weights.safetensors ] || fail "there is no quick model"
grep -q '^hat train .* --dropout 0.1 .* --updates 60 ' log || fail "the quick one trains otherwise: $(cat log)"
# Of what flags have set there is not more, and what that will come to is not known.
awk '/^This was the quick one/ { on = 1 } on { print } on && /[.]$/ { exit }' log | tr '\n' ' ' >adds
[ "$(cat adds)" = "This was the quick one. Without --quick there are larger batches. " ] || fail "it does not say what the long one adds: $(tail -n 20 log)"
next_commands log next
bash -e next >found 2>stderr || fail "the three commands of the quick one: $(cat next stderr)"
tail -n +3 found | cmp - story || fail "the long run is another one: $(cat found)"
grep -q '^hat ' stderr && fail "the long run was not known to be done: $(cat stderr)"
"$hat" quickstart --help | grep -q '^ *--space quick --max-words 10 ' || fail "the help tells no amounts"

# Options of the script stand anywhere. What it would install and build is here played by others.
mkdir -p tree/examples tree/cmake played
cp "$root/examples/quickstart.sh" tree/examples
cat >tree/cmake/install_packages.sh <<'SH'
echo "$*" >>packages
SH
cat >played/cmake <<'SH'
#!/bin/sh
[ "$1" = --build ] || exit 0
mkdir -p "$2/bin"
printf '#!/bin/sh\necho "$@"\n' >"$2/bin/hat"
chmod +x "$2/bin/hat"
SH
chmod +x tree/cmake/install_packages.sh played/cmake
# script EXPECTED ARGUMENT…: it runs hat quickstart so.
script() {
    local expected=$1
    shift
    PATH=$PWD/played:$PATH bash tree/examples/quickstart.sh "$@" >found 2>&1 || fail "quickstart.sh $*: $(cat found)"
    [ "$(tail -n 1 found)" = "quickstart $expected" ] || fail "quickstart.sh $*: $(cat found)"
}
script "--language de --out $PWD/tree/build/quickstart --quick" --quick
script "--language fr --out $PWD/there --quick --updates 3" --quick fr --updates 3 there
script "--language fr --out $PWD/tree/build/quickstart --updates=3" fr --updates=3
code=0
bash tree/examples/quickstart.sh fr there --updates >found 2>&1 || code=$?
[ "$code" = 2 ] && grep -q -- '--updates lacks its value' found || fail "a flag without a value: $(cat found)"
code=0
bash tree/examples/quickstart.sh fr there too >found 2>&1 || code=$?
[ "$code" = 2 ] && grep -q 'found too behind' found || fail "a third word: $(cat found)"
code=0
bash tree/examples/quickstart.sh --update 3 fr >found 2>&1 || code=$?
[ "$code" = 2 ] && [ "$(grep -c . found)" = 1 ] && grep -q 'quickstart.sh: --update is no option of hat quickstart' found ||
    fail "a mistyped flag: $(cat found)"
flags=$("$hat" quickstart --help | grep -oE '^ +--[a-z-]+(,--[a-z-]+)*' | tr ', ' '\n' | grep . | sort -u)
[ "$(wc -w <<<"$flags")" = 15 ] || fail "other flags than 15: $flags"
for flag in $flags; do
    [ "$flag" = --quick ] || script "--language de --out $PWD/tree/build/quickstart $flag=1" "$flag=1"
done
for where in "" fr; do
    code=0
    bash tree/examples/quickstart.sh ${where:+"$where"} "" >found 2>&1 || code=$?
    [ "$code" = 2 ] && grep -q 'quickstart.sh: a word is empty' found || fail "an empty word: $(cat found)"
done
expect 2 '"../de" is no language' "$hat" quickstart --language ../de
expect 2 '--out: is empty' "$hat" quickstart --out ""
mkfifo pipe && mkdir piped && cp text/* piped && rm piped/test.en && mv pipe piped/test.en
expect 1 'piped/test.en: ' timeout 20 "$hat" quickstart --text piped --out other
expect 1 'nowhere' "$hat" quickstart --text nowhere --out other
expect 2 '--text excludes --max-words' "$hat" quickstart --text text --max-words 5
finish
