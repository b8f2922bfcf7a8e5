// SPDX-License-Identifier: Apache-2.0

/// hat-corpus: real parallel text from what Linux distributions ship, to train a translator on.
///
///     apt-get download libreoffice-help-en-us libreoffice-help-de libreoffice-l10n-de
///     for f in libreoffice-*.deb; do dpkg -x "$f" root; done
///     hat-corpus libreoffice --language de --root root --out data
///     hat-corpus nearest --train-source data/train.en --train-target data/train.de
///                        --source data/test.en > nearest.de

#include <hat/core/error.hpp>
#include <hat/data/lines.hpp>
#include <hat/data/parallel_text.hpp>
#include <hat/io/atomic_file.hpp>

#include "../hat/flags.hpp"
#include "libreoffice.hpp"
#include "nearest.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace {

void write_side(const std::string& path, const std::vector<corpus::Pair>& pairs,
                std::string corpus::Pair::*side) {
    std::string text;
    for (const corpus::Pair& pair : pairs) (text += pair.*side) += '\n';
    hat::io::write_file(path, text);
}

struct LibreOffice {
    std::string language = "de";
    std::string root;
    std::string out;

    void add_to(CLI::App& program) {
        auto* command = program.add_subcommand(
            "libreoffice", "Make a corpus of LibreOffice's help and interface text");
        command->add_option("--language", language, "The target language, such as de or fr")
            ->capture_default_str();
        command->add_option("--root", root, "Where the packages were unpacked; contains usr/")
            ->required();
        command->add_option("--out", out, "The folder for {train,valid,test}.{en,LANGUAGE}")
            ->required();
        command->callback([this] { run(); });
    }
    void run() const {
        const corpus::Splits splits = corpus::read_libreoffice(root, language);
        std::error_code error;
        std::filesystem::create_directories(out, error);
        if (error) hat::fail(out, ": cannot create the folder: ", error.message());
        write("train", splits.train);
        write("valid", splits.valid);
        write("test", splits.test);
    }
    void write(const std::string& part, const std::vector<corpus::Pair>& pairs) const {
        if (pairs.empty()) hat::fail(root, ": found no pair for ", part);
        const std::string path = (std::filesystem::path(out) / part).string();
        write_side(path + ".en", pairs, &corpus::Pair::source);
        write_side(path + "." + language, pairs, &corpus::Pair::target);
        std::fprintf(stderr, "%s.{en,%s}: %zu pairs\n", path.c_str(), language.c_str(),
                     pairs.size());
    }
};

struct Nearest {
    std::string train_source;
    std::string train_target;
    std::string source;

    void add_to(CLI::App& program) {
        auto* command = program.add_subcommand(
            "nearest", "Translate by copying the translation of the nearest known sentence");
        command->add_option("--train-source", train_source, "The sentences that are known")
            ->required();
        command->add_option("--train-target", train_target, "Their translations")->required();
        command->add_option("--source", source, "What to translate")->required();
        command->callback([this] { run(); });
    }
    void run() const {
        hat::data::ParallelText known = hat::data::read_parallel_text(train_source, train_target);
        corpus::NearestTranslator translator(known.source, std::move(known.target));
        for (const std::string& line : hat::data::read_lines(source))
            std::printf("%s\n", translator.translate(line).c_str());
        if (std::fflush(stdout) != 0) hat::fail("standard output: cannot write");
    }
};

/// Returns the exit code: 0, or 2 where the arguments make no sense.
int run(int argc, char** argv) {
    CLI::App program("Makes parallel text to train a translator on", "hat-corpus");
    program.require_subcommand(1);
    LibreOffice libreoffice;
    Nearest nearest;
    libreoffice.add_to(program);
    nearest.add_to(program);
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return hat::program::answer(program, error);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "hat-corpus: %s\n", error.what());
        return 1;
    }
}
