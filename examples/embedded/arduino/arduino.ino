// SPDX-License-Identifier: Apache-2.0
/// Answers each line of the serial port with its translation, a token at a time. Beside this lie
/// translator.h, translator.cpp, and model.hpp, which `hat export` wrote.

#include "translator.h"

char line[512];
char text[1024];

void setup() {
    Serial.begin(115200);
    Serial.setTimeout(60000);  // what is typed within a minute is one line
    while (!Serial) {
    }
    Serial.println(translator_words(translator_self_test()));
}

void loop() {
    const size_t bytes = Serial.readBytesUntil('\n', line, sizeof line);
    if (bytes == 0) return;
    translator_start(line, bytes);
    while (translator_step()) yield();
    size_t size = 0;
    const translator_status status = translator_finish(text, sizeof text, &size);
    if (status != TRANSLATOR_DONE) Serial.print(translator_words(status));
    Serial.write(text, size);
    Serial.println();
}
