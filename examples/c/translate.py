# SPDX-License-Identifier: Apache-2.0
"""Translates standard input, all lines at once, with nothing but ctypes and libhat.so:

    python3 translate.py path/to/libhat.so run/model < lines.en
"""
import ctypes
import sys

hat = ctypes.CDLL(sys.argv[1])
pointer, size, text = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
hat.hat_last_error.restype, hat.hat_text.restype = text, pointer
hat.hat_open.argtypes = [text, pointer, ctypes.POINTER(pointer)]
hat.hat_translate.argtypes = [pointer, ctypes.POINTER(text), ctypes.POINTER(size), size, ctypes.c_int,
                              ctypes.POINTER(pointer)]
hat.hat_text.argtypes = [pointer, size, size, ctypes.POINTER(size)]
hat.hat_free.argtypes = hat.hat_close.argtypes = [pointer]


def check(status):
    if status != 0:
        sys.exit("translate: " + hat.hat_last_error().decode())


translator, translations, length = pointer(), pointer(), size()
check(hat.hat_open(sys.argv[2].encode(), None, ctypes.byref(translator)))
lines = [line.removesuffix(b"\n").removesuffix(b"\r") for line in sys.stdin.buffer]
array, lengths = (text * len(lines))(*lines), (size * len(lines))(*map(len, lines))
check(hat.hat_translate(translator, array, lengths, len(lines), 1, ctypes.byref(translations)))
for i in range(len(lines)):
    bytes_of = hat.hat_text(translations, i, 0, ctypes.byref(length))
    sys.stdout.buffer.write(ctypes.string_at(bytes_of, length.value) + b"\n")
hat.hat_free(translations)
hat.hat_close(translator)
