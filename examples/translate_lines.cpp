// SPDX-License-Identifier: Apache-2.0

/// `translate_lines MODEL TEXT`: what `hat translate` says of each line of a file, in five lines of
/// code.

#include <hat/core/error.hpp>
#include <hat/data/lines.hpp>
#include <hat/decode/line_translator.hpp>

#include <cstdio>
#include <exception>
#include <iostream>
#include <string_view>
#include <vector>

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: translate_lines MODEL TEXT\n", stderr);
        return 2;
    }
    try {
        hat::decode::LineTranslator translator(hat::io::ModelDirectory::open_to_serve(argv[1]), {});
        hat::data::FileLines<> text(argv[2]);
        for (std::string_view line; text.next(line);) {
            const std::vector lines{translator.encode(line)};
            std::cout << translator.translate(lines)[0][0].text << '\n';
        }
        if (!std::cout.flush()) hat::fail("cannot write the translations");
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "translate_lines: %s\n", error.what());
        return 1;
    }
}
