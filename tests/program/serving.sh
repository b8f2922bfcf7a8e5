# SPDX-License-Identifier: Apache-2.0
#
# How networks are served is searched with them: tables have rows of every way, a predictor tells
# their times, the network that is chosen says how it is served, and is served so.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_text train 400 1
make_text valid 30 2
make_text test 10 3
make_space
printf 'weight-bits-choice: [32, 8]\nlisted-tokens-choice: [0, 20]\n' >>space.yml
well "$hat" inspect --space space.yml
grep -q '^weight_bits: 32, 8$' stdout || fail "inspect does not list the kinds of weights: $(cat stdout)"
grep -q '^listed_tokens: 0, 20$' stdout || fail "inspect does not list the sizes of lists: $(cat stdout)"
well "$hat" prepare --source train.en --target train.de --valid-source valid.en \
    --valid-target valid.de --vocab-size 40 --shortlist 4 --shortlist-frequent 2 --out data
well "$hat" train --data data --space space.yml --updates 60 --max-tokens 300 --dropout 0.1 \
    --warmup 20 --average-last 2 --out super

# column NAME FILE: the values of a column.
column() {
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == name) column = i; next }
        { print $column }' "$2"
}
well "$hat" latency --space space.yml --data data --samples 36 --sentences 2 --repeats 2 --attempts 1 \
    --out latency.csv
for bits in 8 32; do
    [ "$(column weight_bits latency.csv | grep -c "^$bits\$")" -ge 13 ] ||
        fail "fewer than 13 networks are measured in $bits bits: $(column weight_bits latency.csv)"
done
[ "$(column listed_tokens latency.csv | sort -u | tr '\n' ' ')" = '0 20 ' ] ||
    fail "not both sizes of lists are measured: $(column listed_tokens latency.csv)"
grep -q '/w8l20$' latency.csv || fail "genes do not say how a network was served: $(cat latency.csv)"
well "$hat" predictor --latency latency.csv --model additive --out predictor.json
grep -q '"kinds"' predictor.json || fail "the predictor has one kind of weights"

# The chosen network tells how it is served, and is, without a word of who serves it.
search=("$hat" search --run super --predictor predictor.json --population 20 --iterations 3)
well "${search[@]}" --speedup 1.01 --out chosen.yml
well "${search[@]}" --pareto front.csv
well "$hat" extract --run super --architecture chosen.yml --out chosen
chosen=$(sed -n 's/^genes: //p' <("$hat" inspect --model chosen))
served=${chosen##*/}
case $served in w8 | l20 | w8l20) ;; *) served= ;; esac
for row in 'weight-bits: 8=w8' 'listed-tokens: 20=l20'; do
    if [[ $served == *"${row#*=}"* ]]; then
        grep -q "^${row%=*}$" chosen.yml || fail "the file of $chosen lacks ${row%=*}"
    elif grep -q "^${row%=*}$" chosen.yml; then
        fail "the file of $chosen has ${row%=*}"
    fi
done

# served_alike MODEL GENES FLAGS…: MODEL, cut out as GENES, translates as one without words of serving
# does with FLAGS.
plain=${chosen%/"$served"}
well "$hat" extract --run super --architecture "$plain" --out plain
served_alike() {
    local genes=$1
    shift
    well "$hat" extract --run super --architecture "$genes" --out model --overwrite
    "$hat" translate --model model --scores <test.en >as_it_says 2>log || fail "$genes: $(cat log)"
    "$hat" translate --model plain --scores "$@" <test.en >as_told 2>log || fail "$*: $(cat log)"
    cmp -s as_it_says as_told || fail "$genes is not served as with $*"
}
served_alike "$plain"
served_alike "$plain/w8" --weights int8
served_alike "$plain/l20" --shortlist
served_alike "$plain/w8l20" --weights int8 --shortlist
"$hat" translate --model model --scores --weights fp32 --all-tokens <test.en >overruled 2>log ||
    fail "overruled: $(cat log)"
"$hat" translate --model plain --scores <test.en | cmp -s - overruled || fail "flags do not overrule a model"
well "$hat" quantize --model model --weights int8 --out quantised
grep -q '"weight_bits": *8' quantised/config.json || fail "quantising loses how a model is served"

# What no measurement told of is refused, not guessed.
expect 1 'weight_bits = 16 is not in the design space (32, 8)' \
    "$hat" extract --run super --architecture "$plain/w16" --out none
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out unlisted 2>log >/dev/null || fail "prepare: $(cat log)"
expect 1 'unlisted has no shortlist, which networks of --space space.yml are served with' \
    "$hat" train --data unlisted --space space.yml --updates 1 --out none

grep -v '/w8' latency.csv >floats.csv && cp latency.csv.plan floats.csv.plan
well "$hat" predictor --latency floats.csv --model additive --out floats.json
expect 1 'floats.json: latency predictor: was fitted to no networks with weights of 8 bits' \
    "$hat" search --run super --predictor floats.json --limit-ms 1000 --out none.yml
finish
