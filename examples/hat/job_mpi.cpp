// SPDX-License-Identifier: Apache-2.0

/// The part of jobs that needs MPI, left out where hat is built without.

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/distributed/mpi.hpp>

#include "agreement.hpp"
#include "job.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <unistd.h>

namespace hat::program {

namespace {

/// The flags of a command that all ranks must be given alike.
io::Json given_flags(const CLI::App& command) {
    io::Json flags = {{"command", command.get_name()}};
    for (const CLI::Option* option : command.get_options())
        if (const std::string name = option->get_name(); name != "--threads" && option->count() > 0)
            flags[name] = CLI::detail::join(option->results(), " ");
    return flags;
}

/// What a rank says when it fails goes to the standard error that it began with.
class Voice {
public:
    explicit Voice(const distributed::MpiSession& session)
        : session_(session), error_(::dup(STDERR_FILENO)) {
        if (session.ranks().is_first()) return;
        // One speaks for all: what the others print would be the same.
        const int nowhere = ::open("/dev/null", O_WRONLY);
        ::dup2(nowhere, STDOUT_FILENO);
        ::dup2(nowhere, STDERR_FILENO);
        ::close(nowhere);
    }

    /// One line for all ranks: where several fail alike, as by a flag, the first is given the time
    /// to say it.
    [[noreturn]] void fail_all(const std::string& what) const {
        const int rank = session_.ranks().rank();
        if (rank > 0) std::this_thread::sleep_for(std::chrono::seconds(2));
        std::fflush(stdout);
        const std::string line = "hat: rank " + std::to_string(rank) + " on " + session_.host() +
                                 ": " + one_line(what) + "\n";
        static_cast<void>(!::write(error_, line.data(), line.size()));
        distributed::MpiSession::end_all();
    }

private:
    const distributed::MpiSession& session_;
    int error_;
};

}  // namespace

void run_mpi_job(const CLI::App& command, const std::function<void(const Job&)>& work) {
    const distributed::MpiSession session;
    distributed::Communicator& ranks = session.ranks();
    const int launched = launched_processes();
    if (ranks.size() == 1 && launched > 1 && another_speaks()) throw CLI::RuntimeError(1);
    if (ranks.size() == 1 && launched > 1)
        fail(
            "MPI: was started as one of ", launched,
            " processes, but finds none of the others; does mpirun belong to the MPI that this hat "
            "was built with?");
    if (ranks.size() == 1) return work({ranks});
    const Voice voice(session);
    if (ranks.is_first())
        std::fprintf(stderr, "%d ranks, %d of them on %s\n", ranks.size(), session.here().size(),
                     session.host().c_str());
    try {
        const Job job{ranks, session.here()};
        check_agreement(job, given_flags(command));
        work(job);
        ranks.barrier();
    } catch (const std::bad_alloc&) {
        voice.fail_all("out of memory");
    } catch (const std::exception& error) {
        voice.fail_all(error.what());
    }
}

}  // namespace hat::program
