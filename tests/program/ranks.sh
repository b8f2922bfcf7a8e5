# SPDX-License-Identifier: Apache-2.0
#
#     ranks.sh HAT MPIRUN [all]    MPIRUN "": of a program without MPI
#
# Any number of ranks and threads trains to the same bytes as one process, goes on with what others have saved,
# and ends with one line when one of them fails. With `all`: every kind of training, tuning, searches, and
# ranks killed at random moments.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"
mpirun=$2
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1  # as containers do
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none

# ranks N COMMAND…: the command as so many ranks.
ranks() {
    local n=$1
    shift
    "$mpirun" -n "$n" "$@"
}

# same_run A B: the same checkpoints and the same model.
same_run() {
    local file
    for file in checkpoints/best.safetensors model/weights.safetensors model/config.json; do
        cmp "$1/$file" "$2/$file" || fail "$2/$file is not that of $1"
    done
    cmp "$1/$(newest "$1")" "$2/$(newest "$2")" || fail "$2 has another last checkpoint than $1"
}
newest() { (cd "$1" && find checkpoints -name 'checkpoint-*' | sort -t- -k2 -n | tail -n 1); }

# Without MPI the program says what it lacks, and where one process is all, works.
if [ -z "$mpirun" ]; then
    for name in OMPI_COMM_WORLD_SIZE PMI_SIZE; do
        expect 1 "train: was started as 4 processes, but this hat was built without MPI" \
            env "$name=4" "$hat" train --data data --out run
        expect 1 "data: there is no such data directory" env "$name=1" "$hat" train --data data --out run
    done
    finish
    exit 0
fi

make_text train 400 1
make_text valid 30 2
make_architecture
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data 2>/dev/null
updates=(--max-tokens 300 --dropout 0.1 --warmup 10 --validate-every 8 --checkpoint-every 2)

# trains NAME NUMBERS COMMAND…: alone with one thread to NAME, and then with all those numbers of ranks × threads.
trains() {
    local name=$1 numbers=$2 n
    shift 2
    "$@" "${updates[@]}" --updates 30 --threads 1 --out "$name" >/dev/null 2>log || fail "$name: $(cat log)"
    for n in $numbers; do
        ranks "${n%x*}" "$@" "${updates[@]}" --updates 30 --threads "${n#*x}" --out "$name-$n" >out 2>log ||
            fail "$name, $n: $(cat log)"
        [ "$(cat out)" = "$name-$n/model" ] || fail "$name, $n: prints $(cat out)"
        same_run "$name" "$name-$n"
    done
}

numbers="2x1 4x2"
[ "${3:-}" = all ] && numbers="1x2 2x1 2x2 4x1 4x2"
whole=("$hat" train --data data --architecture small.yml)
trains whole "$numbers" "${whole[@]}"

# Three ranks go on where two have stopped; behind a validation, as the end of a training makes one too.
ranks 2 "${whole[@]}" "${updates[@]}" --updates 16 --threads 1 --out cut >/dev/null 2>log || fail "$(cat log)"
rm -r cut/model
ranks 3 "${whole[@]}" "${updates[@]}" --updates 30 --threads 1 --out cut --resume >/dev/null 2>log || fail "$(cat log)"
contains -F 'a checkpoint every 2 updates; should a rank die' <log || fail "$(cat log)"
contains -F 'resumed after update 16' <log || fail "nothing was resumed: $(cat log)"
cmp whole/model/weights.safetensors cut/model/weights.safetensors || fail "another model after a resume"

# fails TEXT COMMAND…: two ranks end with one line, which names rank and machine.
fails() {
    local text=$1
    shift
    if ranks 2 "$@" >/dev/null 2>log; then fail "$*: ended well"; fi
    [ "$(grep -c '^hat: ' log)" = 1 ] || fail "$*: not one line of error: $(cat log)"
    contains -E -e "^hat: rank [01] on [^ ]+: .*$text" <log || fail "$*: no \"$text\" in $(cat log)"
}
fails 'there is no such data directory' "${whole[@]/#data/nothing}" --out none
fails 'holds a training already' "${whole[@]}" --out whole
# Of two commands in one job, which are none.
if "$mpirun" -n 1 "${whole[@]}" --out none : -n 1 "${whole[@]}" --seed 2 --out none >/dev/null 2>log; then
    fail "two ranks do different work"
fi
[ ! -e none ] || fail "began a training of two kinds"
contains -E '^hat: rank 1 on [^ ]+: works on something else than the first rank: --seed was nothing, is "?2' <log ||
    fail "$(cat log)"
