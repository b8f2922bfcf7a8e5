#!/usr/bin/env bash
# Compiles a program with what pkg-config says of an installed hat, which has been moved since:
#
#     pkg_config.sh PKG_CONFIG PREFIX LIBDIR COMPILER VERSION COMPONENT…
set -euo pipefail
pkg_config=$1 prefix=$2 libdir=$3 compiler=$4 version=$5
shift 5
main=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/main.cpp
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp -r "$prefix" "$work/moved"
export PKG_CONFIG_PATH=$work/moved/share/pkgconfig:$work/moved/$libdir/pkgconfig
modules=() flags=()
for component in "$@"; do
    flags+=("-DEXPECT_${component^^}")
    module=hat-$component
    if ! "$pkg_config" --print-errors --exists "$module"; then exit 1; fi
    modules+=("$module")
done
for module in hat "${modules[@]}"; do
    found=$("$pkg_config" --modversion "$module")
    if [ "$found" != "$version" ]; then
        echo "$module.pc: expected version $version, found $found" >&2
        exit 1
    fi
done
read -r -a said <<<"$("$pkg_config" --cflags --libs hat "${modules[@]}")"
echo "${said[@]}"
for flag in "-I$work/moved/share/pkgconfig/../../include" -ffp-contract=off -pthread; do
    case " ${said[*]} " in
    *" $flag "*) ;;
    *)
        echo "hat.pc: $flag is missing" >&2
        exit 1
        ;;
    esac
done
"$compiler" -std=c++20 "${flags[@]}" "$main" "${said[@]}" -o "$work/program"
LD_LIBRARY_PATH=$work/moved/$libdir "$work/program" "$version"
