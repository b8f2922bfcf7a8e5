// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/bfloat16.hpp>
#include <hat/core/error.hpp>
#include <hat/core/int8.hpp>
#include <hat/core/k_means.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/slab.hpp>
#include <hat/io/finite.hpp>
#include <hat/io/json.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/io/slab.hpp>
#include <hat/model/parameters.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Matrices in files, in floats or fewer bits. A matrix `m` [rows, cols] is stored as
///
/// fp32      m  F32  [rows, cols]
/// bf16      m  BF16 [rows, cols]
/// int8      m  I8   [rows, cols],        m.scale     F32 [rows]
///                                        value = number · scale of its row
/// kmeans8   m  U8   [rows, cols],        m.codebook  F32 [≤ 256]
///                                        value = codebook[number]
/// kmeans4   m  U8   [rows, ⌈cols / 2⌉],  m.codebook  F32 [≤ 16]
///                                        the same of half a byte, the even column in its lower
///                                        half
/// int4      m  U8   [rows, ⌈cols / 2⌉],  m.scale     F32 [rows, ⌈cols / 32⌉]
///                                        value = (half byte − 8) · scale of its 32 columns
///
/// so that any reader of safetensors gets them with two lines. Vectors, and tables of positions,
/// stay F32.
namespace hat::io {

/// How a matrix is stored, as described above.
enum class Storage : std::uint8_t { fp32, bf16, int8, kmeans8, kmeans4, int4 };

/// The words for the values of `Storage`.
inline constexpr std::array<const char*, 6> storage_words{"fp32",    "bf16",    "int8",
                                                          "kmeans8", "kmeans4", "int4"};

/// Columns that share a scale of `int4`.
inline constexpr int int4_group = 32;

/// Tensors of a file, with those of them that are made for it.
class StoredTensors {
public:
    /// All of them.
    [[nodiscard]] std::span<const TensorView> views() const noexcept { return views_; }

    /// A view of `values`, which must outlive this.
    void add(TensorView view) { views_.push_back(std::move(view)); }

    /// A matrix in the form that `storage` says; fp32 is a view of it.
    ///
    /// Shapes  matrix [rows, cols], without gaps between rows
    void add_matrix(const std::string& name, ConstMatrix matrix, Storage storage) {
        const auto rows = static_cast<std::size_t>(matrix.rows());
        const auto cols = static_cast<std::size_t>(matrix.cols());
        const std::span all(matrix.data(), rows * cols);
        const std::vector<std::int64_t> shape{matrix.rows(), matrix.cols()};
        const std::vector<std::int64_t> halves{matrix.rows(), (matrix.cols() + 1) / 2};
        switch (storage) {
        case Storage::fp32:
            return add(tensor_view(name, shape, all));
        case Storage::bf16: {
            auto& words = make<std::uint16_t>(all.size());
            std::transform(all.begin(), all.end(), words.begin(), float_to_bfloat16);
            return add({name, Dtype::bf16, shape, std::as_bytes(std::span(words))});
        }
        case Storage::int8:
            return add_int8(name, matrix, shape);
        case Storage::kmeans8:
        case Storage::kmeans4: {
            const bool is_half = storage == Storage::kmeans4;
            auto& codebook = make<float>(0);
            codebook = k_means(all, is_half ? 16 : 256);
            auto& codes = make<std::uint8_t>(rows * (is_half ? (cols + 1) / 2 : cols));
            for (std::size_t i = 0; i < rows; ++i) {
                for (std::size_t j = 0; j < cols; ++j) {
                    const std::size_t code = nearest_code(codebook, all[i * cols + j]);
                    if (is_half)
                        put_half(codes, i * ((cols + 1) / 2), j, code);
                    else
                        codes[i * cols + j] = static_cast<std::uint8_t>(code);
                }
            }
            add(tensor_view<std::uint8_t>(name, is_half ? halves : shape, codes));
            return add(tensor_view<float>(name + ".codebook",
                                          {static_cast<std::int64_t>(codebook.size())}, codebook));
        }
        case Storage::int4:
            return add_int4(name, matrix, halves);
        }
    }

private:
    template <class T>
    std::vector<T>& make(std::size_t size) {
        if constexpr (std::is_same_v<T, float>)
            return floats_.emplace_back(size);
        else if constexpr (std::is_same_v<T, std::uint16_t>)
            return words_.emplace_back(size);
        else if constexpr (std::is_same_v<T, std::int8_t>)
            return numbers_.emplace_back(size);
        else
            return bytes_.emplace_back(size);
    }

    static void put_half(std::vector<std::uint8_t>& bytes, std::size_t row, std::size_t j,
                         std::size_t half) {
        auto& byte = bytes[row + j / 2];
        byte = static_cast<std::uint8_t>(byte | half << (j % 2 * 4));
    }

