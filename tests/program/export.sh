# SPDX-License-Identifier: Apache-2.0
#
# A toy translator as one header: a program of it alone says what hat translate says, byte for byte, or
# has a status; it asks for no heap, nothing runs before main, and it takes little code. With `kinds` of the
# kinds of weights that are left, alone.
#
#     export.sh HAT EXAMPLE COMPILER NM tests/embedded [kinds]
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"
example=$2 compiler=$3 nm=$4 device=$5
readme=$(dirname "$example")/README.md

make_text train 400 1
make_text valid 30 2
make_architecture
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data 2>log >/dev/null || fail "prepare: $(cat log)"
"$hat" train --data data --architecture small.yml --updates 60 --max-tokens 300 --warmup 20 \
    --average-last 1 --out run 2>log >/dev/null || fail "train: $(cat log)"

make_odd_lines >odd.en

cp "$example" translate.cpp
flags=(-std=c++20 -O2 -fno-exceptions -fno-rtti -fno-threadsafe-statics -Werror)
# Warnings that users have on, in other people's headers, too.
strict=(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wdouble-promotion -Wfloat-equal
    -Wcast-align -Wcast-qual -Wold-style-cast -Wundef -Wswitch-enum -Wmissing-declarations -Wnull-dereference
    -Wformat=2 -Wextra-semi)
flags+=("${strict[@]}")
if "$compiler" --version | contains 'Free Software Foundation'; then
    flags+=(-Wcast-align=strict -Wuseless-cast -Wlogical-op -Wduplicated-cond -Wduplicated-branches)
fi

# Where the compiler knows this processor's instructions, one header is compiled for them.
native=()
if echo 'int x;' | "$compiler" -march=native -x c++ -fsyntax-only - 2>/dev/null; then
    native=(-march=native)
fi

# told_memory: the bytes that the last export told.
told_memory() { sed -nE 's/^needs up to ([0-9]+) bytes of memory.*/\1/p' stderr; }

