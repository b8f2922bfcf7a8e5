// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

namespace hat::distributed {

/// The ranks of one job: processes, on one machine or many, that run the same program and meet in
/// the calls below. All calls but those for messages are collective: every rank makes the same ones
/// in the same order, and each returns when its part is done.
///
/// A rank that fails ends the others; how is the program's business (`MpiSession`).
class Communicator {
public:
    Communicator() = default;
    Communicator(const Communicator&) = delete;
    Communicator& operator=(const Communicator&) = delete;
    virtual ~Communicator() = default;

    /// 0 … size() − 1.
    [[nodiscard]] virtual int rank() const noexcept = 0;
    [[nodiscard]] virtual int size() const noexcept = 0;
    /// The one that writes files and speaks to the user.
    [[nodiscard]] bool is_first() const noexcept { return rank() == 0; }

    /// Returns when all ranks have called it; for waits that may be long.
    virtual void barrier() = 0;

    /// All ranks have the bytes of the first one.
    virtual void broadcast(std::span<std::byte> bytes) = 0;

    /// All ranks have the parts of all: `all` holds things of `unit` bytes, of which those of rank
    /// r are offsets[r] … offsets[r + 1] − 1; its own stand there before the call.
    ///
    /// Shapes  offsets [size() + 1], ascending from 0
    virtual void all_gather(void* all, std::span<const std::ptrdiff_t> offsets,
                            std::size_t unit) = 0;

    /// Which of `n` flags is set on any rank.
    virtual void any(std::uint8_t* flags, int n) = 0;
    /// Whether any rank says so.
    [[nodiscard]] bool any(bool own) {
        auto flag = static_cast<std::uint8_t>(own);
        any(&flag, 1);
        return flag != 0;
    }

    // ---- messages, in the background ---------------------------------------------------------

    /// Begins to send to another rank, or to receive what it sends with the same tag, in as many
    /// bytes; they stay as they are until `wait` returns. From any thread.
    virtual void send(std::span<const std::byte> bytes, int to, int tag) = 0;
    virtual void receive(std::span<std::byte> bytes, int from, int tag) = 0;
    /// Moves messages on while others compute. From any thread; where one is at it already, none
    /// waits.
    virtual void progress() = 0;
    /// Returns when all that this rank began to send and to receive has been.
    virtual void wait() = 0;

    /// Seconds that this rank has spent in the calls above, waits for slower ranks included.
    [[nodiscard]] virtual double seconds() const { return 0; }
};

/// A job of one process: nothing to wait for and nobody to talk to.
class Serial final : public Communicator {
public:
    [[nodiscard]] int rank() const noexcept override { return 0; }
    [[nodiscard]] int size() const noexcept override { return 1; }
    void barrier() override {}
    void broadcast(std::span<std::byte> /*bytes*/) override {}
    void all_gather(void* /*all*/, std::span<const std::ptrdiff_t> /*offsets*/,
                    std::size_t /*unit*/) override {}
    void any(std::uint8_t* /*flags*/, int /*n*/) override {}
    void send([[maybe_unused]] std::span<const std::byte> bytes, int /*to*/, int /*tag*/) override {
        HAT_ASSERT(bytes.empty());
    }
    void receive([[maybe_unused]] std::span<std::byte> bytes, int /*from*/, int /*tag*/) override {
        HAT_ASSERT(bytes.empty());
    }
    void progress() override {}
    void wait() override {}
};

/// What everything that may be shared out among ranks takes when it is not told.
[[nodiscard]] inline Communicator& serial() noexcept {
    static Serial one;
    return one;
}

/// Where the share of a rank begins when `n` things are dealt out evenly and in order.
[[nodiscard]] constexpr std::int64_t share_begin(std::int64_t n, int rank, int ranks) noexcept {
    return n * rank / ranks;
}

/// `n` things as bytes, to be sent or received.
template <class T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] auto bytes_of(T* things, std::ptrdiff_t n) noexcept {
    using Byte = std::conditional_t<std::is_const_v<T>, const std::byte, std::byte>;
    return std::span<Byte>(reinterpret_cast<Byte*>(things),
                           static_cast<std::size_t>(n) * sizeof(T));
}

/// All ranks have the first one's value.
template <class T>
requires std::is_trivially_copyable_v<T>
void broadcast(Communicator& ranks, T& value) {
    ranks.broadcast(bytes_of(&value, 1));
}

/// All ranks have the first one's text. A template, so that an include does not compile it.
template <std::same_as<std::string> Text>
void broadcast(Communicator& ranks, Text& text) {
    std::size_t size = text.size();
    broadcast(ranks, size);
    text.resize(size);
    ranks.broadcast(bytes_of(text.data(), static_cast<std::ptrdiff_t>(size)));
}

/// As `Communicator::all_gather`, of whatever `all` is made of.
template <class T>
requires std::is_trivially_copyable_v<T>
void all_gather(Communicator& ranks, T* all, std::span<const std::ptrdiff_t> offsets) {
    ranks.all_gather(all, offsets, sizeof(T));
}

}  // namespace hat::distributed