if "$mpirun" -n 1 "${whole[@]}" --updates 8 --out none : -n 1 "${whole[@]}" --updates 9 --out none >/dev/null 2>log; then
    fail "two ranks train for different times"
fi
contains -F 'works on something else than the first rank: --updates was ' <log || fail "$(cat log)"
SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=0 "${whole[@]}" --updates 2 --out alone >/dev/null 2>log || fail "$(cat log)"
contains -F 'note: of 2 tasks that know nothing of each other each does all of the work; srun --mpi=pmix' <log ||
    fail "$(cat log)"
# Processes that mpirun starts may have work of their own each.
"$mpirun" -n 2 "$hat" inspect --model alone/model >out 2>log || fail "$(cat log)"
fails '--shards 1: is the most ranks that can share an update, found 2' "${whole[@]}" --shards 1 --out none

# Who was started by another MPI, or without its other ranks, says so.
expect 1 "finds none of the others" env -u PMI_SIZE OMPI_COMM_WORLD_SIZE=2 "${whole[@]}" --out none

# Wrong flags have one exit code: a launcher hands on that of whichever rank ends first, or the highest.
status=0
OMPI_COMM_WORLD_RANK=1 "$hat" train --no-such-flag >stdout 2>stderr || status=$?
if [ "$status" != 2 ] || [ -s stderr ]; then fail "wrong flags of another rank: $status, $(cat stderr)"; fi
OMPI_COMM_WORLD_RANK=1 "$hat" train --help >stdout 2>stderr || fail "--help of another rank: $?"

if [ "${3:-}" != all ]; then
    finish
    exit 0
fi

# ---- every kind of training ------------------------------------------------------------------

make_space
trains super "2x2 4x1" "$hat" train --data data --space space.yml --sandwich 2 --distill 0.5 \
    --batches-per-update 2 --moving-average 0.99 --validate-random 2
trains elastic "3x1" "$hat" train --data data --space space.yml --clip-norm 1
sed -E 's/^(encoder|decoder)-heads: .*/\1-heads: 1/; s/^qkv-dim: .*/qkv-dim: 32/' small.yml >delight.yml
cat >>delight.yml <<'YAML'
encoder-dextra-depths: [4]
encoder-dextra-widths: [2000]
encoder-dextra-groups: 4
decoder-dextra-depths: [4]
decoder-dextra-widths: [2000]
decoder-dextra-groups: 4
YAML
sed -i 's/^decoder-cross-heads: .*/decoder-cross-heads: 1/' delight.yml
trains delight "2x1 4x1" "$hat" train --data data --architecture delight.yml
"$hat" prepare --task language-model --text train.en --valid-text valid.en --vocab-size 40 --out text \
    >/dev/null 2>log || fail "prepare of text: $(cat log)"
trains lm "2x1 4x1" "$hat" train --task language-model --data text --architecture tiny-lm --block 32

# tunes NAME RANKS COMMAND…
for how in "" "--quantised" "--teacher super"; do
    # shellcheck disable=SC2086
    tune=("$hat" tune --model whole/model --data data $how "${updates[@]}" --updates 30 --threads 1)
    "${tune[@]}" --out tuned >/dev/null 2>log || fail "tune: $(cat log)"
    ranks 2 "${tune[@]}" --out tuned-2 >/dev/null 2>log || fail "tune, 2 ranks: $(cat log)"
    cmp tuned/weights.safetensors tuned-2/weights.safetensors || fail "tune $how: another model"
    rm -r tuned tuned-2 tuned.run tuned-2.run
done

# ---- searches ---------------------------------------------------------------------------------

"$hat" latency --space space.yml --data data --samples 14 --sentences 2 --repeats 3 --attempts 1 \
    --out latency.csv >/dev/null 2>log || fail "latency: $(cat log)"
"$hat" predictor --latency latency.csv --model additive --out predictor.json >/dev/null 2>log || fail "$(cat log)"
search=("$hat" search --run super --predictor predictor.json --population 20 --threads 1)
"${search[@]}" --speedup 1.2 --iterations 4 --out one.yml >/dev/null 2>log || fail "search: $(cat log)"
ranks 2 "${search[@]}" --speedup 1.2 --iterations 2 --out two.yml >/dev/null 2>log || fail "search: $(cat log)"
ranks 3 "${search[@]}" --speedup 1.2 --iterations 4 --out two.yml --resume >/dev/null 2>log || fail "$(cat log)"
cmp one.yml two.yml || fail "two ranks find another network"
cmp one.yml.search.json two.yml.search.json || fail "two ranks save another search"
# A front behind a search: two ranks begin it, three go on with it; where the search went on, it begins anew.
front=("${search[@]}" --speedup 1.2 --front 2)
"${front[@]}" --iterations 3 --out one.yml --report one.report --overwrite >/dev/null 2>log || fail "front: $(cat log)"
ranks 2 "${search[@]}" --speedup 1.2 --front 1 --iterations 2 --out two.yml --report two.report --overwrite \
    >/dev/null 2>log || fail "front: $(cat log)"
