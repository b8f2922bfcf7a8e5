// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/interop/pickle_value.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hat::interop {

static_assert(std::endian::native == std::endian::little, "pickled integers are little-endian");

namespace detail {

enum class PickleOpcode : std::uint8_t {
    mark = '(',
    stop = '.',
    binfloat = 'G',
    binint = 'J',
    binint1 = 'K',
    binint2 = 'M',
    none = 'N',
    binpersid = 'Q',
    reduce = 'R',
    binstring = 'T',
    short_binstring = 'U',
    binunicode = 'X',
    append = 'a',
    build = 'b',
    global = 'c',
    appends = 'e',
    binget = 'h',
    long_binget = 'j',
    binput = 'q',
    long_binput = 'r',
    setitem = 's',
    tuple = 't',
    setitems = 'u',
    empty_dict = '}',
    empty_list = ']',
    empty_tuple = ')',
    proto = 0x80,
    newobj = 0x81,
    tuple1 = 0x85,
    tuple2 = 0x86,
    tuple3 = 0x87,
    newtrue = 0x88,
    newfalse = 0x89,
    long1 = 0x8a,
    long4 = 0x8b,
};

/// The machine that a pickle is a program for: a stack, marks in it, and a memo. It makes values
/// and nothing else.
class PickleMachine {
public:
    PickleMachine(std::span<const std::byte> bytes, const std::string& path, std::size_t base,
                  std::deque<PickleValue>& values)
        : bytes_(bytes), path_(path), base_(base), values_(values) {}

    /// Runs up to the opcode `stop`.
    const PickleValue* run() {
        // A published checkpoint has some twenty thousand. The limit bounds time and memory.
        constexpr int max_opcodes = 1 << 21;
        for (int i = 0; i < max_opcodes; ++i) {
            opcode_at_ = position_;
            const auto opcode = take<PickleOpcode>();
            if (opcode == PickleOpcode::stop) return finish();
            if (!make_number(opcode) && !make_container(opcode) && !make_object(opcode))
                reject("opcode ", static_cast<int>(opcode), " is not one that checkpoints need");
        }
        reject("the pickle has more than ", max_opcodes, " opcodes");
    }
    [[nodiscard]] std::size_t position() const noexcept { return position_; }

private:
    using Kind = PickleKind;
    using Op = PickleOpcode;

    template <class... Parts>
    [[noreturn]] void reject(const Parts&... parts) const {
        fail(path_, ": byte ", base_ + opcode_at_, ": ", parts...);
    }

    // ---- bytes ----

