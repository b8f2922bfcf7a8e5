# SPDX-License-Identifier: Apache-2.0
#
# The whole story on toy text, in small: every step runs, is not run again, and is told of.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

mkdir text
for part in "train 400 1" "valid 30 2" "test 20 3"; do
    read -r name lines seed <<<"$part"
    make_text "text/$name" "$lines" "$seed"
done
make_space
quickstart=("$hat" quickstart --text text --out out --space space.yml --vocab-size 40 --updates 60
    --tune-updates 20 --samples 14 --health 2 --speedup 1.2)
"${quickstart[@]}" >story 2>log || fail "quickstart: $(cat log)"
grep -q 'BLEU|nrefs:1' story || fail "no score is told: $(cat story)"
[ "$(grep -c '  - hat: ' story)" = 10 ] || fail "not ten translations: $(cat story)"
grep -q 'times as fast (measured)' out/en-de/report/README.md || fail "the report tells no speed"
[ -s out/en-de/model/weights.safetensors ] || fail "there is no model"
"$hat" translate --model out/en-de/model <text/test.en | cmp - out/en-de/test.model.de ||
    fail "the model translates something else"

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
expect 1 'nowhere' "$hat" quickstart --text nowhere --out other
finish
