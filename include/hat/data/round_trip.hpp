// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/data/utf8.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hat::data {

/// A line that is not what it was when it has been encoded and decoded: around where they part.
struct RoundTripFault {
    std::string before;
    std::string after;
};

namespace detail {

/// What stands at `at` in `text`, cut to a readable length.
inline std::string excerpt(std::u32string_view text, std::size_t at) {
    constexpr std::size_t context = 12;
    const std::size_t begin = at > context ? at - context : 0;
    std::u32string part(text.substr(begin, 3 * context));
    std::replace_if(
        part.begin(), part.end(), [](char32_t c) { return c < U' ' || c == 0x7F; }, U'\u2423');
    return (begin > 0 ? "…" : "") + encode_utf8(part) +
           (text.size() > begin + part.size() ? "…" : "");
}

}  // namespace detail

/// Whether lines come back from a codec as they went in, once they are in its normal form and case:
/// counts those that do not, and keeps a few of them.
class RoundTrip {
public:
    /// Whether `line`, of which `codec` made `ids`, comes back. `codec` has `decode(ids)` and
    /// `rules()`, as `TextCodec` does.
    template <class Codec>
    bool survives(const Codec& codec, std::string_view line, const std::vector<int>& ids) {
        const std::string before = codec.rules().apply(line);
        const std::string after = codec.decode(ids);
        if (before == after) return true;
        if (examples_.size() == most_examples) return false;
        const std::u32string b = decode_utf8(before);
        const std::u32string a = decode_utf8(after);
        const auto [in_b, in_a] = std::mismatch(b.begin(), b.end(), a.begin(), a.end());
        const auto at = static_cast<std::size_t>(in_b - b.begin());
        examples_.push_back({detail::excerpt(b, at), detail::excerpt(a, at)});
        return false;
    }
    /// The same, where no example is kept: threads may ask at once.
    template <class Codec>
    [[nodiscard]] static bool comes_back(const Codec& codec, std::string_view line,
                                         const std::vector<int>& ids) {
        return codec.rules().apply(line) == codec.decode(ids);
    }
    /// Whether it keeps examples no more.
    [[nodiscard]] bool has_examples() const noexcept { return examples_.size() == most_examples; }
    /// Counts a line, or the pair of two.
    void count(bool survived) noexcept {
        ++all_;
        lost_ += survived ? 0 : 1;
    }

    /// What was counted, and what of it does not come back.
    [[nodiscard]] std::int64_t all() const noexcept { return all_; }
    [[nodiscard]] std::int64_t lost() const noexcept { return lost_; }
    /// The first three.
    [[nodiscard]] const std::vector<RoundTripFault>& examples() const noexcept { return examples_; }

private:
    static constexpr std::size_t most_examples = 3;

    std::int64_t all_ = 0;
    std::int64_t lost_ = 0;
    std::vector<RoundTripFault> examples_;
};

}  // namespace hat::data
