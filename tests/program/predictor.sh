# SPDX-License-Identifier: Apache-2.0
#
# hat predictor: what it says of a table, and what it says of bad ones.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

# make_table ROWS: a table of a device whose time is a sum; rows 100 … 149 were measured while it
# was busy.
make_table() {
    awk -v rows="$1" -v seed=1 "$random"' BEGIN {
        print "encoder_embed_dim,encoder_layer_num,encoder_ffn_embed_dim_avg," \
            "encoder_self_attention_heads_avg,decoder_embed_dim,decoder_layer_num," \
            "decoder_ffn_embed_dim_avg,decoder_self_attention_heads_avg," \
            "decoder_ende_attention_heads_avg,decoder_arbitrary_ende_attn_avg," \
            "latency_mean_encoder,latency_mean_decoder,latency_std_encoder,latency_std_decoder"
        for (i = 0; i < rows; ++i) {
            # No network twice: the part behind the point numbers them.
            layers = 1 + int(random() * 6); ffn = 1024 + int(random() * 2048) + i / 1024
            busy = (1 + 0.02 * (random() - 0.5)) * (i >= 100 && i < 150 ? 1.4 : 1)
            printf "512,6,2048,6,512,%d,%.4f,6,6,2,%.3f,%.3f,0.1,0.1\n", layers, ffn, 20 * busy, \
                (30 + layers * (10 + ffn / 100)) * busy
        }
    }'
}

make_table 300 >table.csv
"$hat" predictor --latency table.csv --out all.json --model additive >stdout 2>stderr
grep -qF "rows 100 … 149 (lines 102 … 151) took 40 % longer" stderr || fail "warning: $(cat stderr)"
[ "$(wc -l <stderr)" = 1 ] || fail "more than one warning: $(cat stderr)"
grep -qE '^additive +300 ' stdout || fail "no errors of 300 rows: $(cat stdout)"

"$hat" predictor --latency table.csv --out kept.json --model additive --leave-out-shifts \
    >stdout 2>stderr
grep -qE '^additive +250 +0\.[0-9]+ %' stdout || fail "shifts were not left out: $(cat stdout)"
grep -qF '"shifts_left_out": true' kept.json || fail "the file does not say what was left out"

# A table of another version: columns in another order, and one more, which is told.
awk -F, -v OFS=, '{ print $11, $12, $13, $14, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
                    NR == 1 ? "watts" : 5 }' table.csv >other.csv
"$hat" predictor --latency other.csv --out other.json --model additive >stdout 2>stderr
grep -qF 'note: other.csv: column "watts" is not known, and not read' stderr ||
    fail "no note of the unknown column: $(cat stderr)"
diff <(grep -A12 costs_ms all.json) <(grep -A12 costs_ms other.json) ||
    fail "the order of columns changes what is learned"

head -n 41 table.csv >small.csv
"$hat" predictor --latency small.csv --out auto.json --training-rows 30 >stdout 2>stderr
for name in additive MLP "held out" chosen; do
    grep -q "^$name" stdout || fail "auto: no line for $name: $(cat stdout)"
done
"$hat" predictor --latency small.csv --out again.json --training-rows 30 --threads 1 >again 2>stderr
cmp -s auto.json again.json || fail "the same seed gave another predictor"
"$hat" predictor --latency small.csv --out mlp --model mlp >stdout
grep -q "^chosen: mlp" stdout || fail "the MLP was asked for: $(cat stdout)"

# Errors by thirds of the latency range, in text and in the file
[ "$(grep -cE '^ +[0-9.]+ to +[0-9.]+ ms +[0-9]+ rows  MAPE [0-9.]+ %$' again)" = 3 ] ||
    fail "no errors of thirds: $(cat again)"
[ "$(grep -c '"low_ms"' auto.json)" = 3 ] || fail "the file has no errors of thirds"

