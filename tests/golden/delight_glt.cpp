// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/feature_shuffle.hpp>
#include <hat/nn/group_linear.hpp>

#include "support/delight_module.hpp"
#include "support/golden.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <numeric>
#include <vector>

using namespace hat::support;
using hat::Arena;
using hat::RandomKey;
using hat::autograd::Tape;
using hat::autograd::Variable;
using hat::io::SafetensorsFile;

TEST_SUITE("golden/delight_glt") {
    TEST_CASE("group-linear layers and all their gradients are the reference's") {
        // These files say nothing about gradients: sums over few rows, behind a norm.
        constexpr double gradient_tolerance = 2e-6;
        Golden golden("delight/a_*.safetensors");
        for (const auto& path : golden.files()) {
            const auto file = SafetensorsFile::open(path.string());
            DelightModule module(file);
            const int in = metadata_integer(file, "in_features");
            const int out = metadata_integer(file, "out_features");
            const int groups = metadata_integer(file, "groups");
            const auto layer = module.layer("", in, groups, file.metadata("shuffle") == "true",
                                            delight_activation(file.metadata("act")));
            CHECK(layer.weight.outputs() == out);
            CHECK(layer.bias.value.empty() == (file.metadata("bias") == "false"));
            CHECK(layer.norm.gain.empty() == (file.metadata("norm") == "none"));
            Arena memory;
            Arena scratch;
            Tape tape(memory, scratch, RandomKey(1));
            const Variable x = module.input(tape, "in.x", in);
            const Variable y = forward(tape, layer, x, 0.0F);
            module.check("out.y", y.value, stored_tolerance(file, "f32_vs_f64_out_rel"));
            hat::kernels::add(module.input(tape, "cot.y", out).value, tape.gradient(y), false);
            tape.backward();
            module.check("grad.in.x", tape.gradient(x), gradient_tolerance);
            module.check_gradients(gradient_tolerance);

            std::size_t permuted = 0;
            if (file.contains("perm")) {
                std::vector<float> u(static_cast<std::size_t>(out));
                std::vector<float> v(u.size());
                std::iota(u.begin(), u.end(), 0.0F);
                hat::kernels::shuffle_features(u.data(), groups, out / groups, v.data());
                const auto perm = stored_integers(file, "perm");
                REQUIRE(perm.size() == v.size());
                for (std::size_t p = 0; p < v.size(); ++p) {
                    CHECK(v[p] == static_cast<float>(perm[p]));
                }
                permuted = v.size();
            }
            golden.add(path, module.values_compared() + permuted);
        }
    }
}
