// SPDX-License-Identifier: Apache-2.0
/// Succeeds if the version is the one given, and every component that was asked for is there.

#ifdef WHOLE_LIBRARY
#include <hat/hat.hpp>
#else
#include <hat/core/random.hpp>
#include <hat/version.hpp>
#endif

#ifndef HAT_NO_CONTRACTION
#error "expected the definition that goes with -ffp-contract=off"
#endif

#ifdef EXPECT_BLAS
#include <cblas.h>
static_assert(HAT_WITH_BLAS == 1);
#endif
#ifdef EXPECT_JSON
#include <nlohmann/json.hpp>
static_assert(HAT_WITH_JSON == 1);
#endif
#ifdef EXPECT_YAML
#include <yaml-cpp/yaml.h>
static_assert(HAT_WITH_YAML == 1);
#endif
#ifdef EXPECT_SENTENCEPIECE
#include <sentencepiece_processor.h>
static_assert(HAT_WITH_SENTENCEPIECE == 1);
#endif
#ifdef EXPECT_UTF8PROC
#include <utf8proc.h>
static_assert(HAT_WITH_UTF8PROC == 1);
#endif
#ifdef EXPECT_RE2
#include <re2/re2.h>
static_assert(HAT_WITH_RE2 == 1);
#endif
#ifdef EXPECT_XXHASH
#include <hat/io/content_hash.hpp>
static_assert(HAT_WITH_XXHASH == 1);
#endif
#ifdef EXPECT_ZLIB
#include <zlib.h>
static_assert(HAT_WITH_ZLIB == 1);
#endif

#ifdef EXPECT_C
#include <hat/c/hat.h>
#endif

#include <cstdio>
#include <string>
#include <string_view>

int main(int argc, char** argv) {
    bool right = argc == 2 && hat::version == std::string_view(argv[1]);
    // One call into each library shows that it was linked.
#ifdef EXPECT_BLAS
    const float two[] = {2.0F};
    right = right && cblas_sdot(1, two, 1, two, 1) == 4.0F;
#endif
#ifdef EXPECT_JSON
    right = right && nlohmann::json::parse("[1, 2]").size() == 2;
#endif
#ifdef EXPECT_YAML
    right = right && YAML::Load("[1, 2]").size() == 2;
#endif
#ifdef EXPECT_SENTENCEPIECE
    const sentencepiece::SentencePieceProcessor untrained;
    right = right && !untrained.status().ok();
#endif
#ifdef EXPECT_UTF8PROC
    right = right && utf8proc_tolower('A') == 'a';
#endif
#ifdef EXPECT_RE2
    right = right && RE2::FullMatch("hat", "h.t");
#endif
#ifdef EXPECT_XXHASH
    right = right && hat::io::content_hash("hat").size() == 37;
#endif
#ifdef EXPECT_ZLIB
    right = right && crc32(0, nullptr, 0) == 0;
#endif
#ifdef EXPECT_C
    right = right && hat_c_version() == HAT_C_VERSION && hat::version == hat_version();
#endif
    std::printf("hat %s: %s\n", std::string(hat::version).c_str(), right ? "right" : "wrong");
    return right ? 0 : 1;
}
