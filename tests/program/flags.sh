# SPDX-License-Identifier: Apache-2.0
#
# Every flag with a number, found in the help of every subcommand, takes only what it says there and
# refuses the rest in one short line; what is misspelt is told what it is nearest to.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

# refused PROGRAM TEXT COMMAND…: exit code 2, and a short line that begins so.
refused() {
    local program=$1 text=$2 found=0 line
    shift 2
    line=$("$@" 2>&1 </dev/null) || found=$?
    [ "$found" = 2 ] || fail "$*: exit code $found, expected 2: $line"
    case "$line" in
    *$'\n'*) fail "$*: more than a line: $line" ;;
    "$program: $text"*) ;;
    *) fail "$*: found \"$line\", expected \"$program: $text…\"" ;;
    esac
    [ "${#line}" -lt 200 ] || fail "$*: the line is long: $line"
}

# no_control_bytes COMMAND…: what it prints is text.
no_control_bytes() {
    if "$@" | LC_ALL=C tr -d '\n' | LC_ALL=C grep -q '[[:cntrl:]]'; then
        fail "$*: control bytes"
    fi
}

# numbers_of COMMAND…: "flag type low high" of every flag with a number, as its help says; "-" where
# there is no limit.
numbers_of() {
    "$@" --help | sed -nE 's/^ +(-[a-zA-Z],)?(--[a-z0-9-]+) (INT|NUMBER|UINT|FLOAT)\b ?(\(([^)]*)\))?.*/\2 \3 \5/p' |
        awk '{
            low = high = "-"
            if ($4 == "or") low = $3
            else if ($4 == "to") { low = $3; high = $5 }
            else if ($3 == "above") { low = $4; if (NF > 4) high = $8 }
            print $1, $2, low, high
        }'
}

# All that is tried with the first flag of each type; others read numbers in the same way.
all_values=(-010 00 +1 " 1" "1 " 0x10 0x1p3 -nan inf -inf infinity one 1x 1,5 1e999 -1e999 1e 1.e. -)
many=99999999999999999999999999999999999999999999999999999999999999999999
many+=$many$many$many$many
subcommands=$("$hat" --help | sed -n '/^Subcommands:/,$p' | sed -nE 's/^  ([a-z-]+) .*/\1/p')
count=0
tried=" "
for subcommand in $subcommands; do
    no_control_bytes "$hat" "$subcommand" --help
    # Nothing is run should a number be taken: where nothing is required, there is no such text.
    command=("$hat" "$subcommand")
    [ "$subcommand" != quickstart ] || command+=(--text missing)
    while read -r flag type low high; do
        count=$((count + 1))
        values=(010 nan "$many")
        [[ "$tried" == *" $type "* ]] || values+=("${all_values[@]}")
        tried+=" $type "
        [ "$low" = - ] || values+=("$(awk -v x="$low" 'BEGIN { print x - 1 }')")
        if [ "$high" != - ] && [ "${#high}" -lt 11 ]; then
            values+=("$(awk -v x="$high" 'BEGIN { printf "%.0f", x + 1 }')")
        fi
        for value in "${values[@]}"; do
            refused hat "$flag: ${value:0:40}" "${command[@]}" "$flag=$value"
        done
    done < <(numbers_of "${command[@]}")
done
[ "$count" -gt 90 ] || fail "found only $count flags with numbers"
refused hat "--batch: 0, expected 1 or more" "$hat" translate --batch 0
refused hat "--epochs: 1e300, expected above 0 and at most 1e+06" "$hat" tune --epochs 1e300
refused hat "--seed: -1, expected 0 or more" "$hat" train --seed -1
refused hat "--beam: 1001, expected 1 to 1000" "$hat" translate --beam 1001
refused hat "--seed: 18446744073709551616, expected 0 to 18446744073709551615" \
    "$hat" train --seed 18446744073709551616
refused hat "--sampler: reverse, expected reference|uniform" "$hat" train --sampler reverse
refused hat "--model: 1, expected additive|auto|mlp" "$hat" predictor --model 1

# Misspelt
no_control_bytes "$hat" --help
refused hat "there is no subcommand trian; did you mean train?" "$hat" trian --data x --updates 3
refused hat "there is no subcommand trans; did you mean translate?" "$hat" trans
refused hat "there is no subcommand zzz (" "$hat" zzz
refused hat "there is no flag --modle; did you mean --model?" "$hat" translate --modle x
refused hat "there is no flag --bach; did you mean --batch?" "$hat" translate --model x --bach=3
refused hat "there is no flag --verison; did you mean --version?" "$hat" --verison
refused hat "there is no flag --nothing-like-it (" "$hat" score --reference x --nothing-like-it
refused hat "spare: is neither a flag nor the value of one" "$hat" translate --model x spare
refused hat 'there is no flag --\u001b[31mred' "$hat" translate --model x $'--\e[31mred'

# The programs beside it
corpus=$(dirname "$hat")/hat-corpus
if [ -x "$corpus" ]; then
    refused hat-corpus "there is no subcommand nearer; did you mean nearest?" "$corpus" nearer
    refused hat-corpus "there is no flag --rot; did you mean --root?" "$corpus" libreoffice --rot x
fi
latency=$(dirname "$hat")/hat-latency
if [ -x "$latency" ]; then
    no_control_bytes "$latency" --help
    for flag in $("$latency" --help | sed -nE 's/^  (--[a-z-]+) (N|SECONDS) .*/\1/p'); do
        for value in "" 010 1x 0x10 nan inf 1e999 1.5 $many -$many; do
            refused hat-latency "$flag: " "$latency" "$flag" "$value"
        done
    done
    refused hat-latency "--beam: 0, expected 1 to 1000" "$latency" --beam 0
    refused hat-latency "there is no option --smaples; did you mean --samples?" "$latency" --smaples 3
fi
finish
