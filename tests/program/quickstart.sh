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

# A run that is there is not taken for one with other flags.
expect 1 'out/en-de: was begun with other flags: --updates was 60, is 61; give the same to go on, or another --out' \
    "${quickstart[@]/%60/61}"
expect 1 '--text-name was "a text of the user' "${quickstart[@]}" --text-name "my text"

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
for flag in $("$hat" quickstart --help | grep -oE '^ +--[a-z-]+(,--[a-z-]+)*' | tr , ' '); do
    script "--language de --out $PWD/tree/build/quickstart $flag=1" "$flag=1"
done
expect 1 'nowhere' "$hat" quickstart --text nowhere --out other
expect 2 '--text excludes --max-words' "$hat" quickstart --text text --max-words 5
finish
