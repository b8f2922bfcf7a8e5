#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs Emscripten, Node and Chromium, which tests/run.sh does not, and tests the page of examples/web in them.
#
#     tests/web.sh [HAT]        HAT: the program, if it is built already
#
# HAT_PICTURES=PREFIX keeps pictures of the page, at the widths of a desktop and a phone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cmake/install_packages.sh emscripten chromium nodejs
hat=${1:-}
if [ -z "$hat" ]; then
    cmake -S . -B build/web -G Ninja -D CMAKE_BUILD_TYPE=Release -D HAT_BUILD_TESTS=OFF -D HAT_BUILD_BENCHMARKS=OFF
    cmake --build build/web --target hat_program
    hat=build/web/bin/hat
fi
exec bash tests/program/web.sh "$(realpath "$hat")" "$PWD"
