# SPDX-License-Identifier: Apache-2.0
"""Runs the methods of the Conan recipe as `conan create` would, with a module in place of Conan's own:

    conan.py SOURCE WORK COMPILER VERSION COMPONENT…

It exports and packages the headers, asks for each component, and compiles the test package with what the
recipe says of the package.
"""

import fnmatch
import importlib.util
import shutil
import subprocess
import sys
import types
from pathlib import Path

sys.dont_write_bytecode = True
source, work = Path(sys.argv[1]), Path(sys.argv[2])
compiler, version, components = sys.argv[3], sys.argv[4], sys.argv[5:]


class Bag:
    """Named values, as Conan's options, settings and what it tells of a package."""

    def __init__(self, **values):
        self.__dict__.update(values)

    def get_safe(self, name):
        for part in name.split("."):
            self = getattr(self, part, None)
        return self


class Part(Bag):
    def __init__(self):
        super().__init__(properties={}, requires=[], defines=[], cxxflags=[], system_libs=[],
                         includedirs=["include"], libdirs=["lib"], bindirs=["bin"])

    def set_property(self, name, value):
        self.properties[name] = value


class Parts(dict):
    def __missing__(self, name):
        return self.setdefault(name, Part())


class ConanFile:
    def __init__(self):
        self.required = []
        self.info = Bag(clear=lambda: None)
        self.cpp_info = Part()
        self.cpp_info.components = Parts()

    def requires(self, reference, transitive_headers=False):
        assert transitive_headers, f"{reference}: headers of hat include its headers"
        self.required.append(reference)


def copy(recipe, pattern, src, dst):
    assert isinstance(recipe, ConanFile)
    for file in Path(src).rglob("*"):
        name = str(file.relative_to(src))
        if file.is_file() and fnmatch.fnmatchcase(name, pattern):
            (Path(dst) / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, Path(dst) / name)


def check_min_cppstd(recipe, least):
    assert int(recipe.settings.compiler.cppstd) >= least


def module(name, **values):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__dict__.update(values)


module("conan", ConanFile=ConanFile)
module("conan.errors", ConanInvalidConfiguration=ValueError)
module("conan.tools")
module("conan.tools.build", check_min_cppstd=check_min_cppstd, can_run=None)
module("conan.tools.cmake", CMake=None, cmake_layout=None)
module("conan.tools.files", copy=copy)


def load(path):
    spec = importlib.util.spec_from_file_location("recipe", path)
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    return recipe


recipe = load(source / "cmake/conan/conanfile.py").HatConan
load(source / "cmake/conan/test_package/conanfile.py")  # is Python, at least
assert recipe.package_type == "header-library" and recipe.license == "Apache-2.0"
expected = set(components) - {"sentencepiece", "mpi"}
assert set(recipe.options) == expected, f"options {set(recipe.options)}, components {expected}"
assert recipe.default_options == dict.fromkeys(recipe.options, False)

# Exported from the source, packaged from what was exported.
shutil.rmtree(work, ignore_errors=True)
package = recipe()
package.options = Bag(**dict.fromkeys(recipe.options, True))
package.settings = Bag(os="Linux", compiler=Bag(cppstd="20"))
package.recipe_folder = str(source / "cmake/conan")
package.export_sources_folder = package.source_folder = str(work / "exported")
package.package_folder = str(work / "package")
package.set_version()
assert package.version == version, f"version {package.version}, expected {version}"
package.export_sources()
package.recipe_folder = str(work / "elsewhere")
package.validate()
package.requirements()
package.package_id()
package.package()
package.package_info()


def headers(root):
    return sorted(str(file.relative_to(root)) for file in (root / "include").rglob("*.hpp"))


assert headers(work / "package") == headers(source) and len(headers(source)) > 100
assert (work / "package/licenses/LICENSE").read_bytes() == (source / "LICENSE").read_bytes()

# Each component is a target that brings hat and its library.
libraries = {reference.split("/")[0] for reference in package.required}
assert len(libraries) == 1 + len(expected)
parts = package.cpp_info.components
assert set(parts) == expected | {"core"}
for name, part in parts.items():
    target = "hat" if name == "core" else name
    assert part.properties["cmake_target_name"] == f"hat::{target}"
    assert part.libdirs == [] and part.bindirs == []
    linked = {required.split("::")[0] for required in part.requires} - {"core"}
    assert len(linked) == 1 and linked <= libraries, f"{name} links {linked}"
    assert name == "core" or ("core" in part.requires
                              and part.defines == [f"HAT_WITH_{name.upper()}=1"])

# Without options there is hat alone.
plain = recipe()
plain.options = Bag(**recipe.default_options)
plain.settings = Bag(os="Linux")
plain.validate()
plain.requirements()
plain.package_info()
assert [reference.split("/")[0] for reference in plain.required] == ["xsimd"]
assert set(plain.cpp_info.components) == {"core"}

# A compiler that hat was not tried with is refused.
plain.settings = Bag(os="Windows", compiler="msvc")
try:
    plain.validate()
except ValueError as error:
    assert "MSVC" in str(error)
else:
    raise AssertionError("MSVC is taken")

core = parts["core"]
flags = [f"-I{work}/package/{folder}" for folder in core.includedirs]
flags += [f"-D{define}" for define in core.defines] + core.cxxflags
flags += [f"-l{library}" for library in core.system_libs]
program = work / "test_package"
subprocess.run([compiler, "-std=c++20", source / "cmake/conan/test_package/main.cpp", *flags,
                "-o", program], check=True)
said = subprocess.run([program], check=True, capture_output=True, text=True).stdout
assert said.startswith(f"hat {version}, "), said
print(said, end="")
