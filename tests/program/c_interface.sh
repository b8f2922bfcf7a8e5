# SPDX-License-Identifier: Apache-2.0
#
# The examples of the C interface, in C and in Python, and the one in C++ say what `hat translate` says:
#
#     c_interface.sh HAT C_EXAMPLE CPP_EXAMPLE LIBRARY SOURCE_DIR [C_EXAMPLE_FOR_VALGRIND]
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"
example=$2 in_cpp=$3 library=$4 source=$5 for_valgrind=${6:-}

make_text train 400 1
make_text valid 20 2
make_architecture
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data >/dev/null 2>&1
"$hat" train --data data --architecture small.yml --updates 60 --max-tokens 600 --learning-rate 4e-3 \
    --warmup 20 --out run 2>log >/dev/null || fail "training: $(cat log)"
# Blank and unknown text, zero bytes, returns within and at the end of a line, a line of more than
# 64 KiB, and a last one without its end.
printf '\n😀 one.\none\0 two.\nthree\rfour.\nfive six.\r\n\r\n' >>valid.en
awk 'BEGIN { for (i = 0; i < 5000; ++i) printf "one two three. "; print "" }' >>valid.en
printf 'four five.' >>valid.en

"$hat" translate --model run/model --beam 1 <valid.en >greedy 2>/dev/null
well "$example" run/model <valid.en
cmp stdout greedy || fail "the C example says something else"
"$hat" translate --model run/model <valid.en >beam 2>/dev/null
well "$in_cpp" run/model valid.en
cmp stdout beam || fail "the C++ example says something else"
if command -v python3 >/dev/null; then
    well python3 "$source/examples/c/translate.py" "$library" run/model <valid.en
    cmp stdout beam || fail "the Python example says something else"
    python3 "$source/examples/c/translate.py" "$library" nowhere </dev/null 2>stderr && fail "no model, and no error"
    grep -q "^translate: nowhere: there is no such model directory$" stderr || fail "$(cat stderr)"
fi
"$example" run <valid.en >/dev/null 2>stderr && fail "a run is taken for a model"
grep -q "^translate: run: is no model directory" stderr || fail "$(cat stderr)"
printf 'one.\nt\xffwo.\nthree.\n' >bad
"$in_cpp" run/model bad >stdout 2>stderr && fail "bytes that are not UTF-8 are taken"
grep -q "^translate_lines: bad:2: byte 2 of the line is not valid UTF-8$" stderr || fail "$(cat stderr)"
"$example" run/model <bad >stdout 2>stderr && fail "bytes that are not UTF-8 are taken"
grep -q "^translate: line 0: byte 1 is not valid UTF-8$" stderr || fail "$(cat stderr)"
[ "$(wc -l <stdout)" = 1 ] || fail "the line before is not there"

if command -v readelf >/dev/null; then
    strange=$(readelf --dyn-syms --wide "$library" | awk '$5 != "LOCAL" && $7 != "UND" && $8 ~ /./ { print $8 }' |
        grep -v '^hat_\|^HAT_1$\|^Name$' || true)
    [ -z "$strange" ] || fail "symbols that are not its own are exported: $strange"
fi
if [ -n "$for_valgrind" ]; then
    head -n 4 valid.en >few.en
    valgrind --quiet --suppressions="$source/tests/c/valgrind.supp" --leak-check=full --show-leak-kinds=definite,possible --error-exitcode=9 \
        "$for_valgrind" run/model <few.en >stdout 2>stderr || fail "valgrind: $(cat stderr)"
    cmp stdout <(head -n 4 greedy) || fail "another instruction set says something else"
fi
finish
