# SPDX-License-Identifier: Apache-2.0
#
# A SuperTransformer is served under a deadline: with time enough by the largest of its networks, in
# the same words as that extracted; lines that are late are told; what cannot be is said in one line.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_super_network
"$hat" extract --run super --architecture largest --out largest >/dev/null 2>log ||
    fail "extracting: $(cat log)"
sed -i '5s/.*//' valid.en # a blank line takes no time

for weights in fp32 bf16 int8; do
    "$hat" translate --model largest --weights $weights --max-length-a 2 --max-length-b 10 \
        <valid.en >expected 2>/dev/null
    "$hat" translate --run super --deadline-ms 1e6 --predictor predictor.json --weights $weights \
        --stats <valid.en >found 2>log || fail "$weights: $(cat log)"
    cmp -s expected found || fail "$weights: the largest network says something else when sliced"
    grep -q "deadline: 0 of 29 lines took longer" log || fail "$weights: $(cat log)"
    grep -q '29 lines by e64:128' log || fail "who translated is not told: $(cat log)"
    "$hat" translate --run super --deadline-ms 1e-6 --predictor predictor.json --weights $weights \
        <valid.en >found 2>log || fail "$weights: $(cat log)"
    [ "$(wc -l <found)" = 30 ] || fail "$weights: lines are lost"
    grep -q '^note: deadline: 29 of 29' log || fail "a missed deadline is not told: $(cat log)"
done

# A deadline that is neither: nothing is lost, and most lines are in time.
for i in 1 2 3 4 5; do cat train.en; done >many.en
"$hat" translate --model largest --flush --threads 1 --stats <many.en 2>log >/dev/null
ms=$(grep -o 'half of them within [0-9.e-]*' log | grep -o '[0-9.e-]*$')
"$hat" translate --run super --deadline-ms "$ms" --predictor predictor.json --stats <many.en \
    >found 2>log || fail "at $ms ms: $(cat log)"
[ "$(wc -l <found)" = "$(wc -l <many.en)" ] || fail "at $ms ms, lines are lost"

# A layer that tells alignments must be in every network.
expect 1 'decoder layer 2 of 1 has no attention to the source' "$hat" translate --run super \
    --deadline-ms 5 --predictor predictor.json --alignment --alignment-layer 2

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