# compare WEIGHTS FLAG…: the exported header with these flags, against hat translate. Networks of
# integers and of codes, which are served as they are, have directories of their own.
compare() {
    local weights=$1 model=(--model run --weights "$1") objects=(translate.o)
    shift
    if [ "$weights" = integer ]; then model=(--model integers); fi
    if [ "$weights" = kmeans4 ]; then model=(--model codes); fi
    well "$hat" export "${model[@]}" "$@" --out model.hpp --overwrite
    "$compiler" "${flags[@]}" -c translate.cpp -o translate.o 2>log || fail "compiling: $(head -n 20 log)"
    # Two of them, of which each has what the other has not, with Clang, too, where it is.
    if [[ $weights = integer || " $* " = *" --shortlist-from "* ]] && command -v clang++-14 >/dev/null; then
        clang++-14 -std=c++20 -fno-exceptions -fno-rtti -Werror "${strict[@]}" -fsyntax-only translate.cpp 2>log ||
            fail "$weights with Clang: $(head -n 20 log)"
    fi
    if [[ " $* " = *" --split "* ]]; then
        cc -c model_weights.c -o weights.o 2>log || fail "compiling weights: $(cat log)"
        objects+=(weights.o)
    fi
    "$compiler" "${objects[@]}" -o translate
    ./translate <odd.en >found 2>notes || fail "$weights: $(cat notes)"
    sed -nE 's/^line ([0-9]+): .*/\1/p' notes >without
    # What is told is the most on any processor: what those take that are compiled for without -march.
    local told takes
    told=$(told_memory)
    takes=$(sed -n 's/ bytes of memory$//p' notes)
    if [[ $weights = int8 && $compiled_for = native ]]; then
        [ "$takes" -le "$told" ] || fail "$weights $*: $told bytes of memory are told, and it takes $takes"
    else
        [ "$takes" = "$told" ] || fail "$weights $*: $told bytes of memory are told, and it takes $takes"
    fi
    local search=()
    for ((i = 1; i < $#; ++i)); do
        if [ "${!i}" = --beam ] || [ "${!i}" = --shortlist-from ]; then search+=("${@:i:2}"); fi
    done
    "$hat" translate "${model[@]}" ${search[@]+"${search[@]}"} --threads 1 \
        <odd.en >expected 2>log || fail "translate: $(cat log)"
    # Lines that have a status are left out on both sides.
    for side in found expected; do
        awk 'NR == FNR { without[$1]; next } !(FNR in without)' without "$side" >"$side.done"
    done
    [ "$(wc -l <found.done)" -gt 300 ] || fail "$weights $*: $(wc -l <found.done) lines are translated: $(head -3 notes)"
    cmp found.done expected.done || fail "$weights $*: $(diff found.done expected.done | head -n 4)"
    grep -q 'not UTF-8' notes || fail "$weights: bytes that are no UTF-8 have no status"
    if "$nm" translate.o | grep -E ' U (malloc|free|calloc|realloc|_Zn|_Zd|__cxa|_ZSt)'; then
        fail "$weights: asks for a heap or exceptions"
    fi
    if "$nm" translate.o | grep -E '_GLOBAL__sub_I|__static_initialization'; then
        fail "$weights: constructors run before main"
    fi
}

# damaged_without_test WHAT: nothing is made of damaged weights of the last export, which has them in a file of
# their own, by a program that does not test itself.
cat >untested.cpp <<'CPP'
#include "model.hpp"
#include <cstdio>
static translator::Translator::Memory memory;
static char text[16384];
int main() {
    translator::Translator translator(memory);
    for (const char* line : {"tok12 tok7 tok3", "a", "Save the file."})
        std::puts(name(translator.translate(line, text).status));
}
CPP
damaged_without_test() {
    local what=$1 damage code
    "$compiler" -std=c++20 -O0 -c untested.cpp -o untested.o 2>log || fail "compiling: $(head -n 20 log)"
    cp model.bin undamaged.bin
    for damage in none ones zeros end byte; do
        case $damage in
        none) cp undamaged.bin model.bin ;;
        ones) tr '\0-\377' '\377' <undamaged.bin >model.bin ;;
        zeros) tr '\0-\377' '\0' <undamaged.bin >model.bin ;;
        end) (head -c -1000 undamaged.bin && head -c 1000 /dev/zero | tr '\0' '\377') >model.bin ;;
        byte) (head -c 5000 undamaged.bin && printf '\1\376' && tail -c +5003 undamaged.bin) >model.bin ;;
        esac
        cc -c model_weights.c -o weights.o 2>log || fail "compiling weights: $(cat log)"
        "$compiler" untested.o weights.o -o untested
        code=0
        ./untested >found 2>log || code=$?
        [ "$code" = 0 ] || fail "$what, damaged ($damage), without a test: the program ends with $code: $(cat log)"
        if [ "$damage" = none ]; then
            [ "$(sort -u found)" = done ] || fail "$what, without a test: $(cat found)"
        else
            [ "$(sort found | uniq -c | sed 's/^ *//')" = "3 the weights are damaged, or those of another model" ] ||
                fail "$what, damaged ($damage), without a test: $(cat found)"
        fi
    done
    cp undamaged.bin model.bin
}

well "$hat" quantize --model run --integer --data data --out integers
well "$hat" quantize --model run --weights kmeans4 --out codes
well "$hat" prepare --data data --shortlist 1 --shortlist-frequent 2 --out listed
if [ "${6:-}" = kinds ]; then
    compiled_for=any
    compare fp32 --beam 3 --max-length 40
    flags+=(${native[@]+"${native[@]}"})
    compiled_for=native
    compare bf16 --beam 1
    finish
    exit
