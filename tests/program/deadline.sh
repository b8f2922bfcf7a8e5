# SPDX-License-Identifier: Apache-2.0
#
# A SuperTransformer is served under a deadline: with time enough by the largest of its networks,
# without by the smallest, in the same words as these extracted; what cannot be is said in one line.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_text train 400 1
make_text valid 30 2
make_space
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data >/dev/null 2>&1
"$hat" train --data data --space space.yml --updates 60 --max-tokens 300 --dropout 0.1 --warmup 20 \
    --average-last 2 --out super >/dev/null 2>log || fail "training: $(cat log)"
"$hat" latency --space space.yml --data data --samples 14 --sentences 2 --repeats 3 --attempts 1 \
    --out latency.csv >/dev/null 2>log || fail "latency: $(cat log)"
"$hat" predictor --latency latency.csv --model additive --out predictor.json >/dev/null 2>log ||
    fail "predictor: $(cat log)"
for end in smallest largest; do
    "$hat" extract --run super --architecture $end --out $end >/dev/null 2>log ||
        fail "extracting: $(cat log)"
done
sed -i '5s/.*//' valid.en # a blank line takes no time

# Under deadlines that everything and nothing keeps, for each kind of weights that slices exactly.
for weights in fp32 bf16; do
    for end in smallest largest; do
        deadline=1e6
        [ $end = smallest ] && deadline=1e-6
        "$hat" translate --model $end --weights $weights <valid.en >expected 2>/dev/null
        "$hat" translate --run super --deadline-ms $deadline --predictor predictor.json \
            --weights $weights --stats <valid.en >found 2>log || fail "$end: $(cat log)"
        cmp -s expected found || fail "$weights: the $end network says something else when sliced"
        late=0
        [ $end = smallest ] && late=29
        grep -q "deadline: $late of 29 lines took longer" log || fail "$end: $(cat log)"
    done
done
grep -q '29 lines by e64:128' log || fail "who translated is not told: $(cat log)"
"$hat" translate --run super --deadline-ms 1e-6 --predictor predictor.json --weights int8 \
    <valid.en >found 2>log || fail "int8: $(cat log)"
[ "$(wc -l <found)" = 30 ] || fail "int8 loses lines"
grep -q '^note: deadline: 29 of 29' log || fail "a deadline that is missed is not told: $(cat log)"

# The networks of a front.
"$hat" search --run super --predictor predictor.json --population 12 --iterations 2 \
    --pareto front.csv >/dev/null 2>log || fail "front: $(cat log)"
"$hat" translate --run super --deadline-ms 1e6 --front front.csv --stats <valid.en >found 2>log ||
    fail "front: $(cat log)"
best=$(sort -t, -k1g front.csv | sed -n 1p | cut -d, -f4)
[ "$best" = genes ] && best=$(sort -t, -k1g front.csv | sed -n 2p | cut -d, -f4)
grep -qF "29 lines by $best" log || fail "the best of the front, $best, does not translate: $(cat log)"

expect 1 '--deadline-ms: needs --predictor' "$hat" translate --run super --deadline-ms 5
expect 1 'space.yml: is missing' \
    "$hat" translate --model super/model --deadline-ms 5 --predictor predictor.json
expect 2 '--predictor excludes --front' \
    "$hat" translate --run super --deadline-ms 5 --predictor predictor.json --front front.csv
expect 2 '--predictor requires --deadline-ms' "$hat" translate --run super --predictor predictor.json
echo "loss,latency_ms,layer_parameters,genes" >empty.csv
expect 1 'empty.csv: has no networks' "$hat" translate --run super --deadline-ms 5 --front empty.csv
printf 'loss,latency_ms,layer_parameters,genes\n1,2,3,e8:8x1/d8:8x1x1x1\n' >foreign.csv
expect 1 'foreign.csv:2: genes: ' "$hat" translate --run super --deadline-ms 5 --front foreign.csv
expect 1 'latency.csv:1: has no column loss' \
    "$hat" translate --run super --deadline-ms 5 --front latency.csv
finish
