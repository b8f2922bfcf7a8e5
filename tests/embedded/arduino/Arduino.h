// SPDX-License-Identifier: Apache-2.0
//
// A stub of what examples/embedded/arduino asks of Arduino's library: a serial port that is
// standard input and output.
#pragma once

#include <stddef.h>
#include <stdio.h>

struct SerialPort {
    void begin(unsigned long /*baud*/) {}
    explicit operator bool() const { return true; }
    int read() { return getchar(); }
    size_t write(const char* bytes, size_t count) { return fwrite(bytes, 1, count, stdout); }
    size_t print(const char* words) { return fputs(words, stdout) < 0 ? 0U : 1U; }
    size_t println(const char* words = "") { return print(words) + print("\n"); }
};

inline SerialPort Serial;
inline void yield() {
}
