#!/usr/bin/env bash
# From nothing to a translator: installs what is missing, builds hat, makes a corpus of LibreOffice's
# help and interface text, trains on it, translates held-out pages and scores them.
#
#     examples/quickstart.sh [LANGUAGE] [FOLDER]
#
# LANGUAGE (default de) is any language Debian ships LibreOffice's help in, such as fr. All is written
# to FOLDER (default build/quickstart). A run that was interrupted goes on where it was. Runs on Debian
# and Ubuntu, as root or with sudo for the packages to install.
set -euo pipefail

language=${1:-de}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${2:-$root/build/quickstart}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$folder/en-$language
mkdir -p "$work"

say() { printf '\n== %s\n' "$*"; }

say "Install what is missing"
"$root/cmake/install_packages.sh" cmake ninja-build g++ libxsimd-dev libsentencepiece-dev \
    nlohmann-json3-dev libyaml-cpp-dev libcli11-dev

say "Build"
cmake -S "$root" -B "$folder/build" -G Ninja -D CMAKE_BUILD_TYPE=Release \
    -D HAT_BUILD_TESTS=OFF -D HAT_BUILD_BENCHMARKS=OFF >"$work/configure.log" ||
    { tail -n 20 "$work/configure.log" >&2; exit 1; }
cmake --build "$folder/build" --target hat_program hat_corpus
hat=$folder/build/bin/hat
corpus=$folder/build/bin/hat-corpus

say "Get the text (English-$language, MPL-2.0)"
if [ ! -s "$work/text/test.$language" ]; then
    mkdir -p "$work/packages"
    packages=(libreoffice-help-en-us "libreoffice-help-$language" "libreoffice-l10n-$language")
    # Downloads to the current folder as whoever runs this; installs nothing.
    if ! (cd "$work/packages" && apt-get download -q "${packages[@]}"); then
        echo "The packages could not be downloaded: is \"$language\" a language of LibreOffice's help," \
            "and are apt's lists there (apt-get update)?" >&2
        exit 1
    fi
    for package in "$work"/packages/*.deb; do dpkg -x "$package" "$work/unpacked"; done
    "$corpus" libreoffice --language "$language" --root "$work/unpacked" --out "$work/text"
    rm -rf "$work/unpacked"
fi

say "Prepare: one subword model for both languages, encoded sentences"
if [ ! -s "$work/data/config.json" ]; then
    "$hat" prepare --source "$work/text/train.en" --target "$work/text/train.$language" \
        --valid-source "$work/text/valid.en" --valid-target "$work/text/valid.$language" \
        --vocab-size 4000 --out "$work/data"
fi

say "Train"
if [ ! -s "$work/run/model/config.json" ]; then
    resume=()
    if [ -d "$work/run" ]; then resume=(--resume); fi
    "$hat" train --data "$work/data" --architecture tiny --updates 7200 --max-tokens 2000 \
        --learning-rate 4e-3 --warmup 1200 --dropout 0.2 --validate-every 300 --average-last 10 \
        --out "$work/run" "${resume[@]}"
fi

say "Translate the held-out pages"
"$hat" translate --model "$work/run/model" <"$work/text/test.en" >"$work/test.hypothesis"
"$corpus" nearest --train-source "$work/text/train.en" --train-target "$work/text/train.$language" \
    --source "$work/text/test.en" >"$work/test.nearest"

score() { "$hat" score --reference "$work/text/test.$language" --metric "$2" <"$1"; }

say "Ten of the translations"
# Every n-th line, so that they come from different pages.
step=$(($(wc -l <"$work/text/test.en") / 10))
paste -d '\n' "$work/text/test.en" "$work/text/test.$language" "$work/test.hypothesis" |
    awk -v step="$step" '
        NR % 3 == 1 { show = (NR - 1) / 3 % step == 0 && shown < 10; shown += show }
        show { print (NR % 3 == 1 ? "\n  source     " : NR % 3 == 2 ? "  reference  " : "  hat        ") $0 }'

say "Scores on $(wc -l <"$work/text/test.en") held-out sentences"
echo "the trained translator:"
score "$work/test.hypothesis" bleu
score "$work/test.hypothesis" chrf
echo "for comparison, copying the translation of the nearest training sentence:"
score "$work/test.nearest" bleu

say "A sentence of your own"
echo "echo 'Save the document.' | $hat translate --model $work/run/model"
echo 'Save the document.' | "$hat" translate --model "$work/run/model"
