// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Single modules of the reference implementation's golden files: `<module>/param/…` in super size,
/// and per case `<module>/cfg<i>/…` what a slice of it computes.

#include <hat/autograd/tape.hpp>
#include <hat/core/ragged.hpp>
#include <hat/core/slab.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/io/slab.hpp>
#include <hat/model/network.hpp>

#include "support/reference_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hat::support {

/// Of a tensor's largest entry: a few roundings on each side, of sums of up to some hundred terms.
inline constexpr double module_tolerance = 1e-5;

/// The real positions of padded sequences stored as [length, sentences, dim].
class Positions {
public:
    Positions(int length, int sentences) : Positions(length, sentences, {}) {}
    /// `mask` [sentences, length] is not 0 where there is padding.
    Positions(int length, int sentences, std::span<const std::int64_t> mask) {
        for (int s = 0; s < sentences; ++s) {
            offsets_.push_back(static_cast<int>(rows_.size()));
            for (int t = 0; t < length; ++t) {
                if (!mask.empty() && mask[static_cast<std::size_t>(s * length + t)] != 0) continue;
                rows_.push_back(static_cast<std::size_t>(t * sentences + s));
                columns_.push_back(t);
            }
        }
        offsets_.push_back(static_cast<int>(rows_.size()));
    }

    [[nodiscard]] int count() const { return static_cast<int>(rows_.size()); }
    [[nodiscard]] Ragged ragged() const {
        return {offsets_.data(), static_cast<int>(offsets_.size()) - 1};
    }
    /// Where row i stands in the stored tensor, and its place in its padded sequence.
    [[nodiscard]] std::size_t operator()(int i) const { return rows_[static_cast<std::size_t>(i)]; }
    [[nodiscard]] int column(int i) const { return columns_[static_cast<std::size_t>(i)]; }

private:
    std::vector<int> offsets_;
    std::vector<std::size_t> rows_;
    std::vector<int> columns_;
};

/// The module `name` of a file: its super-sized parameters, and the sampled cases of it.
class Module {
public:
    Module(const io::SafetensorsFile& file, const std::string& name)
        : file_(file), table_(table_of(file, name + "/param/")), values_(table_) {
        io::copy_tensors(file, table_, values_, name + "/param/");
        const io::Json cases = metadata_json(file, "cases");
        for (const auto& [key, settings] : cases.items()) {
            if (key.starts_with(name + "/cfg")) cases_.push_back({key + "/", settings});
        }
        REQUIRE(!cases_.empty());
    }

    struct Case {
        std::string prefix;  ///< of the case's tensors
        io::Json settings;
    };
    [[nodiscard]] const std::vector<Case>& cases() const { return cases_; }

    /// Begins a case: gradients are zero again.
    void begin(const Case& sampled, autograd::Tape& tape) {
        tape_ = &tape;
        case_ = &sampled;
        gradients_ = model::Gradients(table_);
    }

    [[nodiscard]] bool has(const char* name) const { return table_.find(name) >= 0; }

    /// A parameter in its super size; empty if there is none.
    [[nodiscard]] autograd::Parameter parameter(const char* name) {
        if (!has(name)) return {};
        const int i = table_.index(name);
        return {values_.matrix(table_[i]), gradients_.values.matrix(table_[i]),
                &gradients_.has_gradient[static_cast<std::size_t>(i)]};
    }

    [[nodiscard]] int extent(const char* tensor, std::size_t dimension) const {
        return static_cast<int>(file_.tensor(case_->prefix + tensor).shape.at(dimension));
    }

    [[nodiscard]] std::span<const float> stored(const std::string& tensor) const {
        return file_.floats(case_->prefix + tensor);
    }

    /// All positions of an input [length, sentences, dim], or those that `mask` leaves.
    [[nodiscard]] Positions positions(const char* tensor, const char* mask = nullptr) const {
        if (mask == nullptr) return {extent(tensor, 0), extent(tensor, 1)};
        return {extent(tensor, 0), extent(tensor, 1), stored_integers(file_, case_->prefix + mask)};
    }

    [[nodiscard]] autograd::Variable input(const char* tensor, const Positions& positions) {
        const autograd::Variable x = tape_->variable(positions.count(), extent(tensor, 2));
        for (int i = 0; i < x.rows(); ++i) {
            std::ranges::copy(stored_row(tensor, positions(i), x.cols()), x.value.row_data(i));
        }
        return x;
    }

    /// Compares the output, sends its stored gradient back, compares those of the parameters.
    /// `row_of(i)` is where row i stands in the stored tensor.
    template <class RowOf>
    void check_output(const autograd::Variable& y, const RowOf& row_of) {
        check("out", y.value, row_of);
        const Matrix dy = tape_->gradient(y);
        for (int i = 0; i < y.rows(); ++i) {
            std::ranges::copy(stored_row("dout", row_of(i), y.cols()), dy.row_data(i));
        }
        tape_->backward();
        for (int i = 0; i < table_.size(); ++i) {
            const auto& entry = table_[i];
            Difference difference;
            difference.add({gradients_.values.matrix(entry).data(), static_cast<int>(entry.size())},
                           stored("grad/" + entry.name));
            check(entry.name, difference);
            CHECK(gradients_.has_gradient[static_cast<std::size_t>(i)] == 1);
        }
    }
    void check_input_gradient(const char* tensor, const autograd::Variable& x,
                              const Positions& positions) {
        check(tensor, tape_->gradient(x), positions);
    }

    template <class RowOf>
    void check(const std::string& tensor, ConstMatrix found, const RowOf& row_of) {
        REQUIRE(extent(tensor.c_str(), 2) == found.cols());
        Difference difference;
        for (int i = 0; i < found.rows(); ++i) {
            difference.add(found.row(i), stored_row(tensor, row_of(i), found.cols()));
        }
        check(tensor, difference);
    }
    void check(const std::string& what, const Difference& difference) {
        CHECK_MESSAGE(difference.relative() <= module_tolerance, case_->prefix << what);
        values_compared_ += difference.count;
    }

    [[nodiscard]] std::size_t values_compared() const { return values_compared_; }

private:
    static TensorTable table_of(const io::SafetensorsFile& file, const std::string& prefix) {
        TensorTable table;
        for (const auto& tensor : file.tensors()) {
            if (!tensor.name.starts_with(prefix)) continue;
            const std::string name = tensor.name.substr(prefix.size());
            const int first = static_cast<int>(tensor.shape.at(0));
            if (tensor.shape.size() == 1)
                table.add_vector(name, first);
            else
                table.add_matrix(name, first, static_cast<int>(tensor.shape.at(1)));
        }
        return table;
    }

    [[nodiscard]] std::span<const float> stored_row(const std::string& tensor, std::size_t row,
                                                    int dim) const {
        const auto size = static_cast<std::size_t>(dim);
        return stored(tensor).subspan(row * size, size);
    }

    const io::SafetensorsFile& file_;
    TensorTable table_;
    Slab values_;
    model::Gradients gradients_{table_};
    std::vector<Case> cases_;
    const Case* case_ = nullptr;
    autograd::Tape* tape_ = nullptr;
    std::size_t values_compared_ = 0;
};

}  // namespace hat::support