fi
compiled_for=any
compare int8
grep -q ' tokens' notes || fail "no line was too long"
compare integer --beam 2 --max-length 60
flags+=(${native[@]+"${native[@]}"})
compiled_for=native
compare kmeans4 --beam 2 --max-length 60
grep -q 'PackedKMeans4' model.hpp || fail "weights that are codes became floats"
compare int8 --beam 2 --split --max-length 60 --shortlist-from listed
damaged_without_test "int8 with lists"
"$hat" translate --model run --weights int8 --beam 2 --threads 1 <odd.en >whole 2>log || fail "$(cat log)"
cmp -s expected whole && fail "lists that keep nothing away"
well "$hat" export --model integers --beam 2 --split --max-length 60 --out model.hpp --overwrite
damaged_without_test integers
compare int8 --beam 2 --split --max-length 60
damaged_without_test int8
# Clang, where it is, takes the source, and refuses weights of another size.
compilers=(cc)
if command -v clang-14 >/dev/null; then compilers+=(clang-14); fi
cp model.bin whole.bin
(cat whole.bin && printf 12345678) >more.bin
for weights_compiler in "${compilers[@]}"; do
    "$weights_compiler" -Wall -Wextra -Wpedantic -Werror -c model_weights.c -o weights.o 2>log ||
        fail "compiling weights with $weights_compiler: $(cat log)"
    "$compiler" translate.o weights.o -o translate
    ./translate </dev/null >found 2>notes || fail "weights of $weights_compiler: $(cat notes)"
    for wrong in 100 $(($(wc -c <whole.bin) - 8)) $(($(wc -c <whole.bin) + 8)); do
        head -c "$wrong" more.bin >model.bin
        "$weights_compiler" -c model_weights.c -o wrong.o 2>log && fail "$weights_compiler took $wrong bytes of weights"
        grep -qi error: log || fail "$wrong bytes with $weights_compiler: $(cat log)"
    done
    cp whole.bin model.bin
    # A program that is compiled with -flto finds them wherever it is linked.
    mkdir -p elsewhere
    echo 'int main(void) { return 0; }' >elsewhere/main.c
    "$weights_compiler" -flto -fno-lto -c model_weights.c -o weights.o 2>log || fail "without lto: $(cat log)"
    (cd elsewhere && cc -flto main.c ../weights.o -o main) 2>log || fail "with -flto: $(cat log)"
done
# Where there is no room, nothing is left and nothing is replaced.
room=$(($(wc -c <model.bin) / 1024 + 8))
[ "$(wc -c <model.hpp)" -gt $((room * 1024)) ] || fail "a header that is smaller than its weights"
mkdir full
little_room() {
    (
        ulimit -f "$room"
        trap '' XFSZ
        expect 1 "full/model.hpp: cannot write" "$hat" export --model run --weights int8 --split --out full/model.hpp "$@"
        exit "$failures"
    ) || fail "a full disk with $*"
}
little_room --beam 1
[ -z "$(ls full)" ] || fail "a full disk has left $(ls full)"
well "$hat" export --model run --weights int8 --beam 1 --split --out full/model.hpp
cp -r full full.before
little_room --beam 2 --overwrite
diff -r full.before full >log || fail "a full disk: $(cat log)"
# Damage, and weights of another model, of which nothing but their bytes tells.
for damage in ones byte; do
    if [ "$damage" = ones ]; then
        tr '\0-\377' '\377' <whole.bin >model.bin
    else
        (head -c 5000 whole.bin && printf '\1\376' && tail -c +5003 whole.bin) >model.bin
    fi
    cc -c model_weights.c -o weights.o 2>log || fail "compiling weights: $(cat log)"
    "$compiler" translate.o weights.o -o translate
    code=0
    ./translate <odd.en >found 2>notes || code=$?
    [ "$code" = 1 ] || fail "weights that are damaged ($damage): the program ends with $code"
    grep -qx 'self-test: the weights are damaged, or those of another model' notes ||
        fail "weights that are damaged ($damage): $(cat notes)"
    [ ! -s found ] || fail "weights that are damaged ($damage) translate"
