// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cpuid.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <span>

/// Which copy of a program that holds itself several times is run: the best for the machine, or the
/// one that the environment variable HAT_ISA names (hatDispatch.cmake).
///
/// This is compiled for every x86-64 and shares nothing with the copies.
namespace hat::dispatch {

/// What the processor can do, with registers that the system keeps.
struct Machine {
    bool v3 = false;
    bool avxvnni = false;
    bool v4 = false;
    bool avx512vnni = false;
};

namespace detail {

/// What cpuid tells of one subject.
struct Leaf {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;

    Leaf(unsigned leaf, unsigned subleaf) noexcept {
        __get_cpuid_count(leaf, subleaf, &a, &b, &c, &d);
    }
};

inline bool has(unsigned word, std::initializer_list<unsigned> bits) noexcept {
    for (const unsigned bit : bits)
        if ((word >> bit & 1U) == 0) return false;
    return true;
}

}  // namespace detail

/// See  System V ABI of x86-64 (levels of the architecture); Intel's manual, volume 2 (CPUID,
///      XGETBV)
inline Machine this_machine() noexcept {
    using detail::has;
    const detail::Leaf basic(1, 0);
    const detail::Leaf features(7, 0);
    const detail::Leaf more_features(7, 1);
    const detail::Leaf extended(0x8000'0001U, 0);
    constexpr unsigned osxsave = 27;
    if (!has(basic.c, {osxsave})) return {};
    unsigned kept = 0;
    unsigned kept_high = 0;
    asm("xgetbv" : "=a"(kept), "=d"(kept_high) : "c"(0));

    Machine machine;
    machine.v3 = has(kept, {1, 2}) &&                                     // SSE and AVX registers
                 has(basic.c, {0, 9, 12, 13, 19, 20, 22, 23, 28, 29}) &&  // SSE3 to SSE4.2, MOVBE,
                                                                          // POPCNT, AVX, FMA, F16C
                 has(features.b, {3, 5, 8}) &&                            // BMI1, AVX2, BMI2
                 has(extended.c, {0, 5});                                 // LAHF, LZCNT
    machine.avxvnni = machine.v3 && has(more_features.a, {4});
    machine.v4 = machine.v3 && has(kept, {5, 6, 7}) &&   // masks, AVX-512 registers
                 has(features.b, {16, 17, 28, 30, 31});  // AVX512F, DQ, CD, BW, VL
    machine.avx512vnni = machine.v4 && has(features.c, {11});
    return machine;
}

using Initializer = void (*)(int, char**, char**);

/// The program, compiled for some instructions.
struct Copy {
    const char* name;
    bool is_for_machine;
    int (*main)(int, char**);  ///< null if it was left out
    /// Of its static objects.
    const Initializer* first_initializer;
    const Initializer* end_of_initializers;
};

/// The copy to run: of `copies`, best first. Null after a line on stderr if there is none.
inline const Copy* choose(std::span<const Copy> copies) noexcept {
    const char* const wanted = std::getenv("HAT_ISA");
    const Copy* named = nullptr;
    for (const Copy& copy : copies) {
        if (copy.main == nullptr) continue;
        if (wanted == nullptr && copy.is_for_machine) return &copy;
        if (wanted != nullptr && std::strcmp(copy.name, wanted) == 0) named = &copy;
    }
    if (named != nullptr && named->is_for_machine) return named;

    if (named != nullptr)
        std::fprintf(stderr, "hat: HAT_ISA: this machine lacks instructions of %s", wanted);
    else if (wanted != nullptr)
        std::fprintf(stderr, "hat: HAT_ISA: %s is not in this program", wanted);
    else
        std::fprintf(stderr, "hat: this machine is older than what this program was built for");
    const char* separator = ", expected ";
    for (const Copy& copy : copies) {
        if (copy.main == nullptr || (wanted != nullptr && !copy.is_for_machine)) continue;
        std::fprintf(stderr, "%s%s", separator, copy.name);
        separator = "|";
    }
    std::fputc('\n', stderr);
    return nullptr;
}

/// Goes on in `copy`, as if the program were nothing else.
inline int run(const Copy& copy, int argc, char** argv, char** environment) {
    for (const Initializer* f = copy.first_initializer; f != copy.end_of_initializers; ++f)
        (*f)(argc, argv, environment);
    return copy.main(argc, argv);
}

}  // namespace hat::dispatch
