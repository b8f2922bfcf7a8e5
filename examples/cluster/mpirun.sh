#!/usr/bin/env bash
# A training on several ranks, of this machine or of others, that goes on when one of them dies:
#
#     examples/cluster/mpirun.sh RANKS ARGUMENT OF hat train…
#     examples/cluster/mpirun.sh 4 --data data --space multi30k --sandwich 2 --threads 8 --out super
#
# It begins the training, or goes on where it has been stopped, and begins again from the newest checkpoint for as long
# as every try comes further. The model is the same, byte for byte, for any number of ranks and threads. Ctrl-C, or kill
# of this script, ends it with all ranks; the same command goes on later.
#
# HAT (default: hat) is the program, built with -D HAT_WITH_MPI=ON; MPIRUN (default: mpirun) is that of the MPI it was
# built with; MPIRUN_OPTIONS are words for it, such as "--hostfile machines". Data and --out are under paths that all
# machines have.
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

# Of names that end otherwise, checkpoints are half written.
newest() { find "$out/checkpoints" -name 'checkpoint-*.safetensors' 2>/dev/null | sort | tail -n 1 || true; }

# What a signal to this script does: mpirun hears it, once, as it is a process group of its own, which a terminal does
# not reach; and then there is no further try.
job=
signal=
code=0
# shellcheck disable=SC2317
stop() {
    signal=$1
    code=$2
    [ -z "$job" ] || kill -s "$signal" "$job" 2>/dev/null || true
}
trap 'stop INT 130' INT
trap 'stop TERM 143' TERM
trap 'stop TERM 129' HUP

# One try; its exit code.
train() {
    local status
    set -m
    "${MPIRUN:-mpirun}" -n "$ranks" "${options[@]}" "${HAT:-hat}" train "$@" --resume </dev/null &
    job=$!
    set +m
    [ -z "$signal" ] || kill -s "$signal" "$job" 2>/dev/null || true
    while true; do
        status=0
        wait "$job" || status=$?
        kill -0 "$job" 2>/dev/null || break  # a signal ends the wait, not what is waited for
    done
    job=
    return "$status"
}

before=$(newest)
until train "$@"; do
    [ -z "$signal" ] || exit "$code"
    after=$(newest)
    if [ "$after" = "$before" ] || [ -z "$after" ]; then
        echo "mpirun.sh: the training has ended early and came no further than it was" >&2
        exit 1
    fi
    echo "mpirun.sh: the training has ended early; goes on from $after" >&2
    before=$after
done
exit "$code"
