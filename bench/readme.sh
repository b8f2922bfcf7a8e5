#!/usr/bin/env bash
# Measures everything that README.md says of speed and size, and prints it as README.md has it.
#
#     bench/readme.sh            prints the tables
#     bench/readme.sh --write    puts them into README.md, between the lines that name this script
#
# Builds the programs with the preset `release` (build/readme), then measures for a quarter of an hour, on one
# thread but for trainings; nothing else should be running. Files of single results stay in build/readme/results.
# Needs what tests/run.sh installs, and oneDNN (Debian: libdnnl-dev).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

write=no
case "$*" in
"") ;;
--write) write=yes ;;
*)
    echo "usage: bench/readme.sh [--write]; found: $*" >&2
    exit 2
    ;;
esac

build=build/readme
results=$build/results
mkdir -p "$results"
programs=(kernels/gemm kernels/group_linear kernels/attention kernels/layer_norm kernels/cross_entropy
    kernels/few_bits nn/decoding_step decode/translate train/training_step elastic/switching)
targets=(hat_program bench_rivals)
for program in "${programs[@]}"; do targets+=("bench_${program/\//_}"); done

{
    cmake --preset release -B "$build" -D HAT_BUILD_TESTS=OFF
    cmake --build "$build" --target "${targets[@]}"
} >"$results/build.log" 2>&1 || {
    tail -n 20 "$results/build.log" >&2
    exit 1
}

# ---- measuring -------------------------------------------------------------------------------

export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
measure() { # PROGRAM [FLAG…]: Google Benchmark's results as JSON
    local program=$1
    shift
    echo "measuring $program" >&2
    "$build/bench/$program" --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true \
        --benchmark_min_time=0.02 --benchmark_out="$results/${program/\//_}.json" "$@" \
        >"$results/${program/\//_}.log" 2>&1
}
for program in kernels/gemm kernels/group_linear kernels/attention kernels/layer_norm kernels/cross_entropy; do
    measure "$program"
done
measure kernels/few_bits --benchmark_repetitions=3 "--benchmark_filter=rows:(1|8)/"
measure nn/decoding_step "--benchmark_filter=_(64|128|256)/"
measure elastic/switching
echo "measuring translation and training" >&2
"$build/bench/decode/translate" 1 all >"$results/translate.txt"
"$build/bench/train/training_step" tiny 2 20 >"$results/tiny.txt"
"$build/bench/train/training_step" base 2 12 >"$results/base.txt"

# ---- telling ---------------------------------------------------------------------------------

# ratio FAMILY OURS: how many times as fast as the best rival, as "mean; least … most".
"$build/bench/rivals" "$results"/kernels_*.json "$results/nn_decoding_step.json" >"$results/rivals.md"
ratio() {
    awk -F'|' -v family=" $1, \`$2\` " '
        $2 == family { gsub(/ /, "", $4); gsub(/ /, "", $5); gsub(/ /, "", $6); print $4 "; " $5 " … " $6; found = 1 }
        END { exit !found }' "$results/rivals.md"
}
# share NETWORK KIND CASE: median and share of the floor, as "3.1 ms, 80 %".
share() {
    awk -v network="$1" -v kind="$2" -v name="$3" '
        $1 == network && $2 == kind && index($0, name) {
            printf ($(NF - 4) < 100 ? "%.3g" : "%.0f") " ms, %.0f %%\n", $(NF - 4), $(NF - 1); found = 1
        }
        END { exit !found }' "$results/translate.txt"
}
shares() { printf '%s | %s' "$(share "$1" "$2" "$3")" "$(share "$1" "$2" "$4")"; }
# training FILE: speed and share of the peak.
training() {
    sed -nE 's/.* ([0-9]+) target tokens.*/\1/p; s/.*: ([0-9.]+) % of it/\1/p' "$results/$1.txt" |
        paste -sd ' ' | awk 'NF == 2 { printf "%d | %.0f %%\n", $1, $2; found = 1 } END { exit !found }'
}
# size ARCHITECTURE: parameters, memory of serving in fp32 and int8.
size() {
    "$build/bin/hat" inspect --architecture "$1" --vocab-size 10000 | awk '
        /^parameters in all/ { gsub(/[()]/, ""); parameters = $(NF - 1) " " $NF }
        / fp32: | int8: / { gsub(/,/, ""); memory = memory sprintf(" | %.1f MB", $3 + $6 + $9) }
        END { if (!parameters || !memory) exit 1; print parameters memory }'
}
machine=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
family=$(sed -n 's/^cpu family[^:]*: //p' /proc/cpuinfo | head -n 1)
model=$(sed -n 's/^model[[:blank:]]*: //p' /proc/cpuinfo | head -n 1)

