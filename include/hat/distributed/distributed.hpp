// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `hat/distributed`: the processes of one job, and how they share their work.
///
/// A `Communicator` is what a process knows of the others: which of them it is (its rank), and the
/// calls in which all meet. `serial()` is a job of one process; `MpiCommunicator` (mpi.hpp, to be
/// included alone, needs MPI) is one of `mpirun`. `share_work` computes results on all threads of
/// all ranks, each of which then has all of them.
///
///     hat::distributed::Communicator& ranks = hat::distributed::serial();
///     std::vector<double> losses(genomes.size());
///     hat::distributed::share_work(ranks, pool, std::span(losses),
///                                  [&](int i, int /*thread*/) { return loss_of(i); });
///
/// Sums of gradients are in <hat/train/gradient_sum.hpp>, as they know what is in a slab.
///
/// Limits: results are copied as bytes; a rank that dies ends the job, which is begun again from
/// its last checkpoint.

#include <hat/distributed/communicator.hpp>
#include <hat/distributed/shared_work.hpp>
