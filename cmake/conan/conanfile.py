# SPDX-License-Identifier: Apache-2.0
"""Packages the headers of the source in which this recipe lies, for Conan 2:

    conan create cmake/conan -o 'hat/*:json=True' -s compiler.cppstd=20

An option is a component of the CMake package. SentencePiece has no package in ConanCenter, and MPI is the
machine's: install them there, and link hat's headers with them.
"""

import re
from pathlib import Path

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy

required_conan_version = ">=2.0"

# component: what it requires, and the component of that which it links
LIBRARIES = {
    "blas": ("openblas/[>=0.3.20 <1]", "openblas::openblas"),
    "eigen": ("eigen/[>=3.4.0 <4]", "eigen::eigen"),
    "json": ("nlohmann_json/[>=3.11 <4]", "nlohmann_json::nlohmann_json"),
    "yaml": ("yaml-cpp/[>=0.7.0 <1]", "yaml-cpp::yaml-cpp"),
    "utf8proc": ("utf8proc/[>=2.8.0 <3]", "utf8proc::utf8proc"),
    "re2": ("re2/[>=20220601]", "re2::re2"),
    "xxhash": ("xxhash/[>=0.8.0 <1]", "xxhash::xxhash"),
    "zlib": ("zlib/[>=1.2.11 <2]", "zlib::zlib"),
}


class HatConan(ConanFile):
    name = "hat"
    description = "Trains, searches and serves hardware-aware Transformers for translation"
    license = "Apache-2.0"
    topics = ("transformer", "translation", "neural-architecture-search", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {component: [True, False] for component in LIBRARIES}
    default_options = {component: False for component in LIBRARIES}
    no_copy_source = True

    @property
    def _source(self):
        return Path(self.recipe_folder).parent.parent

    def set_version(self):
        header = (self._source / "include/hat/version.hpp").read_text(encoding="utf-8")
        self.version = re.search(r'HAT_VERSION "(.*)"', header).group(1)

    def export_sources(self):
        copy(self, "LICENSE", self._source, self.export_sources_folder)
        include = Path(self.export_sources_folder) / "include"
        copy(self, "hat/*.hpp", self._source / "include", include)

    def requirements(self):
        self.requires("xsimd/[>=8.1.0]", transitive_headers=True)
        for component, (library, _) in LIBRARIES.items():
            if self.options.get_safe(component):
                self.requires(library, transitive_headers=True)

    def package_id(self):
        self.info.clear()

    def validate(self):
        if self.settings.get_safe("compiler.cppstd"):
            check_min_cppstd(self, 20)
        if self.settings.get_safe("compiler") == "msvc":
            raise ConanInvalidConfiguration("hat compiles with GCC and Clang, and was not tried with MSVC")

    def package(self):
        copy(self, "LICENSE", self.source_folder, Path(self.package_folder) / "licenses")
        include = Path(self.package_folder) / "include"
        copy(self, "hat/*.hpp", Path(self.source_folder) / "include", include)

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "hat")
        self.cpp_info.set_property("cmake_target_name", "hat::all")
        self.cpp_info.set_property("pkg_config_name", "hat-all")
        core = self.cpp_info.components["core"]
        core.set_property("cmake_target_name", "hat::hat")
        core.set_property("pkg_config_name", "hat")
        core.requires = ["xsimd::xsimd"]
        core.defines = ["HAT_NO_CONTRACTION"]
        core.cxxflags = ["-ffp-contract=off"]
        if self.settings.os == "Linux":
            core.system_libs = ["pthread"]
        for component, (_, library) in LIBRARIES.items():
            if self.options.get_safe(component):
                part = self.cpp_info.components[component]
                part.set_property("cmake_target_name", f"hat::{component}")
                part.set_property("pkg_config_name", f"hat-{component}")
                part.requires = ["core", library]
                part.defines = [f"HAT_WITH_{component.upper()}=1"]
        for part in self.cpp_info.components.values():
            part.bindirs = []
            part.libdirs = []