done
# A source of weights that another export wrote is not linked.
mkdir other
well "$hat" export --model run --weights int8 --beam 1 --split --max-length 60 --out other/model.hpp
cc -c -Iother other/model_weights.c -o weights.o 2>log || fail "compiling weights: $(cat log)"
if "$compiler" translate.o weights.o -o translate 2>log; then fail "weights of another header were linked"; fi
grep -q 'translator_weight_words_' log || fail "weights of another header: $(cat log)"
head -c 100 whole.bin >model.bin
cc -c model_weights.c -o weights.o 2>log && fail "weights of another header were taken"
grep -q 'model.bin is of another header' log || fail "weights of another header: $(cat log)"
rm model.hpp
expect 1 "model.bin: is there already" "$hat" export --model run --split --out model.hpp
rm model.bin model_weights.c
echo mine >model.bin
expect 1 "model.bin: is there already, and not with a model_weights.c" \
    "$hat" export --model run --split --overwrite --out model.hpp
[ "$(cat model.bin)" = mine ] || fail "a file was lost"

# What its README says, from nothing: the commands for this machine.
rm -f model.hpp translate
run_readme "$readme" "A translator in one header" 1,3
echo 'Save the file.' | "$hat" translate --model run --weights int8 --threads 1 >expected 2>log ||
    fail "translate: $(cat log)"
tail -n 1 found | cmp - expected || fail "$readme: $(tail -n 1 found)"

# A header in a program of C, which is linked without the C++ library.
cp "$(dirname "$example")"/{translator.h,translator.cpp,translate.c} .
./translate <odd.en 2>notes >found || fail "int8: $(cat notes)"
"$compiler" "${flags[@]}" -DHAT_WITHOUT_HEAP -c translator.cpp -o translator.o 2>log || fail "compiling: $(head -n 20 log)"
cc -std=c99 -O2 -Wall -Wextra -Wpedantic -Werror translate.c translator.o -lm -o translate 2>log ||
    fail "compiling C: $(head -n 20 log)"
./translate <odd.en 2>notes >found.c || fail "in C: $(cat notes)"
cmp found.c found || fail "in C: $(diff found.c found | head -n 4)"
cat >words.c <<'C'
#include "translator.h"
#include <stdio.h>
int main(void) {
    static const int statuses[] = {0, 7, 8, 42, 255, 256, -1};
    for (unsigned i = 0; i < sizeof statuses / sizeof *statuses; ++i)
        puts(translator_words((enum translator_status)statuses[i]));
    return 0;
}
C
cc -std=c99 -O2 words.c translator.o -lm -o words 2>log || fail "compiling C: $(head -n 20 log)"
./words >found.c || fail "words of a status that is none"
{
    printf 'done\nthe weights are damaged, or those of another model\n'
    for _ in 1 2 3 4 5; do echo 'unknown status'; done
} | cmp - found.c || fail "words of a status: $(cat found.c)"

# What lines may be: of any length, with bytes of zero, with CR LF, without an end; and what is not written is told.
{
    printf 'one\0two\r\n'
    head -c 20000 /dev/zero | tr '\0' a
    printf '\nthree\r\n\0\nfour'
} >lines
mv translate translate-c
"$compiler" "${flags[@]}" translate.cpp -o translate 2>log || fail "compiling: $(head -n 20 log)"
sed 2s/.*// lines | "$hat" translate --model run --weights int8 --threads 1 >expected 2>log || fail "translate: $(cat log)"
for program in translate translate-c; do
    "./$program" <lines >found 2>notes || fail "$program: $(cat notes)"
    cmp found expected || fail "$program: $(diff -a found expected | head -n 4)"
    [ "$(grep '^line' notes)" = "line 2: the line or its translation has no room" ] || fail "$program: $(cat notes)"
    code=0
    "./$program" <lines >/dev/full 2>notes || code=$?
    [ "$code" = 1 ] || fail "$program on a full disk ends with $code"
    [ "$(tail -n 1 notes)" = "translations cannot be written" ] || fail "$program on a full disk: $(cat notes)"
    code=0
    "./$program" <. >found 2>notes || code=$?
    [ "$code $(tail -n 1 notes)" = "1 standard input cannot be read" ] || fail "$program of a folder: $code, $(cat notes)"
done

# A header tests itself with what it has room for, whatever a compiler takes functions for.
well "$hat" export --model run --weights int8 --beam 3 --max-length 10 --out model.hpp --overwrite
"$compiler" "${flags[@]}" -O1 -fno-delete-null-pointer-checks translate.cpp -o short 2>log ||
    fail "compiling: $(head -n 20 log)"
