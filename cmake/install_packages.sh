#!/usr/bin/env bash
# Installs those of the named packages that are missing, by apt, as root or with sudo. The source of
# a package is unpacked where NAME=FOLDER says, unless it is there: for other processors, whose
# libraries the distribution does not have for this one.
#
#     install_packages.sh PACKAGE… [SOURCE_PACKAGE=FOLDER]…
set -euo pipefail

# fetch_source NAME FOLDER: as any user; apt checks signatures, with lists of its own.
fetch_source() {
    local name=$1 folder=$2 options
    if [ -e "$folder" ]; then return; fi
    echo "fetching the source of $name"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$work"/{parts,lists/partial,cache/archives/partial,source}
    for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        if [ -f "$list" ]; then sed -n 's/^deb /deb-src /p' "$list"; fi
    done >"$work/sources.list"
    for list in /etc/apt/sources.list.d/*.sources; do
        if [ -f "$list" ]; then
            sed 's/^Types:.*/Types: deb-src/' "$list" >"$work/parts/$(basename "$list")"
        fi
    done
    options=(-q -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts="$work/parts"
        -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache"
        -o APT::Sandbox::User="$(id -un)")
    apt-get "${options[@]}" update
    (cd "$work/source" && apt-get "${options[@]}" source --download-only "$name")
    mkdir "$work/unpacked"
    tar -xf "$work/source/${name}"_*.orig.tar.* -C "$work/unpacked" --strip-components=1
    mkdir -p "$(dirname "$folder")"
    mv "$work/unpacked" "$folder"
}

missing=()
for package in "$@"; do
    if [[ $package == *=* ]]; then
        fetch_source "${package%%=*}" "${package#*=}"
        continue
    fi
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    if [ "$status" != installed ]; then missing+=("$package"); fi
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

if ! command -v apt-get >/dev/null; then
    echo "$0: no apt-get: have what Debian calls ${missing[*]} installed, and run cmake by hand" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "$0: not root, and no sudo: have these packages installed: ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
echo "installing: ${missing[*]}"
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}"
