# SPDX-License-Identifier: Apache-2.0
#
# `hat prepare` on text that memory is not to hold: several files, packed or not, copies left out, and the
# same data whatever the memory and the threads. What it puts aside is gone however it ends.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

# peak COMMAND…: runs it, and sets `peak` to the most MB of memory that it had.
peak() {
    "$@" >stdout 2>stderr &
    local pid=$! line
    peak=0
    while line=$(grep VmHWM "/proc/$pid/status" 2>/dev/null); do
        peak=$(awk '{ printf "%d", $2 / 1024 }' <<<"$line")
        sleep 0.02
    done
    wait "$pid" || fail "$*: $(cat stderr)"
}

# look: what is here now; nothing_new WHAT: and nothing else is since.
look() {
    touch stdout stderr seen found difference
    ls -A >seen
}
nothing_new() {
    ls -A >found
    diff seen found >difference || fail "$*: left something behind: $(cat difference)"
}

# ---- several files, packed ones among them -----------------------------------------------------
make_text a 300 1
make_text b 200 2
make_text valid 20 3
cat a.en b.en >all.en
cat a.de b.de >all.de
gzip -k a.en a.de b.de
head -n 10 valid.en | gzip >v1.en.gz
head -n 10 valid.de >v1.de
tail -n 10 valid.en >v2.en
tail -n 10 valid.de | gzip >v2.de.gz
well "$hat" prepare --source all.en --target all.de --valid-source valid.en --valid-target valid.de \
    --vocab-size 60 --out one
well "$hat" prepare --source a.en.gz b.en --target a.de.gz b.de.gz --valid-source v1.en.gz v2.en \
    --valid-target v1.de v2.de.gz --vocab-size 60 --out several
for file in train.corpus valid.corpus subword.model; do
    cmp one/$file several/$file || fail "several files give another $file"
done
grep -qF '"a.en.gz"' several/config.json || fail "the files are not named: $(cat several/config.json)"
grep -qF '"source_language": "en"' several/config.json || fail "no language: $(cat several/config.json)"
expect 1 "--source names 2 files and --target 1, expected as many" \
    "$hat" prepare --source a.en b.en --target all.de --out none
expect 1 "a.en has 300 lines and b.de has 200, expected as many in both" \
    "$hat" prepare --source a.en b.en --target b.de a.de --out none
well "$hat" prepare --task language-model --text all.en --words 1 --out one --overwrite
well "$hat" prepare --task language-model --text a.en.gz b.en --words 1 --out several --overwrite
for file in train.corpus valid.corpus target.dict.txt; do
    cmp one/$file several/$file || fail "several files give another $file"
done

# ---- archives that are none, cut or damaged ----------------------------------------------------
cp a.en plain.en.gz
head -c 1000 a.en.gz >cut.en.gz
{ head -c 500 a.en.gz; printf 'XXXXXXXX'; tail -c +509 a.en.gz; } >damaged.en.gz
: >empty.en.gz
gzip -c </dev/null >nothing.en.gz
look
expect 1 "plain.en.gz: is no gzip archive" "$hat" prepare --source plain.en.gz --target a.de --out none
expect 1 "cut.en.gz: the gzip archive is cut short after 1000 bytes" \
    "$hat" prepare --source cut.en.gz --target a.de --out none
expect 1 "damaged.en.gz: the gzip archive is damaged before byte " \
    "$hat" prepare --source damaged.en.gz --target a.de --out none
expect 1 "empty.en.gz: the file is empty" "$hat" prepare --source empty.en.gz --target a.de --out none
expect 1 "nothing.en.gz: the file is empty" "$hat" prepare --source nothing.en.gz --target a.de --out none
nothing_new "an error"

# ---- memory ------------------------------------------------------------------------------------
awk -v seed=5 "$random"' BEGIN {
    n = split("one two three four five six seven eight nine ten", en)
    split("eins zwei drei vier fünf sechs sieben acht neun zehn", de)
    for (i = 0; i < 200000; ++i) {
        a = b = ""
        for (k = 2 + int(random() * 12); k > 0; --k) {
            w = 1 + int(random() * n); a = a en[w] " "; b = b de[w] " "
        }
        print a "." >"large.en"; print b "." >"large.de"
    }
}'
gzip -1 <large.en >large.en.gz
large=("$hat" prepare --source large.en.gz --target large.de --vocab-size 400 --sample 20000 --clean)
peak "${large[@]}" --out plenty --threads 2
cp stderr told
peak "${large[@]}" --out little --memory 64M --threads 1
diff <(sed 's/plenty/little/' told) stderr >difference || fail "--memory 64M says something else: $(cat difference)"
same plenty little
[ "$peak" -ge 10 ] && [ "$peak" -le 64 ] || fail "--memory 64M: took $peak MB"
copies=$(sed -nE 's/^clean: left out ([0-9]+) pairs that repeat another.*/\1/p' told)
distinct=$(paste large.en large.de | sort -u | wc -l)
grep -qF 'clean: left out' told && [ $((200000 - copies)) = "$distinct" ] ||
    fail "$copies of 200000 pairs are copies, $distinct differ: $(cat told)"
peak "$hat" prepare --source large.en --target large.de --subword plenty/subword.model --max-copies 1 \
    --memory 32M --out copies
grep -qF "left out $copies pairs that repeat another: --max-copies 1" stderr || fail "$(cat stderr)"
[ "$peak" -le 32 ] || fail "--memory 32M: took $peak MB"
expect 1 "--memory 32M: learning pieces from 398000 lines takes about" \
    "$hat" prepare --source large.en --target large.de --vocab-size 400 --memory 32M --out none
for bad in 1 31M 64m 64MB 1.5G -1G '' M 099M; do
    expect 2 "--memory" "$hat" prepare --source large.en --target large.de --memory "$bad" --out none
done

# ---- SIGTERM -----------------------------------------------------------------------------------
look
for pause in 0.05 0.3 1; do
    timeout -s TERM "$pause" "$hat" prepare --source large.en --target large.de --vocab-size 400 \
        --sample 100000 --threads 1 --out stopped >/dev/null 2>stderr && fail "it was not stopped"
    nothing_new "SIGTERM after $pause s"
done
finish
