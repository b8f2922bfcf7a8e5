# SPDX-License-Identifier: Apache-2.0
#
#     cluster.sh HAT MPIRUN SOURCE_DIR
#
# The scripts of examples/cluster train, go on after a rank was killed, and refuse what they cannot do; SLURM's own
# commands are stood in for.
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
"$hat" train "${train[@]}" --out alone >/dev/null 2>log || fail "$(cat log)"

"$scripts/mpirun.sh" 2 "${train[@]}" --out ranks >/dev/null 2>log &
job=$!
for _ in $(seq 400); do
    [ -z "$(find ranks/checkpoints -name 'checkpoint-*' 2>/dev/null)" ] || break
    sleep 0.05
done
kill -KILL "$(pgrep -f -- '--out ranks --resume' | tail -n 1)" || fail "no rank was there to kill"
wait "$job" || fail "mpirun.sh: $(cat log)"
cmp alone/model/weights.safetensors ranks/model/weights.safetensors || fail "mpirun.sh trains another model"

status=0
"$scripts/mpirun.sh" two --out x >/dev/null 2>log || status=$?
[ "$status" = 2 ] && contains '^usage: mpirun.sh RANKS' <log || fail "mpirun.sh two: $status, $(cat log)"
status=0
"$scripts/mpirun.sh" 2 "${train[@]/#data/nothing}" --out nowhere >/dev/null 2>log || status=$?
[ "$status" = 1 ] && contains 'came no further' <log || fail "mpirun.sh without data: $status, $(cat log)"

mkdir bin
cat >bin/srun <<'SH'
#!/usr/bin/env bash
while [[ $1 == --* ]]; do shift; done
exec "$MPIRUN" -n 2 "$@"
SH
printf '#!/bin/sh\necho RUNNING\n' >bin/squeue
printf '#!/bin/sh\necho "$@" >>requeued\n' >bin/scontrol
chmod +x bin/*
PATH=$PWD/bin:$PATH SLURM_JOB_ID=7 "$scripts/slurm.sh" "${train[@]}" --out slurm >/dev/null 2>log || fail "$(cat log)"
cmp alone/model/weights.safetensors slurm/model/weights.safetensors || fail "slurm.sh trains another model"
[ ! -e requeued ] || fail "what has ended well was queued again"
if PATH=$PWD/bin:$PATH SLURM_JOB_ID=7 "$scripts/slurm.sh" "${train[@]/#data/nothing}" --out no >/dev/null 2>log; then
    fail "slurm.sh without data ends well"
fi
[ "$(cat requeued)" = "requeue 7" ] || fail "what stopped was not queued again: $(cat log)"
finish