    [[nodiscard]] std::string_view take_bytes(std::uint64_t count) {
        if (count > bytes_.size() - position_)
            reject("the pickle is cut short: ", count, " more bytes expected, ",
                   bytes_.size() - position_, " found");
        const auto* begin = reinterpret_cast<const char*>(bytes_.data()) + position_;  // NOLINT
        position_ += static_cast<std::size_t>(count);
        return {begin, static_cast<std::size_t>(count)};
    }
    template <class Value>
    [[nodiscard]] Value take() {
        Value value{};
        std::memcpy(&value, take_bytes(sizeof value).data(), sizeof value);
        return value;
    }
    [[nodiscard]] std::string_view take_line() {
        const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()),  // NOLINT
                                    bytes_.size());
        const std::size_t end = rest.find('\n', position_);
        if (end == std::string_view::npos) reject("the pickle is cut short in a name");
        const std::string_view line = take_bytes(end - position_);
        ++position_;
        return line;
    }

    // ---- stack, marks, memo ----

    PickleValue& push(Kind kind) {
        PickleValue& value = values_.emplace_back();
        value.kind = kind;
        stack_.push_back(&value);
        return value;
    }
    void push_integer(Kind kind, std::int64_t value) { push(kind).integer = value; }
    void push_text(Kind kind, std::string_view text) { push(kind).text = text; }

    /// Values above the last mark, which nothing may reach below.
    [[nodiscard]] std::size_t available() const noexcept {
        return stack_.size() - (marks_.empty() ? 0 : marks_.back());
    }
    PickleValue& top() {
        if (available() == 0) reject("takes a value from an empty stack");
        return *stack_.back();
    }
    PickleValue& pop() {
        PickleValue& value = top();
        stack_.pop_back();
        return value;
    }
    /// The `count` topmost values.
    [[nodiscard]] std::vector<const PickleValue*> pop_items(std::size_t count) {
        if (count > available()) reject("takes ", count, " values, but there are ", available());
        const auto begin = stack_.end() - static_cast<std::ptrdiff_t>(count);
        std::vector<const PickleValue*> items(begin, stack_.end());
        stack_.erase(begin, stack_.end());
        return items;
    }
    /// All values down to the last mark, and the mark.
    [[nodiscard]] std::vector<const PickleValue*> pop_to_mark() {
        if (marks_.empty()) reject("there is no mark");
        auto items = pop_items(available());
        marks_.pop_back();
        return items;
    }
    void remember(std::uint32_t index) { memo_[index] = &top(); }
    void recall(std::uint32_t index) {
        const auto found = memo_.find(index);
        if (found == memo_.end()) reject("recalls value ", index, ", which nothing has set");
        stack_.push_back(found->second);
    }
    const PickleValue* finish() {
        if (!marks_.empty() || stack_.size() != 1)
            reject("the pickle ends with ", stack_.size(), " values and ", marks_.size(),
                   " marks, expected one value");
        return stack_.back();
    }

    // ---- opcodes: true if it was one of these ----

    bool make_number(Op opcode) {
        switch (opcode) {
        case Op::none:
            push(Kind::none);
            return true;
        case Op::newtrue:
        case Op::newfalse:
            push_integer(Kind::boolean, opcode == Op::newtrue ? 1 : 0);
            return true;
        case Op::binint:
            push_integer(Kind::integer, take<std::int32_t>());
            return true;
        case Op::binint1:
            push_integer(Kind::integer, take<std::uint8_t>());
            return true;
        case Op::binint2:
            push_integer(Kind::integer, take<std::uint16_t>());
            return true;
        case Op::long1:
            push_long(take_bytes(take<std::uint8_t>()));
            return true;
        case Op::long4:
            push_long(take_bytes(take<std::uint32_t>()));
            return true;
        case Op::binfloat:
            push(Kind::real).real = std::bit_cast<double>(__builtin_bswap64(take<std::uint64_t>()));
            return true;
        case Op::binunicode:
            push_text(Kind::text, take_bytes(take<std::uint32_t>()));
            return true;
        case Op::binstring:
            push_text(Kind::bytes, take_bytes(take<std::uint32_t>()));
            return true;
        case Op::short_binstring:
            push_text(Kind::bytes, take_bytes(take<std::uint8_t>()));
            return true;
        default:
            return false;
        }
    }

    void push_long(std::string_view bytes) {
        if (bytes.size() > sizeof(std::int64_t)) return push_text(Kind::big_integer, bytes);
        const bool negative = !bytes.empty() && (bytes.back() & 0x80) != 0;
        std::int64_t value = negative ? -1 : 0;
        if (!bytes.empty()) std::memcpy(&value, bytes.data(), bytes.size());
        push_integer(Kind::integer, value);
    }

    bool make_container(Op opcode) {
        switch (opcode) {
        case Op::mark:
            marks_.push_back(stack_.size());
            return true;
        case Op::empty_list:
            push(Kind::list);
            return true;
        case Op::empty_dict:
            push(Kind::dict);
            return true;
        case Op::empty_tuple:
            push(Kind::tuple);
            return true;
        case Op::tuple:
            push_tuple(pop_to_mark());
            return true;
        case Op::tuple1:
        case Op::tuple2:
        case Op::tuple3:
            push_tuple(pop_items(static_cast<std::size_t>(opcode) -
                                 static_cast<std::size_t>(Op::tuple1) + 1));
            return true;
        case Op::append:
            extend(Kind::list, pop_items(1));
            return true;
        case Op::appends:
            extend(Kind::list, pop_to_mark());
            return true;
        case Op::setitem:
            extend(Kind::dict, pop_items(2));
            return true;
        case Op::setitems:
            extend(Kind::dict, pop_to_mark());
            return true;
        case Op::binput:
            remember(take<std::uint8_t>());
            return true;
        case Op::long_binput:
            remember(take<std::uint32_t>());
            return true;
        case Op::binget:
            recall(take<std::uint8_t>());
            return true;
        case Op::long_binget:
            recall(take<std::uint32_t>());
            return true;
        default:
            return false;
        }
    }

    void push_tuple(std::vector<const PickleValue*> items) {
        push(Kind::tuple).items = std::move(items);
    }
    /// Puts items into the container on top. Those of an object of unknown class are not kept.
    void extend(Kind kind, const std::vector<const PickleValue*>& items) {
        if (kind == Kind::dict && items.size() % 2 != 0) reject("a key has no value");
        PickleValue& container = top();
        if (container.kind == kind)
            container.items.insert(container.items.end(), items.begin(), items.end());
        else if (!container.is(Kind::object))
            reject("puts items into what is no ", kind == Kind::dict ? "dict" : "list");
    }

    bool make_object(Op opcode) {
        switch (opcode) {
        case Op::proto:
            if (const int protocol = take<std::uint8_t>(); protocol > 2)
                reject("pickle protocol ", protocol, ", expected 2, which torch.save uses");
            return true;
        case Op::global: {
            PickleValue& value = push(Kind::global);
            value.module = take_line();
            value.text = take_line();
            return true;
        }
        case Op::reduce:
        case Op::newobj:
            call();
            return true;
        case Op::binpersid: {
            const PickleValue& id = pop();
            if (!id.is(Kind::tuple)) reject("a persistent id is no tuple");
            copy_items(id, push(Kind::persistent));
            return true;
        }
        case Op::build: {
            const PickleValue& state = pop();
            PickleValue& object = top();
            if (!object.is(Kind::object) && !object.is(Kind::dict))
                reject("gives attributes to what is no object");
            object.state = &state;
            return true;
        }
        default:
            return false;
        }
    }

    void call() {
        const PickleValue& arguments = pop();
        const PickleValue& type = pop();
        if (!arguments.is(Kind::tuple)) reject("arguments are no tuple");
        if (type.is_global("collections", "OrderedDict") && arguments.items.empty()) {
            push(Kind::dict);
            return;
        }
        PickleValue& object = push(Kind::object);
        copy_items(arguments, object);
        object.type = &type;
    }

    /// Of a recalled tuple there may be as many copies as opcodes: they are limited in all.
    void copy_items(const PickleValue& from, PickleValue& to) {
        constexpr std::size_t max_copied = 1 << 21;
        copied_ += from.items.size();
        if (copied_ > max_copied)
            reject("the pickle's objects have more than ", max_copied, " items");
        to.items = from.items;
    }

    std::span<const std::byte> bytes_;
    const std::string& path_;
    std::size_t base_;
    std::deque<PickleValue>& values_;
    std::size_t position_ = 0;
    std::size_t opcode_at_ = 0;
    std::size_t copied_ = 0;  ///< items
    std::vector<PickleValue*> stack_;
    std::vector<std::size_t> marks_;
    std::unordered_map<std::uint32_t, PickleValue*> memo_;
};

}  // namespace detail

