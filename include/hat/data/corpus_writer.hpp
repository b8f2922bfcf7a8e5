// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/column.hpp>
#include <hat/data/corpus.hpp>
#include <hat/io/mapped_file.hpp>
#include <hat/io/spool.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace hat::data {

/// One language of a corpus that is written to the disk sentence by sentence, beside the data that
/// it will be part of.
///
///     SideWriter writer("data", codec.target_size(), codec.special().eos);
///     writer.push_back(ids);
///     const Side side = writer.take();  // mapped
class SideWriter {
public:
    /// Throws  `Error` if the directory of `target` takes no file
    SideWriter(const std::string& target, int vocab_size, int eos)
        : tokens_(target), offsets_(target), vocab_size_(vocab_size), eos_(eos) {
        write_offset();
    }

    /// Precondition: the ids are of the vocabulary, the last one is `eos`.
    ///
    /// Throws  `Error` if the disk is full, or there are more sentences than a corpus can have
    void push_back(std::span<const int> sentence) {
        if (size_ == std::numeric_limits<int>::max() - 1)
            fail("corpus: has more than ", size_, " sentences, expected that many at most");
        tokens_.write(sentence.data(), sentence.size() * sizeof(int));
        token_count_ += static_cast<std::int64_t>(sentence.size());
        write_offset();
        ++size_;
    }

    [[nodiscard]] int size() const noexcept { return size_; }

    /// What was written, as a view of it on the disk, where it stays as long as the side does.
    ///
    /// Throws  `Error` if the disk is full
    [[nodiscard]] Side take() {
        return {.sentences = {.tokens = column<int>(tokens_),
                              .offsets = column<std::int64_t>(offsets_)},
                .vocab_size = vocab_size_,
                .eos = eos_};
    }

private:
    void write_offset() { offsets_.write(&token_count_, sizeof token_count_); }

    template <class Value>
    static Column<Value> column(io::Spool& spool) {
        auto file = std::make_shared<const io::MappedFile>(spool.map());
        const std::span<const std::byte> bytes = file->bytes();
        const auto* const values = reinterpret_cast<const Value*>(bytes.data());  // NOLINT: pages
        return {std::move(file), std::span(values, bytes.size() / sizeof(Value))};
    }

    io::Spool tokens_;
    io::Spool offsets_;
    std::int64_t token_count_ = 0;
    int size_ = 0;
    int vocab_size_;
    int eos_;
};

}  // namespace hat::data
