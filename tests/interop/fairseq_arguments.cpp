// SPDX-License-Identifier: Apache-2.0
#include <hat/interop/fairseq_arguments.hpp>

#include "support/torch_file.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

using hat::interop::FairseqArguments;
using hat::interop::Pickle;
using hat::support::PickleWriter;

namespace {

/// Settings of every kind, and the pickle that owns them.
class SomeArguments {
public:
    SomeArguments() : bytes_(written()), pickle_(std::as_bytes(std::span(bytes_)), "c.pt", 0) {}

    [[nodiscard]] FairseqArguments view() const { return {pickle_.root(), "c.pt: args"}; }

private:
    static std::string written() {
        PickleWriter w;
        w.global("argparse", "Namespace").op(")\x81}(");
        w.text("arch").text("transformersuper");
        w.text("layers").integer(6);
        w.text("huge").integer(std::int64_t{1} << 40);
        w.text("rate").real(0.5);
        w.text("on").boolean(true);
        w.text("off").boolean(false);
        w.text("nothing").none();
        w.text("heads").op("](").integer(8).integer(4).op("e");
        w.text("mixed").op("](").integer(8).text("4").op("e");
        return w.op("ub").bytes();
    }

    std::string bytes_;
    Pickle pickle_;
};

/// Checks the message of the error that `ask` meets.
template <class Ask>
void check_error(Ask ask, const std::string& message) {
    CHECK_THROWS_WITH_AS(static_cast<void>(ask()), ("c.pt: args: " + message).c_str(), hat::Error);
}

}  // namespace

TEST_SUITE("interop/fairseq_arguments") {
    TEST_CASE("settings are read by name and kind") {
        const SomeArguments some;
        const FairseqArguments arguments = some.view();
        CHECK(arguments.text("arch") == "transformersuper");
        CHECK(arguments.integer("layers") == 6);
        CHECK(arguments.integers("heads") == std::vector{8, 4});
        CHECK(arguments.flag("on"));
        CHECK_FALSE(arguments.flag("off"));
    }

    TEST_CASE("a switch that is not there is off, and None is as if not there") {
        const SomeArguments some;
        CHECK_FALSE(some.view().flag("missing"));
        CHECK_FALSE(some.view().has("missing"));
        CHECK_FALSE(some.view().has("nothing"));
        CHECK(some.view().has("off"));
    }

    TEST_CASE("what is missing or of another kind is an error that names it") {
        const SomeArguments some;
        const FairseqArguments a = some.view();
        check_error([&] { return a.integer("missing"); },
                    "missing is missing, expected an integer");
        check_error([&] { return a.integer("rate"); }, "rate: expected an integer");
        check_error([&] { return a.integer("on"); }, "on: expected an integer");
        check_error([&] { return a.integer("huge"); }, "huge: expected an integer");
        check_error([&] { return a.flag("layers"); }, "layers: expected True or False");
        check_error([&] { return a.text("layers"); }, "layers: expected a string");
        check_error([&] { return a.integers("layers"); }, "layers: expected a list");
        check_error([&] { return a.integers("mixed"); }, "mixed: expected an integer");
    }

    TEST_CASE("settings that are no namespace are an error") {
        const std::string bytes = PickleWriter().op("}").bytes();
        const Pickle pickle(std::as_bytes(std::span(bytes)), "c.pt", 0);
        check_error([&] { return FairseqArguments(pickle.root(), "c.pt: args"); },
                    "is no Namespace");
    }
}