    void add_int8(const std::string& name, ConstMatrix matrix, std::vector<std::int64_t> shape) {
        auto& scales = make<float>(static_cast<std::size_t>(matrix.rows()));
        auto& numbers = make<std::int8_t>(static_cast<std::size_t>(matrix.rows()) *
                                          static_cast<std::size_t>(matrix.cols()));
        for (int i = 0; i < matrix.rows(); ++i) {
            const float* const row = matrix.row_data(i);
            const float scale = int8_scale(largest_magnitude(row, matrix.cols()));
            scales[static_cast<std::size_t>(i)] = scale;
            std::transform(row, row + matrix.cols(),
                           numbers.begin() + std::ptrdiff_t{i} * matrix.cols(),
                           [&](float x) { return to_int8(x, scale); });
        }
        add(tensor_view<std::int8_t>(name, std::move(shape), numbers));
        add(tensor_view<float>(name + ".scale", {matrix.rows()}, scales));
    }

    void add_int4(const std::string& name, ConstMatrix matrix, std::vector<std::int64_t> halves) {
        const int groups = (matrix.cols() + int4_group - 1) / int4_group;
        const auto row_bytes = static_cast<std::size_t>(halves[1]);
        auto& scales = make<float>(0);
        auto& bytes = make<std::uint8_t>(static_cast<std::size_t>(matrix.rows()) * row_bytes);
        for (int i = 0; i < matrix.rows(); ++i) {
            for (int first = 0; first < matrix.cols(); first += int4_group) {
                const float* const group = matrix.row_data(i) + first;
                const int n = std::min(int4_group, matrix.cols() - first);
                const float scale = largest_magnitude(group, n) / 7.0F;
                scales.push_back(scale);
                for (int k = 0; k < n; ++k) {
                    const float steps = scale > 0 ? std::nearbyint(group[k] / scale) : 0.0F;
                    const int half = 8 + static_cast<int>(std::clamp(steps, -8.0F, 7.0F));
                    put_half(bytes, static_cast<std::size_t>(i) * row_bytes,
                             static_cast<std::size_t>(first + k), static_cast<std::size_t>(half));
                }
            }
        }
        add(tensor_view<std::uint8_t>(name, std::move(halves), bytes));
        add(tensor_view<float>(name + ".scale", {matrix.rows(), groups}, scales));
    }

    // Whose elements stay where they are as more are added.
    std::deque<std::vector<float>> floats_;
    std::deque<std::vector<std::uint16_t>> words_;
    std::deque<std::vector<std::int8_t>> numbers_;
    std::deque<std::vector<std::uint8_t>> bytes_;
    std::vector<TensorView> views_;
};

namespace detail {

/// A tensor in few bits as a file has it, and how it is read.
struct FewBits {
    Storage storage;
    const TensorView* codes;
    std::span<const float> table;  ///< scales, or the codebook

