// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/aligned.hpp>
#include <hat/core/error.hpp>
#include <hat/core/matrix_view.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace hat {

namespace detail {

/// The blocks of an arena where there is no heap: none.
template <class Block>
struct NoBlocks {
    [[nodiscard]] static constexpr std::size_t size() noexcept { return 0; }
    [[nodiscard]] static constexpr const Block* begin() noexcept { return nullptr; }
    [[nodiscard]] static constexpr const Block* end() noexcept { return nullptr; }
    const Block& operator[](std::size_t i) const noexcept { return begin()[i]; }
    static constexpr void clear() noexcept {}
    [[noreturn]] static void emplace_back(std::size_t bytes) {
        fail("Arena: asked for ", bytes, " bytes, but there is no heap to take them from");
    }
};

}  // namespace detail

/// Memory handed out by moving a pointer and taken back all at once.
///
/// A full arena adds a block, so the first steps size it; `reset` then joins the blocks into one
/// that holds all that was ever in use together. From then on nothing is allocated.
/// Objects in an arena are not destroyed: they must be trivially destructible.
///
/// It may work on memory of its user instead, which it never leaves: there it allocates nothing.
///
///     alignas(hat::alignment) static std::array<std::byte, 65536> memory;
///     hat::Arena arena(memory);
class Arena {
public:
    static constexpr std::size_t default_block_bytes = std::size_t{1} << 20U;

    /// Blocks that are added have `block_bytes`, or what is asked for if that is more.
    explicit Arena(std::size_t capacity_bytes = 0, std::size_t block_bytes = default_block_bytes)
        : block_bytes_(block_bytes) {
        if (capacity_bytes > 0) add_block(capacity_bytes);
    }
    /// Works on `memory`, which must outlive it; bytes in front of a cache line are left out.
    explicit Arena(std::span<std::byte> memory) noexcept {
        const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
        const std::size_t skipped = (alignment - address % alignment) % alignment;
        if (skipped < memory.size()) given_ = memory.subspan(skipped);
        is_given_ = true;
    }
    // A copy would not be where views of the first one point.
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    /// The other one is left without memory: what works on that of its user can give none any more.
    Arena(Arena&& other) noexcept
        : blocks_(std::exchange(other.blocks_, {})), given_(std::exchange(other.given_, {})),
          is_given_(other.is_given_), most_used_(std::exchange(other.most_used_, 0)),
          block_bytes_(other.block_bytes_), block_(std::exchange(other.block_, 0)),
          used_(std::exchange(other.used_, 0)) {}
    Arena& operator=(Arena&& other) noexcept {
        if (this != &other) {
            std::destroy_at(this);
            std::construct_at(this, std::move(other));
        }
        return *this;
    }
    ~Arena() = default;

    /// `n` uninitialised objects, aligned to a cache line.
    /// Throws  `Error` if `n` is negative, or more than any memory has room for.
    template <class T>
    [[nodiscard]] T* allocate(std::ptrdiff_t n) {
        static_assert(std::is_trivially_destructible_v<T>,
                      "Arena: what lies in an arena is never destroyed");
        static_assert(alignof(T) <= alignment, "Arena: T is aligned to more than a cache line");
        // A negative one is a large one here.
        if (static_cast<std::size_t>(n) > most_bytes / sizeof(T)) fail_to_count(n, sizeof(T));
        return static_cast<T*>(allocate_bytes(static_cast<std::size_t>(n) * sizeof(T)));
    }

    /// Throws  `Error` if a size is negative.
    [[nodiscard]] Matrix matrix(int rows, int cols) {
        if ((rows | cols) < 0)
            fail("Arena: asked for a matrix of [", rows, ", ", cols, "], expected 0 or more");
        return {allocate<float>(std::ptrdiff_t{rows} * cols), rows, cols};
    }
    /// Throws  `Error` if the size is negative.
    [[nodiscard]] Vector vector(int size) { return {allocate<float>(size), size}; }

    /// One object in the arena, made of `args`; its destructor is never called.
    template <class T, class... Args>
    [[nodiscard]] T* create(Args&&... args) {
        return ::new (static_cast<void*>(allocate<T>(1))) T{std::forward<Args>(args)...};
    }

    /// A place to come back to with `release`: all that was allocated since is free again.
    struct Mark {
        std::size_t block;
        std::size_t used;
    };
    [[nodiscard]] Mark mark() const noexcept { return {block_, used_}; }
    void release(Mark mark) noexcept {
        block_ = mark.block;
        used_ = mark.used;
    }

