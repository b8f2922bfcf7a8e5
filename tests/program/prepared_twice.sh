# SPDX-License-Identifier: Apache-2.0
#
# A folder that is prepared again, with other text: nothing goes on as if it were the same, nothing of
# the first is left in the second, and no command destroys what another one made.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_chain
well "${prepare[@]}" --out data
well "${train[@]}" --updates 4 --data data --out super
well "$hat" extract --run super --architecture smallest --out small
well "${tune[@]}" --updates 4 --model small --data data --out tuned
well "$hat" distill --model super --data data --beam 1 --out easier
for folder in data super small tuned tuned.run easier; do cp -r "$folder" "$folder.before"; done

# Each command replaces its own kind only, and only if that is asked for.
expect 1 "data: holds training data already; replace it with --overwrite" "${prepare[@]}" --out data
expect 1 "small: holds a model, which would be lost" "${prepare[@]}" --out small --overwrite
expect 1 "super: holds a training, which would be lost" "${prepare[@]}" --out super --overwrite
expect 1 "super: holds a training already" "${train[@]}" --updates 4 --data data --out super
for flag in --resume --overwrite; do
    expect 1 "small: holds a model, which would be lost" "${train[@]}" --updates 4 --data data --out small "$flag"
    expect 1 "data: holds training data, which would be lost" \
        "${train[@]}" --updates 4 --data data --out data "$flag"
done
expect 1 "super: holds a training, which would be lost" \
    "$hat" extract --run super --architecture smallest --out super --overwrite
expect 1 "small: holds a model already; replace it with --overwrite" \
    "$hat" extract --run super --architecture smallest --out small/
expect 1 "data: holds training data, which would be lost" \
    "${tune[@]}" --updates 4 --model small --data data --out data --overwrite
expect 1 "small: holds a model already; replace it with --overwrite" \
    "${tune[@]}" --updates 4 --model small --data data --out small
expect 1 "small: holds a model already; replace it with --overwrite" \
    "${tune[@]}" --updates 4 --model small --data data --out small --resume
expect 1 "tuned.run: holds a training already" "${tune[@]}" --updates 4 --model small --data data --out tuned
expect 1 "easier: holds training data already" \
    "$hat" distill --model super --data data --out easier
expect 1 "small: holds a model, which would be lost" \
    "$hat" distill --model super --data data --out small --overwrite
mkdir thesis && printf 'chapter one\n' >thesis/config.json
expect 1 'thesis: is no training, but holds "config.json"' "${train[@]}" --updates 4 --data data --out thesis
expect 1 'thesis: holds something else, which would be lost' "${prepare[@]}" --out thesis
expect 1 'thesis: holds something else, which would be lost' "${prepare[@]}" --out thesis --overwrite
for folder in data super small tuned tuned.run easier; do same "$folder.before" "$folder"; done
[ "$(cat thesis/config.json)" = 'chapter one' ] || fail "a file of somebody else was changed"

# A resume knows its data by what it is, not by where it is.
cp -r data moved
well "${train[@]}" --updates 4 --data ./moved/ --out super --resume
cmp -s super/model/weights.safetensors super.before/model/weights.safetensors ||
    fail "a resume from another path gives other weights"

# Other text with the same vocabulary in the same folder.
make_text other 200 7
well "$hat" prepare --source other.en --target other.de --valid-source valid.en --valid-target valid.de \
    --subword data/subword.model --out data --overwrite
expect 1 "super: was trained with other settings: the content of data.training was" \
    "${train[@]}" --updates 4 --data data --out super --resume
expect 1 "tuned.run: was trained with other settings: the content of data.training was" \
    "${tune[@]}" --updates 4 --model small --data data --out tuned --resume
# Another vocabulary of the same size.
sed 's/\./!/' train.de >loud.de
well "$hat" prepare --source train.en --target loud.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data --overwrite
well "${train[@]}" --updates 4 --data moved --out first
expect 1 "another subword model than the data" "${train[@]}" --updates 4 --data data --out next --init first
expect 1 "another subword model than the data" "${tune[@]}" --updates 4 --model small --data data --out next
expect 1 "another subword model than the data" "$hat" distill --model super --data data --out next
expect 1 "the content of data" "${train[@]}" --updates 4 --data data --out super --resume
well "$hat" latency --space space.yml --data moved --samples 14 --sentences 2 --repeats 3 --attempts 1 \
    --out latency.csv
expect 1 "another subword model than the data" "$hat" latency --space space.yml --data data --run super \
    --samples 2 --repeats 3 --out next.csv
well "$hat" predictor --latency latency.csv --model additive --out predictor.json
expect 1 "another subword model than the data" "$hat" search --run super --predictor predictor.json \
    --data data --limit-ms 1000 --out next.yml
well "$hat" latency --space space.yml --vocab-size 50 --samples 14 --length fixed:3 --repeats 3 \
    --attempts 1 --out fifty.csv
well "$hat" predictor --latency fifty.csv --model additive --out fifty.json
expect 1 "fifty.json: is of networks with a vocabulary of 50, but --run super has one of 40" \
    "$hat" search --run super --predictor fifty.json --data moved --limit-ms 1000 --out next.yml
[ ! -e next ] && [ ! -e next.run ] && [ ! -e next.csv ] && [ ! -e next.yml ] ||
    fail "a command that was refused left something behind"

# The chain on what was prepared last.
well "${train[@]}" --updates 4 --data data --out super --overwrite
well "$hat" extract --run super --architecture smallest --out small --overwrite
well "${tune[@]}" --updates 4 --model small --data data --out tuned --overwrite
"$hat" translate --model tuned <test.en >test.out || fail "the last model does not translate"
"$hat" score --reference test.de <test.out | contains BLEU || fail "its translations are not scored"

# Data for another task leaves nothing of the first.
well "$hat" prepare --task language-model --text train.en --words 1 --out data --overwrite
[ ! -e data/subword.model ] || fail "the subword model of the pairs was left"
expect 1 "holds text for --task language-model" "${train[@]}" --updates 4 --data data --out next
finish
