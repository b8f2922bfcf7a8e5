#!/usr/bin/env bash
# Installs what is missing, builds everything, runs every test, and ends with a summary.
#
#     tests/run.sh
#
# HAT_JOBS (default: the number of processors) limits how much runs at once; HAT_GOLDEN and
# HAT_GOLDEN_WITHOUT choose the golden files (tests/support/golden_files.hpp). Logs: build/logs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

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
    cmake ninja-build g++ "$clang" "${lint[@]}" git \
    libxsimd-dev libeigen3-dev libopenblas-dev libsentencepiece-dev nlohmann-json3-dev \
    libyaml-cpp-dev libutf8proc-dev libre2-dev libxxhash-dev libcli11-dev doctest-dev libbenchmark-dev \
    g++-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user valgrind \
    gcc-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm \
    benchmark=build/sources/benchmark

# bench/nn is built and run for Arm, below.
step "release: configure" cmake --preset release -D HAT_BENCH_FEW=ON -D HAT_BENCH_WITHOUT=nn
step "release: build" cmake --build --preset release -j "$jobs"
step "release: tests" ctest --preset release -j "$jobs"
figures '^(golden .*:|include cost:)' build/release/Testing/Temporary/LastTest.log

# Every header compiles alone; GCC meets them in the tests.
step "clang: configure" cmake --preset clang -D CMAKE_CXX_COMPILER="${clang/clang/clang++}"
step "clang: every header alone" cmake --build --preset clang --target check_headers -j "$jobs" -- -k 0
step "clang: every header linted" cmake --build --preset clang --target lint_headers
figures '^no clang-tidy' "$logs/clang__every_header_linted.log"

step "sanitize: configure" cmake --preset sanitize
step "sanitize: build" cmake --build --preset sanitize -j "$jobs"
step "sanitize: unit tests" ctest --preset sanitize -j "$jobs"

step "aarch64: configure" cmake --preset aarch64 -D HAT_BENCH_FEW=ON
step "aarch64: build" cmake --build --preset aarch64 -j "$jobs"
step "aarch64: unit tests and benchmarks, qemu" ctest --preset aarch64 -j "$jobs"

echo
echo "Summary (${SECONDS} s)"
printf '  %s\n' "${summary[@]}"
if [ "$failures" -ne 0 ]; then
    echo "$failures of ${#summary[@]} steps failed"
    exit 1
fi
echo "all ${#summary[@]} steps passed"
