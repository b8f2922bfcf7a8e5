# SPDX-License-Identifier: Apache-2.0
#
# A shelf of devices, for which folders stand: hat latency --devices measures all at once, goes on when one
# dies, and goes on with that one later; hat search finds a front for each, and one network for all.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_super_network
of_space=("$hat" latency --space space.yml --data data --samples 14 --sentences 2 --attempts 1)
measure=("${of_space[@]}" --repeats 3)

# What the example needs: ssh and scp to hosts that are folders. Of a host with a file `battery`, what
# hat-latency says ends after so many bytes. Their files may be larger than those here.
export HOSTS=$folder/hosts
mkdir -p bin hosts/kitchen hosts/garage build/aarch64/bin
ln -s "$(dirname "$hat")/hat-latency" build/aarch64/bin/hat-latency
cat >bin/ssh <<'SH'
#!/bin/sh
ulimit -S -f unlimited
while [ $# -gt 2 ]; do shift; done
host=${1#*@}
echo "$2" >>"$HOSTS/$host.log"
cd "$HOSTS/$host" || exit 255
case $2 in
*--attached*)
    [ -e battery ] || exec sh -c "$2"
    sh -c "$2" | head -c "$(cat battery)"
    echo "Connection to $host closed by remote host." >&2
    exit 255
    ;;
esac
exec sh -c "$2"
SH
cat >bin/scp <<'SH'
#!/bin/sh
ulimit -S -f unlimited
[ "$1" = -q ] && host=${3#*@} && exec cp "$2" "$HOSTS/${host%%:*}/${host#*:}"
SH
chmod +x bin/ssh bin/scp
PATH=$folder/bin:$(dirname "$hat"):$PATH
shelf=("${measure[@]}" --devices "$root/examples/latency/devices.yml")

# networks FILE: its rows without what is measured.
networks() {
    tail -n +2 "$1" | cut -d, -f1-10,23-33,35
}
rows() { tail -n +2 "$1" | wc -l; }

# ---- three tables -----------------------------------------------------------------------------

echo 6000 >hosts/garage/battery
expect 1 "hat: latency: garage lacks " "${shelf[@]}" --out tables
cp stderr log
[ ! -s stdout ] || [ "$(cat stdout)" = "tables/kitchen.csv
tables/desk.csv" ] || fail "stdout has other paths than those of whole tables: $(cat stdout)"
done=$(rows tables/garage.csv)
[[ $done -ge 1 && $done -lt 14 ]] || fail "garage has $done rows: $(cat log)"
grep -qxF "garage: is gone after $done of 14 networks: exit code 255, and said last \
\"Connection to garage closed by remote host.\"" log || fail "it is not told how garage went: $(cat log)"
tail -n 1 log | grep -qxF "hat: latency: garage lacks $((14 - done)) of 14 networks; --resume goes on with them" ||
    fail "the last line does not tell who lacks what: $(cat log)"
if grep -vE '^(kitchen|garage|desk|hat: latency): ' log; then fail "a line does not tell its device"; fi
for name in kitchen desk; do
    [ "$(rows tables/$name.csv)" = 14 ] || fail "$name: not 14 rows: $(cat log)"
    cmp <(networks latency.csv) <(networks tables/$name.csv) || fail "$name has measured something else"
    cmp <(tail -n +2 latency.csv.plan) <(tail -n +2 tables/$name.csv.plan) || fail "$name has another plan"
    head -n 1 tables/$name.csv.plan | contains '^# device: ' || fail "$name: the plan does not tell the device"
done
cmp hosts/kitchen/hat-latency/kitchen.csv tables/kitchen.csv || fail "the table here is not that in the kitchen"
cmp "$(dirname "$hat")/hat-latency" hosts/kitchen/hat-latency/hat-latency.kitchen || fail "another program is copied"
cmp "$(dirname "$hat")/hat-latency" hosts/garage/measured/hat-latency/hat-latency.garage ||
    fail "another program goes through the shell"
# All begin before one ends.
awk '/ beam 5, / { ++begun } / 14\/14 / && !ended { ended = 1; if (begun < 3) exit 1 }' log ||
    fail "one after the other: $(cat log)"

# The garage comes back, with an empty card. What is measured stays, if it is not marked as disturbed, which
# would have it measured again; devices that have all are not asked.
sed -i -E 's/throttled|drifting|uncertain/remeasured/g' tables/garage.csv
cp -r tables before
rm -rf hosts/garage hosts/*.log && mkdir hosts/garage
expect 1 "tables/kitchen.csv: there is a latency table already; --resume goes on with it" "${shelf[@]}" --out tables
same tables before
"${shelf[@]}" --out tables --resume >stdout 2>log || fail "--resume: $(cat log)"
[ "$(cat stdout)" = "tables/kitchen.csv
tables/garage.csv
tables/desk.csv" ] || fail "stdout is not the tables' paths: $(cat stdout)"
grep -qxF "garage: has lost its table, and gets it back: $done networks" log || fail "not sent back: $(cat log)"
[ ! -e hosts/kitchen.log ] || fail "the kitchen was asked again: $(cat hosts/kitchen.log)"
cmp tables/kitchen.csv before/kitchen.csv || fail "a whole table was changed"
cmp before/garage.csv <(head -n $((done + 1)) tables/garage.csv) || fail "what was measured is not kept"
cmp <(networks latency.csv) <(networks tables/garage.csv) || fail "garage has measured something else"

# A device is measured again and again, whatever an earlier survey has left on it: without --resume, and with
# it, if that is another survey's, of a space with the same SuperTransformer.
sed -E 's/^(encoder-ffn-embed-dim-choice: ).*/\1[128, 96]/' space.yml >narrow.yml
program=build/aarch64/bin/hat-latency
cat >two.yml <<YAML
kitchen: {shell: ssh pi@kitchen, program: $program, start: ./hat-latency.kitchen --settle 0}
desk: {shell: sh -c, start: hat-latency --settle 0}
YAML
# again SPACE SAMPLES OPTION…
again() {
    "$hat" latency --space "$1" --data data --samples "$2" --sentences 2 --attempts 1 --repeats 3 "${@:3}"
}
# of_plan SPACE SAMPLES FOLDER: its tables have just the networks of that plan.
of_plan() {
    local name
    again "$1" "$2" --write-plan plan.txt >/dev/null
    for name in kitchen desk; do
        cmp <(grep '^e[0-9]' plan.txt) <(tail -n +2 "$3/$name.csv" | sed 's/.*,//') ||
            fail "$3/$name.csv has other networks than those of its plan: $(cat log)"
    done
}
again narrow.yml 6 --devices two.yml --out tables.other >/dev/null 2>log || fail "measured before: $(cat log)"
of_plan narrow.yml 6 tables.other
grep -qxF "kitchen: note: kitchen.csv: the table of an earlier survey is replaced" log || fail "not told: $(cat log)"
again space.yml 5 --devices two.yml --out tables.five --resume >/dev/null 2>log || fail "another survey: $(cat log)"
of_plan space.yml 5 tables.five
grep -qxF "desk: note: desk.csv: the table of an earlier survey is replaced" log || fail "not told: $(cat log)"
# What is there of this very plan is gone on with.
sed -i -E 's/throttled|drifting|uncertain/remeasured/g' hosts/kitchen/hat-latency/kitchen.csv hat-latency/desk.csv
again space.yml 5 --devices two.yml --out tables.same --resume >/dev/null 2>log || fail "the same survey: $(cat log)"
cmp hosts/kitchen/hat-latency/kitchen.csv tables.same/kitchen.csv || fail "not the kitchen's table"
cmp <(sed -E 's/throttled|drifting|uncertain/remeasured/g' tables.five/desk.csv) tables.same/desk.csv ||
    fail "desk was measured again: $(cat log)"
grep -qxF "desk: has a table of this plan, and goes on with it: 5 networks" log || fail "not told: $(cat log)"
# A table that is here is gone on with, not another one of more networks that is there, be it of the same plan.
for name in kitchen desk; do
    head -n 5 tables.other/$name.csv | sed -E 's/throttled|drifting|uncertain/remeasured/g' >cut.$name
done
for there in space.yml narrow.yml; do
    again $there 6 --devices two.yml --out tables.$there >/dev/null 2>log || fail "$there, once more: $(cat log)"
    for name in kitchen desk; do cp cut.$name tables.other/$name.csv; done
    again narrow.yml 6 --devices two.yml --out tables.other --resume >/dev/null 2>log ||
        fail "the first survey behind one of $there: $(cat log)"
    of_plan narrow.yml 6 tables.other
    for name in kitchen desk; do
        cmp cut.$name <(head -n 5 tables.other/$name.csv) ||
            fail "$name: what was measured is not kept behind $there: $(cat log)"
    done
    grep -qxF "desk: has another table, and gets this one back: 4 networks" log || fail "not told: $(cat log)"
done
# Rows of another plan are refused.
cp -r tables.five before.five
expect 1 "tables.five/kitchen.csv:" again narrow.yml 6 --devices two.yml --out tables.five --resume
grep -qE 'kitchen.csv:[2-6]: .* is no network of this plan, but of another space or a longer plan$' stderr ||
    fail "another reason: $(cat stderr)"
same tables.five before.five
# A device whose hat-latency tells such rows: that of another plan.
cat >bin/elsewhere <<SH
#!/bin/sh
exec hat-latency --settle 0 "\$@" --plan "$folder/elsewhere.txt"
SH
chmod +x bin/elsewhere
again narrow.yml 5 --write-plan elsewhere.txt >/dev/null
echo 'desk: {shell: sh -c, start: elsewhere}' >elsewhere.yml
expect 1 "desk: is gone after 1 of 4 networks: tells a network that is not of this plan: e" \
    again space.yml 4 --devices elsewhere.yml --out tables.elsewhere
[ "$(rows tables.elsewhere/desk.csv)" = 1 ] || fail "a network of another plan was taken"
# What is no table stays.
rm hosts/kitchen/hat-latency/kitchen.csv
echo mine >hosts/kitchen/hat-latency/kitchen.csv
expect 1 "kitchen.csv: is there already and is not a latency table, so that it would be lost" \
    again space.yml 4 --devices two.yml --out tables.mine
cp cut.kitchen tables.other/kitchen.csv
expect 1 "kitchen: is gone after 4 of 6 networks: kitchen.csv: is there already and is not a latency table" \
    again narrow.yml 6 --devices two.yml --out tables.other --resume
[ "$(cat hosts/kitchen/hat-latency/kitchen.csv)" = mine ] || fail "something else was lost in the kitchen"
rm hosts/kitchen/hat-latency/kitchen.csv

# Words are whole words.
cat >bin/bring <<'SH'
#!/bin/sh
[ "$1 $2 $5 $6 $7" = "-F PROFILE MY_FILE PLACES FILE2" ] && exec cp "$3" "${4#pi:}"
SH
chmod +x bin/bring
cat >words.yml <<'YAML'
desk:
  shell: sh -c
  program: build/aarch64/bin/hat-latency
  copy: bring -F PROFILE FILE pi:PLACE MY_FILE PLACES FILE2
  start: ./hat-latency.desk --settle 0
YAML
well again space.yml 2 --devices words.yml --out tables.words

# A disk that is full here is no device that is gone.
head -n 1 two.yml >kitchen.yml
# with_room KIB COMMAND…: no file that is written here may have more than so many KiB.
with_room() {
    { (
        ulimit -S -f "$1"
        "${@:2}" 2>&1 >&3
    ) | cat >&2; } 3>&1
}
expect 1 "latency: kitchen lacks " with_room 4 again space.yml 14 --devices kitchen.yml --out tables.full
grep -qE '^kitchen: an error here, after [1-9][0-9]* of 14 networks: tables.full/kitchen.csv: cannot write: ' stderr ||
    fail "a full disk is told otherwise: $(cat stderr)"
if grep -qF "is gone" stderr; then fail "a full disk is told as a device that is gone: $(cat stderr)"; fi
well again space.yml 14 --devices kitchen.yml --out tables.full --resume
[ "$(rows tables.full/kitchen.csv)" = 14 ] || fail "it does not go on: $(cat stderr)"

# Nothing is left running when hat is ended, or killed, and it goes on.
# ends SIGNAL CODE: hat, measuring for long, is ended by it.
ends() {
    local job code=0
    rm -rf tables.ended
    "${of_space[@]}" --repeats 2001 --devices "$root/examples/latency/devices.yml" --out tables.ended \
        >/dev/null 2>log &
    job=$!
    for _ in $(seq 600); do
        if [ -s tables.ended/desk.csv ] || ! kill -0 "$job" 2>/dev/null; then break; fi
        sleep 0.05
    done
    kill "-$1" "$job" || fail "SIG$1: hat has ended before: $(cat log)"
    wait "$job" 2>/dev/null || code=$?
    [ "$code" = "$2" ] || fail "SIG$1: exit code $code, expected $2: $(cat log)"
    flock -w 10 hat-latency/desk.csv.lock true || fail "SIG$1: hat-latency runs on"
    rm -f hat-latency/desk.csv.lock
    "$hat" predictor --latency tables.ended/desk.csv --out early.json >/dev/null 2>told || true
    if grep -qE 'desk.csv:[0-9]' told; then fail "SIG$1: the table is not whole: $(cat told)"; fi
}
ends KILL 137
ends TERM 143
tail -n 1 log | contains '^hat: latency: ended by SIGTERM; .*desk lacks .*; --resume goes on$' ||
    fail "the end by SIGTERM is not told: $(cat log)"

# ---- three fronts, one network for all --------------------------------------------------------

for name in kitchen garage desk; do
    well "$hat" predictor --latency tables/$name.csv --model additive --out $name.json
done
begin=("$hat" search --run super --population 20)
search=("${begin[@]}" --iterations 3)
three=(--predictor kitchen.json --predictor garage.json --predictor desk.json)
well "${search[@]}" "${three[@]}" --pareto fronts
[ "$(cat stdout)" = "fronts/desk.csv
fronts/garage.csv
fronts/kitchen.csv" ] || fail "stdout is not the fronts' paths: $(cat stdout)"
grep -qE 'on the front of desk [0-9]+, garage [0-9]+, kitchen [0-9]+$' stderr || fail "progress: $(cat stderr)"

# All that was scored: genes, loss, the latencies on desk, garage and kitchen, size.
sed 's/\["/\n/g' fronts.search.json | sed -nE 's/^([^"]+)",\[([^]]+)\].*/\1,\2/p' >scored
[ "$(wc -l <scored)" -gt 40 ] || fail "so few were scored: $(cat scored)"
column=3
for name in desk garage kitchen; do
    [ "$(head -n 1 fronts/$name.csv)" = "loss,latency_ms,layer_parameters,genes" ] || fail "$name: no head"
    awk -F, -v c=$column 'NR == FNR { loss[NR] = $2; ms[NR] = $c; size[NR] = $6; n = NR; next }
        FNR > 1 { ++rows
            for (i = 1; i <= n; ++i)
                if (loss[i] < $1 - 1e-8 && ms[i] < $2 - 1e-5 && size[i] <= $3) exit 1 }
        END { if (rows < 2) exit 1 }' scored fronts/$name.csv || fail "$name: its front is beaten: $(cat fronts/$name.csv)"
    column=$((column + 1))
done

# The one for all, against a choice by awk. A search that is done is not done again.
loss=$(cut -d, -f2 scored | sort -g | sed -n 20p)
well "${search[@]}" "${three[@]}" --pareto fronts --resume --one-for-all common.yml --max-loss "$loss"
tail -n 1 stdout | grep -qxF common.yml || fail "stdout lacks the network for all: $(cat stdout)"
expected=$(awk -F, -v loss="$loss" '$2 <= loss { ++n; row[n] = $0
        for (c = 3; c <= 5; ++c) if (!(c in least) || $c < least[c]) least[c] = $c }
    END { for (i = 1; i <= n; ++i) { split(row[i], f, ","); worst = 0
            for (c = 3; c <= 5; ++c) if (f[c] / least[c] > worst) worst = f[c] / least[c]
            if (best == "" || worst < best || (worst == best && f[2] < of)) { best = worst; of = f[2]; genes = f[1] } }
        print genes }' scored)
grep -qF "  $expected" stderr || fail "expected $expected for all: $(cat stderr)"
[ "$(grep -cE '^  on (desk|garage|kitchen): [0-9.]+ ms, [0-9.]+ times the least, [0-9.]+ ms$' stderr)" = 3 ] ||
    fail "the slowdowns are not told: $(cat stderr)"
well "$hat" extract --run super --architecture common.yml --out common

# The order of devices, threads and a stop on the way change nothing.
well "${begin[@]}" --iterations 1 --threads 1 --predictor desk.json --predictor kitchen.json \
    --predictor garage.json --pareto again/
well "${search[@]}" --threads 1 --predictor desk.json --predictor kitchen.json --predictor garage.json \
    --pareto again/ --resume --one-for-all again.yml --max-loss "$loss"
same fronts again
cmp common.yml again.yml || fail "another network for all"
same fronts.search.json again.search.json

# Limits are those of each device.
limit=$(for c in 3 4 5; do cut -d, -f$c scored | sort -g | sed -n 10p; done | sort -g | tail -n 1)
well "${search[@]}" "${three[@]}" --pareto within --limit-ms "$limit"
for name in kitchen garage desk; do
    awk -F, -v limit="$limit" 'NR > 1 && $2 > limit + 1e-5 { exit 1 } END { if (NR < 2) exit 1 }' within/$name.csv ||
        fail "$name: beyond $limit ms: $(cat within/$name.csv)"
done

# ---- what is wrong ----------------------------------------------------------------------------

expect 1 "--max-loss: no network that was scored has a loss of 0.01" "${search[@]}" "${three[@]}" \
    --pareto fronts --resume --one-for-all other.yml --max-loss 0.01
expect 1 "ms is impossible in this space on desk: the fastest network" "${search[@]}" "${three[@]}" \
    --pareto other --limit-ms 1e-9
expect 1 "--one-for-all and --max-loss go together" "${search[@]}" "${three[@]}" --pareto other --max-loss 3
expect 1 "--one-for-all needs --pareto" "${search[@]}" --predictor desk.json --limit-ms 9 --out other.yml \
    --one-for-all other --max-loss 3
expect 1 "several --predictor need --pareto FOLDER" "${search[@]}" "${three[@]}" --limit-ms 9 --out other.yml
expect 1 "--report is of one device" "${search[@]}" "${three[@]}" --pareto other --report other
expect 1 "--latency is of one device" "${search[@]}" "${three[@]}" --pareto other --latency latency.csv
mkdir away && cp desk.json away
expect 1 '--predictor away/desk.json and desk.json are both of a device "desk"' "${search[@]}" \
    --predictor away/desk.json --predictor desk.json --pareto other
expect 1 "--pareto data: holds training data; choose another folder" "${search[@]}" "${three[@]}" --pareto data
echo mine >away/kitchen.csv
expect 1 "away/kitchen.csv: is there already and is not the front of a search" "${search[@]}" "${three[@]}" \
    --pareto away
expect 1 "desk.json: is what this command reads" "${search[@]}" "${three[@]}" --pareto other \
    --one-for-all desk.json --max-loss 3
cp garage.json away/desk.json
expect 1 "the content of predictor.desk was" "${search[@]}" --predictor kitchen.json --predictor garage.json \
    --predictor away/desk.json --pareto fronts --resume
[[ ! -e other && ! -e other.yml ]] || fail "a search that failed left a result"

# devices TEXT LINES: the file of devices is refused with TEXT.
devices() {
    printf '%b' "$2" >devices.yml
    expect 1 "$1" "${measure[@]}" --devices devices.yml --out other
}
devices 'devices.yml: expected lines of "key: value"' ''
devices 'devices.yml: names no device' '{}\n'
devices 'devices.yml:1: pi: expected a mapping of keys to values, found "ssh pi"' 'pi: ssh pi\n'
devices 'devices.yml:1: pi: shell: is missing' 'pi: {folder: x}\n'
devices 'devices.yml:3: pi: unknown key "shel"' 'pi:\n  shell: sh -c\n  shel: x\n'
devices 'devices.yml:2: pi: shell: expected one line of text' 'pi:\n  shell: "a\\nb"\n'
devices 'devices.yml:2: key "pi" appears twice' 'pi: {shell: sh -c}\npi: {shell: sh -c}\n'
devices 'devices.yml:1: my pi: expected a name of letters' 'my pi: {shell: sh -c}\n'
devices 'devices.yml:1: ../pi: expected a name of letters' '../pi: {shell: sh -c}\n'
devices 'devices.yml:1: pi: folder: expected a path without spaces' 'pi: {shell: sh -c, folder: a b}\n'
devices 'devices.yml:1: pi: program: "nothing" is no file' 'pi: {shell: sh -c, program: nothing}\n'
devices 'devices.yml:1: pi: copy: there is no program' 'pi: {shell: sh -c, copy: cp FILE PLACE}\n'
devices 'devices.yml:1: pi: copy: expected a command with FILE and PLACE' \
    'pi: {shell: sh -c, program: common.yml, copy: cp FILE there}\n'
devices 'devices.yml:1: pi: copy: expected a command with FILE and PLACE' \
    'pi: {shell: sh -c, program: common.yml, copy: cp PROFILE PLACE}\n'
[ ! -e other ] || fail "a file of devices that was refused left something"
expect 1 "latency: --devices measures random weights, without --run" "${shelf[@]}" --run super --out other
expect 1 "latency: name the folder for the tables" "${shelf[@]}"
expect 1 "--out super: holds a training" "${shelf[@]}" --out super
expect 2 "--devices" "${shelf[@]}" --write-plan plan.txt
[ ! -e other ] || fail "a shelf that was refused left something"

# One that is not there, one that says other things, one whose program is another; the fourth goes on.
cat >devices.yml <<'YAML'
attic: {shell: false}
hall: {shell: echo Welcome}
cellar: {shell: sh -c, start: hat-latency --spice}
desk: {shell: sh -c, start: hat-latency --settle 0}
YAML
expect 1 "hat: latency: attic lacks all 14 networks, hall lacks all 14 networks, cellar lacks all 14 networks;" \
    "${measure[@]}" --devices devices.yml --out few
[ "$(cat stdout)" = few/desk.csv ] || fail "the fourth does not go on: $(cat stdout stderr)"
grep -qxF 'attic: is gone after 0 of 14 networks: exit code 1, without a word' stderr || fail "$(cat stderr)"
grep -qF 'hall: is gone after 0 of 14 networks: says "Welcome ' stderr || fail "$(cat stderr)"
grep -qF 'cellar: is gone after 0 of 14 networks: exit code 2, and said last "hat-latency: there is no option' \
    stderr || fail "$(cat stderr)"
# Another process has a table.
flock --no-fork few/desk.csv.lock sh -c 'echo held; exec sleep 100' >holder &
for _ in $(seq 200); do
    if [ -s holder ]; then break; fi
    sleep 0.05
done
expect 1 "few/desk.csv: another process is at work on it" "${measure[@]}" --devices devices.yml --out few --resume
finish
