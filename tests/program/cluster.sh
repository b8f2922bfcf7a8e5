# SPDX-License-Identifier: Apache-2.0
#
#     cluster.sh HAT MPIRUN SOURCE_DIR
#
# The scripts of examples/cluster train, go on after a rank was killed, and refuse what they cannot do; SLURM's own
# commands are stood in for.
# shellcheck disable=SC2016,SC2154
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"
mpirun=$2
scripts=$3/examples/cluster
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1  # as containers do
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export HAT=$hat MPIRUN=$mpirun

make_text train 400 1
make_text valid 30 2
make_architecture
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data 2>/dev/null
train=(--data data --architecture small.yml --updates 40 --max-tokens 300 --threads 1 --checkpoint-every 4)
without_end=("${train[@]/#40/400000}")
"$hat" train "${train[@]}" --out alone >/dev/null 2>log || fail "$(cat log)"

# after_checkpoint RUN: returns once it has one.
after_checkpoint() {
    for _ in $(seq 1200); do
        [ -z "$(find "$1/checkpoints" -name 'checkpoint-*.safetensors' 2>/dev/null)" ] || return 0
        sleep 0.05
    done
    fail "$1: no checkpoint in a minute: $(cat log)"
}

# ended COMMAND…: the command fails within a minute.
ended() {
    for _ in $(seq 600); do
        "$@" >/dev/null 2>&1 || return 0
        sleep 0.1
    done
    return 1
}

"$scripts/mpirun.sh" 2 "${train[@]}" --out "$folder/ranks" >/dev/null 2>log &
job=$!
after_checkpoint ranks
kill -KILL "$(pgrep -f -- "--out $folder/ranks --resume" | tail -n 1)" || fail "no rank was there to kill"
wait "$job" || fail "mpirun.sh: $(cat log)"
cmp alone/model/weights.safetensors ranks/model/weights.safetensors || fail "mpirun.sh trains another model"

# refuses CODE TEXT ARGUMENT…: mpirun.sh ends with that code and says so.
refuses() {
    local code=$1 text=$2 found=0
    shift 2
    "$scripts/mpirun.sh" "$@" >/dev/null 2>log || found=$?
    if [ "$found" != "$code" ] || ! contains -e "$text" <log; then fail "mpirun.sh $*: $found, $(cat log)"; fi
}
refuses 2 '^usage: mpirun.sh RANKS' two --out x
refuses 2 'found no --out' 2 --data data
refuses 1 'came no further' 2 "${train[@]/#data/nothing}" --out nowhere

# What is left of a checkpoint half written is none: after a try that leaves only that, there is no other.
mkdir -p bin left/checkpoints
touch left/checkpoints/checkpoint-00000004.safetensors
cat >bin/dies <<'SH'
#!/usr/bin/env bash
echo try >>tries
n=$(wc -l <tries)
touch "left/checkpoints/checkpoint-0000000$((4 + n)).safetensors.tmp-fe50"
[ "$n" -gt 3 ]
SH
chmod +x bin/dies
MPIRUN=bin/dies refuses 1 'came no further' 2 --out left
[ "$(wc -l <tries)" = 1 ] || fail "tries again after no new checkpoint: $(cat log)"

# stops SIGNAL CODE PREFIX: the signal, to the process (PREFIX "") or the group (PREFIX -) of mpirun.sh, a group as it
# has at a terminal, ends all of the training, and mpirun.sh with that code.
stops() {
    local run=$folder/stopped-$1$3 job status=0
    set -m
    "$scripts/mpirun.sh" 2 "${without_end[@]}" --out "$run" >/dev/null 2>log &
    job=$!
    set +m
    after_checkpoint "$run"
    kill -s "$1" -- "$3$job"
    if ended kill -0 "$job"; then
        wait "$job" || status=$?
        [ "$status" = "$2" ] || fail "$1 to $3mpirun.sh: ends with $status: $(cat log)"
    else
        fail "$1 to $3mpirun.sh: goes on: $(cat log)"
        kill -KILL "$job"
    fi
    if pgrep -f -- "--out $run" >living; then
        fail "$1 to $3mpirun.sh: processes live on"
        xargs kill -KILL <living 2>/dev/null || true
    fi
    if contains '^mpirun.sh:' <log; then fail "$1 to $3mpirun.sh: $(cat log)"; fi
}
stops INT 130 -
stops TERM 143 ""
stops TERM 143 -
stops HUP 129 -

cat >bin/srun <<'SH'
#!/usr/bin/env bash
while [[ $1 == --* ]]; do shift; done
if [ -n "${INSTEAD:-}" ]; then eval "$INSTEAD"; exit; fi
exec "$MPIRUN" -n 2 "$@"
SH
printf '#!/bin/sh\necho "${STATE:-RUNNING}"\n' >bin/squeue
printf '#!/bin/sh\necho "$@" >>requeued\n' >bin/scontrol
chmod +x bin/*
export PATH=$PWD/bin:$PATH SLURM_JOB_ID=7

# job CODE QUEUED ARGUMENT…: slurm.sh ends with that code, and has given scontrol the words QUEUED, "": none.
job() {
    local code=$1 queued=$2 found=0
    shift 2
    rm -f requeued
    touch requeued
    "$scripts/slurm.sh" "$@" >/dev/null 2>log || found=$?
    [ "$found" = "$code" ] || fail "slurm.sh $*: ends with $found: $(cat log)"
    [ "$(cat requeued)" = "$queued" ] || fail "slurm.sh $*: scontrol was told \"$(cat requeued)\": $(cat log)"
}
job 0 "" "${train[@]}" --out slurm
cmp alone/model/weights.safetensors slurm/model/weights.safetensors || fail "slurm.sh trains another model"
job 2 ""
job 2 "" --data data
job 1 "" "${train[@]/#data/nothing}" --out no
contains 'no newer checkpoint' <log || fail "slurm.sh without data: $(cat log)"
job 2 "" "${train[@]}" --no-such-flag --out no

# Its time is over: what was saved is gone on from.
end_of_time='"$MPIRUN" -n 2 "$@" & until ls over/checkpoints/checkpoint-*.safetensors; do sleep 0.05; done
    kill $!; wait $!'
INSTEAD=$end_of_time job 1 "requeue 7" "${without_end[@]}" --out over

# ends CODE QUEUED COMMAND: a job whose training, which has a checkpoint, does that.
ends() {
    rm -rf short
    mkdir -p short/checkpoints
    touch short/checkpoints/checkpoint-00000004.safetensors
    INSTEAD=$3 job "$1" "$2" --data data --out=short
}
saves='touch short/checkpoints/checkpoint-00000008.safetensors'
ends 1 "requeue 7" "$saves; exit 1"
SLURM_RESTART_COUNT=49 ends 137 "requeue 7" "$saves; exit 137"
ends 1 "" "exit 1"
ends 1 "" "$saves.tmp-fe50; exit 1"
ends 2 "" "$saves; exit 2"
ends 1 "" "$saves; touch short/diverged.json; exit 1"
SLURM_RESTART_COUNT=50 ends 1 "" "$saves; exit 1"
SLURM_RESTART_COUNT=50 RESTARTS=51 ends 1 "requeue 7" "$saves; exit 1"
STATE=COMPLETING ends 1 "" "$saves; exit 1"
finish
