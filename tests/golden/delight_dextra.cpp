// SPDX-License-Identifier: Apache-2.0
#include <hat/io/json.hpp>
#include <hat/nn/dextra.hpp>

#include "support/delight_module.hpp"
#include "support/golden.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

using namespace hat::support;
using hat::Arena;
using hat::Matrix;
using hat::RandomKey;
using hat::autograd::Eval;
using hat::autograd::Tape;
using hat::autograd::Variable;
using hat::io::Json;
using hat::io::SafetensorsFile;
using hat::nn::DExTraPlan;
using hat::nn::DExTraShape;
using hat::nn::DExTraVariant;
using hat::nn::Trainable;

namespace {

DExTraShape shape_of(const SafetensorsFile& file) {
    return {.in_dim = metadata_integer(file, "in_features"),
            .inner_dim = metadata_integer(file, "in_proj_features"),
            .out_dim = metadata_integer(file, "out_features"),
            .depth = metadata_integer(file, "dextra_depth"),
            .width_thousandths =
                static_cast<int>(std::lround(1000 * std::stod(file.metadata("width_multiplier")))),
            .max_groups = metadata_integer(file, "max_glt_groups"),
            .variant = file.metadata("define_iclr") == "true" ? DExTraVariant::define
                                                              : DExTraVariant::dextra,
            .shuffle = file.metadata("glt_shuffle") == "true"};
}

hat::nn::DExTra<Trainable> unit_of(const SafetensorsFile& file, const DExTraShape& shape,
                                   DelightModule& module) {
    const DExTraPlan plan = dextra_plan(shape);
    const auto activation = delight_activation(file.metadata("act"));
    hat::nn::DExTra<Trainable> unit;
    unit.input = module.layer("input_layer.", shape.in_dim, 1, false, activation);
    for (std::size_t i = 0; i < plan.layers().size(); ++i) {
        unit.layers.push_back(module.layer("dextra_layers." + std::to_string(i) + ".",
                                           shape.inner_dim, plan.layers()[i].groups, plan.shuffles,
                                           activation));
    }
    unit.output = module.layer("output_layer.", shape.inner_dim, 1, false, activation);
    return unit;
}

/// What the reference's mixer lays side by side: chunk by chunk h, then y.
Matrix mixed(Arena& memory, const Variable& h, const Variable& y, int groups) {
    const int h_size = h.cols() / groups;
    const int y_size = y.value.empty() ? 0 : y.cols() / groups;
    const Matrix m = memory.matrix(h.rows(), groups * (h_size + y_size));
    for (int k = 0; k < groups; ++k) {
        const int first = k * (h_size + y_size);
        hat::kernels::add(h.value.middle_cols(k * h_size, h_size), m.middle_cols(first, h_size),
                          false);
        if (y_size == 0) continue;
        hat::kernels::add(y.value.middle_cols(k * y_size, y_size),
                          m.middle_cols(first + h_size, y_size), false);
    }
    return m;
}

/// Compares inputs and outputs of all inner layers.
void check_inner_layers(const hat::nn::DExTra<Trainable>& unit, const Variable& x,
                        DelightModule& module, double tolerance) {
    Arena memory;
    Arena scratch;
    Eval eval(memory, scratch);
    const auto check = [&](const std::string& layer, const char* what, Matrix found) {
        module.check("mid." + layer + what, found, tolerance);
    };
    check("input_layer", ".in", x.value);
    const Variable h = forward(eval, unit.input, x, 0.0F);
    check("input_layer", ".out", h.value);
    Variable y{};
    for (std::size_t i = 0; i < unit.layers.size(); ++i) {
        const auto& layer = unit.layers[i];
        const std::string name = "dextra_layers." + std::to_string(i);
        check(name, ".in", mixed(memory, h, y, layer.groups));
        y = forward(eval, layer, h, y, 0.0F);
        check(name, ".out", y.value);
    }
    check("output_layer", ".in", mixed(memory, h, y, 1));
    check("output_layer", ".out", forward(eval, unit.output, h, y, 0.0F).value);
}

}  // namespace

TEST_SUITE("golden/delight_dextra") {
    TEST_CASE("units, all their inner layers and all gradients are the reference's") {
        Golden golden("delight/b_*.safetensors");
        for (const auto& path : golden.files()) {
            CAPTURE(path.string());
            const auto file = SafetensorsFile::open(path.string());
            const DExTraShape shape = shape_of(file);
            CHECK_NOTHROW(validate(shape));
            const DExTraPlan plan = dextra_plan(shape);
            const Json stored_plan = metadata_json(file, "plan");
            for (std::size_t i = 0; i < plan.layers().size(); ++i) {
                CHECK(plan.layers()[i].in_dim == stored_plan.at("in").at(i).get<int>());
                CHECK(plan.layers()[i].out_dim == stored_plan.at("out").at(i).get<int>());
                CHECK(plan.layers()[i].groups == stored_plan.at("groups").at(i).get<int>());
            }

            DelightModule module(file);
            const auto unit = unit_of(file, shape, module);
            std::size_t stored_parameters = 0;
            for (const auto& tensor : file.tensors()) {
                stored_parameters += tensor.name.starts_with("param.") ? 1U : 0U;
            }
            CHECK(module.tensors() == stored_parameters);

            Arena memory;
            Arena scratch;
            Tape tape(memory, scratch, RandomKey(1));
            const double tolerance = stored_tolerance(file, "f32_vs_f64_out_rel");
            const double gradient_tolerance = stored_tolerance(file, "f32_vs_f64_grad_rel");
            const Variable x = module.input(tape, "in.x", shape.in_dim);
            check_inner_layers(unit, x, module, tolerance);
            const Variable y = forward(tape, unit, x, 0.0F);
            module.check("out.y", y.value, tolerance);
            hat::kernels::add(module.input(tape, "cot.y", shape.out_dim).value, tape.gradient(y),
                              false);
            tape.backward();
            module.check("grad.in.x", tape.gradient(x), gradient_tolerance);
            module.check_gradients(gradient_tolerance);
            golden.add(path, module.values_compared() + 3 * plan.layers().size());
        }
    }
}
