#!/usr/bin/env bash
# Installs what is missing, builds, tests, and ends with a summary.
#
#     tests/run.sh          what a change may break: some 35 minutes on two processors
#     tests/run.sh --all    every test: an hour
#
# Without --all, everything is built and tested, but for tests labelled `slow`; what runs networks is
# optimised as it is for users (-O3), what is around it less (-O1). Every header is compiled and linted
# with Clang. Sanitizers look at the folders that handle raw memory and bytes from outside, and tests for
# 64-bit Arm, in emulation, at what computes.
#
# HAT_JOBS (default: the number of processors) limits how much runs at once; HAT_GOLDEN and
# HAT_GOLDEN_WITHOUT choose the golden files (tests/support/golden_files.hpp). Logs: build/logs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

all=no
case "$*" in
"") ;;
--all) all=yes ;;
*)
    echo "usage: tests/run.sh [--all]; found: $*" >&2
    exit 2
    ;;
esac

jobs=${HAT_JOBS:-$(nproc)}
logs=build/logs
mkdir -p "$logs"
summary=()
failures=0

# step NAME COMMAND…: runs the command with its output in a log, which is shown if it fails. The steps
# after it run all the same.
step() {
    local name=$1 started=$SECONDS log state=ok
    shift
    log=$logs/${name//[^a-z0-9]/_}.log
    printf '%-44s' "$name"
    if ! "$@" >"$log" 2>&1; then
        state=FAILED
        failures=$((failures + 1))
    fi
    printf '%-7s %5d s\n' "$state" $((SECONDS - started))
    summary+=("$(printf '%-7s %s' "$state" "$name")")
    if [ "$state" = FAILED ]; then
        grep -E 'error:|FAILED:|\*\*\*|ERROR' "$log" | head -n 20 || true
        tail -n 40 "$log"
        echo "(all of it: $log)"
    fi
}

# figures PATTERN LOG: what the tests of a build printed that is worth reading.
figures() {
    grep -hE "$1" "$2" | sort -u | sed 's/^/    /' || true
}

clang=clang-14
lint=(clang-tidy-14 clang-format-14)
if command -v clang++ >/dev/null && ! apt-cache show "$clang" >/dev/null 2>&1; then
    clang=clang
    lint=()
fi
step "install packages" cmake/install_packages.sh \
    cmake ninja-build g++ "$clang" "${lint[@]}" git pkgconf python3 \
    libxsimd-dev libeigen3-dev libopenblas-dev libsentencepiece-dev nlohmann-json3-dev \
    libyaml-cpp-dev libutf8proc-dev libre2-dev libxxhash-dev zlib1g-dev libcli11-dev doctest-dev libbenchmark-dev \
    g++-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user valgrind \
    gcc-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm \
    doxygen mpi-default-dev benchmark=build/sources/benchmark

# What is left to --all: programs optimised as they are for users, tests that take minutes, sanitizers in
# the other folders, and on Arm all benchmarks but one (bench/nn is built and run there), hat-latency and
# golden networks.
quick=() fast=() sanitized=() on_arm=() arm_targets=() arm_tests=()
if [ "$all" = no ]; then
    quick=(-D "CMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG" -D HAT_BITS_FEW=ON)
    fast=(-LE slow)
    sanitized=(-D "HAT_TEST_FOLDERS=core;kernels;io;data;interop" -D HAT_WITH_C=OFF)
    on_arm=(-D "HAT_TEST_FOLDERS=core;kernels" -D HAT_BITS_FEW=ON -D HAT_BUILD_EXAMPLES=OFF)
    arm_targets=(--target unit_tests bench_nn_linear)
    arm_tests=(-R "^(test_|served_bits_|bench_nn_linear$)")
fi

step "release: configure" cmake --preset release -D HAT_WITH_MPI=ON -D HAT_BENCH_FEW=ON -D HAT_BENCH_WITHOUT=nn "${quick[@]}"
step "release: build" cmake --build --preset release -j "$jobs"
step "release: tests" ctest --preset release -j "$jobs" "${fast[@]}"
figures '^(golden .*:|include cost:)' build/release/Testing/Temporary/LastTest.log

# Every header compiles alone; GCC meets them in the tests.
step "clang: configure" cmake --preset clang -D HAT_WITH_MPI=ON -D CMAKE_CXX_COMPILER="${clang/clang/clang++}"
# Together, as the linter is one process.
step "clang: every header alone, and linted" cmake --build --preset clang \
    --target check_headers lint_headers -j "$jobs" -- -k 0
figures '^no clang-tidy' "$logs/clang__every_header_alone__and_linted.log"

step "sanitize: configure" cmake --preset sanitize "${sanitized[@]}"
step "sanitize: build" cmake --build --preset sanitize -j "$jobs"
step "sanitize: unit tests" ctest --preset sanitize -j "$jobs"

step "aarch64: configure" cmake --preset aarch64 -D HAT_BENCH_FEW=ON "${on_arm[@]}"
step "aarch64: build" cmake --build --preset aarch64 -j "$jobs" "${arm_targets[@]}"
step "aarch64: unit tests and benchmarks, qemu" ctest --preset aarch64 -j "$jobs" "${arm_tests[@]}"

if [ "$all" = yes ]; then
    step "aarch64: golden networks, qemu" ctest --test-dir build/aarch64 -R "^golden_served_bits_" \
        --output-on-failure --no-tests=error -j "$jobs"
    step "dispatch: configure" cmake --preset dispatch
    step "dispatch: build" cmake --build --preset dispatch -j "$jobs"
    step "dispatch: tests of the program" ctest --preset dispatch -j "$jobs"
fi

echo
echo "Summary (${SECONDS} s)"
printf '  %s\n' "${summary[@]}"
if [ "$all" = no ]; then
    echo "  left out, and run by tests/run.sh --all: programs compiled with -O3; slow tests; what is served with"
    echo "  some more instruction sets; sanitizers in other folders and the C interface; on Arm nn, model, golden"
    echo "  networks, hat-latency and other benchmarks; the program for every x86-64"
fi
if [ "$failures" -ne 0 ]; then
    echo "$failures of ${#summary[@]} steps failed"
    exit 1
fi
echo "all ${#summary[@]} steps passed"
