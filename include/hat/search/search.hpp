// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `hat/search`: the best network that a device runs in time.
///
/// With what predicts the latency of a network (<hat/latency/latency.hpp>), a search finds the
/// member of a design space with the lowest loss under a limit (`Evolution`), or the whole front of
/// loss, latency and size (`ParetoSearch`), with the weights that a SuperTransformer lends
/// (`InheritedLoss`; HAT, arXiv:2005.14187, §3.2).
///
///     auto predict_ms = [&](const model::Architecture& a) {
///         return predictor.predict_ms(latency::latency_features(a));
///     };
///     ArchitectureProblem problem(space, predict_ms, InheritedLoss(super, validator, pool, 0.1F));
///     Evolution search(problem, limit_ms, {.seed = 1});
///     while (search.iterate()) {
///     }
///     use(search.best().genome);
///
/// The searches know nothing of networks: anything that can be sampled, mutated and crossed is
/// searched the same way (`SearchProblem`, `ParetoProblem`; `IntegerProblem` for lists of
/// integers).
///
/// On several devices at once, a front has a cost for each (`TradeOff`).
///
/// `size_ladder` lists the largest networks of different latencies, for `decode::Deadline`.
///
/// To be included alone: what chooses one network for several devices (one_for_all.hpp), what
/// writes files and pictures of a search (report.hpp), and, with nlohmann-json, searches in files
/// (search_checkpoint.hpp).
///
/// Limits: the costs of a problem are told by one thread; a front is searched without races.

#include <hat/search/architecture_problem.hpp>
#include <hat/search/dominance.hpp>
#include <hat/search/evolution.hpp>
#include <hat/search/inherited_loss.hpp>
#include <hat/search/integer_problem.hpp>
#include <hat/search/pareto.hpp>
#include <hat/search/problem.hpp>
#include <hat/search/rank_correlation.hpp>
#include <hat/search/size_ladder.hpp>
#include <hat/search/surrogate.hpp>
#include <hat/search/trade_off.hpp>
