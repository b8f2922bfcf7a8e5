# SPDX-License-Identifier: Apache-2.0
#
# An overlay port: it takes the source in which it lies.
#
#     vcpkg install 'hat[json,yaml]' --overlay-ports=cmake/vcpkg
#
# In a registry it lies in no source: there it takes a release, and who publishes that says where its
# archive is and what it hashes to.
set(release_url "")
set(release_sha512 "")

get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
if(NOT EXISTS "${SOURCE_PATH}/include/hat/version.hpp")
    if(NOT release_url)
        message(FATAL_ERROR "no source of hat around ${CMAKE_CURRENT_LIST_DIR}, and release_url is empty")
    endif()
    vcpkg_download_distfile(archive URLS "${release_url}" FILENAME "hat-${VERSION}.tar.gz"
                            SHA512 "${release_sha512}")
    vcpkg_extract_source_archive(SOURCE_PATH ARCHIVE "${archive}")
endif()

set(VCPKG_BUILD_TYPE release)  # headers are the same for both
vcpkg_check_features(OUT_FEATURE_OPTIONS options FEATURES
    blas HAT_WITH_BLAS
    eigen HAT_WITH_EIGEN
    json HAT_WITH_JSON
    mpi HAT_WITH_MPI
    re2 HAT_WITH_RE2
    sentencepiece HAT_WITH_SENTENCEPIECE
    utf8proc HAT_WITH_UTF8PROC
    xxhash HAT_WITH_XXHASH
    yaml HAT_WITH_YAML
    zlib HAT_WITH_ZLIB)
vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS ${options} -DHAT_BUILD_TESTS=OFF -DHAT_BUILD_BENCHMARKS=OFF -DHAT_BUILD_EXAMPLES=OFF
            -DHAT_WITH_C=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/hat)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/lib")

file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
