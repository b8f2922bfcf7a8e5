# SPDX-License-Identifier: Apache-2.0
#
# hat latency measures a small space, goes on where it was stopped, and tells another device what to
# measure.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"
device=$(dirname "$hat")/hat-latency

make_text train 300 1
make_text valid 40 2
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data >/dev/null 2>&1
quick=(--repeats 3 --attempts 1)

# columns FILE: its rows without what is measured, so the networks and what they are measured on.
columns() {
    tail -n +2 "$1" | cut -d, -f1-10,23-33,35
}

# A table of as many rows as samples, the sentinel's first, under the published header.
path=$("$hat" latency --space quickstart --data data --samples 5 --sentences 3 "${quick[@]}" \
    --out a.csv 2>log)
[ "$path" = a.csv ] || fail "stdout is not the table's path: $path"
[ "$(wc -l <a.csv)" = 6 ] || fail "not 5 rows: $(cat a.csv log)"
head -n 1 a.csv | contains '^encoder_embed_dim,.*,latency_std_decoder,.*,flags,genes$' ||
    fail "another header: $(head -n 1 a.csv)"
awk -F, 'NR == 2 { print $(NF - 1) }' a.csv | contains '^sentinel' || fail "the first row is not the sentinel's"
[ "$(awk -F, 'NR > 1 { print $NF }' a.csv | sort -u | wc -l)" = 5 ] || fail "a network appears twice"
[ "$(grep -c sentinel log)" -ge 5 ] || fail "no progress: $(cat log)"

# The largest (row 2) is slower than the smallest (row 3).
sed -n 3,4p a.csv | cut -d, -f17 | paste -sd' ' |
    awk '{ exit !($1 > 1.5 * $2) }' || fail "the largest is not slower than the smallest: $(cat a.csv)"

# A table that was cut off goes on; its rows stay, if they are not marked as disturbed, which a busy
# machine does and which would have them measured again.
head -n 4 a.csv | sed -E 's/throttled|drifting|uncertain/remeasured/g' >b.csv
cp a.csv.plan b.csv.plan
cp b.csv kept.csv
"$hat" latency --space quickstart --data data --samples 6 --sentences 3 "${quick[@]}" --out b.csv \
    --resume >/dev/null 2>log
[ "$(wc -l <b.csv)" = 7 ] || fail "not 6 rows: $(cat b.csv log)"
cmp kept.csv <(head -n 4 b.csv) || fail "resuming changed rows"
cmp <(columns a.csv) <(columns b.csv | head -n 5) || fail "resuming measured other networks"

# Another device measures the same.
plan=$("$hat" latency --space quickstart --data data --samples 5 --sentences 3 --write-plan plan.txt \
    2>/dev/null)
[ "$plan" = plan.txt ] || fail "stdout is not the plan's path: $plan"
"$device" --plan plan.txt --repeats 3 --attempts 1 --settle 0 --out c.csv >/dev/null 2>log ||
    fail "hat-latency: $(cat log)"
cmp <(columns a.csv) <(columns c.csv) || fail "hat-latency measured something else"
cmp <(tail -n +2 a.csv.plan) plan.txt || fail "the plan beside a table is not that it was made by"

# What is wrong.
expect 1 "a.csv: there is a latency table already" \
    "$hat" latency --space quickstart --data data --samples 5 --out a.csv
expect 1 "was measured under other conditions: beam: 5; now beam: 4" \
    "$hat" latency --space quickstart --data data --samples 5 --sentences 3 --beam 4 --out a.csv --resume
head -c 900 a.csv >cut.csv
cp a.csv.plan cut.csv.plan
expect 1 "cut.csv:" "$hat" latency --space quickstart --data data --sentences 3 --out cut.csv --resume
# Half a row at the end, and rows that contradict themselves
head -c -9 a.csv >cut.csv
expect 1 "cut.csv:6: expected " "$hat" predictor --latency cut.csv --out other.json
"$hat" latency --space quickstart --data data --samples 5 --sentences 3 "${quick[@]}" --out cut.csv \
    --resume >/dev/null 2>log || fail "a table with half a row does not go on: $(cat log)"
grep -qF "cut.csv:6: the last row is cut off: it is measured again" log || fail "half a row: $(cat log)"
cmp <(columns a.csv) <(columns cut.csv) || fail "half a row at the end: $(cat cut.csv)"
awk -F, -v OFS=, 'NR == 3 { $6 += 1 } { print }' a.csv >bad.csv
expect 1 "bad.csv:3: decoder_layer_num: expected " "$hat" predictor --latency bad.csv --out other.json
awk -F, -v OFS=, 'NR == 4 { $17 *= 10 } { print }' a.csv >bad.csv
expect 1 "bad.csv:4: total_median_ms: expected about " "$hat" predictor --latency bad.csv --out other.json
[ ! -e other.json ] || fail "a predictor was made of a broken table"
expect 1 "no such data directory" "$hat" latency --space quickstart --data missing --out other.csv
expect 1 "--length corpus: needs --data" "$hat" latency --space quickstart --length corpus --out other.csv
expect 1 "expected fixed:TOKENS" "$hat" latency --space quickstart --length 7 --out other.csv
expect 1 "missing" "$hat" latency --space missing --out other.csv
expect 1 "name the table" "$hat" latency --space quickstart
expect 2 "--samples" "$hat" latency --space quickstart --samples 0 --out other.csv
[ ! -e other.csv ] || fail "a failed command left something behind"

usage() {
    local text=$1 found=0
    shift
    "$device" "$@" >stdout 2>stderr || found=$?
    [ "$found" = 2 ] || fail "hat-latency $*: exit code $found, expected 2"
    grep -qF -- "$text" stderr || fail "hat-latency $*: stderr lacks \"$text\": $(cat stderr)"
}
usage "name one of --plan and --space" --out other.csv
usage "there is no option --spice" --spice quickstart
usage "--beam: many, expected a whole number, 1 to 1000" --space quickstart --beam many --out other.csv
"$device" --help | contains 'cross-compile' || fail "hat-latency --help does not say how"
finish