    /// Forgets everything; leaves one block big enough for what was needed so far, and for `bytes`.
    ///
    /// Throws  `Error` if it works on memory of its user that has not so many.
    void reset(std::size_t bytes = 0) {
        block_ = 0;
        used_ = 0;
        if (is_given_) {
            if (bytes > given_.size()) fail_to_give(bytes);
        } else if (blocks_.size() > 1 || bytes > capacity_bytes()) {
            bytes = std::max(bytes, capacity_bytes());
            blocks_.clear();
            add_block(bytes);
        }
    }

    /// Bytes owned, used or not.
    [[nodiscard]] std::size_t capacity_bytes() const noexcept {
        std::size_t total = given_.size();
        for (const Block& block : blocks_) total += block.size;
        return total;
    }

    /// The most bytes that were in use at once of the memory it was given.
    [[nodiscard]] std::size_t most_used_bytes() const noexcept { return most_used_; }

    /// Bytes that `allocate<T>(n)` takes.
    template <class T>
    [[nodiscard]] static constexpr std::size_t bytes_of(std::ptrdiff_t n) noexcept {
        return rounded(static_cast<std::size_t>(n) * sizeof(T));
    }

private:
    /// Memory that nobody has written to: the system gives it page by page, as it is used.
    struct Block {
        explicit Block(std::size_t bytes)
            : data(static_cast<std::byte*>(::operator new (bytes, std::align_val_t{alignment}))),
              size(bytes) {}

        /// How its memory is given back.
        struct Free {
            void operator()(std::byte* p) const noexcept {
                ::operator delete (p, std::align_val_t{alignment});
            }
        };
        std::unique_ptr<std::byte, Free> data;
        std::size_t size;
    };

    /// More than there is, and far enough from the end that sums of two do not begin anew.
    static constexpr std::size_t most_bytes = std::numeric_limits<std::size_t>::max() / 4;

    [[noreturn]] HAT_COLD static void fail_to_count(std::ptrdiff_t n, std::size_t size) {
        fail("Arena: asked for ", n, " objects of ", size, " bytes, expected 0 to ",
             most_bytes / size);
    }

    static constexpr std::size_t rounded(std::size_t bytes) noexcept {
        return (bytes + alignment - 1) / alignment * alignment;
    }

    void* allocate_bytes(std::size_t bytes) {
        bytes = rounded(bytes);
        if (is_given_) return take_given(bytes);
        while (block_ < blocks_.size() && used_ + bytes > blocks_[block_].size) {
            ++block_;
            used_ = 0;
        }
        if (block_ == blocks_.size()) add_block(bytes);
        std::byte* const p = blocks_[block_].data.get() + used_;
        used_ += bytes;
        return p;
    }

    void* take_given(std::size_t bytes) {
        if (bytes > given_.size() - used_) fail_to_give(bytes);
        std::byte* const p = given_.data() + used_;
        used_ += bytes;
        most_used_ = std::max(most_used_, used_);
        return p;
    }
    [[noreturn]] HAT_COLD void fail_to_give(std::size_t bytes) const {
        fail("Arena: the memory that it was given is full: ", used_, " of ", given_.size(),
             " bytes are in use, and ", bytes, " more are needed");
    }

    void add_block(std::size_t bytes) { blocks_.emplace_back(std::max(bytes, block_bytes_)); }

    std::conditional_t<HAT_HEAP != 0, std::vector<Block>, detail::NoBlocks<Block>> blocks_;
    std::span<std::byte> given_{};
    bool is_given_ = false;
    std::size_t most_used_ = 0;
    std::size_t block_bytes_ = default_block_bytes;
    std::size_t block_ = 0;  ///< the block in use
    std::size_t used_ = 0;   ///< bytes of it handed out
};

/// Gives back, at the end of a scope, what was allocated from an arena inside it.
class ArenaScope {
public:
    /// Remembers what is in use.
    explicit ArenaScope(Arena& arena) noexcept : arena_(arena), mark_(arena.mark()) {}
    ArenaScope(const ArenaScope&) = delete;
    ArenaScope& operator=(const ArenaScope&) = delete;
    ~ArenaScope() { arena_.release(mark_); }

private:
    Arena& arena_;
    Arena::Mark mark_;
};

}  // namespace hat