    [[nodiscard]] int code(std::size_t i) const noexcept {
        return std::to_integer<int>(codes->bytes[i]);
    }
    [[nodiscard]] int half(std::size_t i, std::size_t j, std::size_t cols) const noexcept {
        return code(i * ((cols + 1) / 2) + j / 2) >> (j % 2 * 4) & 15;
    }
    [[nodiscard]] float value(std::size_t i, std::size_t j, std::size_t cols) const noexcept {
        switch (storage) {
        case Storage::int8:
            return static_cast<float>(static_cast<std::int8_t>(code(i * cols + j))) * table[i];
        case Storage::kmeans8:
            return table[static_cast<std::size_t>(code(i * cols + j))];
        case Storage::kmeans4:
            return table[static_cast<std::size_t>(half(i, j, cols))];
        default:
            return static_cast<float>(half(i, j, cols) - 8) *
                   table[i * ((cols + int4_group - 1) / int4_group) + j / int4_group];
        }
    }
};

/// Throws  `Error` unless the tensors of `entry` are there, have their shapes, scales that give
///         finite weights and codes that the codebook has.
inline FewBits few_bits(const SafetensorsFile& file, const TensorTable::Entry& entry) {
    const TensorView& codes = file.tensor(entry.name);
    const std::int64_t rows = entry.rows;
    const std::int64_t cols = entry.cols;
    const std::vector<std::int64_t> shape{rows, cols};
    const std::vector<std::int64_t> halves{rows, (cols + 1) / 2};
    const auto require_shape = [&](const TensorView& tensor,
                                   const std::vector<std::int64_t>& expected) {
        if (tensor.shape != expected)
            fail(file.path(), ": tensor ", in_quotes(tensor.name), " has shape ",
                 shape_text(tensor.shape), ", expected ", shape_text(expected));
    };
    const auto table_of = [&](const std::string& name) -> std::span<const float> {
        check_finite(file.path(), file.tensor(name));
        return file.floats(name);
    };
    const auto scales_of = [&](const std::string& name) {
        const std::span<const float> scales = table_of(name);
        constexpr float most = std::numeric_limits<float>::max() / 128;
        for (std::size_t i = 0; i < scales.size(); ++i)
            if (std::abs(scales[i]) > most)
                fail(file.path(), ": tensor ", in_quotes(name), ": scale ", i,
                     " is so large that weights are not finite");
        return scales;
    };
    if (codes.dtype == Dtype::i8) {
        require_shape(codes, shape);
        require_shape(file.tensor(entry.name + ".scale"), {rows});
        return {Storage::int8, &codes, scales_of(entry.name + ".scale")};
    }
    if (file.contains(entry.name + ".scale")) {
        require_shape(codes, halves);
        require_shape(file.tensor(entry.name + ".scale"),
                      {rows, (cols + int4_group - 1) / int4_group});
        return {Storage::int4, &codes, scales_of(entry.name + ".scale")};
    }
    const std::span<const float> codebook = table_of(entry.name + ".codebook");
    const bool is_half = codes.shape != shape;
    if (is_half) require_shape(codes, halves);
    const FewBits found{is_half ? Storage::kmeans4 : Storage::kmeans8, &codes, codebook};
    for (std::size_t i = 0; i < codes.bytes.size(); ++i) {
        const int code = found.code(i);
        const int largest = is_half ? std::max(code & 15, code >> 4) : code;
        if (static_cast<std::size_t>(largest) >= codebook.size())
            fail(file.path(), ": tensor ", in_quotes(codes.name), ": byte ", i, " is code ",
                 largest, ", but the codebook has ", codebook.size(), " numbers");
    }
    return found;
}

[[nodiscard]] inline bool is_few_bits(const TensorView& tensor) noexcept {
    return tensor.dtype == Dtype::i8 || tensor.dtype == Dtype::u8;
}

/// What the name of a matrix in few bits has behind it for that of its scales or codebook.
[[nodiscard]] inline const char* table_ending(Storage storage) noexcept {
    return storage == Storage::int8 || storage == Storage::int4 ? ".scale" : ".codebook";
}

}  // namespace detail

/// Throws  `Error` unless `file` has every tensor of the table in one of the forms above, and no
///         others.
inline void check_stored_tensors(const SafetensorsFile& file, const TensorTable& table) {
    std::vector<std::string> tables;  // of scales, and codebooks
    for (const auto& entry : table) {
        const TensorView& found = file.tensor(entry.name);
        if (!entry.is_vector && detail::is_few_bits(found))
            tables.push_back(entry.name +
                             detail::table_ending(detail::few_bits(file, entry).storage));
        else
            check_tensor(file, entry);
    }
    std::sort(tables.begin(), tables.end());
    for (const TensorView& tensor : file.tensors()) {
        if (table.find(tensor.name) < 0 &&
            !std::binary_search(tables.begin(), tables.end(), tensor.name))
            fail(file.path(), ": tensor ", in_quotes(tensor.name),
                 " is not one of the network's parameters");
    }
}

/// Fills `slab` with every tensor of the table, in whichever form it is.
///
/// Throws  `Error` as `check_stored_tensors`, or if a number is not finite, before the slab is
///         touched.
inline void copy_stored_tensors(const SafetensorsFile& file, const TensorTable& table, Slab& slab) {
    check_stored_tensors(file, table);
    for (const auto& entry : table)
        if (!detail::is_few_bits(file.tensor(entry.name)))
            check_finite(file.path(), file.tensor(entry.name));
    for (const auto& entry : table) {
        float* const to = slab.data() + entry.offset;
        if (!detail::is_few_bits(file.tensor(entry.name))) {
            file.copy_floats(entry.name, {to, static_cast<std::size_t>(entry.size())});
            continue;
        }
        const detail::FewBits stored = detail::few_bits(file, entry);
        const auto cols = static_cast<std::size_t>(entry.cols);
        for (std::size_t i = 0; i < static_cast<std::size_t>(entry.rows); ++i) {
            for (std::size_t j = 0; j < cols; ++j) to[i * cols + j] = stored.value(i, j, cols);
        }
    }
}

/// How a tensor of a network is stored.
[[nodiscard]] inline Storage storage_of(const SafetensorsFile& file,
                                        const TensorTable::Entry& entry) {
    const TensorView& found = file.tensor(entry.name);
    if (found.dtype == Dtype::bf16) return Storage::bf16;
    return detail::is_few_bits(found) ? detail::few_bits(file, entry).storage : Storage::fp32;
}

/// How the matrices of the table are stored, but for tables of positions; `fp32` if not all alike:
/// what is computed with their bits would round the others.
[[nodiscard]] inline Storage storage_of(const SafetensorsFile& file, const TensorTable& table) {
    std::optional<Storage> all;
    for (const auto& entry : table) {
        if (entry.is_vector || model::is_position_table(entry.name)) continue;
        const Storage own = storage_of(file, entry);
        if (all.value_or(own) != own) return Storage::fp32;
        all = own;
    }
    return all.value_or(Storage::fp32);
}

}  // namespace hat::io
