// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/namespace_name.hpp>

#include <doctest/doctest.h>

using hat::deploy::fault_of_namespace_name;

TEST_SUITE("deploy/namespace_name") {
    TEST_CASE("letters, digits and single underlines behind a letter make a name") {
        for (const char* name : {"translator", "a", "En_De2", "class_", "classes", "integer",
                                 "standard", "std_de", "hats", "HATS", "mains"}) {
            CAPTURE(name);
            CHECK(fault_of_namespace_name(name).empty());
        }
    }

    TEST_CASE("what is no identifier, or one of the compiler's, is told how it should be") {
        for (const char* name : {"", "1x", "_", "_a", "__a", "a__b", "a__", "a b", "a-b", "a::b",
                                 "z\303\274rich", "a\n"}) {
            CAPTURE(name);
            CHECK(fault_of_namespace_name(name) ==
                  "expected the name of a namespace: a letter, then letters, digits and single _");
        }
    }

    TEST_CASE("words of C++ are no names") {
        for (const char* name :
             {"class", "int", "namespace", "and", "xor_eq", "co_await", "concept", "char8_t",
              "requires", "true", "while", "wchar_t", "nullptr"}) {
            CAPTURE(name);
            CHECK(fault_of_namespace_name(name) == "expected another name: it is a word of C++");
        }
    }

    TEST_CASE("names that belong to somebody are not taken") {
        for (const char* name : {"hat", "std", "std2", "std20", "main", "HAT_", "HAT_ASSERT"}) {
            CAPTURE(name);
            CHECK(fault_of_namespace_name(name) ==
                  "expected another name: it is one of C++ or of hat");
        }
    }

    TEST_CASE("names that the C library has in every program are not taken") {
        for (const char* name :
             {"time",      "errno",         "linux",   "unix",  "index",  "exp",
              "expf",      "sinl",          "read",    "a64l",  "yn",     "ynl",
              "stderr",    "remove",        "tm",      "write", "sinf64", "rand_r",
              "isalpha_l", "getc_unlocked", "fopen64", "atoll"}) {
            CAPTURE(name);
            CHECK(fault_of_namespace_name(name) ==
                  "expected another name: it is one of the C library");
        }
        for (const char* name : {"int8_t", "size_t", "uint64_t", "float_t", "FILE", "fd_set",
                                 "time_t", "div_t", "max_align_t", "pthread_t", "pthread_create"}) {
            CAPTURE(name);
            CHECK(fault_of_namespace_name(name) ==
                  "expected another name: it is one of the C library");
        }
        for (const char* name : {"t", "files", "File", "int8", "size", "en_r", "de_l", "pthread",
                                 "f", "l", "timex", "tim", "ime", "de", "readl", "e", "en_de"}) {
            CAPTURE(name);
            CHECK(fault_of_namespace_name(name).empty());
        }
    }
}
