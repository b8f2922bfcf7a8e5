// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/core/simd.hpp>
#include <hat/core/simd_dot.hpp>
#include <hat/core/threads.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

/// What the machine can do, measured beside what we make of it.
namespace hat::support {

namespace detail {

/// 24 independent chains of fused multiply-adds; returns their sum so that they must be computed.
[[gnu::noinline]] inline float fma_chains(long rounds) {
    constexpr int chains = 24 / simd::parts;
    simd::Lanes sums[chains];
    for (auto& sum : sums) sum = simd::broadcast(1.0F);
    const simd::Lanes a = simd::broadcast(0.999F);
    const simd::Lanes b = simd::broadcast(0.001F);
    for (long i = 0; i < rounds; ++i) {
#pragma GCC unroll 24
        for (int chain = 0; chain < chains; ++chain) sums[chain] = simd::fma(sums[chain], a, b);
    }
    simd::Lanes total = simd::zero();
    for (const auto& sum : sums) total = total + sum;
    return simd::sum(total);
}

/// As many chains of products of bytes.
[[gnu::noinline]] inline float dot_chains(long rounds) {
    namespace dot = simd::dot;
    constexpr int chains = 24 / dot::parts;
    alignas(64) std::uint8_t weights[64];
    alignas(64) dot::Input activations[4];
    for (int i = 0; i < 64; ++i) weights[i] = static_cast<std::uint8_t>(100 + i);
    for (int i = 0; i < 4; ++i) activations[i] = static_cast<dot::Input>(i - 2);
    dot::Sums sums[chains];
#pragma GCC unroll 24
    for (int chain = 0; chain < chains; ++chain) {  // of one start they would be one
#pragma GCC unroll 8
        for (auto& part : sums[chain].part) part = dot::start(chain);
    }
    const auto a = dot::broadcast(activations);
    const auto b = dot::load(weights, 0);
    for (long i = 0; i < rounds; ++i) {
#pragma GCC unroll 24
        for (int chain = 0; chain < chains; ++chain) {
#pragma GCC unroll 8
            for (auto& part : sums[chain].part) part = dot::add(part, b, a);
        }
    }
    simd::Lanes total = simd::zero();
#pragma GCC unroll 24
    for (const auto& sum : sums) total = total + dot::finish(sum);
    return simd::sum(total);
}

template <class Work>
double seconds_of(const Work& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace detail

/// GFLOP/s of single-precision fused multiply-adds on all threads of the pool at once, from about
/// 0.1 s of work a thread.
inline double fma_peak_gflops(ThreadPool& pool) {
    constexpr long rounds = 20'000'000;
    constexpr double flops = 2.0 * simd::lanes * (24 / simd::parts) * rounds;
    std::vector<float> sums(static_cast<std::size_t>(pool.size()));
    const double seconds = detail::seconds_of([&] {
        pool.run(pool.size(), [&](int index, int) {
            sums[static_cast<std::size_t>(index)] = detail::fma_chains(rounds);
        });
    });
    for (const float sum : sums) {
        if (!(sum > 0)) return 0;
    }
    return pool.size() * flops / seconds / 1e9;
}

inline double fma_peak_gflops() {
    ThreadPool one(1);
    return fma_peak_gflops(one);
}

/// The same of products of bytes: GOP/s of one thread, a multiplication and an addition each.
inline double dot_peak_gops() {
    constexpr long rounds = 20'000'000;
    constexpr int chains = 24 / simd::dot::parts;
    constexpr double operations = 2.0 * 4 * simd::lanes * chains * rounds;
    float total = 0;
    const double seconds = detail::seconds_of([&] { total = detail::dot_chains(rounds); });
    return total == 1.0F ? 0 : operations / seconds / 1e9;
}

/// GB/s of reading a buffer of `size_bytes` again and again on one thread: with 16 MB, the
/// third-level cache of most machines.
inline double read_gbytes_per_second(std::size_t size_bytes) {
    AlignedArray<float> buffer(static_cast<std::ptrdiff_t>(size_bytes / sizeof(float)));
    constexpr int step = 8 * simd::lanes;
    const int rounds = 1 + static_cast<int>((std::size_t{1} << 29U) / size_bytes);
    float total = 0;
    const auto read = [&] {
        simd::Lanes sums[8];
        for (auto& sum : sums) sum = simd::zero();
        for (std::ptrdiff_t i = 0; i + step <= buffer.size(); i += step) {
#pragma GCC unroll 8
            for (int j = 0; j < 8; ++j) {
                sums[j] = sums[j] + simd::load(buffer.data() + i + j * simd::lanes);
            }
        }
        for (const auto& sum : sums) total += simd::sum(sum);
    };
    read();
    const double seconds = detail::seconds_of([&] {
        for (int i = 0; i < rounds; ++i) read();
    });
    if (total != 0) return 0;
    return static_cast<double>(buffer.size_bytes()) * rounds / seconds / 1e9;
}

}  // namespace hat::support
