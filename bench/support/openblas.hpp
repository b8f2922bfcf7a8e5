// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <benchmark/benchmark.h>

#include <string_view>

#ifdef HAT_WITH_BLAS
#include <cblas.h>

/// OpenBLAS as a rival, where it is there: HAT_WITH_BLAS tells. It works on one thread, as all of
/// ours.
namespace hat::support {

namespace detail {

struct OpenBlasContext {
    OpenBlasContext() {
        openblas_set_num_threads(1);
        benchmark::AddCustomContext("OpenBLAS kernel", openblas_get_corename());
    }
};
inline const OpenBlasContext openblas_context;

}  // namespace detail

/// Ends a benchmark with an error if OpenBLAS did not recognise the CPU and runs a kernel for older
/// ones: numbers beside that would say nothing.
inline bool openblas_knows_this_cpu(benchmark::State& state) {
#if defined(__AVX512F__)
    const std::string_view kernel = openblas_get_corename();
    if (kernel != "SkylakeX" && kernel != "Cooperlake" && kernel != "SapphireRapids") {
        state.SkipWithError(
            "OpenBLAS runs a kernel without AVX-512: set OPENBLAS_CORETYPE=SkylakeX");
        return false;
    }
#endif
    (void)state;
    return true;
}

}  // namespace hat::support
#endif
