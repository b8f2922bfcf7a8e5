# SPDX-License-Identifier: Apache-2.0
#
# Two text files in, a translator out: the program learns a toy language and translates it.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

make_text train 2000 1
make_text valid 50 2
make_text test 60 3
make_architecture
"$hat" prepare --source train.en --target train.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 40 --out data 2>/dev/null
"$hat" train --data data --architecture small.yml --updates 600 --max-tokens 600 --learning-rate 4e-3 \
    --warmup 100 --dropout 0.1 --average-last 3 --out run 2>log || fail "training: $(cat log)"
"$hat" translate --model run/model <test.en >test.out
score=$("$hat" score --reference test.de <test.out)
echo "$score"
awk '{ exit !($3 > 90) }' <<<"$score" ||
    fail "the toy language was not learnt: $score"

# Two systems are compared in either metric.
for metric in bleu chrf; do
    "$hat" score --reference test.de --metric "$metric" --against test.en <test.out >compared
    grep -Eq '^(BLEU|chrF2) [0-9.]+ against [0-9.]+: \+[0-9.]+ \(95% interval \+' compared ||
        fail "$metric: the translations are not said to be better than the source: $(cat compared)"
done

# The same lines one by one, with another batch size and on one thread.
"$hat" translate --model run --batch 1 --threads 1 <test.en | cmp - test.out ||
    fail "a sentence is translated differently alone than in a batch"
# Empty lines stay empty; Windows line ends and a missing last one are fine.
printf 'one two.\r\n\n\nthree.' | "$hat" translate --model run/model >lines.out
[ "$(wc -l <lines.out)" = 4 ] || fail "4 lines in, $(wc -l <lines.out) lines out"
[ "$(sed -n 2,3p lines.out)" = "" ] || fail "an empty line was translated"
: | "$hat" translate --model run/model | cmp - /dev/null || fail "nothing in, something out"

"$hat" inspect --model run | contains 'decoder layer 0: ffn_dim 128, heads 4' ||
    fail "inspect does not show the layers"
grep -q '"event": "validation"' run/log.jsonl || fail "the log has no validation"
finish
