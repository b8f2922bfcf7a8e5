# SPDX-License-Identifier: Apache-2.0
#
# The header of examples/embedded/numbers is what its script makes, byte for byte, and its README is right.
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"
sources=$2

made=$sources/examples/embedded/numbers/model.hpp
HAT=$hat "$sources/examples/embedded/numbers/make.sh" again.hpp 2>log || fail "make.sh: $(tail -n 20 log)"
cmp again.hpp "$made" || fail "$made is not what hat makes now: run examples/embedded/numbers/make.sh"

mkdir examples
ln -s "$sources/include" include
cp -r "$sources/examples/embedded" examples
cd examples/embedded
run_readme README.md "To try it"
[ "$(cat found)" = "drei zwei acht" ] || fail "examples/embedded/README.md: $(cat found)"
finish