/// A pickle of Python, read as a tree of values without running anything: classes and functions are
/// names, objects remember what would have made them.
///
/// Reads what `torch.save` writes: protocol 2, and of its opcodes those that checkpoints need.
/// `collections.OrderedDict` becomes a dict.
///
///     const Pickle pickle(file.bytes(), path);
///     const PickleValue* args = pickle.root().find("args");
///
/// See  pickletools.py in the Python library (the opcodes)
class Pickle {
public:
    /// Nothing at all: None.
    Pickle() = default;

    /// The pickle at the front of `bytes`, which must outlive it: texts stay where they are.
    /// Messages name `path` and count offsets from `base`.
    ///
    /// Throws  `Error` with path and offset if it is cut short, foreign or too large.
    Pickle(std::span<const std::byte> bytes, const std::string& path, std::size_t base = 0) {
        detail::PickleMachine machine(bytes, path, base, values_);
        root_ = machine.run();
        size_bytes_ = machine.position();
    }

    /// What was pickled.
    [[nodiscard]] const PickleValue& root() const noexcept { return *root_; }
    /// All values, in the order in which they were made.
    [[nodiscard]] const std::deque<PickleValue>& values() const noexcept { return values_; }
    /// The bytes it takes up; another may follow.
    [[nodiscard]] std::size_t size_bytes() const noexcept { return size_bytes_; }

private:
    static inline const PickleValue nothing{};

    std::deque<PickleValue> values_;
    const PickleValue* root_ = &nothing;
    std::size_t size_bytes_ = 0;
};

}  // namespace hat::interop
