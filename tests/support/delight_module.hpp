// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Single layers and units of the DeLighT golden files: `param.<name>` and `grad.param.<name>`.

#include <hat/autograd/tape.hpp>
#include <hat/core/activation.hpp>
#include <hat/core/error.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/nn/group_linear.hpp>

#include "support/reference.hpp"
#include "support/reference_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>

namespace hat::support {

[[nodiscard]] inline Activation delight_activation(const std::string& name) {
    if (name == "none") return Activation::linear;
    if (name == "swish") return Activation::swish;
    if (name == "gelu") return Activation::gelu;
    if (name == "relu") return Activation::relu;
    fail("golden layer: act = ", name, " is unknown");
}

[[nodiscard]] inline int metadata_integer(const io::SafetensorsFile& file, const char* key) {
    return std::stoi(file.metadata(key));
}

/// What a stored float32 result is off by, as the file says, times a few for ours; never less than
/// a few roundings of the largest number.
[[nodiscard]] inline double stored_tolerance(const io::SafetensorsFile& file, const char* key) {
    constexpr double times = 8;
    constexpr double least = 1e-6;
    const auto& metadata = file.metadata();
    const auto found = metadata.find(key);
    return found == metadata.end() ? least : std::max(least, times * std::stod(found->second));
}

/// The tensors of a file that stand for one layer each, in our layout, with their gradients; and
/// comparisons, which are counted.
class DelightModule {
public:
    explicit DelightModule(const io::SafetensorsFile& file) : file_(file) {}

    /// The layer whose parameters are named `prefix` + "weights" and so on; of its inputs the first
    /// `first_in` are the first source.
    [[nodiscard]] nn::GroupLinear<nn::Trainable> layer(const std::string& prefix, int first_in,
                                                       int groups, bool shuffle,
                                                       Activation activation) {
        const auto& shape = file_.tensor("param." + prefix + "weights").shape;
        const bool dense = shape.size() == 2;
        REQUIRE((dense ? groups == 1 : shape.at(0) == groups));
        const int outputs = static_cast<int>(dense ? shape.at(0) : shape.at(0) * shape.at(2));
        const int inputs = static_cast<int>(shape.at(1));
        Tensor& weight = add(prefix + "weights", outputs, inputs, dense ? 1 : groups, !dense);
        nn::GroupLinear<nn::Trainable> bound;
        const int first = first_in / groups;
        bound.weight = weight.parameter().middle_cols(0, first);
        if (first < inputs)
            bound.second_weight = weight.parameter().middle_cols(first, inputs - first);
        bound.bias = vector(prefix + "bias", outputs);
        bound.norm = {vector(prefix + "normalization_fn.weight", outputs / groups),
                      vector(prefix + "normalization_fn.bias", outputs / groups)};
        bound.groups = groups;
        bound.shuffle = shuffle;
        bound.activation = activation;
        return bound;
    }

    /// A stored tensor as a matrix of rows of `cols` numbers.
    [[nodiscard]] autograd::Variable input(autograd::Tape& tape, const std::string& name,
                                           int cols) const {
        const auto stored = file_.floats(name);
        const int rows = static_cast<int>(stored.size()) / cols;
        const autograd::Variable x = tape.variable(rows, cols);
        std::ranges::copy(stored, x.value.data());
        return x;
    }

    /// Compares a matrix with a stored tensor, row by row.
    void check(const std::string& name, ConstMatrix found, double tolerance) {
        const auto stored = file_.floats(name);
        REQUIRE(stored.size() ==
                static_cast<std::size_t>(found.rows()) * static_cast<std::size_t>(found.cols()));
        Difference difference;
        for (int i = 0; i < found.rows(); ++i) {
            difference.add(found.row(i), stored.subspan(static_cast<std::size_t>(i) *
                                                        static_cast<std::size_t>(found.cols())));
        }
        check(name, difference, tolerance);
    }

    /// Compares the gradients of all parameters.
    void check_gradients(double tolerance) {
        for (const Tensor& tensor : tensors_) {
            const Operand stored = tensor.read(file_, "grad.param.");
            Difference difference;
            for (int i = 0; i < stored.view().rows(); ++i) {
                for (int j = 0; j < stored.view().cols(); ++j) {
                    difference.add(static_cast<double>(tensor.gradient(i, j)),
                                   static_cast<double>(stored(i, j)));
                }
            }
            check("grad.param." + tensor.name, difference, tolerance);
            CHECK(tensor.has_gradient == 1);
        }
    }

    [[nodiscard]] std::size_t values_compared() const { return values_compared_; }
    /// Parameters that were asked for.
    [[nodiscard]] std::size_t tensors() const { return tensors_.size(); }

private:
    /// A parameter [rows, cols]; the reference stores grouped weights input-major.
    struct Tensor {
        std::string name;
        Operand value;
        Operand gradient;
        int groups;
        bool input_major;
        std::uint8_t has_gradient = 0;

        [[nodiscard]] autograd::Parameter parameter() {
            return {value.view(), gradient.view(), &has_gradient};
        }
        [[nodiscard]] Operand read(const io::SafetensorsFile& file,
                                   const std::string& before) const {
            const auto stored = file.floats(before + name);
            const int rows = value.view().rows();
            const int cols = value.view().cols();
            REQUIRE(stored.size() ==
                    static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols));
            Operand m(rows, cols);
            const int size = rows / groups;
            for (int i = 0; i < rows; ++i) {
                for (int j = 0; j < cols; ++j) {
                    const int at =
                        input_major ? (i / size * cols + j) * size + i % size : i * cols + j;
                    m(i, j) = stored[static_cast<std::size_t>(at)];
                }
            }
            return m;
        }
    };

    Tensor& add(const std::string& name, int rows, int cols, int groups, bool input_major) {
        tensors_.push_back({name, Operand(rows, cols), Operand(rows, cols), groups, input_major});
        tensors_.back().value = tensors_.back().read(file_, "param.");
        return tensors_.back();
    }
    [[nodiscard]] autograd::Parameter vector(const std::string& name, int size) {
        if (!file_.contains("param." + name)) return {};
        return add(name, 1, size, 1, false).parameter();
    }

    void check(const std::string& name, const Difference& difference, double tolerance) {
        CHECK_MESSAGE(difference.relative() <= tolerance,
                      file_.path() << ": " << name << ": " << difference.relative());
        values_compared_ += difference.count;
    }

    const io::SafetensorsFile& file_;
    std::deque<Tensor> tensors_;
    std::size_t values_compared_ = 0;
};

}  // namespace hat::support
