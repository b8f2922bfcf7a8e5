# SPDX-License-Identifier: Apache-2.0
#
# A SuperTransformer is searched under a limit and for a whole front; the report tells of it; what
# cannot be searched is said in one line.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_super_network

search=("$hat" search --run super --predictor predictor.json --population 20 --iterations 3)
"${search[@]}" --speedup 1.2 --out chosen.yml --latency latency.csv --measure 3 --health 3 \
    --health-updates 5 --health-tokens 300 --report report >stdout 2>log || fail "search: $(cat log)"
[ "$(cat stdout)" = chosen.yml ] || fail "search prints $(cat stdout)"
for file in report.md architecture.svg latency.svg front.svg progress.svg health.svg; do
    [ -s "report/$file" ] || fail "the report lacks $file"
done
grep -q "Kendall's τ" report/report.md || fail "the report does not tell the supernet's health"
grep -q '(measured)' report/report.md || fail "the report does not tell a measured speed"
"$hat" extract --run super --architecture chosen.yml --out chosen >/dev/null 2>log ||
    fail "the chosen network cannot be extracted: $(cat log)"

# The data that the run names is found from another working directory.
mkdir -p far/away
(cd far/away && "$hat" search --run ../../super --predictor ../../predictor.json --population 20 \
    --iterations 3 --speedup 1.2 --out chosen.yml >/dev/null 2>log) ||
    fail "from another directory: $(cat far/away/log)"
cmp -s chosen.yml far/away/chosen.yml || fail "another network is chosen from another directory"

# The same on another number of threads, and when it is interrupted and goes on.
for threads in 1 2; do
    "${search[@]}" --speedup 1.2 --threads "$threads" --out "threads$threads.yml" >/dev/null 2>&1
    cmp -s chosen.yml "threads$threads.yml" || fail "another network is chosen on $threads threads"
done
"$hat" search --run super --predictor predictor.json --population 20 --iterations 1 --speedup 1.2 \
    --out resumed.yml >/dev/null 2>&1
"${search[@]}" --speedup 1.2 --out resumed.yml --resume >/dev/null 2>log
grep -q 'resumed after iteration' log || fail "the search is not resumed: $(cat log)"
cmp -s chosen.yml resumed.yml || fail "a resumed search chooses another network"

# The front of all latencies goes on, too, and begins anew where the search under the limit went on.
front=("$hat" search --run super --predictor predictor.json --population 20 --speedup 1.2 --seed 2)
"${front[@]}" --iterations 3 --front 3 --out whole.yml --report whole >/dev/null 2>log || fail "front: $(cat log)"
"${front[@]}" --iterations 3 --front 1 --out parts.yml --report parts >/dev/null 2>log || fail "front: $(cat log)"
"${front[@]}" --iterations 3 --front 3 --out parts.yml --report parts --resume >/dev/null 2>log ||
    fail "front, resumed: $(cat log)"
grep -q '^front resumed after iteration 1$' log || fail "the front is not resumed: $(cat log)"
grep -q '^front [01]/3' log && fail "the front begins anew: $(cat log)"
diff -r parts whole || fail "a resumed front is told otherwise"
cmp -s parts.yml whole.yml || fail "a resumed front chooses another network"
"${front[@]}" --iterations 4 --front 3 --out parts.yml --report parts --resume >/dev/null 2>log ||
    fail "front, of a search that went on: $(cat log)"
grep -q '^front 0/3' log || fail "the front does not begin with what was found since: $(cat log)"

"${search[@]}" --pareto front.csv >/dev/null 2>log || fail "front: $(cat log)"
[ "$(head -n 1 front.csv)" = "loss,latency_ms,layer_parameters,genes" ] || fail "front.csv has no head"
awk -F, 'NR > 1 { loss[NR] = $1; ms[NR] = $2; size[NR] = $3
    for (i = 2; i < NR; ++i) {
        if (loss[i] <= $1 && ms[i] <= $2 && size[i] <= $3) exit 1
        if (loss[i] >= $1 && ms[i] >= $2 && size[i] >= $3) exit 1
    } }' front.csv || fail "a network on the front is beaten: $(cat front.csv)"

