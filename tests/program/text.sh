# SPDX-License-Identifier: Apache-2.0
#
# Text is what the user gave: from files through data and models, and back.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

# prepare OUT FLAG…: its stderr goes to the file log.
prepare() {
    local out=$1
    shift
    "$hat" prepare --source train.en --target train.de --valid-source valid.en \
        --valid-target valid.de --out "$out" "$@" >/dev/null 2>log ||
        fail "prepare $*: $(cat log)"
}
says() { grep -qF -- "$1" log || fail "stderr lacks \"$1\": $(cat log)"; }
says_not() { if grep -qF -- "$1" log; then fail "stderr has \"$1\": $(cat log)"; fi; }

make_text plain 300 1
make_text valid 30 2
# What SentencePiece's own rules would rewrite, its reserved characters, and spaces.
awk '{ print $0 (NR % 3 ? "" : "  5 m² … ™ 10⁻³ ") (NR % 5 ? "" : "\t▁▅") }' plain.en >train.en
awk '{ print (NR % 4 ? "" : " ") $0 (NR % 3 ? "" : "  5 m² … ™ 10⁻³ ") }' plain.de >train.de

# ---- text comes back ---------------------------------------------------------------------------
prepare data --vocab-size 80
says_not "do not survive"
says_not "unknown:"
grep -qF '"normalize": "nfc"' data/text.json || fail "text.json: $(cat data/text.json)"
prepare nfkc --vocab-size 80 --normalize nfkc --lowercase --model bpe
says_not "do not survive"
grep -qF '"lowercase": true' nfkc/text.json || fail "text.json: $(cat nfkc/text.json)"
cmp -s data/train.corpus nfkc/train.corpus && fail "--normalize nfkc changed nothing"
# How text is treated travels with the model, and two ways of it do not mix.
"$hat" train --data data --architecture tiny --updates 3 --max-tokens 500 --out run >/dev/null 2>&1 ||
    fail "train"
cmp -s data/text.json run/model/text.json || fail "text.json is not in the model"
cp -r data mixed && cp nfkc/text.json mixed/text.json
expect 1 "" "$hat" tune --model run --data mixed --updates 1 --out tuned
# A model that is used again brings its rules with it.
prepare again --subword data/subword.model
cmp -s data/train.corpus again/train.corpus || fail "--subword: another corpus"
cmp -s data/text.json again/text.json || fail "--subword: another text.json"
says_not "text.json"
mkdir alone
cp data/subword.model alone
prepare bare --subword alone/subword.model
says "note: there is no text.json beside alone/subword.model; the text stays as it is"
expect 2 "--vocab-size excludes --subword" "$hat" prepare --source train.en --target train.de \
    --subword data/subword.model --vocab-size 80 --out other
expect 2 "--normalize" "$hat" prepare --source train.en --target train.de \
    --subword data/subword.model --normalize nfkc --out other

# ---- byte order marks --------------------------------------------------------------------------
mkdir marked
for file in train.en train.de valid.en valid.de; do
    { printf '\xEF\xBB\xBF'; cat $file; } >marked/$file
done
(cd marked && "$hat" prepare --source train.en --target train.de --valid-source valid.en \
    --valid-target valid.de --vocab-size 80 --out data >/dev/null 2>&1)
for file in train.corpus valid.corpus subword.model; do
    cmp -s data/$file marked/data/$file || fail "a byte order mark changes $file"
done
"$hat" translate --model run <valid.en >plain.out 2>/dev/null || fail "translate"
"$hat" translate --model run <marked/valid.en >marked.out 2>/dev/null || fail "translate"
cmp -s plain.out marked.out || fail "translate: a byte order mark changes the first line"
"$hat" score --reference marked/valid.de <marked/valid.de >marked.score || fail "score"
"$hat" score --reference valid.de <valid.de >plain.score || fail "score"
cmp -s plain.score marked.score || fail "score: a byte order mark changes it"

