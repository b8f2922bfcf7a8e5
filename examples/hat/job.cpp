// SPDX-License-Identifier: Apache-2.0

#include "job.hpp"

#include <hat/core/error.hpp>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <thread>
#include <unistd.h>

namespace hat::program {

int launched_processes() {
    // As Open MPI, MPICH and what speaks their start-up protocol, such as SLURM's srun, say it.
    for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"})
        if (const char* const text = std::getenv(name)) return std::max(std::atoi(text), 1);
    for (const char* name : {"PMI_RANK", "PMIX_RANK"}) {
        if (std::getenv(name) == nullptr) continue;
        const char* const tasks = std::getenv("SLURM_NTASKS");
        return tasks == nullptr ? 1 : std::max(std::atoi(tasks), 1);
    }
    return 0;
}

bool another_speaks() {
    for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"})
        if (const char* const text = std::getenv(name)) return std::atoi(text) > 0;
    return false;
}

int Job::threads(int asked) const {
    if (asked > 0 || ranks_here == 1) return asked;
    // Launchers give each process cores of its own, or leave all to all.
    const int allowed = static_cast<int>(std::thread::hardware_concurrency());
    const int online = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
    return std::max(allowed < online ? allowed : allowed / ranks_here, 1);
}

void run_job(const char* command, const std::function<void(const Job&)>& work) {
    const int processes = launched_processes();
#ifdef HAT_WITH_MPI
    static_cast<void>(command);
    if (processes > 0) return run_mpi_job(work);
#else
    if (processes > 1)
        fail(command, ": was started as ", processes,
             " processes, but this hat was built without MPI; build it with -D HAT_WITH_MPI=ON, or "
             "start one process with --threads");
#endif
    work({distributed::serial()});
}

}  // namespace hat::program
