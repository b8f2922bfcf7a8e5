// SPDX-License-Identifier: Apache-2.0

/// The main of a program that holds itself several times, each time compiled for other instructions
/// (hatDispatch.cmake): goes on in the best copy that the machine can run.

#include "choose.hpp"

// A copy has its main, and the initialisers of its static objects; both are null if it was left
// out.
#define HAT_COPY(id)                                                                               \
    extern "C" [[gnu::weak]] int hat_main_##id(int, char**);                                       \
    extern "C" [[gnu::weak]] const hat::dispatch::Initializer __start_hat_init_##id[];             \
    extern "C" [[gnu::weak]] const hat::dispatch::Initializer __stop_hat_init_##id[];
HAT_COPY(x86_64)
HAT_COPY(x86_64_v3)
HAT_COPY(x86_64_v3_avxvnni)
HAT_COPY(x86_64_v4)
HAT_COPY(x86_64_v4_avx512vnni)
#undef HAT_COPY

int main(int argc, char** argv, char** environment) {
    using hat::dispatch::Copy;
#define HAT_COPY(id) hat_main_##id, __start_hat_init_##id, __stop_hat_init_##id
    const auto machine = hat::dispatch::this_machine();
    // Best first.
    const Copy copies[] = {
        {"x86-64-v4+avx512vnni", machine.avx512vnni, HAT_COPY(x86_64_v4_avx512vnni)},
        {"x86-64-v4", machine.v4, HAT_COPY(x86_64_v4)},
        {"x86-64-v3+avxvnni", machine.avxvnni, HAT_COPY(x86_64_v3_avxvnni)},
        {"x86-64-v3", machine.v3, HAT_COPY(x86_64_v3)},
        {"x86-64", true, HAT_COPY(x86_64)},
    };
#undef HAT_COPY
    const Copy* const copy = hat::dispatch::choose(copies);
    return copy == nullptr ? 1 : hat::dispatch::run(*copy, argc, argv, environment);
}
