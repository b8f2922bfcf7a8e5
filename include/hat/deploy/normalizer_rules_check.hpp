// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/utf8.hpp>
#include <hat/deploy/subword_normalizer.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

namespace hat::deploy::detail {

/// Checks the rules of a normaliser: that no text leads out of the array, that every replacement is
/// UTF-8 with an end, and that SentencePiece itself has room for the rules that a text begins with.
class RuleChecker {
public:
    RuleChecker(const std::vector<std::uint32_t>& rules, std::string_view replacements,
                std::string_view name)
        : rules_(rules), replacements_(replacements), name_(name), most_(rules.size(), unknown) {}

    void run() {
        if (replacements_.empty() || replacements_.back() != '\0')
            refuse("the last replacement has no end");
        constexpr int room = 32;
        if (most_rules(TrieUnit{rules_[0]}.offset(), 0) > room)
            refuse("a text begins with more than 32 of them");
    }

private:
    static constexpr int unknown = -1;
    static constexpr int under_way = -2;

    [[noreturn]] void refuse(std::string_view why) const {
        fail(name_, ": the rules of the normaliser are damaged: ", why);
    }
    /// How many rules lie one behind the other on a way from the node with children at `base`.
    int most_rules(std::uint32_t base, int depth) {
        constexpr int longest_rule = 256;
        if (depth > longest_rule) refuse("one has more than 256 bytes");
        if ((base | 0xFFU) >= rules_.size()) refuse("they point outside");
        int most = 0;
        for (std::uint32_t byte = 0; byte < 256; ++byte) {
            const TrieUnit unit{rules_[base ^ byte]};
            if (unit.label() == byte) most = std::max(most, of_child(base ^ byte, depth));
        }
        return most;
    }
    int of_child(std::uint32_t at, int depth) {
        if (most_[at] == under_way) refuse("they go round in a circle");
        if (most_[at] != unknown) return most_[at];
        most_[at] = under_way;
        const TrieUnit unit{rules_[at]};
        const std::uint32_t base = at ^ unit.offset();
        int most = most_rules(base, depth + 1);
        if (unit.has_value()) {
            ++most;
            check_replacement(TrieUnit{rules_[base]}.value());
        }
        return most_[at] = most;
    }
    void check_replacement(std::uint32_t at) const {
        if (at >= replacements_.size()) refuse("a replacement lies outside");
        const std::string_view text = replacements_.substr(at);
        if (data::find_invalid_utf8(text.substr(0, text.find('\0'))) != std::string_view::npos)
            refuse("a replacement is not UTF-8");
    }

    const std::vector<std::uint32_t>& rules_;
    std::string_view replacements_;
    std::string_view name_;
    std::vector<int> most_;
};

}  // namespace hat::deploy::detail
