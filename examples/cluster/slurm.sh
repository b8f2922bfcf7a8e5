#!/usr/bin/env bash
# A training on a cluster under SLURM, one rank a machine, that goes on by itself when its time is over or a machine fails:
#
#     sbatch --nodes=8 examples/cluster/slurm.sh --data data --space multi30k --sandwich 2 --out super
#
# HAT (default: hat) is the program, built with -D HAT_WITH_MPI=ON for the MPI of the cluster; data and --out are on a file
# system that all machines have. SLURM's own options above, such as --nodes, --time and --partition, go in front of the script.
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
# All ranks hear SIGTERM three minutes before the end, save a checkpoint and stop; then the job goes back to the queue.
code=0
srun --kill-on-bad-exit=1 --cpus-per-task="${SLURM_CPUS_ON_NODE:-1}" "${HAT:-hat}" train "$@" --resume || code=$?
if [ "$code" != 0 ] && [ "$(squeue --noheader --job "$SLURM_JOB_ID" --format=%T 2>/dev/null)" = RUNNING ]; then
    echo "slurm.sh: the training has stopped with code $code; the job goes back to the queue" >&2
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