./short </dev/null >found 2>notes || fail "a header with little room: $(cat notes)"

# On devices, if there are compilers and emulators for them: little code, the same translations.
awk 'NR == FNR { without[$1]; next } !(FNR in without)' without odd.en | sed -n 1,25p >sample.en
well "$hat" export --model run --weights int8 --beam 2 --max-length 64 --sentences sample.en \
    --out model.hpp --overwrite
told=$(told_memory)
small=(-std=c++20 -Os -Wall -Wextra -Wno-psabi -fno-exceptions -fno-rtti -fno-threadsafe-statics
    -ffunction-sections -fdata-sections)

# little_code PREFIX LIMIT FLAG…: all code of a program, but for the C library, is at most so many bytes.
little_code() {
    local prefix=$1 limit=$2 bytes
    shift 2
    "$prefix-g++" "${small[@]}" "$@" -c translate.cpp -o translate.o 2>log ||
        fail "compiling for $prefix: $(head -n 20 log)"
    bytes=$("$prefix-size" -A translate.o | awk '/^\.text/ { sum += $2 } END { print sum }')
    echo "code for $prefix $*: $bytes bytes, at most $limit"
    [ "$bytes" -le "$limit" ] || fail "$bytes bytes of code for $prefix $*, expected at most $limit"
}

# Neither NEON nor Thumb.
if command -v arm-linux-gnueabihf-g++ >/dev/null; then
    arm-linux-gnueabihf-g++ "${small[@]}" -marm -c translate.cpp -o translate.o 2>log ||
        fail "compiling for ARMv7 without NEON: $(head -n 20 log)"
fi
if command -v aarch64-linux-gnu-g++ >/dev/null; then
    little_code aarch64-linux-gnu 65536
    if command -v qemu-aarch64 >/dev/null; then
        aarch64-linux-gnu-g++ translate.o -static -o translate
        "$hat" translate --model run --weights int8 --beam 2 --threads 1 <sample.en >expected 2>log ||
            fail "translate: $(cat log)"
        qemu-aarch64 ./translate <sample.en >found 2>notes || fail "AArch64: $(cat notes)"
        cmp found expected || fail "AArch64: $(diff found expected | head -n 4)"
    fi
fi

# on_device MACHINE FLAG…: the header tests itself on a Cortex-M, in the memory that was told.
on_device() {
    local machine=$1 stack
    shift
    arm-none-eabi-g++ "${small[@]}" -DTOLD_MEMORY="$told" -mthumb "$@" -Wl,--gc-sections -nostartfiles --specs=rdimon.specs \
        -T cortex_m/cortex_m.ld -I. cortex_m/start.cpp "$device/exported.cpp" -o device.elf 2>log || fail "compiling with $*: $(head -n 20 log)"
    timeout 300 qemu-system-arm -M "$machine" -nographic -semihosting -kernel device.elf \
        </dev/null >found 2>&1 || fail "$machine with $* ends with $?"
    grep -q '^self-test: done' found || fail "$machine with $*: $(cat found)"
    stack=$(sed -n 's/^stack: //p' found)
    echo "$machine with $*: $(grep '^memory' found), stack: $stack"
    [ "$stack" -le 8192 ] || fail "$machine with $*: $stack bytes of stack, expected at most 8192"
}

has_devices=no
if command -v arm-none-eabi-g++ >/dev/null && command -v qemu-system-arm >/dev/null &&
    echo '#include <vector>' | arm-none-eabi-g++ -x c++ -fsyntax-only - 2>/dev/null; then
    has_devices=yes
