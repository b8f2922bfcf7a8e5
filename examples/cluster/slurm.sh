#!/usr/bin/env bash
# A training on a cluster under SLURM, one rank a machine, that goes on by itself when its time is over or a machine
# fails:
#
#     sbatch --nodes=8 examples/cluster/slurm.sh --data data --space multi30k --sandwich 2 --out super
#
# HAT (default: hat) is the program, built with -D HAT_WITH_MPI=ON for the MPI of the cluster; data and --out are on a
# file system that all machines have. SLURM's own options above, such as --nodes, --time and --partition, go in front of
# the script. A job that has saved nothing new, was called wrongly or has diverged is not queued again; others are, at
# most RESTARTS times (default: 50).
#SBATCH --job-name=hat-train
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=TERM@180
set -euo pipefail

if [ $# = 0 ]; then
    echo "usage: sbatch [OPTION OF sbatch…] slurm.sh ARGUMENT OF hat train…" >&2
    exit 2
fi
out=
previous=
for argument in "$@"; do
    [ "$previous" = --out ] && out=$argument
    [[ $argument == --out=* ]] && out=${argument#--out=}
    previous=$argument
done
if [ -z "$out" ]; then
    echo "slurm.sh: found no --out among the arguments" >&2
    exit 2
fi

# Of names that end otherwise, checkpoints are half written.
newest() { find "$out/checkpoints" -name 'checkpoint-*.safetensors' 2>/dev/null | sort | tail -n 1 || true; }

# All ranks hear SIGTERM three minutes before the end, save a checkpoint and stop; then the job goes back to the queue.
before=$(newest)
code=0
srun --kill-on-bad-exit=1 --cpus-per-task="${SLURM_CPUS_ON_NODE:-1}" "${HAT:-hat}" train "$@" --resume || code=$?
[ "$code" != 0 ] || exit 0

ends() {
    echo "slurm.sh: the training has stopped with code $code; the job is not queued again: $1" >&2
    exit "$code"
}
[ "$code" != 2 ] || ends "its arguments are wrong"
[ ! -e "$out/diverged.json" ] || ends "it has diverged"
after=$(newest)
# By name, not by time: clocks of machines and file systems differ.
if [ -z "$after" ] || [ "$after" = "$before" ]; then ends "there is no newer checkpoint than when it began"; fi
[ "${SLURM_RESTART_COUNT:-0}" -lt "${RESTARTS:-50}" ] || ends "it was $SLURM_RESTART_COUNT times"
[ "$(squeue --noheader --job "$SLURM_JOB_ID" --format=%T 2>/dev/null)" = RUNNING ] || ends "it is ended by SLURM"
echo "slurm.sh: the training has stopped with code $code; the job goes back to the queue, for $after" >&2
scontrol requeue "$SLURM_JOB_ID"
exit "$code"