tell() {
    cat <<END
\`bench/readme.sh\` measures all of this anew and writes it here. $machine (family $family, model $model), two cores of a
shared virtual machine; $(c++ --version | head -n 1), commit \`$(git rev-parse --short HEAD)\`.

| one thread, shapes of published networks | beside the best of | times as fast: mean; least … most |
|---|---|---|
| products, weights packed | Eigen, OpenBLAS | $(ratio gemm hat_packed) |
| products of fewer bits: bf16 | oneDNN | $(ratio few_bits hat_bf16) |
| … int8, its rounding included | oneDNN | $(ratio few_bits hat_int8) |
| group-linear layers of DeLighT | Eigen | $(ratio group_linear hat_packed) |
| attention | Eigen, OpenBLAS | $(ratio attention hat) |
| layer norm with residual | Eigen | $(ratio residual_layer_norm hat) |
| gradients of products | Eigen, OpenBLAS | $(ratio gemm_backward hat) |
| gradients of attention | Eigen, OpenBLAS | $(ratio attention_backward hat) |
| output layer with its loss and gradients | Eigen, OpenBLAS | $(ratio cross_entropy hat) |
| a whole decoding step, small networks | Eigen | $(ratio decoding_step hat) |
| … in 8 bits | Eigen in fp32 | $(ratio decoding_step hat_int8) |

Translation on one thread, 30 tokens to 30 tokens, vocabulary 10,000: the time, and the share of what no program on this
core can beat (\`bench/decode/translate\`; more than 100 % where a shared machine read faster than while it was measured).

| network, weights | one sentence, greedy | beam 5 | 32 sentences, greedy | beam 5 |
|---|---|---|---|---|
| 4+4 layers, 128/256, fp32 | $(shares TINY fp32 "1 sentence greedy" "1 sentence beam 5") | $(shares TINY fp32 "32 sentences greedy" "32 sentences beam 5") |
| … int8 | $(shares TINY int8 "1 sentence greedy" "1 sentence beam 5") | $(shares TINY int8 "32 sentences greedy" "32 sentences beam 5") |
| 6+6 layers, 512/2048, fp32 | $(shares BASE fp32 "1 sentence greedy" "1 sentence beam 5") | $(shares BASE fp32 "32 sentences greedy" "32 sentences beam 5") |
| … int8 | $(shares BASE int8 "1 sentence greedy" "1 sentence beam 5") | $(shares BASE int8 "32 sentences greedy" "32 sentences beam 5") |

| training on two threads | target tokens a second | share of the peak |
|---|---|---|
| 4+4 layers, 128/256 | $(training tiny) |
| 6+6 layers, 512/2048 | $(training base) |

| model, vocabulary 10,000 | parameters | memory to serve it, fp32 | int8 |
|---|---|---|---|
| Transformer-Tiny (\`tiny\`) | $(size tiny) |
| DeLighT (\`delight-small\`) | $(size delight-small) |
| Transformer-Base (\`base\`) | $(size base) |
END
}
tell >"$results/tables.md"
if grep -F '|  |' "$results/tables.md" >&2; then
    echo "readme.sh: there are no figures for these lines; see $results" >&2
    exit 1
fi
if [ "$write" = no ]; then
    cat "$results/tables.md"
    exit
fi
awk -v tables="$results/tables.md" '
    /^<!-- bench\/readme.sh -->$/ { print; while ((getline line < tables) > 0) print line; skipping = 1; found = 1 }
    /^<!-- end of bench\/readme.sh -->$/ { skipping = 0; ended = found }
    !skipping && !/^<!-- bench\/readme.sh -->$/
    END { exit !ended }' README.md >"$results/README.md" || {
    echo "README.md: expected the lines <!-- bench/readme.sh --> and <!-- end of bench/readme.sh -->" >&2
    exit 1
}
cp "$results/README.md" README.md
