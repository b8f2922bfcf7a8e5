// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/distributed/communicator.hpp>

#include <functional>

namespace CLI {
class App;
}

/// A command on one process, or on several that `mpirun` has started.
namespace hat::program {

/// The processes that do a command together. Only the first of them writes files, and speaks.
struct Job {
    distributed::Communicator& ranks;
    distributed::Communicator& here = distributed::serial();  ///< those of them on this machine

    [[nodiscard]] bool is_first() const noexcept { return ranks.is_first(); }
    /// Whether it checks the files that all on this machine read.
    [[nodiscard]] bool is_first_here() const noexcept { return here.is_first(); }
    /// What `--threads` means for this process: 0 is its share of the cores that processes here may
    /// use. Collective.
    [[nodiscard]] int threads(int asked) const;
};

/// Calls `work(job)` on all processes that `mpirun` has started for this command, or on the only
/// one. Where one of several fails, all end with its line, rank and machine.
///
/// Throws  what `work` throws, of a single process; `Error` if there are several, but this program
///         was built without MPI, or for another MPI than started it
void run_job(const CLI::App& command, const std::function<void(const Job&)>& work);

#ifdef HAT_WITH_MPI
/// As above, in a process that an MPI has started.
void run_mpi_job(const CLI::App& command, const std::function<void(const Job&)>& work);
#endif

/// Whether another process was started together with this one that says what all would say.
[[nodiscard]] bool another_speaks();

/// How many processes the environment says were started together; 0: it says nothing.
[[nodiscard]] int launched_processes();

}  // namespace hat::program
