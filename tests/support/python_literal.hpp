// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Compares values of a pickle with what Python's `repr` wrote of them.

#include <hat/interop/pickle.hpp>

#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

namespace hat::support {

/// Reads a literal beside a value. Numbers, strings without escapes, lists, tuples and dicts.
class PythonLiteral {
public:
    explicit PythonLiteral(std::string text) : text_(std::move(text)) {}

    /// Whether the whole text is the `repr` of `value`; counts the leaves it has compared.
    [[nodiscard]] bool is(const interop::PickleValue& value, std::size_t& compared) {
        at_ = 0;
        const bool same = matches(value, compared);
        return same && at_ == text_.size();
    }

private:
    using Kind = interop::PickleKind;

    [[nodiscard]] bool take(std::string_view expected) {
        if (!std::string_view(text_).substr(at_).starts_with(expected)) return false;
        at_ += expected.size();
        return true;
    }

    [[nodiscard]] bool matches(const interop::PickleValue& value, std::size_t& compared) {
        switch (value.kind) {
        case Kind::list:
            return take("[") && items(value, compared) && take("]");
        case Kind::tuple:
            return take("(") && items(value, compared) && (value.items.size() != 1 || take(",")) &&
                   take(")");
        case Kind::dict:
            return dict(value, compared);
        default:
            ++compared;
            return leaf(value);
        }
    }
    [[nodiscard]] bool leaf(const interop::PickleValue& value) {
        switch (value.kind) {
        case Kind::none:
            return take("None");
        case Kind::boolean:
            return take(value.integer != 0 ? "True" : "False");
        case Kind::integer:
            return take(std::to_string(value.integer));
        case Kind::text:
            return take("'" + std::string(value.text) + "'");
        case Kind::real: {
            char* end = nullptr;
            const double number = std::strtod(text_.c_str() + at_, &end);
            const std::string literal(text_.c_str() + at_, static_cast<const char*>(end));
            at_ += literal.size();
            return number == value.real && literal.find_first_of(".e") != std::string::npos;
        }
        default:
            return false;
        }
    }
    [[nodiscard]] bool items(const interop::PickleValue& value, std::size_t& compared) {
        for (std::size_t i = 0; i < value.items.size(); ++i)
            if ((i > 0 && !take(", ")) || !matches(*value.items[i], compared)) return false;
        return true;
    }
    [[nodiscard]] bool dict(const interop::PickleValue& value, std::size_t& compared) {
        const bool ordered = take("OrderedDict([");
        if (!ordered && !take("{")) return false;
        for (std::size_t i = 0; i < value.items.size(); i += 2) {
            if ((i > 0 && !take(", ")) || (ordered && !take("("))) return false;
            if (!matches(*value.items[i], compared) || !take(ordered ? ", " : ": ") ||
                !matches(*value.items[i + 1], compared) || (ordered && !take(")")))
                return false;
        }
        return take(ordered ? "])" : "}");
    }

    std::string text_;
    std::size_t at_ = 0;
};

}  // namespace hat::support
