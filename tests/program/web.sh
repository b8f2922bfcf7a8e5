# SPDX-License-Identifier: Apache-2.0
#
# A toy translator as a page: in Node and in Chromium it says what hat translate says, byte for byte. It is left
# out, with 77, where Emscripten or Node is missing; without Chromium, what is for it. Pictures go to HAT_PICTURES.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"
sources=$2

for tool in emcc node; do
    if ! command -v "$tool" >/dev/null; then
        echo "left out: $tool is missing; tests/web.sh installs it"
        exit 77
    fi
done

make_text train 400 1
make_text valid 60 2
make_architecture
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data 2>log >/dev/null || fail "prepare: $(cat log)"
"$hat" train --data data --architecture small.yml --updates 60 --max-tokens 300 --warmup 20 \
    --average-last 1 --out run 2>log >/dev/null || fail "train: $(cat log)"

# Lines with what the vocabulary lacks, too; a text field has no other white space at its ends.
{
    cat valid.en
    printf 'one xyz two.\n\nZürich 東京 \360\237\230\200 three\n  four   five\n<b>six</b> & seven\n'
} >lines

# page WEIGHTS: a page of these weights, against hat translate.
page() {
    HAT=$hat OPTIMIZE=-O2 "$sources/examples/web/build.sh" run page.html --weights "$1" --beam 3 2>log ||
        fail "build.sh: $(tail -n 20 log)"
    "$hat" translate --model run --weights "$1" --beam 3 --threads 1 <lines >expected 2>log ||
        fail "translate: $(cat log)"
    node "$sources/tests/web/module.mjs" page.html <lines >found 2>notes || fail "in Node: $(cat notes)"
    cat notes
    cmp found expected || fail "$1 in Node: $(diff found expected | head -n 4)"
}

page fp32
page int8
if command -v chromium >/dev/null; then
    timeout 200 node "$sources/tests/web/page.mjs" chromium page.html lines expected \
        ${HAT_PICTURES:+"$HAT_PICTURES"} || fail "in Chromium"
else
    echo "left out in a browser: chromium is missing; tests/web.sh installs it"
fi

# What cannot be built is refused in one line, and nothing is left.
if "$sources/examples/web/build.sh" missing other.html 2>log; then fail "a page of a missing model"; fi
[ "$(cat log)" = "build.sh: missing is missing: expected a model directory, or a header that hat export wrote" ] ||
    fail "build.sh: $(cat log)"
if HAT=$hat "$sources/examples/web/build.sh" run other.html --weights int8 --split 2>log; then fail "a page with --split"; fi
[ "$(cat log)" = "build.sh: a page has its weights in it: leave out --split" ] || fail "build.sh: $(cat log)"
well "$hat" export --model run --weights int8 --split --out split.hpp
if "$sources/examples/web/build.sh" split.hpp other.html 2>log; then fail "a page of a header without weights"; fi
[ "$(cat log)" = "build.sh: split.hpp has its weights in a file of their own: expected a header of hat export without --split" ] ||
    fail "build.sh: $(cat log)"
[ ! -e other.html ] || fail "a page was left"
finish
