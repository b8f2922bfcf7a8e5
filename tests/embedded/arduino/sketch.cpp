// SPDX-License-Identifier: Apache-2.0
//
// The sketch as Arduino compiles it: behind Arduino.h. tests/program/export.sh puts it beside this.

#include "Arduino.h"
#include "arduino.ino"

int main() {
    setup();
    while (feof(stdin) == 0) loop();
}