fi
if [ "$has_devices" = yes ]; then
    cp -r "$(dirname "$example")/cortex_m" .
    run_readme "$readme" "On a Cortex-M"
    echo 'Save the file.' | "$hat" translate --model run --weights int8 --beam 2 --threads 1 >expected 2>log ||
        fail "translate: $(cat log)"
    cat expected expected | cmp - found || fail "$readme, on a Cortex-M: $(cat found)"

    # The sketch, with the flags of Arduino's STM32 core, but for C++20, and a stub in place of its library.
    cp "$(dirname "$example")"/arduino/* "$device"/arduino/* .
    m7=(-mthumb -mcpu=cortex-m7 -mfpu=fpv5-sp-d16 -mfloat-abi=hard)
    well arm-none-eabi-g++ "${m7[@]}" -c -Os -std=gnu++20 -ffunction-sections -fdata-sections -nostdlib \
        -fno-threadsafe-statics --param max-inline-insns-single=500 -fno-rtti -fno-exceptions -fno-use-cxa-atexit \
        sketch.cpp translator.cpp
    well arm-none-eabi-g++ "${m7[@]}" -Wl,--gc-sections -nostartfiles --specs=rdimon.specs -T cortex_m/cortex_m.ld \
        sketch.o translator.o cortex_m/start.cpp -o sketch.elf
    # Lines may end in CR LF, and have 512 bytes: one of more has one answer, whatever it ends in.
    padded=$(printf '%512s' 'Save the file.')
    {
        printf 'Save the file.\nSave the file.\r\n%s\n%s\r\n' "$padded" "$padded"
        printf '%s \n%s \r\n%s%s%s Save the file.\n\r\nSave the file.\n' "$padded" "$padded" "$padded" "$padded" "$padded"
    } >lines
    timeout 100 qemu-system-arm -M mps2-an500 -display none -monitor none -serial none \
        -semihosting -kernel sketch.elf <lines >found 2>log || fail "the sketch ends with $?: $(cat log)"
    {
        echo done
        cat expected expected
        for _ in 1 2; do echo 'the line has too many tokens'; done  # it has come to the translator
        for _ in 1 2 3; do echo 'the line or its translation has no room'; done
        echo
        cat expected
    } | cmp - found || fail "the sketch: $(cat found)"
    # Those of Zephyr's GCC: the C++ of a translator asks for nothing that is not in any C library.
    well arm-none-eabi-g++ "${m7[@]}" -c -Os -std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics \
        -fcheck-new -fno-strict-aliasing -fno-common -fno-pic -ffunction-sections -fdata-sections \
        -fno-asynchronous-unwind-tables -fno-reorder-functions -fno-defer-pop translator.cpp
    if arm-none-eabi-nm -u translator.o | grep -vE ' U (mem(chr|cmp|cpy|move|set)|strlen|abort|cos|exp|pow|sin|sqrtf?|__aeabi_[a-z0-9]*)$'; then
        fail "a translator for Zephyr asks for more than a C library"
    fi

    little_code arm-none-eabi 49152 -mthumb -mcpu=cortex-m7 -mfpu=fpv5-sp-d16 -mfloat-abi=hard
    on_device mps2-an500 -mcpu=cortex-m7 -mfpu=fpv5-sp-d16 -mfloat-abi=hard
    on_device mps3-an547 -mcpu=cortex-m55 -mfloat-abi=hard
    on_device mps2-an500 -mcpu=cortex-m7+nofp -mfloat-abi=soft
fi

well "$hat" export --model integers --beam 2 --max-length 64 --sentences sample.en --out model.hpp --overwrite
told=$(told_memory)
if [ "$has_devices" = yes ]; then
    # Integers, with what a Cortex-M0+ has. No board with one that QEMU knows has the memory.
    little_code arm-none-eabi 49152 -mthumb -mcpu=cortex-m0plus
    if arm-none-eabi-nm translate.o | grep -E ' U (__aeabi_[fdi]2[fdilu]|__aeabi_[fd](add|sub|mul|div|cmp)|sqrt|pow|exp|log)'; then
        fail "a network of integers asks for floating point"
    fi
    on_device mps2-an500 -mcpu=cortex-m0plus
fi

# The same on a 32-bit Arm under Linux, where there is a compiler for one.
if command -v arm-linux-gnueabihf-g++ >/dev/null && command -v qemu-arm >/dev/null; then
    arm-linux-gnueabihf-g++ -O2 -std=c++20 -mfpu=neon-vfpv4 translate.cpp -static -o translate 2>log ||
        fail "compiling for ARMv7: $(head -n 20 log)"
    "$hat" translate --model integers --beam 2 --threads 1 <sample.en >expected 2>log
    qemu-arm ./translate <sample.en >found 2>notes || fail "ARMv7: $(cat notes)"
    cmp found expected || fail "ARMv7: $(diff found expected | head -n 4)"
fi

# The comment tells what the translator itself takes: of integers the same, whatever the network.
cat >size.cpp <<'CPP'
#include "model.hpp"
#include <cstdio>
int main() { std::printf("// The translator itself has up to %zu kB,\n", (sizeof(translator::Translator) + 999) / 1000); }
CPP
"$compiler" -std=c++20 -O0 size.cpp -o size 2>log || fail "compiling: $(head -n 20 log)"
sed -n '/^#pragma once/q;p' model.hpp >about
contains -F -- "$(./size)" <about || fail "the comment does not say: $(./size)"
contains -x '//     static translator::Translator translator(memory);' <about || fail "the comment has no static translator"

# A search that hat translate has no room for, but the header has: a beam is as wide as the vocabulary.
awk -v seed=5 "$random"' BEGIN {
    for (i = 0; i < 500; ++i) {
        line = ""
        for (k = 0; k < 4; ++k) {
            for (c = 0; c < 4; ++c) line = line sprintf("%c", 97 + int(random() * 26))
            line = line " "
        }
        print line
    }
}' >wide.en
"$hat" prepare --source wide.en --target wide.en --valid-source valid.en --valid-target valid.en --vocab-size 450 \
    --out wide 2>log >/dev/null || fail "prepare: $(cat log)"
"$hat" train --data wide --architecture small.yml --updates 2 --max-tokens 300 --average-last 1 --out wide.run \
    2>log >/dev/null || fail "train: $(cat log)"
well "$hat" quantize --model wide.run --integer --data wide --out wide.integers
expect 1 "a network of integers has room for" "$hat" translate --model wide.integers --beam 1000 <valid.en
expect 1 "with translations of 201 tokens: a network of integers has room for 65536 of all hypotheses; see --max-length" \
    "$hat" export --model wide.integers --beam 1000 --out wide.hpp
well "$hat" export --model wide.integers --beam 1000 --max-length 4 --out wide.header/model.hpp
cp translate.cpp wide.header
"$compiler" -std=c++20 -O1 wide.header/translate.cpp -o wide.header/translate 2>log || fail "compiling: $(head -n 20 log)"
./wide.header/translate </dev/null >found 2>notes || fail "a wide beam: $(cat notes)"

# Two models by one name: in one source they do not compile, in two each keeps its own.
for beam in 1 2; do
    mkdir -p beam$beam
    well "$hat" export --model integers --beam $beam --max-length 20 --out beam$beam/model.hpp
    cat >beam$beam/part.cpp <<CPP
#include "model.hpp"
static translator::Translator::Memory memory;
static char text[4096];
unsigned long memory_of_beam$beam() {
    translator::Translator translator(memory);
    return translator.self_test(text) == hat::deploy::TranslationStatus::done ? translator.memory_bytes : 0;
}
CPP
    "$compiler" -std=c++20 -O0 -c beam$beam/part.cpp -o beam$beam/part.o 2>log || fail "compiling: $(head -n 20 log)"
    "$nm" -C beam$beam/part.o | sed -nE 's/^[0-9a-f]* [VWuRBDn] (.*translator::.*)/\1/p' | sort >beam$beam/symbols
done
[ -s beam1/symbols ] || fail "a header without symbols"
[ -z "$(comm -12 beam1/symbols beam2/symbols)" ] ||
    fail "two models share $(comm -12 beam1/symbols beam2/symbols | head -n 3)"
cat >both.cpp <<'CPP'
#include <cstdio>
unsigned long memory_of_beam1(), memory_of_beam2();
int main() {
    const unsigned long one = memory_of_beam1(), two = memory_of_beam2();
    std::printf("%d\n", one > 0 && one < two);
}
CPP
"$compiler" both.cpp beam1/part.o beam2/part.o -o both 2>log || fail "linking two models: $(head -n 20 log)"
[ "$(./both)" = 1 ] || fail "one of two models by one name is not what it was"
printf '#include "beam1/model.hpp"\n#include "beam2/model.hpp"\ntranslator::Translator* both;\n' >both.cpp
if "$compiler" -std=c++20 -fsyntax-only both.cpp 2>log; then fail "two models by one name in one source"; fi
grep -q 'ambiguous' log || fail "two models by one name in one source: $(head -n 3 log)"

# What a header is of, and what is refused.
sed -n 1,60p model.hpp | contains 'hat export' || fail "the header does not say where it is from"
expect 1 "replace it with --overwrite" "$hat" export --model run --out model.hpp
expect 1 "is not a header that hat export wrote" "$hat" export --model run --out odd.en --overwrite
for name in 1x class std hat _a a__b time errno linux expf int8_t size_t uint64_t FILE float_t; do
    expect 1 "--name: found \"$name\", expected" "$hat" export --model run --name "$name" --out other.hpp
done
expect 1 "is a model of integers" "$hat" export --model integers --weights kmeans4 --out other.hpp
expect 1 "expected another name" "$hat" export --model run --split --out other.bin
[ ! -e other.bin ] || fail "weights that their header would have replaced"
expect 1 "stored in fp32; hat quantize --weights kmeans4 makes" \
    "$hat" export --model run --weights kmeans4 --out other.hpp
expect 1 "--weights kmeans4: goes with no shortlist" \
    "$hat" export --model codes --shortlist-from listed --out other.hpp
expect 1 "has no shortlist" "$hat" export --model run --shortlist --out other.hpp
expect 1 "goes with no shortlist" \
    "$hat" export --model integers --shortlist-from listed --out other.hpp
expect 1 "missing" "$hat" export --model run --sentences missing --out other.hpp
expect 2 "--sentences: is empty, expected a file" "$hat" export --model run --sentences "" --out other.hpp
expect 1 "--beam 1000 with lines of " \
    "$hat" export --model run --weights int8 --beam 1000 --out other.hpp
grep -q 'MB of memory, expected at most 2147; --beam and --max-length make it less' stderr || fail "$(cat stderr)"
[ ! -e other.hpp ] || fail "a header was left"
well "$hat" export --model run --split --out left.hpp
well "$hat" export --model run --overwrite --out left.hpp
grep -qx 'note: left.hpp holds its weights now: left_weights.c and left.bin are of the header that was there' stderr ||
    fail "nothing is said of weights that are left: $(cat stderr)"
well "$hat" export --model run --name Model --max-length 10 --beam 1 --without-code --out named.hpp
"$compiler" -std=c++20 -I"$(dirname "$example")/../../include" -fsyntax-only -x c++ named.hpp 2>log ||
    fail "a namespace that has the name of something in it: $(head -n 5 log)"
"$compiler" -std=c++20 -I"$(dirname "$example")/../../include" -DModel=1 -fsyntax-only -x c++ named.hpp 2>log &&
    fail "a namespace that is a macro"
grep -q 'Model is a macro here: hat export --name calls the model otherwise' log || fail "$(head -n 5 log)"
expect 1 "valid.en:1: the line or its translation is too long" \
    "$hat" export --model run --sentences valid.en --max-length 3 --out other.hpp
printf '\n \n\n' >blank
well "$hat" export --model run --sentences blank --out other.hpp
grep -qx 'note: blank has nothing but blank lines: so the header tests nothing else' stderr ||
    fail "nothing is said of a test of blank lines: $(cat stderr)"
(cat blank && head -n 1 valid.en) >some
well "$hat" export --model run --sentences some --out other.hpp --overwrite
grep -q '^note:' stderr && fail "a test that has a sentence: $(cat stderr)"
rm other.hpp
well "$hat" export --model run --name small --sentences valid.en --max-length 200 --beam 1 --out small.hpp
grep -q '^namespace small::inline model_[0-9a-f]* {' small.hpp || fail "the header has another namespace"
finish
