#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A page of one file that translates offline.
#
#     examples/web/build.sh MODEL page.html [FLAG…]
#
# MODEL is a run or model directory, or a header that `hat export` wrote without --split. The flags are for
# `hat export` (without any: --weights int8). HAT names the program (default: hat), OPTIMIZE how emcc compiles (-O3).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if [ $# -lt 2 ]; then
    echo "usage: examples/web/build.sh MODEL page.html [FLAG of hat export…]" >&2
    exit 2
fi
model=$1 page=$2
shift 2
for flag; do
    case $flag in
    --split | --split=*)
        echo "build.sh: a page has its weights in it: leave out --split" >&2
        exit 1
        ;;
    esac
done
if ! command -v emcc >/dev/null; then
    echo "build.sh: emcc is missing: apt-get install emscripten" >&2
    exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -d "$model" ]; then
    [ $# -gt 0 ] || set -- --weights int8
    "${HAT:-hat}" export --model "$model" "$@" --out "$work/model.hpp" >&2
elif [ -f "$model" ]; then
    if grep -q '^extern "C" const std::uint64_t .*_weight_words_' "$model"; then
        echo "build.sh: $model has its weights in a file of their own: expected a header of hat export without --split" >&2
        exit 1
    fi
    cp "$model" "$work/model.hpp"
else
    echo "build.sh: $model is missing: expected a model directory, or a header that hat export wrote" >&2
    exit 1
fi

flags=(-std=c++20 "${OPTIMIZE:--O3}" -msimd128 -ffp-contract=off -fno-exceptions -fno-rtti -fno-threadsafe-statics)
emcc "${flags[@]}" -I"$work" -c "$here/translator.cpp" -o "$work/translator.o"
link() {
    emcc "${flags[@]}" --no-entry -s STANDALONE_WASM -s TOTAL_STACK=262144 -s TOTAL_MEMORY="$1" \
        "$work/translator.o" -o "$work/translator.wasm"
}
# The linker says how much memory is needed; all of it is known.
link 327680 2>"$work/log" || true
needed=$(sed -nE 's/.*initial memory too small, ([0-9]+) bytes needed.*/\1/p' "$work/log")
[ -z "$needed" ] || link $(((needed + 65535) / 65536 * 65536))

# The model's card, in the header's comment, tells the languages.
languages=$(sed -n '1,/^#pragma once/s|^// - "\([A-Za-z-]*\)"$|\1|p' "$work/model.hpp" | head -n 2 | tr '\n' ' ')
read -r source target <<<"$languages" || true
{
    sed -e '/^@WASM@$/,$d' "$here/page.html"
    gzip -9n <"$work/translator.wasm" | base64 -w 0
    sed -e '1,/^@WASM@$/d' -e "s/@SOURCE@/${source:-}/; s/@TARGET@/${target:-}/" "$here/page.html"
} >"$work/page.html"
mv "$work/page.html" "$page"
echo "$page: $(wc -c <"$page") bytes, $(gzip -9n <"$page" | wc -c) compressed" >&2
