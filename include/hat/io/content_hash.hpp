// SPDX-License-Identifier: Apache-2.0
// Needs: xxHash
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// Its code in this translation unit: nothing has to be linked.
#define XXH_INLINE_ALL  // NOLINT: the name is the library's
#include <xxhash.h>

namespace hat::io {

/// What tells one content from another: XXH3 of 128 bits, in hexadecimal. It finds damage, mix-ups
/// and changes; it is no protection against somebody who means to deceive.
///
///     ContentHash hash;
///     hash.add(header);
///     hash.add(values);
///     const std::string text = hash.text();  // "xxh3:" and 32 digits
///
/// Cost  about a byte in 0.1 ns
class ContentHash {
public:
    ContentHash() noexcept { XXH3_128bits_reset(&state_); }

    void add(std::span<const std::byte> bytes) noexcept {
        XXH3_128bits_update(&state_, bytes.data(), bytes.size());
    }
    void add(std::string_view text) noexcept { add(std::as_bytes(std::span(text))); }

    /// The hash of all that was added.
    [[nodiscard]] std::string text() const {
        const XXH128_hash_t hash = XXH3_128bits_digest(&state_);
        std::string digits = "xxh3:";
        for (const std::uint64_t half : {hash.high64, hash.low64})
            for (int shift = 60; shift >= 0; shift -= 4)
                digits += "0123456789abcdef"[half >> static_cast<unsigned>(shift) & 15U];
        return digits;
    }

private:
    alignas(64) XXH3_state_t state_{};
};

/// The hash of `bytes`.
[[nodiscard]] inline std::string content_hash(std::span<const std::byte> bytes) {
    ContentHash hash;
    hash.add(bytes);
    return hash.text();
}
[[nodiscard]] inline std::string content_hash(std::string_view text) {
    return content_hash(std::as_bytes(std::span(text)));
}

/// The same hash as a number: what to keep of many lines instead of the lines.
struct ContentKey {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    friend bool operator==(const ContentKey&, const ContentKey&) = default;
    friend auto operator<=>(const ContentKey&, const ContentKey&) = default;

    /// For unordered containers.
    struct Hash {
        std::size_t operator()(const ContentKey& key) const noexcept {
            return static_cast<std::size_t>(key.low);
        }
    };
};

/// The key of `text`.
[[nodiscard]] inline ContentKey content_key(std::string_view text) noexcept {
    const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
    return {hash.high64, hash.low64};
}

}  // namespace hat::io
