// SPDX-License-Identifier: Apache-2.0
#include <hat/integer/model_file.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/safetensors.hpp>

#include "support/integer_network.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

using namespace hat::integer;
using hat::io::ModelDirectory;

namespace {

/// All weights as numbers, each table once.
class Numbers {
public:
    explicit Numbers(std::vector<std::int64_t>& all) noexcept : all_(all) {}

    template <class T>
    void operator()(const hat::Leaf& /*leaf*/, const hat::MatrixView<const T>& from) const {
        for (int i = 0; i < from.rows(); ++i)
            for (const T x : from.row(i)) all_.push_back(x);
    }
    template <class T>
    void operator()(const hat::Leaf& /*leaf*/, const hat::VectorView<const T>& from) const {
        all_.insert(all_.end(), from.begin(), from.end());
    }

private:
    std::vector<std::int64_t>& all_;
};
std::vector<std::int64_t> numbers(const Model& model) {
    std::vector<std::int64_t> all;
    auto stored = model.view();
    separate_tables(stored);
    hat::walk(Numbers(all), stored);
    return all;
}

void save(const std::string& path, const Model& model) {
    save_model_directory(
        path, {.architecture = model.architecture(), .special_tokens = {}, .provenance = {}}, model,
        {{"subword.model", "text"}}, "# card\n");
}

}  // namespace

TEST_SUITE("integer/model_file") {
    TEST_CASE("a model comes back as it was saved") {
        for (const auto& architecture : hat::support::integer_architectures()) {
            const hat::support::TemporaryDirectory temporary;
            const Model model = hat::support::fixed_integers(architecture);
            save(temporary / "model", model);
            const auto directory = ModelDirectory::open_to_serve(temporary / "model");
            CHECK(directory.is_integer());
            CHECK(directory.config().architecture == architecture);
            CHECK(numbers(load_model(directory)) == numbers(model));
        }
    }

    TEST_CASE("who wants floats is told") {
        const hat::support::TemporaryDirectory temporary;
        const std::string path = temporary / "model";
        save(path, hat::support::fixed_integers(hat::support::integer_architectures()[0]));
        CHECK_THROWS_WITH_AS(static_cast<void>(ModelDirectory::open(path)),
                             (path + ": is a model of integers, which hat translate and hat export "
                                     "read and nothing else; expected the one that it was made of")
                                 .c_str(),
                             hat::Error);
    }

    TEST_CASE("what is not the network's is refused") {
        const hat::support::TemporaryDirectory temporary;
        const auto architectures = hat::support::integer_architectures();
        const Model model = hat::support::fixed_integers(architectures[0]);
        const auto check_refused = [&](const char* name, const char* what, const auto& change) {
            const std::string path = temporary / name;
            Model changed = hat::support::fixed_integers(architectures[0]);
            std::vector<hat::io::TensorView> tensors;
            auto stored = changed.view();
            separate_tables(stored);
            hat::walk(detail::ListTensors(tensors), stored);
            change(changed, tensors);
            hat::io::save_model_directory(
                path,
                {.architecture = changed.architecture(), .special_tokens = {}, .provenance = {}},
                hat::io::integer_file_name, tensors, {{"subword.model", "text"}}, "# card\n");
            CHECK_THROWS_WITH_AS(static_cast<void>(load_model(ModelDirectory::open_to_serve(path))),
                                 doctest::Contains(what), hat::Error);
        };
        const std::vector<std::int32_t> one{1};
        const hat::io::TensorView more =
            hat::io::tensor_view<std::int32_t>("more", {1}, std::span(one));
        check_refused("epsilon", "epsilon\" is 0, expected at least 1",
                      [](Model& changed, auto& /*tensors*/) {
                          changed.variables().encoder_layers[1].final_layer_norm.epsilon[0] = 0;
                      });
        check_refused("shape", "has shape [1], expected [50, 24]",
                      [&](Model& /*changed*/, auto& tensors) {
                          for (auto& tensor : tensors)
                              if (tensor.name == "source.words") {
                                  tensor = more;
                                  tensor.name = "source.words";
                              }
                      });
        check_refused("missing", "is missing",
                      [](Model& /*changed*/, auto& tensors) { tensors.pop_back(); });
        check_refused("more", "tensors, of which the network has",
                      [&](Model& /*changed*/, auto& tensors) { tensors.push_back(more); });
    }

    TEST_CASE("weights that were exchanged are refused") {
        const hat::support::TemporaryDirectory temporary;
        const auto architecture = hat::support::integer_architectures()[0];
        save(temporary / "a", hat::support::fixed_integers(architecture));
        Model other = hat::support::fixed_integers(architecture);
        other.variables().source.words(0, 0) = 77;
        save(temporary / "b", other);
        std::filesystem::copy_file(temporary / "b/integer.safetensors",
                                   temporary / "a/integer.safetensors",
                                   std::filesystem::copy_options::overwrite_existing);
        const auto directory = ModelDirectory::open_to_serve(temporary / "a");
        CHECK_THROWS_WITH_AS(static_cast<void>(load_model(directory)),
                             doctest::Contains("integer.safetensors"), hat::Error);
    }
}
