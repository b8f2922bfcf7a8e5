// SPDX-License-Identifier: Apache-2.0
// Needs: xxHash
#pragma once

#include <hat/io/content_hash.hpp>
#include <hat/io/external_sort.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace hat::data {

/// Which of many texts are the same, by their keys: two texts with one key, of 128 bits, are taken
/// for one. Of a billion different texts, two have one key with a probability of 1.5e-21.
///
///     KeyGroups groups("data", memory_bytes);
///     groups.add(io::content_key(line), i);
///     groups.visit([](const io::ContentKey& key, std::int64_t i, std::int64_t nth) { … });
///
/// Cost  24 bytes a text: in memory as far as allowed, then on the disk
class KeyGroups {
public:
    /// What memory does not hold lies beside `target`.
    KeyGroups(std::string target, std::size_t memory_bytes)
        : sort_(std::move(target), memory_bytes) {}

    /// Precondition: no two texts have one number.
    ///
    /// Throws  `Error` if the disk is full
    void add(const io::ContentKey& key, std::int64_t number) { sort_.add({key, number}); }

    /// visit(key, number, nth) for all texts, those of one key one after the other by ascending
    /// numbers; nth counts from 0. Nothing is left of them then.
    ///
    /// Throws  `Error` if the disk is full or cannot be read
    template <class Visit>
    void visit(const Visit& visit) {
        io::ContentKey key{};
        std::int64_t nth = -1;
        sort_.visit([&](const KeyedNumber& text) {
            nth = nth >= 0 && text.key == key ? nth + 1 : 0;
            key = text.key;
            visit(text.key, text.number, nth);
        });
    }

private:
    struct KeyedNumber {
        io::ContentKey key;
        std::int64_t number;

        friend bool operator<(const KeyedNumber& a, const KeyedNumber& b) noexcept {
            if (a.key.high != b.key.high) return a.key.high < b.key.high;
            return a.key.low != b.key.low ? a.key.low < b.key.low : a.number < b.number;
        }
    };

    io::ExternalSort<KeyedNumber> sort_;
};

}  // namespace hat::data
