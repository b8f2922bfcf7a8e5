#!/usr/bin/env bash
# From nothing to a translator made for this machine: installs what is missing, builds hat and runs
# `hat quickstart`, which gets real text, trains a SuperTransformer, measures this machine, searches for
# the best network that is fast enough, tunes it, translates held-out pages, scores them and reports.
#
#     examples/quickstart.sh [LANGUAGE] [FOLDER] [OPTION OF hat quickstart…]
#     examples/quickstart.sh --quick
#
# LANGUAGE (default de) is any language Debian ships LibreOffice's help in, such as fr. All is written
# to FOLDER (default build/quickstart). Options may stand anywhere; --quick is the same story in a few
# minutes. A run that was interrupted goes on where it was. Runs on Debian and Ubuntu, as root or with
# sudo for the packages to install.
set -euo pipefail

usage="quickstart.sh [LANGUAGE] [FOLDER] [OPTION OF hat quickstart…]"
root=$(CDPATH='' cd -- "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
language=de
folder=$root/build/quickstart
options=()
words=()
while [ $# -gt 0 ]; do
    case $1 in
    "")
        echo "quickstart.sh: a word is empty; expected $usage" >&2
        exit 2
        ;;
    -h | --help)
        sed -n '2,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit
        ;;
    -*)
        # Looked at here, too: a mistyped one would be told only after everything is built.
        case ${1%%=*} in
        --quick)
            if [ "$1" != --quick ]; then
                echo "quickstart.sh: found $1, expected --quick" >&2
                exit 2
            fi
            options+=("$1")
            ;;
        --language | --out | --text | --text-name | --licence | --license | --space | --max-words | --vocab-size | \
            --speedup | --updates | --tune-updates | --samples | --health)
            options+=("$1")
            if [[ $1 != *=* ]]; then
                if [ $# -lt 2 ]; then
                    echo "quickstart.sh: $1 lacks its value; expected $usage" >&2
                    exit 2
                fi
                options+=("$2")
                shift
            fi
            ;;
        *)
            echo "quickstart.sh: ${1%%=*} is no option of hat quickstart; expected $usage" >&2
            exit 2
            ;;
        esac
        ;;
    *) words+=("$1") ;;
    esac
    shift
done
if [ ${#words[@]} -gt 2 ]; then
    echo "quickstart.sh: found ${words[2]} behind a language and a folder, expected $usage" >&2
    exit 2
fi
language=${words[0]:-$language}
folder=${words[1]:-$folder}
mkdir -p -- "$folder"
folder=$(CDPATH='' cd -- "$folder" && pwd)

say() { printf '\n== %s\n' "$*"; }

say "Install what is missing"
"$root/cmake/install_packages.sh" cmake make ninja-build g++ libxsimd-dev libsentencepiece-dev \
    nlohmann-json3-dev libyaml-cpp-dev libutf8proc-dev libre2-dev libxxhash-dev zlib1g-dev libcli11-dev

say "Build the program: some three minutes on two cores"
cmake -S "$root" -B "$folder/build" -G Ninja -D CMAKE_BUILD_TYPE=Release \
    -D HAT_BUILD_TESTS=OFF -D HAT_BUILD_BENCHMARKS=OFF >"$folder/configure.log" ||
    { tail -n 20 "$folder/configure.log" >&2; exit 1; }
cmake --build "$folder/build" --target hat_program

exec "$folder/build/bin/hat" quickstart --language "$language" --out "$folder" "${options[@]}"
