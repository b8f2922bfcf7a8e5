# SPDX-License-Identifier: Apache-2.0
#
# Results that could not be written are errors of every command, and so is input that cannot be read.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"
golden=${HAT_GOLDEN:-../shared/golden}
case $golden in /*) ;; *) golden=$root/$golden ;; esac

make_text train 200 1
make_text valid 20 2
make_space
cp train.en train.txt
cp valid.en valid.txt
cat >lm.yml <<'YAML'
encoder-layers: 0
decoder-layers: 1
decoder-embed-dim: 32
qkv-dim: 32
decoder-ffn-dims: 32
decoder-heads: 2
sharing: decoder_input_output
YAML

# Every command once with its output on a full device. `works` runs it again to a file, where it must
# do what it says: so a command that fails for another reason does not pass.
declare -A seen
full() {
    seen[$1]=1
    local code=0
    "$hat" "$@" </dev/null >/dev/full 2>stderr || code=$?
    [ "$code" = 1 ] || fail "$* >/dev/full: exit code $code, expected 1: $(cat stderr)"
    grep -q '^hat: standard output: cannot be written' stderr || fail "$* >/dev/full: $(cat stderr)"
    [ "$(grep -c '^hat: ' stderr)" = 1 ] || fail "$* >/dev/full: not one line: $(cat stderr)"
}
closed() {
    local code=0
    "$hat" "$@" </dev/null >&- 2>stderr || code=$?
    [ "$code" = 1 ] || fail "$* >&-: exit code $code, expected 1: $(cat stderr)"
    [ "$(cat stderr)" = "hat: standard output: is closed" ] || fail "$* >&-: $(cat stderr)"
}
# check COMMAND…: a command that makes something. It is there after the full device; a closed output
# is told before any work.
check() {
    closed "$@"
    [ ! -e "${*: -1}" ] || fail "$* >&- has worked before it failed"
    full "$@"
    [ -e "${*: -1}" ] || fail "$* >/dev/full has made nothing"
}
# show COMMAND…: a command that prints.
show() {
    closed "$@"
    full "$@"
}

check prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data
train=(--updates 2 --max-tokens 300 --warmup 1)
check train --data data --space space.yml "${train[@]}" --out super
check extract --run super --architecture smallest --out small
check quantize --model small --out fewer
check quantize --model small --integer --data data --out integers
check export --model small --out small.hpp
check tune --model small --data data "${train[@]}" --out tuned
check distill --model small --data data --beam 1 --max-length-b 3 --out easier
check latency --space space.yml --data data --samples 14 --sentences 1 --repeats 3 --attempts 1 \
    --out latency.csv
check predictor --latency latency.csv --model additive --out predictor.json
check search --run super --predictor predictor.json --speedup 1.01 --population 4 --iterations 1 \
    --out chosen.yml
check prepare --task language-model --text train.txt --valid-text valid.txt --words 1 --out text
check train --task language-model --data text --architecture lm.yml --block 64 "${train[@]}" \
    --out lm
show perplexity --model lm --text valid.txt --block 64 --context 20
show generate --model lm --tokens 5
show inspect --model small
show card --model small
show completion bash
show inspect --space space.yml
show --help
show --version
checkpoint=$golden/hat/checkpoint/super_zip.pt
if [ -e "$checkpoint" ]; then check import --checkpoint "$checkpoint" --out imported; fi

# Commands that read standard input.
for command in "translate --model small --max-length-b 3" "score --reference valid.de"; do
    read -ra words <<<"$command"
    closed "${words[@]}"
    seen[${words[0]}]=1
    expect 1 "standard output: cannot be written" \
        bash -c '"$@" <valid.de >/dev/full' run "$hat" "${words[@]}"
    expect 1 "standard input: cannot be read: Is a directory" "$hat" "${words[@]}" <.
    expect 1 "standard input: cannot be read: Input/output error" "$hat" "${words[@]}" </proc/self/mem
    expect 1 "standard input: cannot be read: Bad file descriptor" "$hat" "${words[@]}" <&-
done

# Nobody reads on: the program ends as others do, without a word; where the signal is ignored, with one
# line. It does not translate the rest.
awk 'BEGIN { for (i = 0; i < 20000; ++i) print "one two." }' >many
code=0
env --default-signal=PIPE "$hat" translate --model small --max-length-b 3 <many 2>stderr |
    head -n 1 >first || code=${PIPESTATUS[0]}
[ "$code" = 141 ] || fail "translate | head: exit code $code, expected 141"
[ ! -s stderr ] || fail "translate | head: $(cat stderr)"
(
    trap '' PIPE
    "$hat" translate --model small --max-length-b 3 <many 2>stderr | head -n 1 >first ||
        code=${PIPESTATUS[0]}
    [ "$code" = 1 ] || fail "translate | head, no signal: exit code $code, expected 1"
    [ "$(cat stderr)" = "hat: standard output: cannot be written: Broken pipe" ] ||
        fail "translate | head, no signal: $(cat stderr)"
    exit "$failures"
) || fail "a closed pipe"

# Files that cannot be read.
mkdir directory
for path in directory /proc/self/mem; do
    expect 1 "$path: " "$hat" score --reference "$path" <valid.de
    expect 1 "$path: " "$hat" perplexity --model lm --text "$path"
    expect 1 "$path: " "$hat" translate --model small --score-targets "$path" <valid.en
    expect 1 "$path: " "$hat" prepare --source "$path" --target train.de --out other
    expect 1 "$path: " "$hat" predictor --latency "$path" --out other
    expect 1 "$path: " "$hat" inspect --architecture "$path"
done
[ ! -e other ] || fail "something was made of what cannot be read"

# What is at the place of an output is replaced if it is of the same kind, and else left alone.
printf 'my notes\n' >notes
printf '{"format": "notes"}\n' >notes.json
mkfifo pipe
mkdir away
predictor=(timeout 60 "$hat" predictor --model additive)
search=(timeout 60 "$hat" search --run super --predictor predictor.json --speedup 1.01 --population 4
    --iterations 1)
plan=(timeout 60 "$hat" latency --space space.yml --data data --samples 14 --sentences 1)
# kept TEXT FILE COMMAND…: the command is refused with TEXT before any work, and FILE stays what it was.
kept() {
    local text=$1 file=$2
    cp -r "$file" before
    expect 1 "$file$text" "${@:3}"
    diff -r "$file" before >difference || fail "${*:3}: $file was changed: $(cat difference)"
    [ "$(wc -l <stderr)" = 1 ] || fail "${*:3}: told after some work: $(cat stderr)"
    rm -rf before
}
"${search[@]}" --pareto front.csv >/dev/null 2>log || fail "front: $(cat log)"
for file in latency.csv latency.csv.plan; do
    kept ": is what this command reads" $file "${predictor[@]}" --latency latency.csv --out $file
done
kept ": is what this command reads" predictor.json "${search[@]}" --out predictor.json
kept ": is what this command reads" latency.csv "${search[@]}" --pareto latency.csv --latency latency.csv
kept ": is what this command reads" space.yml "${plan[@]}" --write-plan space.yml
ln -s latency.csv behind
kept ": is what this command reads" behind "${predictor[@]}" --latency latency.csv --out behind
other=": is there already and is not"
for file in notes notes.json chosen.yml front.csv; do
    kept "$other a latency predictor" $file "${predictor[@]}" --latency latency.csv --out $file
done
for file in notes notes.json space.yml front.csv; do
    kept "$other an architecture" $file "${search[@]}" --out $file --overwrite
done
for file in notes notes.json latency.csv chosen.yml; do
    kept "$other the front of a search" $file "${search[@]}" --pareto $file --overwrite
    kept "$other a latency plan" $file "${plan[@]}" --write-plan $file
done
cp notes new.yml.search.json
kept "$other a saved search" new.yml.search.json "${search[@]}" --out new.yml --overwrite
cp notes new.yml.front.json
rm new.yml.search.json
kept "$other a saved search" new.yml.front.json "${search[@]}" --out new.yml --overwrite
cp notes new.csv.plan
kept "$other a latency plan" new.csv.plan "${plan[@]}" --out new.csv
cp notes away/report.md
kept "/report.md$other the report of a search" away "${search[@]}" --out new2.yml --report away
mv away/report.md away/latency.svg
kept "/latency.svg$other a figure" away "${search[@]}" --out new2.yml --report away
for file in pipe /dev/full; do
    expect 1 "$file: cannot write: not a regular file" "${predictor[@]}" --latency latency.csv --out $file
    expect 1 "$file: cannot write: not a regular file" "${search[@]}" --out $file
    expect 1 "$file: cannot write: not a regular file" "${search[@]}" --pareto $file
    expect 1 "$file: cannot write: not a regular file" "${plan[@]}" --write-plan $file
    for command in "prepare --source train.en --target train.de" "train --data data" \
        "extract --run super --architecture smallest" "tune --model small --data data" \
        "quantize --model small" \
        "distill --model small --data data" "latency --space space.yml"; do
        read -ra words <<<"$command"
        expect 1 "$file" timeout 20 "$hat" "${words[@]}" --out $file
    done
done
expect 1 "pipe: cannot write: not a regular file" "${plan[@]}" --out pipe --resume
ln -s pipe piped.csv.plan
expect 1 "piped.csv.plan: cannot write: not a regular file" "${plan[@]}" --out piped.csv
mkfifo away/report.md && rm away/latency.svg
expect 1 "away/report.md: cannot write: not a regular file" "${search[@]}" --out new2.yml --report away
rm away/report.md
well "${predictor[@]}" --latency latency.csv --out predictor.json
well "${search[@]}" --out chosen.yml --report report --overwrite
well "${search[@]}" --out chosen.yml --report report --overwrite
well "${search[@]}" --pareto front.csv --overwrite
well "${plan[@]}" --write-plan plan.txt
well "${plan[@]}" --write-plan plan.txt
: >empty
well "${predictor[@]}" --latency latency.csv --out empty

# No command was forgotten.
for command in $("$hat" --help | sed -n '/^Subcommands:/,$p' | grep -oE '^  [a-z]+ ' | tr -d ' '); do
    case $command in
    quickstart | import) continue ;;  # hours; needs a checkpoint
    esac
    [ -n "${seen[$command]:-}" ] || fail "hat $command: nothing is known of its output"
done
finish
