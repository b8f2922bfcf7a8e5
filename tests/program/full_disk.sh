# SPDX-License-Identifier: Apache-2.0
#
# A disk that is full at any step of the chain, as far as a limit on the size of files is one: one line
# of error, what was there is whole, and the same step goes well once there is room.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

# with_room KIB COMMAND…: no file that the command writes may have more than so many KiB.
with_room() {
    local room=$1
    shift
    { (
        ulimit -f "$room"
        "$@" 2>&1 >&3
    ) | cat >&2; } 3>&1
}

# full KIB COMMAND…: with that little room, the command fails and says why.
full() {
    expect 1 "cannot write" with_room "$@"
}

make_chain
full 1 "${prepare[@]}" --out data
[ ! -e data ] || fail "prepare left something behind: $(ls data)"
well "${prepare[@]}" --out data
cp -r data data.before
for blocks in 0 1; do
    full $blocks "$hat" prepare --source train.de --target train.en --vocab-size 40 --out data --overwrite
    same data.before data
done

for blocks in 0 10 400; do full $blocks "${train[@]}" --updates 4 --data data --out super$blocks; done
[ ! -e super0/model ] && [ ! -e super400/model ] || fail "train left a model behind"
for blocks in 0 10 400; do well "${train[@]}" --updates 4 --data data --out super$blocks --resume; done
mv super400 super
for blocks in 0 10; do
    cmp super/model/weights.safetensors super$blocks/model/weights.safetensors ||
        fail "the training that met a full disk has other weights"
done

for blocks in 0 10; do
    full $blocks "$hat" extract --run super --architecture smallest --out small
    [ ! -e small ] || fail "extract left something behind: $(ls small)"
done
well "$hat" extract --run super --architecture smallest --out small
cp -r small small.before
full 10 "$hat" extract --run super --architecture largest --out small --overwrite
same small.before small

full 1 "$hat" distill --model super --data data --beam 1 --out easier
[ ! -e easier/config.json ] || fail "distill left data behind"
well "$hat" distill --model super --data data --beam 1 --out easier --resume
for blocks in 0 10; do full $blocks "${tune[@]}" --updates 4 --model small --data data --out tuned$blocks; done
[ ! -e tuned0 ] && [ ! -e tuned10 ] || fail "tune left a model behind"
for blocks in 0 10; do well "${tune[@]}" --updates 4 --model small --data data --out tuned$blocks --resume; done
cmp tuned0/weights.safetensors tuned10/weights.safetensors ||
    fail "the tuning that met a full disk has other weights"

full 0 "$hat" latency --space space.yml --data data --samples 14 --sentences 2 --repeats 3 --attempts 1 \
    --out latency.csv
well "$hat" latency --space space.yml --data data --samples 14 --sentences 2 --repeats 3 --attempts 1 \
    --out latency.csv --resume
full 0 "$hat" predictor --latency latency.csv --model additive --out predictor.json
[ ! -e predictor.json ] || fail "predictor left something behind"
well "$hat" predictor --latency latency.csv --model additive --out predictor.json
search=("$hat" search --run super --predictor predictor.json --population 8 --iterations 1
    --limit-ms 1000 --out chosen.yml)
full 0 "${search[@]}"
[ ! -e chosen.yml ] || fail "search left something behind"
well "${search[@]}" --resume

"$hat" translate --model tuned0 <test.en >test.out || fail "the last model does not translate"
"$hat" score --reference test.de <test.out | contains BLEU || fail "its translations are not scored"
[ -z "$(find . -name '*.tmp*' -o -name '.*tmp*' -o -name '*lock')" ] ||
    fail "something temporary was left: $(find . -name '*tmp*' -o -name '*lock')"
finish
