# SPDX-License-Identifier: Apache-2.0
#
# Two processes on one run: the second one says so and ends; what the first one makes is not touched,
# and is told of rightly while it is being made.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_chain
well "${prepare[@]}" --out data
well "${train[@]}" --updates 4 --data data --out super

# For real: a training that would take long.
long=("${train[@]}" --data data --out long --checkpoint-every 2 --updates 100000)
"${long[@]}" >/dev/null 2>log &
job=$!
for _ in $(seq 400); do
    if [ -e long/checkpoints ] || ! kill -0 "$job" 2>/dev/null; then break; fi
    sleep 0.05
done
expect 1 "long: another process is at work on it" "${long[@]}" --resume
expect 1 "long: another process is at work on it" "${long[@]}" --overwrite
expect 1 "long: holds a training already" "${long[@]}"
expect 1 "no model before its training has ended" "$hat" translate --model long </dev/null
kill -0 "$job" || fail "the first process did not survive the second: $(cat log)"
kill -KILL "$job"
wait "$job" 2>/dev/null || true
done=$(sed -n 's/.*checkpoint-0*\([0-9]*\).*/\1/p' <<<"$(ls long/checkpoints)" | tail -n 1)
well "${train[@]}" --data data --out long --checkpoint-every 2 --updates $((done + 2)) --resume
grep -q 'resumed after update' stderr || fail "the lock of a killed process is in the way: $(cat stderr)"
[ ! -e long/lock ] || fail "a lock was left behind"

# held FILE COMMAND…: the command is refused at once while another process has the lock.
held() {
    local file=$1 job
    shift
    : >>"$file"
    flock --no-fork "$file" sh -c 'echo held; exec sleep 100' >holder 2>/dev/null &
    job=$!
    for _ in $(seq 200); do
        if [ -s holder ]; then break; fi
        sleep 0.05
    done
    expect 1 "another process is at work on it and holds $file; try again when that has ended" "$@"
    kill "$job"
    wait "$job" 2>/dev/null || true
    rm -f "$file"
}

well "$hat" extract --run super --architecture smallest --out small
mkdir tuned.run stories
held tuned.run/lock "${tune[@]}" --updates 4 --model small --data data --out tuned
held tuned.lock "${tune[@]}" --updates 4 --model small --data data --out tuned

# What is written at once and as a whole has its lock beside it, whatever leads there.
ln -s small linked
cp -r small kept
held small.lock "$hat" extract --run super --architecture largest --out small --overwrite
held small.lock "$hat" quantize --model small --packed int8
held ./small.lock "$hat" quantize --model super --out ./small/ --overwrite
held "$(realpath small).lock" "$hat" quantize --model super --out linked --overwrite
held super/lock "$hat" quantize --model small --out super/model --overwrite
same small kept
held new.lock "$hat" quantize --model super --out new
held more.lock "${prepare[@]}" --out more
held more.lock "$hat" prepare --task language-model --text train.en --vocab-size 40 --out more
held easier.lock "$hat" distill --model super --data data --beam 1 --out easier
held imported.lock "$hat" import --checkpoint none.pt --out imported
mkdir text
for part in train valid test; do make_text text/$part 20 1; done
held stories/en-de.lock "$hat" quickstart --text text --out stories
for name in new more easier imported; do
    [ ! -e $name ] || fail "$name was written all the same"
done

# For real: of many at once one writes, and the others are told of it or of what it wrote.
for i in $(seq 8); do
    "$hat" quantize --model super --weights "$([ $((i % 2)) = 0 ] && echo int8 || echo bf16)" --out new \
        >/dev/null 2>"told.$i" && echo "$i" >>written &
done
wait
[ "$(wc -l <written)" = 1 ] || fail "so many wrote one model: $(cat written)"
[ "$(cat told.* | grep -cE '^hat: new: (another process is at work on it|holds a model already)')" = 7 ] ||
    fail "the others are told: $(cat told.*)"
"$hat" translate --model new <test.en >test.out || fail "what one of many wrote does not translate"

held latency.csv.lock "$hat" latency --space space.yml --data data --samples 14 --sentences 2 \
    --repeats 3 --attempts 1 --out latency.csv --resume
well "$hat" latency --space space.yml --data data --samples 14 --sentences 2 --repeats 3 --attempts 1 \
    --out latency.csv
well "$hat" predictor --latency latency.csv --model additive --out predictor.json
search=("$hat" search --run super --predictor predictor.json --population 8 --iterations 1
    --limit-ms 1000 --out chosen.yml)
held chosen.yml.search.json.lock "${search[@]}"
held page.lock "${search[@]}" --report page/
well "${search[@]}"
held chosen.yml.search.json.lock "${search[@]}" --resume
expect 1 "holds a search already" "${search[@]}"
well "${search[@]}" --resume

# The rest of the chain, where nobody is any more. A model being tuned is told of.
"${tune[@]}" --model small --data data --out tuned --updates 100000 >/dev/null 2>log &
job=$!
for _ in $(seq 400); do
    if [ -e tuned.run/config.json ] || ! kill -0 "$job" 2>/dev/null; then break; fi
    sleep 0.05
done
expect 1 "tuned: is not there before its training, in tuned.run, has ended" \
    "$hat" translate --model tuned </dev/null
kill -KILL "$job"
wait "$job" 2>/dev/null || true
well "${tune[@]}" --updates 4 --model small --data data --out tuned --overwrite
for name in tuned tuned.run; do
    "$hat" translate --model $name <test.en >test.out || fail "$name does not translate"
done
"$hat" score --reference test.de <test.out | contains BLEU || fail "its translations are not scored"
well "$hat" distill --model super --data data --beam 1 --out easier
[ -z "$(find . -name 'lock' -o -name '*.lock')" ] || fail "locks were left: $(find . -name '*lock')"
finish
