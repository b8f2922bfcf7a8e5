# SPDX-License-Identifier: Apache-2.0
#
# A hundred thousand lines, very long, empty and damaged ones among them, go through in order, none
# lost, in memory that does not grow, with each kind of weights.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_text train 400 1
make_text valid 20 2
cat >small.yml <<'YAML'
encoder-layers: 1
decoder-layers: 1
encoder-embed-dim: 16
decoder-embed-dim: 16
qkv-dim: 16
encoder-ffn-dims: 16
encoder-heads: 1
decoder-ffn-dims: 16
decoder-heads: 1
decoder-cross-heads: 1
decoder-attended-layers: 1
sharing: all
YAML
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 60 --out data >/dev/null 2>&1
"$hat" train --data data --architecture small.yml --updates 150 --max-tokens 600 --learning-rate 4e-3 \
    --warmup 20 --out run 2>log >/dev/null || fail "training: $(cat log)"

# 40 lines, of which 3 have no text, 2 are damaged; and two of 100,000 words.
awk 'BEGIN { split("one two three four five six seven eight", w)
             for (i = 0; i < 36; ++i) print w[1 + i % 8], w[1 + int(i / 8) % 8] "." }' >short
{ cat short; printf '\n \n\none \xff two\nzero\0byte three\n'; } >lines
awk 'BEGIN { for (i = 0; i < 100000; ++i) printf "one two three%s ", i % 9 ? "" : "."; print "" }' >long
lines=$(wc -l <lines)

# many NAME: NAME.250 and NAME.2500, so many times the file.
many() {
    for ((i = 0; i < 10; ++i)); do cat "$1"; done >"$1.10"
    for ((i = 0; i < 25; ++i)); do cat "$1.10"; done >"$1.250"
    for ((i = 0; i < 10; ++i)); do cat "$1.250"; done >"$1.2500"
}
many lines

for kind in fp32 bf16 int8; do
    translate=("$hat" translate --model run --weights $kind --beam 1 --max-length-b 4 --max-line-bytes 1000000)
    "${translate[@]}" <lines >of_lines 2>/dev/null
    "${translate[@]}" <long >of_long 2>stderr
    parts=$(count_parts stderr)
    [ "$parts" -gt 8000 ] || fail "$kind: a long line has $parts parts: $(cat stderr)"
    [ "$(wc -w <of_long)" -ge "$parts" ] || fail "$kind: $parts parts have $(wc -w <of_long) words"
    [ "$(wc -w <of_long)" -gt 10000 ] || fail "$kind: a long line has $(wc -w <of_long) words"
    megabytes=()
    many of_lines
    # Growth is that of one thread that reads a file: how much each of two has at once, and how much of a
    # pipe is at hand, is left to chance, some 5 MB.
    for run in "250 1" "2500 1" "2500 2"; do
        read -r rounds threads <<<"$run"
        cat lines long lines.$rounds long >all
        if [ "$threads" = 1 ]; then exec {input}<all; else exec {input}< <(cat all); fi
        "${translate[@]}" --threads "$threads" --stats <&"$input" >found 2>stderr ||
            fail "$kind: $(tail -n 1 stderr)"
        exec {input}<&-
        cat of_lines of_long of_lines.$rounds of_long | cmp - found ||
            fail "$kind, $threads threads: lines were changed, lost or mixed up"
        megabytes+=("$(grep -o 'memory at most [0-9]*' stderr | grep -o '[0-9]*$')")
    done
    [ "$(wc -l <found)" = $((2501 * lines + 2)) ] || fail "$kind: $(wc -l <found) lines"
    [ "${megabytes[1]}" -le $((megabytes[0] + 4)) ] || fail "$kind: memory grows: ${megabytes[*]} MB"
    [ "${megabytes[2]}" -le $((megabytes[0] + 10)) ] || fail "$kind: two threads take ${megabytes[*]} MB"
done
[ "$lines" = 41 ] || fail "$lines lines a round"
finish
