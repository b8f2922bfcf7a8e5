// SPDX-License-Identifier: Apache-2.0
#include <hat/interop/pickle.hpp>

#include "support/torch_file.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <string>

using namespace hat::interop;
using namespace hat::io;
using hat::support::PickleWriter;
using hat::support::raw;

namespace {

Pickle read(const std::string& bytes, std::size_t base = 0) {
    return Pickle(std::as_bytes(std::span(bytes)), "file.pt", base);
}

/// Checks the message of a pickle that is not accepted.
void check_rejected(const std::string& bytes, const std::string& message) {
    CHECK_THROWS_WITH_AS(static_cast<void>(read(bytes)), ("file.pt: byte " + message).c_str(),
                         hat::Error);
}

/// A namespace with a list, numbers and an object of a class that nobody knows.
std::string some_pickle() {
    PickleWriter w;
    w.global("argparse", "Namespace").op(")\x81}(");
    w.text("arch")
        .text("transformer")
        .text("sizes")
        .op("](")
        .integer(3)
        .op("K\x07M\x01\x02"
            "e");
    w.text("rate").real(-1.5).text("none").none().text("on").boolean(true);
    w.text("below").op("J").op(raw(std::int32_t{-2}));
    w.text("meter").global("fairseq.meters", "AverageMeter").op(")\x81}").text("sum").real(2);
    return w.op("sbub").bytes();
}

}  // namespace