ranks 3 "${front[@]}" --iterations 3 --out two.yml --report two.report --resume >/dev/null 2>log || fail "$(cat log)"
diff -r one.report two.report || fail "ranks find another front, or go on with an old one"
ranks 2 "${front[@]}" --iterations 3 --out two.yml --report two.report --resume >/dev/null 2>log || fail "$(cat log)"
grep -q 'front resumed after iteration 2' log || fail "the front of ranks does not go on: $(cat log)"
diff -r one.report two.report || fail "a front that ranks go on with is another"
"${search[@]}" --iterations 3 --pareto one.csv >/dev/null 2>log || fail "front: $(cat log)"
ranks 2 "${search[@]}" --iterations 3 --pareto two.csv >/dev/null 2>log || fail "front: $(cat log)"
cmp one.csv two.csv || fail "two ranks find another front"
cp predictor.json other.json
shelf=("${search[@]}" --predictor other.json --iterations 3 --max-loss 100)
"${shelf[@]}" --pareto one --one-for-all one.all.yml >/dev/null 2>log || fail "fronts: $(cat log)"
ranks 2 "${shelf[@]}" --pareto two --one-for-all two.all.yml >/dev/null 2>log || fail "fronts: $(cat log)"
same one two
cmp one.all.yml two.all.yml || fail "two ranks find another network for all"

# ---- stops ------------------------------------------------------------------------------------

# By a signal, with a first rank that takes its time to write: others wait for it.
cat >slow.c <<'C'
#include <sys/syscall.h>
#include <unistd.h>
int fsync(int file) { sleep(3); return (int)syscall(SYS_fsync, file); }
C
cc -shared -fPIC slow.c -o slow.so
LD_PRELOAD=$PWD/slow.so "$mpirun" -n 2 "${whole[@]}" "${updates[@]}" --updates 5000 --threads 1 --out stopped \
    >/dev/null 2>log &
job=$!
for _ in $(seq 100); do compgen -G 'stopped/checkpoints/checkpoint-*.safetensors' >/dev/null && break; sleep 0.1; done
pkill -TERM -f "^$hat train .*--out stopped"
wait "$job" && fail "a stopped training ends well"
contains -E '^hat: rank 0 on [^ ]+: stopped by a signal after update [0-9]+; go on with --resume' <log ||
    fail "stopped: $(cat log)"
[ -z "$(find stopped -name '*.tmp*')" ] || fail "a stop leaves $(find stopped -name '*.tmp*')"

# ---- kills ------------------------------------------------------------------------------------

# Of so many updates that none of the kills comes too late.
long=("${whole[@]}" "${updates[@]}" --updates 2400 --threads 1)
of_ranks="^$hat train .*--out killed --resume"
RANDOM=7
for i in $(seq 20); do
    : >"log$i"
    "$mpirun" -n $((1 + RANDOM % 4)) "${long[@]}" --out killed --resume >/dev/null 2>"log$i" &
    job=$!
    for _ in $(seq 100); do  # until it trains
        contains -F 'parameters, ' <"log$i" && break
        sleep 0.05
    done
    sleep "0.$((10 + RANDOM % 25))"
    if ! victims=$(pgrep -f "$of_ranks"); then
        fail "kill $i: nothing runs: $(cat "log$i")"
        break
    fi
    begun=$SECONDS
    if [ $((i % 2)) = 0 ]; then
        kill -KILL "$job"
    else
        kill -KILL "$(shuf -n 1 --random-source=<(yes "$i") <<<"$victims")"
    fi
    wait "$job" 2>/dev/null && fail "kill $i: ends well"
    for _ in $(seq 300); do pgrep -f "$of_ranks" >/dev/null || break; sleep 0.2; done
    [ $((SECONDS - begun)) -le 60 ] || fail "ranks lived on for $((SECONDS - begun)) s"
    [ ! -e killed/model ] || fail "kill $i came too late"
done
resumed=$(grep -h 'resumed after update' log[0-9]* | sort -u | wc -l)
[ "$resumed" -ge 8 ] || fail "of 20 kills, only $resumed interrupted a training that had come further"
"${long[@]}" --out straight >/dev/null 2>log || fail "$(cat log)"
ranks 2 "${long[@]}" --out killed --resume >/dev/null 2>log || fail "$(cat log)"
same_run straight killed
finish
