// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `hat/search`: the best network that a device runs in time.
///
/// Three steps (HAT, arXiv:2005.14187, §3.2). A *laboratory* measures how long members of a design
/// space take on this device (`LatencyLaboratory`, `LatencySession`; another device does so through
/// a plan and a table). A *predictor* learns from some fifty of them to tell the latency of all
/// (`AdditivePredictor`; the published `MlpPredictor`, which needs nlohmann-json). A *search* finds
/// the member with the lowest loss under a limit (`Evolution`), or the whole front of loss, latency
/// and size (`ParetoSearch`), with the weights that a SuperTransformer lends (`InheritedLoss`).
///
///     auto predict_ms = [&](const model::Architecture& a) {
///         return predictor.predict_ms(latency_features(a));
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
/// To be included alone: what writes files and pictures of a search (report.hpp), and, with
/// nlohmann-json, mlp_predictor.hpp, mlp_training.hpp, predictor.hpp, predictor_fit.hpp and
/// search_checkpoint.hpp.
///
/// Limits: the costs of a problem are told by one thread; a front is searched without races.

#include <hat/search/additive_predictor.hpp>
#include <hat/search/affinity.hpp>
#include <hat/search/architecture_problem.hpp>
#include <hat/search/device.hpp>
#include <hat/search/dominance.hpp>
#include <hat/search/evolution.hpp>
#include <hat/search/inherited_loss.hpp>
#include <hat/search/integer_problem.hpp>
#include <hat/search/latency_design.hpp>
#include <hat/search/latency_features.hpp>
#include <hat/search/latency_laboratory.hpp>
#include <hat/search/latency_plan.hpp>
#include <hat/search/latency_plan_text.hpp>
#include <hat/search/latency_session.hpp>
#include <hat/search/latency_statistics.hpp>
#include <hat/search/latency_survey.hpp>
#include <hat/search/latency_table.hpp>
#include <hat/search/latency_workload.hpp>
#include <hat/search/least_squares.hpp>
#include <hat/search/pareto.hpp>
#include <hat/search/prediction.hpp>
#include <hat/search/problem.hpp>
#include <hat/search/rank_correlation.hpp>
#include <hat/search/repeated_rows.hpp>
#include <hat/search/shifts.hpp>
#include <hat/search/stopwatch.hpp>
#include <hat/search/surrogate.hpp>
#include <hat/search/timed_translation.hpp>
#include <hat/search/trade_off.hpp>
