// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/variable.hpp>
#include <hat/config.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/random.hpp>
#include <hat/kernels/dropout.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

/// A layer is written once, as a function of a *context* and variables. The context is either
///
/// - `Eval`, which computes, or
/// - `Tape`, which computes and remembers how to go back.
namespace hat::autograd {

/// What both contexts have: memory for results and memory for what a kernel needs for a moment.
class Context {
public:
    Context(Arena& memory, Arena& scratch) noexcept : memory_(memory), scratch_(scratch) {}

    /// Where results go, and what kernels need for a moment.
    [[nodiscard]] Arena& memory() const noexcept { return memory_; }
    [[nodiscard]] Arena& scratch() const noexcept { return scratch_; }

private:
    Arena& memory_;
    Arena& scratch_;
};

/// Computes at once and keeps no trace: inference, validation.
class Eval : public Context {
public:
    static constexpr bool records = false;
    using Context::Context;

    [[nodiscard]] Variable variable(int rows, int cols) const {
        return {memory().matrix(rows, cols), nullptr};
    }
    /// Evaluation drops nothing.
    [[nodiscard]] static kernels::Dropout dropout(float /*probability*/) noexcept { return {}; }

    template <class Backward>
    void record(const Backward& /*backward*/) const noexcept {}
};

/// Who wants to know how far the way back has come.
class Milestones {
public:
    /// All that was recorded behind the point has been gone through.
    virtual void passed(int point) = 0;

protected:
    Milestones() = default;
    Milestones(const Milestones&) = default;
    Milestones& operator=(const Milestones&) = default;
    ~Milestones() = default;
};

/// Computes, and records for every operation how its gradients follow.
///
/// All lives in the arena `memory`, which the caller resets between steps; so nothing is allocated
/// once the arena has its size. An operation of one's own takes ten lines: make the output, compute
/// it, record a lambda that captures by value and *adds* to the gradients of its inputs.
///
///     template <class Context>
///     Variable square(Context& context, Variable x) {
///         const Variable y = context.variable(x.rows(), x.cols());
///         for (int i = 0; i < x.rows(); ++i)
///             for (int j = 0; j < x.cols(); ++j) y.value(i, j) = x.value(i, j) * x.value(i, j);
///         context.record([=](Tape& tape) {
///             const Matrix dy = tape.gradient(y), dx = tape.gradient(x);
///             for (int i = 0; i < x.rows(); ++i)
///                 for (int j = 0; j < x.cols(); ++j) dx(i, j) += 2 * x.value(i, j) * dy(i, j);
///         });
///         return y;
///     }
class Tape : public Context {
public:
    static constexpr bool records = true;

    /// `key` names the random numbers of this tape's dropout; `milestones`, if any, outlive it.
#if HAT_HEAP
    Tape(Arena& memory, Arena& scratch, RandomKey key, Milestones* milestones = nullptr) noexcept
        : Context(memory, scratch), key_(key), milestones_(milestones) {
    }
#else
    // See `kernels::Dropout::active`.
    Tape(Arena& memory, Arena& scratch, RandomKey key, Milestones* milestones = nullptr) = delete;
#endif

    /// A new variable; its value is not initialised, its gradient starts as zero.
    [[nodiscard]] Variable variable(int rows, int cols) {
        return {memory().matrix(rows, cols), memory().create<Gradient>()};
    }

    /// Dropout with random numbers of its own.
    [[nodiscard]] kernels::Dropout dropout(float probability) noexcept {
        if (probability <= 0.0F) return {};
        return {probability, key_.split(dropouts_++)};
    }

    /// Remembers `backward(tape)`, which must be trivially destructible.
    template <class Backward>
    void record(const Backward& backward) {
        static_assert(std::is_trivially_destructible_v<Backward>,
                      "Tape: a backward function is never destroyed; capture views, not owners");
        struct Step : Node {
            explicit Step(const Backward& b, Node* before)
                : Node{before,
                       [](Node* self, Tape& tape) { static_cast<Step*>(self)->backward(tape); }},
                  backward(b) {}
            Backward backward;
        };
        last_ = ::new (static_cast<void*>(memory().allocate<Step>(1))) Step(backward, last_);
    }

    /// Marks a point that `Milestones` hear of when the way back passes it.
    void milestone(int point) {
        if (milestones_ == nullptr) return;
        record([milestones = milestones_, point](Tape&) { milestones->passed(point); });
    }

    /// The gradient of `x`, to be read or added to; zero if nobody has written to it.
    [[nodiscard]] Matrix gradient(const Variable& x) {
        bool accumulate = false;
        const Matrix g = gradient_to_write(x, accumulate);
        if (!accumulate) std::memset(g.data(), 0, size_bytes(x));
        return g;
    }

    /// The gradient of `x` for an operation that can either write or add: `accumulate` tells which.
    /// A constant has none: it gets memory that nobody reads.
    [[nodiscard]] Matrix gradient_to_write(const Variable& x, bool& accumulate) {
        if (x.gradient == nullptr) {
            accumulate = false;
            return memory().matrix(x.rows(), x.cols());
        }
        accumulate = x.gradient->data != nullptr;
        if (!accumulate) {
            x.gradient->data = memory().allocate<float>(std::ptrdiff_t{x.rows()} * x.cols());
        }
        return {x.gradient->data, x.rows(), x.cols()};
    }

    /// Whether anything has flowed back into `x`.
    [[nodiscard]] static bool has_gradient(const Variable& x) noexcept {
        return x.gradient != nullptr && x.gradient->data != nullptr;
    }

    /// Runs all recorded operations backwards. The gradient of the result must have been set.
    void backward() {
        for (Node* node = last_; node != nullptr; node = node->previous) node->run(node, *this);
        last_ = nullptr;
    }

private:
    struct Node {
        Node* previous;
        void (*run)(Node*, Tape&);
    };

    static std::size_t size_bytes(const Variable& x) noexcept {
        return static_cast<std::size_t>(x.rows()) * static_cast<std::size_t>(x.cols()) *
               sizeof(float);
    }

    RandomKey key_;
    Milestones* milestones_ = nullptr;
    std::uint64_t dropouts_ = 0;
    Node* last_ = nullptr;
};

}  // namespace hat::autograd