TEST_SUITE("interop/pickle") {
    TEST_CASE("values of all kinds are read, and classes are only names") {
        const std::string bytes = some_pickle();
        const Pickle pickle = read(bytes);
        const PickleValue& args = pickle.root();
        CHECK(pickle.size_bytes() == bytes.size());
        REQUIRE(args.is_made_by("argparse", "Namespace"));
        CHECK_FALSE(args.is_made_by("argparse", "Action"));
        CHECK(args.find("arch")->is_text("transformer"));
        const auto& sizes = args.find("sizes")->items;
        REQUIRE(sizes.size() == 3);
        CHECK(sizes[0]->integer == 3);
        CHECK(sizes[1]->integer == 7);
        CHECK(sizes[2]->integer == 513);
        CHECK(args.find("rate")->real == -1.5);
        CHECK(args.find("none")->is(PickleKind::none));
        CHECK(args.find("on")->is(PickleKind::boolean));
        CHECK(args.find("on")->integer == 1);
        CHECK(args.find("below")->integer == -2);
        CHECK(args.find("meter")->is_made_by("fairseq.meters", "AverageMeter"));
        CHECK(args.find("meter")->find("sum")->real == 2);
        CHECK(args.find("missing") == nullptr);
        CHECK(args.find("arch")->find("missing") == nullptr);
    }

    TEST_CASE("integers of up to eight bytes are numbers, longer ones stay bytes") {
        const auto integer = [](const std::string& bytes) {
            const std::string whole = "\x80\x02\x8a" + bytes + ".";
            return read(whole).root().integer;
        };
        CHECK(integer(std::string("\0", 1)) == 0);
        CHECK(integer("\x01\x7f") == 127);
        CHECK(integer("\x01\x80") == -128);
        CHECK(integer(std::string("\x03\x01\x00\x80", 4)) == -0x7FFFFF);
        CHECK(integer("\x08" + raw(INT64_MIN)) == INT64_MIN);
        const std::string magic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
        const Pickle pickle = read(magic);
        CHECK(pickle.root().is(PickleKind::big_integer));
        CHECK(pickle.root().text.size() == 10);
    }

    TEST_CASE("what is remembered is the same value wherever it is recalled") {
        const std::string shared = PickleWriter()
                                       .op("(]q\x01h\x01r\x02")
                                       .op(raw(std::uint16_t{0}))
                                       .op({"\0", 1})
                                       .op("t")
                                       .bytes();
        const Pickle pickle = read(shared);
        REQUIRE(pickle.root().items.size() == 2);
        CHECK(pickle.root().items[0] == pickle.root().items[1]);
    }

    TEST_CASE("a list may hold itself, and a dict keeps the last of equal keys") {
        const std::string self =
            PickleWriter().op("]q").op({"\0", 1}).op("h").op({"\0", 1}).op("a").bytes();
        const Pickle list = read(self);
        CHECK(list.root().items[0] == &list.root());
        const std::string twice =
            PickleWriter().op("}(").text("a").integer(1).text("a").integer(2).op("u").bytes();
        CHECK(read(twice).root().find("a")->integer == 2);
    }

    TEST_CASE("an ordered dict is a dict, with attributes") {
        const std::string bytes = PickleWriter()
                                      .global("collections", "OrderedDict")
                                      .op(")R")
                                      .text("k")
                                      .integer(1)
                                      .op("s}")
                                      .text("_metadata")
                                      .none()
                                      .op("sb")
                                      .bytes();
        const Pickle pickle = read(bytes);
        CHECK(pickle.root().is(PickleKind::dict));
        CHECK(pickle.root().find("k")->integer == 1);
        CHECK(pickle.root().state->find("_metadata")->is(PickleKind::none));
    }

    TEST_CASE("nothing that a pickle asks for is run") {
        const std::string bytes =
            PickleWriter().global("os", "system").op("(").text("rm -rf /").op("tR").bytes();
        const Pickle pickle = read(bytes);
        CHECK(pickle.root().is_made_by("os", "system"));
        CHECK(pickle.root().items[0]->is_text("rm -rf /"));
    }

    TEST_CASE("a pickle that is cut short anywhere is an error, with the offset in the file") {
        const std::string whole = some_pickle();
        for (std::size_t size = 0; size < whole.size(); ++size) {
            CAPTURE(size);
            const std::string bytes = whole.substr(0, size);
            CHECK_THROWS_AS(static_cast<void>(read(bytes)), hat::Error);
        }
        CHECK_THROWS_WITH_AS(static_cast<void>(read("\x80\x02X\x04", 100)),
                             "file.pt: byte 102: the pickle is cut short: 4 more bytes expected, 1 "
                             "found",
                             hat::Error);
    }

    TEST_CASE("any byte may be damaged: the pickle is read or rejected") {
        const std::string whole = some_pickle();
        std::size_t rejected = 0;
        for (std::size_t at = 0; at < whole.size(); ++at)
            for (int value = 0; value < 256; ++value) {
                std::string bytes = whole;
                bytes[at] = static_cast<char>(value);
                try {
                    static_cast<void>(read(bytes));
                } catch (const hat::Error&) {
                    ++rejected;
                }
            }
        CHECK(rejected > whole.size());
    }

    TEST_CASE("programs that make no sense are one line") {
        check_rejected("\x80\x03N.", "0: pickle protocol 3, expected 2, which torch.save uses");
        check_rejected("\x80\x02I1\n.", "2: opcode 73 is not one that checkpoints need");
        check_rejected("\x80\x02.", "2: the pickle ends with 0 values and 0 marks, expected one "
                                    "value");
        check_rejected("\x80\x02(N.", "4: the pickle ends with 1 values and 1 marks, expected one "
                                      "value");
        check_rejected("\x80\x02R", "2: takes a value from an empty stack");
        check_rejected("\x80\x02N(\x85", "4: takes 1 values, but there are 0");
        check_rejected("\x80\x02t", "2: there is no mark");
        check_rejected("\x80\x02h\x05", "2: recalls value 5, which nothing has set");
        check_rejected("\x80\x02}(Nu", "5: a key has no value");
        check_rejected("\x80\x02NNa", "4: puts items into what is no list");
        check_rejected("\x80\x02NNNs", "5: puts items into what is no dict");
        check_rejected("\x80\x02NNb", "4: gives attributes to what is no object");
        check_rejected("\x80\x02NNR", "4: arguments are no tuple");
        check_rejected("\x80\x02NQ", "3: a persistent id is no tuple");
        check_rejected("\x80\x02"
                       "cmodule",
                       "2: the pickle is cut short in a name");
    }

    TEST_CASE("deep nesting and endless programs cost little") {
        const std::string deep =
            "\x80\x02" + std::string(1'000'000, ')') + std::string(999'999, '\x86') + ".";
        CHECK(read(deep).root().items.size() == 2);
        const std::string endless = "\x80\x02" + std::string(3'000'000, '(');
        CHECK_THROWS_WITH_AS(static_cast<void>(read(endless)),
                             "file.pt: byte 2097152: the pickle has more than 2097152 opcodes",
                             hat::Error);
    }

    TEST_CASE("objects made of one long tuple again and again are an error, not memory") {
        std::string bytes = "\x80\x02(" + std::string(4096, 'N') + "t";
        bytes += std::string("q\0", 2);
        for (int i = 0; i < 600; ++i) bytes += std::string("h\0Q", 3);
        check_rejected(bytes, "5640: the pickle's objects have more than 2097152 items");
    }
}