# The same front, three of whose networks are measured: the ends and one between.
"${search[@]}" --pareto measured.csv --latency latency.csv --measure 3 >/dev/null 2>log ||
    fail "measured front: $(cat log)"
cut -d, -f1-4 measured.csv | cmp -s - front.csv || fail "measuring changes the front"
awk -F, 'NR == 1 && $5 != "measured_ms" { exit 1 } NR > 1 && $5 != "" { ++n; if (!($5 > 0)) exit 1 }
    END { if (n != (NR > 4 ? 3 : NR - 1)) exit 1 }' measured.csv ||
    fail "other networks are measured than three: $(cat measured.csv)"

# Nothing above a limit of parameters is found.
size=$(awk -F, 'NR > 1 && $3 > most { most = $3 } END { print most - 1 }' front.csv)
"${search[@]}" --pareto small.csv --limit-parameters "$size" >/dev/null 2>log ||
    fail "front of small networks: $(cat log)"
awk -F, -v size="$size" 'NR > 1 && $3 > size { exit 1 } END { if (NR < 2) exit 1 }' small.csv ||
    fail "a network has more than $size parameters: $(cat small.csv)"

run=("$hat" search --run super --predictor predictor.json)
expect 1 'is impossible in this space: the smallest network' "${run[@]}" --speedup 1 \
    --limit-parameters 10 --out x.yml
expect 1 'ms is impossible in this space: the fastest network' "${run[@]}" --limit-ms 1e-9 --out x.yml
expect 1 'and every other is larger in some gene' "${run[@]}" --limit-ms 1e-9 --out x.yml
expect 1 'needs a limit' "${run[@]}" --out x.yml
expect 1 'name one of --out' "${run[@]}" --limit-ms 5
expect 1 'no-such-run' "$hat" search --run no-such-run --predictor predictor.json --limit-ms 5 --out x.yml
[ ! -e x.yml ] || fail "a search that failed left a result"
"${search[@]}" --limit-ms "$(awk -F, 'NR > 1 && (min == "" || $17 < min) { min = $17 } END {
    print min * 0.999 }' latency.csv)" --latency latency.csv --out below.yml >/dev/null 2>log || true
grep -qE 'below every measured sample|is impossible in this space' log ||
    fail "a limit below every sample is not noted: $(cat log)"
sed 's/-choice: \[\([^],]*\).*/-choice: [\1]/' space.yml >one.yml  # the first choice of each gene
"$hat" train --data data --space one.yml --updates 2 --max-tokens 300 --average-last 1 --out one \
    >/dev/null 2>log || fail "training a space of one network: $(cat log)"
"$hat" search --run one --predictor predictor.json --limit-ms 1000 --out one.yml.found >/dev/null \
    2>log || fail "searching a space of one network: $(cat log)"
grep -q 'one network only' log || fail "a space of one network is not noted: $(cat log)"
cp -r super other && cp one/space.yml other/space.yml && sed -i 's/^qkv-dim.*/qkv-dim: 32/' other/space.yml
expect 1 'another super network' "$hat" search --run other --predictor predictor.json --limit-ms 5 \
    --out x.yml
cp latency.csv foreign.csv
sed 's/_vocab_size: .*/_vocab_size: 44/' latency.csv.plan >foreign.csv.plan
expect 1 'foreign.csv.plan: is of another super network than super' \
    "$hat" search --run super --predictor predictor.json --limit-ms 1000 --out x.yml \
    --latency foreign.csv --report foreign
[ ! -e x.yml ] && [ ! -e x.yml.search.json ] || fail "the table of another space is told after the search"
rm -rf other && cp -r super other && echo '# mine' >>other/space.yml
expect 1 'other/space.yml: is not the file this training was saved with' \
    "$hat" search --run other --predictor predictor.json --limit-ms 1000 --out x.yml
head -c 300 predictor.json >broken.json
expect 1 'broken.json' "$hat" search --run super --predictor broken.json --limit-ms 5 --out x.yml
finish
