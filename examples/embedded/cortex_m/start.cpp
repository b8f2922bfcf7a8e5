// SPDX-License-Identifier: Apache-2.0
//
// What a Cortex-M does first: its table of vectors, the floating-point unit, memory that is zero,
// constructors. Files, input and output are those of the host, by semihosting.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

/// What `main` has as its argument.
#ifndef HAT_DEVICE_ARGUMENT
#define HAT_DEVICE_ARGUMENT ""
#endif

extern "C" {
// Also of one that takes no arguments.
int device_main(int count, char** arguments) asm("main");
extern std::uint32_t bss_begin;
extern std::uint32_t bss_end;
extern std::uint32_t stack_top;
void initialise_monitor_handles();
void __libc_init_array();
void* __dso_handle = nullptr;
void _init() {
}
void _fini() {
}
// What the library's random_device asks for; nobody here does.
int getentropy(void* /*buffer*/, unsigned /*bytes*/) {
    return -1;
}

[[noreturn]] void fault() {
    std::abort();
}

[[noreturn]] void start() {
    // Coprocessors 10 and 11: full access.
    *reinterpret_cast<volatile std::uint32_t*>(0xE000ED88) |= 0xFU << 20U;
    asm volatile("dsb\n isb" ::: "memory");
    std::fill(&bss_begin, &bss_end, 0U);
    initialise_monitor_handles();
    __libc_init_array();
    char name[] = "device";
    char argument[] = HAT_DEVICE_ARGUMENT;
    char* arguments[] = {name, argument, nullptr};
    std::exit(device_main(2, arguments));
}

using Handler = void (*)();
[[gnu::section(".vectors"), gnu::used]] const Handler vectors[] = {
    reinterpret_cast<Handler>(&stack_top), start, fault, fault, fault, fault, fault};
}
