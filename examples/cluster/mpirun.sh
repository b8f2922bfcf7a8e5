#!/usr/bin/env bash
# A training on several ranks, of this machine or of others, that goes on when one of them dies:
#
#     examples/cluster/mpirun.sh RANKS ARGUMENT OF hat train…
#     examples/cluster/mpirun.sh 4 --data data --space multi30k --sandwich 2 --threads 8 --out super
#
# It begins the training, or goes on where it has been stopped, and begins again from the newest checkpoint for as long as
# every try comes further. The model is the same, byte for byte, for any number of ranks and threads.
#
# HAT (default: hat) is the program, built with -D HAT_WITH_MPI=ON; MPIRUN (default: mpirun) is that of the MPI it was built
# with; MPIRUN_OPTIONS are words for it, such as "--hostfile machines". Data and --out are under paths that all machines have.
set -euo pipefail

if [ $# -lt 2 ] || ! [[ $1 =~ ^[1-9][0-9]*$ ]]; then
    echo "usage: mpirun.sh RANKS ARGUMENT OF hat train…; found: $*" >&2
    exit 2
fi
ranks=$1
shift
out=
previous=
for argument in "$@"; do
    [ "$previous" = --out ] && out=$argument
    [[ $argument == --out=* ]] && out=${argument#--out=}
    previous=$argument
done
if [ -z "$out" ]; then
    echo "mpirun.sh: found no --out among the arguments" >&2
    exit 2
fi
read -ra options <<<"${MPIRUN_OPTIONS:-}"

newest() { find "$out/checkpoints" -name 'checkpoint-*' 2>/dev/null | sort -t- -k2 -n | tail -n 1 || true; }

before=none
until "${MPIRUN:-mpirun}" -n "$ranks" "${options[@]}" "${HAT:-hat}" train "$@" --resume; do
    after=$(newest)
    if [ "$after" = "$before" ] || [ -z "$after" ]; then
        echo "mpirun.sh: the training has ended early and came no further than the time before" >&2
        exit 1
    fi
    echo "mpirun.sh: the training has ended early; goes on from $after" >&2
    before=$after
done
