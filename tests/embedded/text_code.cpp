// SPDX-License-Identifier: Apache-2.0
//
// The text side of an embedded translator, of which text_code.cmake tells what it asks for.

#include <hat/deploy/embedded_text.hpp>

#include <cstddef>

extern const hat::deploy::TextTables tables;

namespace {
hat::deploy::StaticTextMemory<512> memory;
hat::deploy::TextResult read;
}  // namespace

extern "C" int encode(const char* line, int bytes, int* ids, int room) {
    read = encode_line(tables, {line, static_cast<std::size_t>(bytes)}, memory, ids, room);
    return read.status == hat::deploy::TextStatus::done ? read.count : -1;
}

extern "C" int decode(const int* ids, int count, char* text, int room) {
    const auto result =
        decode_line(tables, read, memory, {ids, static_cast<std::size_t>(count)}, text, room);
    return result.status == hat::deploy::TextStatus::done ? result.count : -1;
}