# Repeated rows: copies are left out, networks that were measured again are in one fold.
{ cat small.csv; tail -n +2 small.csv; } >twice.csv
"$hat" predictor --latency twice.csv --out twice.json --model additive >stdout 2>stderr
grep -qF "warning: 40 rows are copies of others: left out" stderr || fail "copies: $(cat stderr)"
grep -qF "80 rows, fitted to 40" stdout || fail "copies were fitted to: $(cat stdout)"
grep -qF '"copies_left_out": 40' twice.json || fail "the file does not say that copies were left out"
# Times that nothing explains, each measured twice: by heart, the MLP would be right about them.
awk -F, -v OFS=, -v seed=7 "$random"' NR > 1 { $12 = 30 + 100 * random() } { print }' small.csv >once.csv
awk -F, -v OFS=, 'NR > 1 { $12 = $12 * 1.0004; print }' once.csv | cat once.csv - >noise.csv
"$hat" predictor --latency noise.csv --out noise.json >stdout 2>stderr
grep -qF "warning: 40 rows are of networks that were measured before" stderr ||
    fail "measured again: $(cat stderr)"
grep -qE '^MLP +80 +[1-9][0-9]+\.[0-9]+ %' stdout || fail "the MLP knew what it had seen: $(cat stdout)"
"$hat" predictor --latency noise.csv --out noise.json --model additive --training-rows 60 \
    >stdout 2>stderr
[ "$(grep '^held out' stdout | awk '{ print $3 }')" -lt 20 ] ||
    fail "networks were held out that had been seen: $(cat stdout)"

# The help names the columns that a table must have, and those that it may have.
"$hat" predictor --help >help
for column in $(head -n 1 table.csv | tr , ' '); do
    sed -n '/^The table must have/,/^It may have/p' help | contains -w "$column" ||
        fail "the help does not say that a table must have $column"
done
for column in encoder_median_ms decoder_median_ms total_median_ms encoder_p95_ms beam encoder_unit_mmacs \
    flags genes; do
    sed -n '/^It may have/,/^$/p' help | contains -w "$column" ||
        fail "the help does not say that a table may have $column"
done
[ "$(awk '{ print length }' help | sort -n | tail -n 1)" -le 110 ] || fail "lines of the help are long"

# Bad input
cp kept.json before.json
bad() {
    local text=$1
    shift
    expect 1 "$text" "$hat" predictor --latency "$1" --out kept.json "${@:2}"
    cmp -s kept.json before.json || fail "$text: the predictor of before was changed"
}
bad "missing.csv: cannot open" missing.csv
sed '5s/,6,2048/,six,2048/' table.csv >bad.csv
bad 'bad.csv:5: encoder_layer_num: expected a number, found "six"' bad.csv
head -c 1000 table.csv >bad.csv
bad "bad.csv:$(wc -l <bad.csv | awk '{ print $1 + 1 }'): expected 14 fields" bad.csv
sed '1s/decoder_layer_num/layers/' table.csv >bad.csv
bad 'bad.csv:1: column "decoder_layer_num" is missing; column "layers" is not known' bad.csv
awk -v OFS=, '{ print $0, NR == 1 ? "genes" : "" }' table.csv >bad.csv
bad 'bad.csv:1: column "encoder_median_ms" is missing: with column "genes" this is a table with details' \
    bad.csv
head -n 1 table.csv >bad.csv
bad "bad.csv: the table has no rows" bad.csv
head -n 10 table.csv >bad.csv
bad "bad.csv: latency predictor: 9 rows in 5 folds are too few, expected at least 13 rows" bad.csv
bad "--training-rows 40 leaves none of the 40 rows" small.csv --training-rows 40
printf '\001\377\376 no table at all' >bad.csv
bad 'bad.csv:1: column "encoder_embed_dim" is missing; column "\u0001' bad.csv
expect 2 "--model" "$hat" predictor --latency table.csv --out kept.json --model best
expect 1 "cannot create" "$hat" predictor --latency small.csv --model additive --out missing/p.json
finish
