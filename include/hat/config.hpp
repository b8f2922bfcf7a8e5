// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The only header that defines configuration macros (but for HAT_THREADS, which
/// <hat/core/threads.hpp> asks the standard library for).
///
/// All sources of a program must agree on them, and so on what decides them: macros that are yours
/// to define, and what the compiler is told of exceptions, size and processor. Types and inline
/// functions of hat depend on them, and a linker keeps one of each without a word.
///
/// HAT_EXCEPTIONS  1 where exceptions are on; otherwise `hat::fail` prints and aborts
/// HAT_HEAP        1 unless HAT_WITHOUT_HEAP is defined, which is for you to define where there are
///                 no exceptions: then arenas live in memory of their users alone, and `hat::fail`
///                 aborts without a word, so that nothing that allocates is linked
/// HAT_COLD        marks functions off the good path
/// HAT_INLINE      inlines what a kernel's inner loop depends on
/// HAT_INLINE_LONG the same for functions of dozens of operations, such as `exp`; builds with the
///                 address sanitizer, which take minutes for copies of those, and those of
///                 HAT_SMALL call them
/// HAT_INLINE_LAMBDA  HAT_INLINE behind the parameters of a lambda
/// HAT_XSIMD       1 where vectors are xsimd's: on x86 and 64-bit Arm, if it is installed and
///                 HAT_WITHOUT_XSIMD, which is for you to define, is not defined
/// HAT_VECTORS     1 where vectors of floats have registers: with SSE2, NEON or the vectors of
///                 WebAssembly; 0 where Clang compiles for 32-bit Arm, whose NEON takes the
///                 smallest numbers for 0 (GCC makes those vectors of single numbers)
/// HAT_ARM_DSP     1 with the instructions for two numbers of 16 bits of a Cortex-M4 and later, in
///                 Thumb, which can load two words at any registers
/// HAT_HELIUM      1 with vectors of integers of a Cortex-M55 and later
/// HAT_SMALL       1 where the compiler is to make little code (-Os), and without vectors: kernels
///                 have one shape of tile and no copies of long functions, the same bits, a
///                 fraction of the speed
/// HAT_ASSERT      checks a precondition in debug builds and vanishes in release builds, and where
///                 there is no heap
/// HAT_SHARED_INSTANCES  is for you to define, see <hat/decode/instances.hpp>

#if __cplusplus < 202002L
#error "hat needs C++20 or later: compile with -std=c++20"
#include <hat needs C++20>  // ends here, instead of in a hundred messages
#endif
#ifdef __FAST_MATH__
#error "hat gives the same bits everywhere, which -ffast-math would end: compile without it"
#endif

#if defined(__cpp_exceptions) || defined(__EXCEPTIONS)
#define HAT_EXCEPTIONS 1
#else
#define HAT_EXCEPTIONS 0
#endif

#ifdef HAT_WITHOUT_HEAP
#define HAT_HEAP 0
#else
#define HAT_HEAP 1
#endif

#if defined(__arm__) && defined(__clang__)
#define HAT_VECTORS 0
#elif defined(__SSE2__) || defined(__ARM_NEON) || defined(__wasm_simd128__)
#define HAT_VECTORS 1
#else
#define HAT_VECTORS 0
#endif

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)
#define HAT_ARM_DSP 1
#else
#define HAT_ARM_DSP 0
#endif

#if defined(__ARM_FEATURE_MVE)
#define HAT_HELIUM 1
#else
#define HAT_HELIUM 0
#endif

#if defined(__OPTIMIZE_SIZE__) || !HAT_VECTORS
#define HAT_SMALL 1
#else
#define HAT_SMALL 0
#endif

#define HAT_COLD [[gnu::cold, gnu::noinline]]
#define HAT_INLINE [[gnu::always_inline]] inline
#define HAT_INLINE_LAMBDA __attribute__((always_inline))
#if defined(__SANITIZE_ADDRESS__)
#define HAT_INLINE_LONG inline
#elif HAT_SMALL
#define HAT_INLINE_LONG [[gnu::noinline]] inline
#else
#define HAT_INLINE_LONG HAT_INLINE
#endif

#if !defined(HAT_WITHOUT_XSIMD) && (defined(__SSE2__) || defined(__aarch64__)) &&                  \
    __has_include(<xsimd/xsimd.hpp>)
#define HAT_XSIMD 1
#else
#define HAT_XSIMD 0
#endif

#if defined(NDEBUG) || !HAT_HEAP
#define HAT_ASSERT(condition) static_cast<void>(0)
#else
#include <cassert>
#define HAT_ASSERT(condition) assert(condition)
#endif