# ---- lines of which nothing is seen ------------------------------------------------------------
for line in '\u200b' '\ufeff\u00ad' ' \u2060\t'; do
    { printf "x$line\n"; printf "$line\n"; printf "$line\n"; } >zero.en
    expect 1 "zero.en:2: the line is empty" \
        "$hat" prepare --source zero.en --target zero.en --out other
done
printf '\u200b\n\u200b\n' >zero.en
expect 1 "zero.en and zero.en have no pair without an empty line" \
    "$hat" prepare --source zero.en --target zero.en --drop-empty --out other
expect 1 "zero.en: all lines are empty" \
    "$hat" prepare --task language-model --text zero.en --out other
[ -z "$("$hat" translate --model run <zero.en 2>/dev/null | tr -d '\n')" ] ||
    fail "an invisible line has a translation"

# ---- unknown tokens ----------------------------------------------------------------------------
cp valid.en known.en
awk '{ print NR % 3 ? $0 : "保存 one" }' known.en >valid.en
prepare unknown --vocab-size 80 --keep-leaks
says "warning: validation: source: 10 of "
says "in 10 lines unknown: 保存"
says "10 of 30 pairs do not survive"
says '"保存 one" comes back as " ⁇  one"'
says_not "training:."
prepare bytes --vocab-size 400 --byte-fallback on
says "256 of them bytes"
says_not "unknown:"
says_not "do not survive"
cp known.en valid.en

# ---- flags of the vocabulary -------------------------------------------------------------------
prepare small --vocab-size 5000
says "note: the text has no more pieces; --vocab-size 5000 is larger"
says " pieces (no bytes: 256 would be more than a tenth), learned from "
prepare off --vocab-size 80 --byte-fallback off
says_not "bytes"
prepare covered --vocab-size 80 --character-coverage 0.98
says "unknown: "
awk '{ print $0 " <b>12</b>" }' plain.en >train.en
prepare symbols --vocab-size 80 --symbols '<b>,</b>' --split-digits
for symbol in '<b>' '</b>'; do
    grep -qaF "$symbol" symbols/subword.model || fail "$symbol is no piece"
done
prepare whole --vocab-size 80
grep -qaF '<b>' whole/subword.model && fail "<b> is a piece without --symbols"
expect 1 'symbol "a b": expected text without spaces' "$hat" prepare --source train.en \
    --target train.de --symbols 'a b' --out other
for bad in '<unk>: is reserved' '<0x41>: is reserved' 'xy,xy: is given twice' ': is empty'; do
    expect 1 "${bad#*: }" "$hat" prepare --source train.en --target train.de --vocab-size 80 \
        --symbols "${bad%%: *}" --out other
done
prepare sampled --vocab-size 60 --sample 50
says "learned from 50 of 600 lines (--sample)"
# No line is left out of learning for its length, nor for a character in it.
cp plain.en train.en
{ head -n 299 plain.en; for _ in $(seq 1500); do printf 'zebra '; done; echo; } >train.en
{ head -n 298 plain.de; for _ in $(seq 2000); do printf '東西'; done; printf '\nx ▅\n'; } >train.de
prepare long --vocab-size 80
says_not "unknown:"

# ---- language models get the same --------------------------------------------------------------
awk '{ print $0 (NR % 3 ? "" : "  5 m² … ™ ") }' plain.en >text
"$hat" prepare --task language-model --text text --vocab-size 60 --out pieces >/dev/null 2>log ||
    fail "prepare --task language-model"
says_not "do not survive"
says_not "unknown:"
"$hat" prepare --task language-model --text text --words 1 --lowercase --out words >/dev/null 2>log ||
    fail "prepare --words"
grep -qF '"normalize": "nfc"' words/text.json || fail "words/text.json is missing"
"$hat" train --task language-model --data pieces --architecture tiny-lm --block 32 --updates 2 \
    --out lm >/dev/null 2>&1 || fail "train --task language-model"
cmp -s pieces/text.json lm/model/text.json || fail "text.json is not in the language model"
printf '\xEF\xBB\xBFone two 保 three.\n' >scored
"$hat" perplexity --model lm --text scored >/dev/null 2>log || fail "perplexity"
says "warning: scored: 1 of "
says "unknown: 保"

finish
