#!/usr/bin/env bash
# Compiles an example with the single header alone, and compares what it prints with its last comment:
#
#     single_header.sh HEADER EXAMPLE COMPILER FLAG…
#
# Nothing of hat but the header is on the include path, and a warning is an error. With
# -DHAT_SHARED_INSTANCES among the flags, a second source has what runs networks.
set -euo pipefail
header=$1 example=$2 compiler=$3
shift 3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp "$header" "$work/hat.hpp"
sed 's|^#include <hat/.*>$|#include "hat.hpp"|' "$example" >"$work/program.cpp"
sources=(program.cpp)
if ! grep -q '"hat.hpp"' "$work/program.cpp" || grep -q '<hat/' "$work/program.cpp"; then
    echo "$example: expected to include headers of hat by <hat/…>" >&2
    exit 1
fi
case " $* " in
*" -DHAT_SHARED_INSTANCES "*)
    printf '#define HAT_INSTANCES\n#include "hat.hpp"\n' >"$work/instances.cpp"
    sources+=(instances.cpp)
    ;;
esac
cd "$work"
# Words that Qt and Windows define for everybody.
taken=(-Dslots= -Dsignals= -Demit= -Dforeach= -Dsmall=char)
"$compiler" "${taken[@]}" -Wall -Wextra -Werror "$@" "${sources[@]}" -o program -pthread
cmake -D PROGRAM="$work/program" -D SOURCE="$example" -P "$here/cmake/run_example.cmake"
