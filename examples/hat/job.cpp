// SPDX-License-Identifier: Apache-2.0

#include "job.hpp"

#include <hat/core/error.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sched.h>
#include <string>
#include <thread>
#include <vector>

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

namespace {

/// Tasks of SLURM that nothing has told of each other.
int unconnected_tasks() {
    const char* const tasks = std::getenv("SLURM_STEP_NUM_TASKS");
    return launched_processes() == 0 && tasks != nullptr ? std::atoi(tasks) : 0;
}

bool is_first_task() {
    const char* const task = std::getenv("SLURM_PROCID");
    return task == nullptr || std::atoi(task) == 0;
}

}  // namespace

bool another_speaks() {
    for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"})
        if (const char* const text = std::getenv(name)) return std::atoi(text) > 0;
    return false;
}

int Job::threads(int asked) const {
    std::vector<std::uint8_t> cores(CPU_SETSIZE);
    cpu_set_t allowed;
    if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        for (std::size_t i = 0; i < cores.size(); ++i) cores[i] = CPU_ISSET(i, &allowed) ? 1 : 0;
    else
        std::fill_n(cores.begin(), std::max(std::thread::hardware_concurrency(), 1U), 1);
    const auto own = std::count(cores.begin(), cores.end(), 1);
    // Launchers give each process cores of its own, or leave the same ones to all.
    here.any(cores.data(), static_cast<int>(cores.size()));
    if (asked > 0) return asked;  // now, as others may not have been asked for a number
    const auto of_all = std::count(cores.begin(), cores.end(), 1);
    return static_cast<int>(std::max<std::ptrdiff_t>(std::min(own, of_all / here.size()), 1));
}

void run_job(const CLI::App& command, const std::function<void(const Job&)>& work) {
    // They may well be meant to be alone, each with an --out of its own.
    if (const int tasks = unconnected_tasks(); tasks > 1 && is_first_task())
        std::fprintf(stderr,
                     "note: of %d tasks that know nothing of each other each does all of the work; "
                     "srun --mpi=pmix or --mpi=pmi2 connects them\n",
                     tasks);
    const int processes = launched_processes();
#ifdef HAT_WITH_MPI
    if (processes > 0) return run_mpi_job(command, work);
#else
    if (processes > 1 && another_speaks()) throw CLI::RuntimeError(1);
    if (processes > 1)
        fail(command.get_name(), ": was started as ", processes,
             " processes, but this hat was built without MPI; build it with -D HAT_WITH_MPI=ON, or "
             "start one process with --threads");
#endif
    work({distributed::serial()});
}

}  // namespace hat::program
