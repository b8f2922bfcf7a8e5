// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/io/mapped_file.hpp>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace hat::data {

/// Values one after the other: in memory of its own, or where they lie in a mapped file, which
/// copies share. Mapped values cost memory where they are read, and what has been read the system
/// may take back; who maps them says what of them is checked. To change them makes a copy of all.
template <class Value>
class Column {
public:
    using value_type = Value;

    Column() = default;
    Column(std::initializer_list<Value> values) : own_(values) {}
    Column(std::vector<Value> values) : own_(std::move(values)) {}  // NOLINT: a vector is one
    /// `values` lie in `file`.
    Column(std::shared_ptr<const io::MappedFile> file, std::span<const Value> values)
        : file_(std::move(file)), mapped_(values) {}

    /// Whether the values lie in a file.
    [[nodiscard]] bool is_mapped() const noexcept { return file_ != nullptr; }
    /// All values, wherever they lie.
    [[nodiscard]] std::span<const Value> view() const noexcept {
        return is_mapped() ? mapped_ : std::span<const Value>(own_.data(), own_.size());
    }
    [[nodiscard]] const Value* data() const noexcept { return view().data(); }
    [[nodiscard]] std::size_t size() const noexcept { return view().size(); }
    [[nodiscard]] bool empty() const noexcept { return view().empty(); }
    [[nodiscard]] const Value* begin() const noexcept { return data(); }
    [[nodiscard]] const Value* end() const noexcept { return data() + size(); }
    /// Precondition: not empty.
    [[nodiscard]] const Value& front() const noexcept { return view().front(); }
    [[nodiscard]] const Value& back() const noexcept { return view().back(); }
    /// Precondition: i < size().
    [[nodiscard]] const Value& operator[](std::size_t i) const noexcept {
        HAT_ASSERT(i < size());
        return data()[i];
    }
    [[nodiscard]] Value& operator[](std::size_t i) {
        HAT_ASSERT(i < size());
        return own()[i];
    }

    /// What changes values copies those of a file into memory first, but for `assign` and `clear`.
    void push_back(const Value& value) { own().push_back(value); }
    void append(std::span<const Value> values) {
        own().insert(own_.end(), values.data(), values.data() + values.size());
    }
    void assign(std::size_t count, const Value& value) {
        file_.reset();
        own_.assign(count, value);
    }
    void reserve(std::size_t count) { own().reserve(count); }
    void clear() { assign(0, Value{}); }

    /// visit(values) with one piece after the other. Of a mapped file, what was visited is no
    /// longer held in memory.
    template <class Visit>
    void visit_pieces(const Visit& visit) const {
        constexpr std::size_t most = (std::size_t{1} << 23U) / sizeof(Value);
        for (std::span<const Value> rest = view(); !rest.empty();) {
            const auto piece = rest.first(std::min(most, rest.size()));
            visit(piece);
            if (is_mapped()) file_->forget(std::as_bytes(piece));
            rest = rest.subspan(piece.size());
        }
    }

    friend bool operator==(const Column& a, const Column& b) {
        return std::equal(a.begin(), a.end(), b.begin(), b.end());
    }

private:
    std::vector<Value>& own() {
        if (is_mapped()) {
            own_.assign(mapped_.begin(), mapped_.end());
            file_.reset();
        }
        return own_;
    }

    std::vector<Value> own_;
    std::shared_ptr<const io::MappedFile> file_;
    std::span<const Value> mapped_;
};

}  // namespace hat::data
