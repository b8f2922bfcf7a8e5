// SPDX-License-Identifier: Apache-2.0
//
// An exported header translates its sentences on a device to what they are on the host.
// tests/program/export.sh makes the header.

#include "model.hpp"

#include <cstdio>

namespace {
translator::Translator::Memory memory;
char text[2048];
}  // namespace

int main() {
    translator::Translator translator(memory);
    std::printf("self-test: %s\n", name(translator.self_test(text)));
}
