# SPDX-License-Identifier: Apache-2.0
"""Translates standard input, all lines at once, with nothing but ctypes and libhat.so:

    python3 translate.py path/to/libhat.so run/model < lines.en
"""
import ctypes
import sys

hat = ctypes.CDLL(sys.argv[1])
hat.hat_last_error.restype = hat.hat_text.restype = ctypes.c_char_p
pointer, size = ctypes.c_void_p, ctypes.c_size_t
hat.hat_open.argtypes = [ctypes.c_char_p, pointer, ctypes.POINTER(pointer)]
hat.hat_translate.argtypes = [pointer, ctypes.POINTER(ctypes.c_char_p), pointer, size, ctypes.c_int,
                              ctypes.POINTER(pointer)]
hat.hat_text.argtypes = [pointer, size, size, pointer]
hat.hat_free.argtypes = hat.hat_close.argtypes = [pointer]


def check(status):
    if status != 0:
        sys.exit("translate: " + hat.hat_last_error().decode())


translator, translations = pointer(), pointer()
check(hat.hat_open(sys.argv[2].encode(), None, ctypes.byref(translator)))
lines = sys.stdin.buffer.read().splitlines()
array = (ctypes.c_char_p * len(lines))(*lines)
check(hat.hat_translate(translator, array, None, len(lines), 1, ctypes.byref(translations)))
for i in range(len(lines)):
    print(hat.hat_text(translations, i, 0, None).decode())
hat.hat_free(translations)
hat.hat_close(translator)
