# SPDX-License-Identifier: Apache-2.0
#
# What a shell completes is what the help says: every subcommand, every flag, the values of choices.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"

"$hat" completion bash >script.bash || fail "completion bash"
"$hat" completion zsh >script.zsh || fail "completion zsh"
code=0
"$hat" completion fish >stdout 2>stderr || code=$?
[ "$code" = 2 ] || fail "completion fish: exit code $code, expected 2"

# offers EXPECTED WORD…: at the end of these words, bash offers that.
offers() {
    local expected=$1 found
    shift
    found=$(bash -c '
        source script.bash
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        _hat
        printf "%s\n" "${COMPREPLY[@]}"' bash "$@" | LC_ALL=C sort | tr '\n' ' ')
    [ "${found% }" = "$expected" ] || fail "$*: offers \"${found% }\", expected \"$expected\""
}
# words_of WORD…: as `offers` expects them.
words_of() { printf '%s\n' "$@" | LC_ALL=C sort -u | tr '\n' ' ' | sed 's/ $//'; }

mkdir data.d
touch quarrel.yml
offers "train translate" hat tr
offers "--weights" hat translate --we
offers "bf16 fp32 int8 stored" hat translate --weights ""
offers "int8" hat translate --weights = i
offers "bleu chrf ter" hat score --metric ""
offers "quarrel.yml quick quickstart" hat train --space q
offers "tiny tiny-lm" hat inspect --architecture ti
offers "largest" hat extract --run data.d --architecture l
offers "data.d" hat translate --model d
offers "" hat train --updates ""
offers "bash" hat completion b
offers "--help --version" hat --

# Every word of the help, in both scripts.
subcommands=$("$hat" --help | sed -n '/^Subcommands:/,$p' | sed -nE 's/^  ([a-z-]+) .*/\1/p')
# shellcheck disable=SC2086
offers "$(words_of --help -h --version $subcommands)" hat ""
count=0
for subcommand in $subcommands; do
    flags=$("$hat" "$subcommand" --help | sed -nE 's/^  ((-[a-zA-Z],)?--[a-z0-9,-]+).*/\1/p' | tr , ' ')
    # shellcheck disable=SC2086
    offers "$(words_of $flags)" hat "$subcommand" -
    for flag in $flags; do
        count=$((count + 1))
        grep -q -- "^ *'[*]\?$flag=\?\[" script.zsh || fail "zsh: $subcommand $flag is not there"
    done
done
[ "$count" -gt 150 ] || fail "found only $count flags"

# Every name that is offered for a network is the name of one.
names=$(sed -n "s/.*'inspect --architecture'.* words='\([^']*\)'.*/\1/p" script.bash)
for name in $names; do
    "$hat" inspect --architecture "$name" >stdout 2>stderr || fail "inspect --architecture $name: $(cat stderr)"
done
[ "$(wc -w <<<"$names")" -gt 15 ] || fail "found no more names than \"$names\""

# As the help says it is read.
bash -c 'eval "$("$1" completion bash)"; complete -p hat' bash "$hat" >found || fail "eval in bash"
grep -qx 'complete -F _hat hat' found || fail "nothing is registered: $(cat found)"

# zsh, where it is there: in a terminal of its own, with all of its completion.
if command -v zsh >/dev/null; then
    zsh -n script.zsh || fail "zsh does not take its script"
    cat >terminal.zsh <<'ZSH'
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'autoload -U compinit; compinit -u -D; source ./script.zsh; print loa''ded'
zpty -r -m shell seen '*loaded*' || exit 1
zpty -w -n shell "$1"$'\t\t'
zpty -r -m shell seen "*$2*" || exit 1
zpty -d shell
ZSH
    # completes LINE WORD: two tabs at the end of LINE bring WORD.
    completes() {
        timeout 60 zsh -f terminal.zsh "$1" "$2" >found 2>&1 || fail "zsh: $1<TAB> shows no $2: $(cat -v found)"
    }
    completes "hat tr" "translate"
    completes "hat translate --wei" "--weights"
    completes "hat translate --weights " "stored"
    completes "hat inspect --architecture ti" "tiny-lm"
fi
finish
