#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes the model.hpp beside this: a tiny network that reads digits aloud, from English to German, trained
# in seconds.
#
#     examples/embedded/numbers/make.sh [OUT]
#
# HAT names the program (default: hat).
set -euo pipefail
out=$(realpath "${1:-$(dirname "${BASH_SOURCE[0]}")/model.hpp}")
hat=${HAT:-hat}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

awk 'BEGIN {
    split("one two three four five six seven eight nine zero", en)
    split("eins zwei drei vier fünf sechs sieben acht neun null", de)
    for (i = 1; i <= 1500; ++i) {
        a = b = ""
        digits = substr(1000000 + i * 7919 % 1000000, 2 + i % 5)
        for (k = 1; k <= length(digits); ++k) {
            d = substr(digits, k, 1)
            if (d == 0) d = 10
            a = a " " en[d]; b = b " " de[d]
        }
        print substr(a, 2) >"numbers.en"; print substr(b, 2) >"numbers.de"
    }
}'
cat >numbers.yml <<'YAML'
encoder-layers: 1
decoder-layers: 1
encoder-embed-dim: 16
decoder-embed-dim: 16
qkv-dim: 16
encoder-ffn-dims: 32
encoder-heads: 2
decoder-ffn-dims: 32
decoder-heads: 2
decoder-cross-heads: 2
decoder-attended-layers: 1
norm: pre
encoder-final-norm: true
decoder-final-norm: true
sharing: all
YAML
{
    "$hat" prepare --source numbers.en --target numbers.de --vocab-size 56 --normalize identity --out data
    "$hat" train --data data --architecture numbers.yml --updates 500 --max-tokens 1000 --learning-rate 2e-2 \
        --warmup 60 --dropout 0 --average-last 1 --out numbers
    "$hat" export --model numbers --weights int8 --beam 1 --max-length 32 --without-code --out "$out" --overwrite
} >&2
