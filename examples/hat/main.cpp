// SPDX-License-Identifier: Apache-2.0

/// `hat`: from two text files to a translator, or from one to a language model.

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>

#include "commands.hpp"
#include "flags.hpp"
#include "job.hpp"
#include "standard_streams.hpp"
#include "version_text.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>

int main(int argc, char** argv) {
    std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of its write
    CLI::App app("hat: trains, measures and runs translation models.", "hat");
    app.require_subcommand(1);
    app.set_version_flag("--version", hat::program::version_text);
    app.footer("hat SUBCOMMAND --help explains a subcommand and shows an example.");
    hat::program::add_prepare(app);
    hat::program::add_train(app);
    hat::program::add_distill(app);
    hat::program::add_extract(app);
    hat::program::add_import(app);
    hat::program::add_latency(app);
    hat::program::add_predictor(app);
    hat::program::add_search(app);
    hat::program::add_tune(app);
    hat::program::add_quantize(app);
    hat::program::add_export(app);
    hat::program::add_translate(app);
    hat::program::add_score(app);
    hat::program::add_card(app);
    hat::program::add_perplexity(app);
    hat::program::add_generate(app);
    hat::program::add_inspect(app);
    hat::program::add_quickstart(app);
    hat::program::add_completion(app);
    try {
        hat::program::check_instructions();
        hat::program::reserve_standard_streams();
        int code = 0;
        try {
            app.parse(argc, argv);
        } catch (const CLI::RuntimeError& error) {  // a command that has said why it ends so
            code = error.get_exit_code();
        } catch (const CLI::ParseError& error) {
            if (!hat::program::another_speaks())
                code = hat::program::answer(app, error);
            else if (error.get_exit_code() != 0)
                code = 2;  // as the one that speaks
        }
        hat::program::flush_standard_output();
        return code;
    } catch (const hat::Error& error) {
        std::fprintf(stderr, "hat: %s\n", hat::one_line(error.what()).c_str());
    } catch (const std::bad_alloc&) {
        std::fprintf(stderr, "hat: out of memory\n");
    } catch (const std::exception& error) {
        std::fprintf(stderr, "hat: %s\n", hat::one_line(error.what()).c_str());
    }
    return 1;
}
