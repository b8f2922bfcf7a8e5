// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json, xxHash
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/path.hpp>
#include <hat/core/tree.hpp>
#include <hat/integer/model.hpp>
#include <hat/integer/transformer.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/safetensors.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// A network of integers in a file: each weight under the name that a walk has for it, such as
///
///     encoder.layers.0.fc1.weight  I8   [out, in]
///     encoder.layers.0.fc1.scale   I32  [out]      words of `Scale`
///     encoder.layers.0.fc1.bias    I32  [out]
///     source.positions             I16  [positions, dim]
///
/// Tables that are one are there once.
namespace hat::integer {

namespace detail {

class ListTensors {
public:
    explicit ListTensors(std::vector<io::TensorView>& tensors) noexcept : tensors_(tensors) {}

    template <class T>
    void operator()(const Leaf& leaf, const MatrixView<const T>& from) const {
        const auto size =
            static_cast<std::size_t>(from.rows()) * static_cast<std::size_t>(int{from.cols()});
        tensors_.push_back(
            io::tensor_view<T>(leaf.path.text(), {from.rows(), from.cols()}, {from.data(), size}));
    }
    template <class T>
    void operator()(const Leaf& leaf, const VectorView<const T>& from) const {
        tensors_.push_back(io::tensor_view<T>(
            leaf.path.text(), {from.size()}, {from.data(), static_cast<std::size_t>(from.size())}));
    }

private:
    std::vector<io::TensorView>& tensors_;
};

/// Copies weights from a file and checks what the network takes for granted.
class ReadTensors {
public:
    explicit ReadTensors(const io::SafetensorsFile& file) noexcept : file_(file) {}

    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    template <class T>
    void operator()(const Leaf& leaf, const MatrixView<T>& to) const {
        copy<T>(leaf, {to.rows(), to.cols()}, to.data());
    }
    template <class T>
    void operator()(const Leaf& leaf, const VectorView<T>& to) const {
        copy<T>(leaf, {to.size()}, to.data());
        if (leaf.path.name == "epsilon" && to[0] < 1)
            fail(file_.path(), ": tensor ", io::in_quotes(leaf.path.text()), " is ", to[0],
                 ", expected at least 1");
    }

private:
    template <class T>
    void copy(const Leaf& leaf, const std::vector<std::int64_t>& shape, T* to) const {
        const std::string name = leaf.path.text();
        const io::TensorView& tensor = file_.tensor(name);
        if (tensor.shape != shape)
            fail(file_.path(), ": tensor ", io::in_quotes(name), " has shape ",
                 io::shape_text(tensor.shape), ", expected ", io::shape_text(shape));
        const std::span<const T> values = file_.values<T>(name);
        std::copy(values.begin(), values.end(), to);
        ++count_;
    }

    const io::SafetensorsFile& file_;
    mutable std::size_t count_ = 0;
};

}  // namespace detail

/// Writes the directory of a model of integers, as `io::save_model_directory` writes others.
///
/// Precondition: `config` has the architecture of `model`.
///
/// Throws  `Error` if something else than a model is at `path`, the text files are not those of
///         one, or the disk is full.
inline void save_model_directory(const std::string& path, const io::ModelConfig& config,
                                 const Model& model, const io::TextFiles& text_files,
                                 std::string_view card) {
    std::vector<io::TensorView> tensors;
    Transformer<Constants> stored = model.view();
    separate_tables(stored);
    walk(detail::ListTensors(tensors), stored);
    io::save_model_directory(path, config, io::integer_file_name, tensors, text_files, card);
}

/// The network of a directory that has one of integers.
///
/// Throws  `Error` if it is damaged, or not of its architecture
[[nodiscard]] inline Model load_model(const io::ModelDirectory& directory) {
    directory.check_content_of_weights();
    Model model = io::of_model(directory, [&] { return Model(directory.config().architecture); });
    Transformer<Variables> stored = model.variables();
    separate_tables(stored);
    const detail::ReadTensors read(directory.weights());
    walk(read, stored);
    if (read.count() < directory.weights().tensors().size())
        fail(directory.weights().path(), ": has ", directory.weights().tensors().size(),
             " tensors, of which the network has ", read.count());
    return model;
}

}  // namespace hat::integer
