// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `hat/latency`: how long the members of a design space take on a device.
///
/// A *laboratory* measures some of them (`LatencyLaboratory`, `LatencySession`; another device does
/// so through a plan and a table: `LatencyPlan`, `LatencyTable`); what changed on the device
/// meanwhile is found (`find_shifts`). A *predictor* learns from some fifty of them to tell the
/// latency of all (`AdditivePredictor`; the published `MlpPredictor`) by their `LatencyFeatures`
/// (HAT, arXiv:2005.14187, §3.2).
///
///     using namespace hat::latency;
///     const LatencyTable table = read_latency_table("latency.csv");
///     const AdditivePredictor predictor = fit_additive_predictor(table);
///     const double ms = predictor.predict_ms(latency_features(architecture));
///
/// To be included alone, with nlohmann-json: predictors in files (predictor.hpp; the MLP alone:
/// mlp_predictor_file.hpp) and the choice between the two kinds (predictor_fit.hpp).
///
/// Limits: Linux measures; other systems predict.

#include <hat/latency/additive_predictor.hpp>
#include <hat/latency/additive_predictors.hpp>
#include <hat/latency/affinity.hpp>
#include <hat/latency/design.hpp>
#include <hat/latency/device.hpp>
#include <hat/latency/features.hpp>
#include <hat/latency/laboratory.hpp>
#include <hat/latency/least_squares.hpp>
#include <hat/latency/mlp_predictor.hpp>
#include <hat/latency/mlp_training.hpp>
#include <hat/latency/plan.hpp>
#include <hat/latency/plan_text.hpp>
#include <hat/latency/prediction.hpp>
#include <hat/latency/repeated_rows.hpp>
#include <hat/latency/served_translation.hpp>
#include <hat/latency/session.hpp>
#include <hat/latency/shifts.hpp>
#include <hat/latency/statistics.hpp>
#include <hat/latency/stopwatch.hpp>
#include <hat/latency/survey.hpp>
#include <hat/latency/table.hpp>
#include <hat/latency/timed_translation.hpp>
#include <hat/latency/workload.hpp>
