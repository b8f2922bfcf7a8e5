// SPDX-License-Identifier: Apache-2.0
/// Answers each line of the serial port with its translation, a token at a time. Beside this lie
/// translator.h, translator.cpp, and model.hpp, which `hat export` wrote.

#include "translator.h"

const size_t most = 512;  // bytes of a line, without its LF or CR LF

char line[most + 1];
char text[1024];
size_t bytes = 0;  // that came of a line; of one that has no room, one more than is kept

void setup() {
    Serial.begin(115200);
    while (!Serial) {
    }
    Serial.println(translator_words(translator_self_test()));
}

void answer() {
    translator_status status = TRANSLATOR_TOO_LONG;
    size_t size = 0;
    if (bytes <= most) {
        translator_start(line, bytes);
        while (translator_step()) yield();
        status = translator_finish(text, sizeof text, &size);
    }
    if (status != TRANSLATOR_DONE) Serial.print(translator_words(status));
    Serial.write(text, size);
    Serial.println();
}

void loop() {
    const int c = Serial.read();
    if (c < 0) return;  // nothing came
    if (c != '\n') {
        if (bytes < sizeof line) line[bytes] = static_cast<char>(c);
        if (bytes <= sizeof line) ++bytes;
        return;
    }
    if (bytes > 0 && bytes <= sizeof line && line[bytes - 1] == '\r') --bytes;
    answer();
    bytes = 0;
}
