// SPDX-License-Identifier: Apache-2.0
#include <hat/io/line_reader.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <fcntl.h>
#include <pthread.h>
#include <string>
#include <string_view>
#include <sys/time.h>
#include <thread>
#include <unistd.h>
#include <vector>

using hat::io::Line;
using hat::io::LineReader;

namespace {

/// A pipe, both ends in this process.
class Pipe {
public:
    Pipe() { REQUIRE(::pipe(ends_.data()) == 0); }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        ::close(ends_[0]);
        close_write();
    }
    [[nodiscard]] int read_end() const { return ends_[0]; }
    void write(std::string_view text) const {
        REQUIRE(::write(ends_[1], text.data(), text.size()) == std::ssize(text));
    }
    void close_write() {
        if (ends_[1] >= 0) ::close(ends_[1]);
        ends_[1] = -1;
    }

private:
    std::array<int, 2> ends_{-1, -1};
};

/// All lines of a text that comes through a pipe.
std::vector<std::string> lines_of(std::string_view text) {
    Pipe pipe;
    pipe.write(text);
    pipe.close_write();
    LineReader reader(pipe.read_end(), "pipe");
    std::vector<std::string> lines;
    while (const auto line = reader.next()) {
        lines.push_back(line->text);
        CHECK(line->number == lines.size());
        CHECK(line->dropped_bytes == 0);
    }
    CHECK_FALSE(reader.next());
    CHECK_FALSE(reader.next_at_hand());
    return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_SUITE("io/line_reader") {
    TEST_CASE("a line ends with LF or CR LF, the last one also without") {
        CHECK(lines_of("a\nb\r\n\nc") == Lines{"a", "b", "", "c"});
        CHECK(lines_of("a\n") == Lines{"a"});
        CHECK(lines_of("a\r\nb\rc\r") == Lines{"a", "b\rc"});
        CHECK(lines_of("\n") == Lines{""});
        CHECK(lines_of("").empty());
    }

    TEST_CASE("a byte order mark at the start is skipped, elsewhere it is text") {
        CHECK(lines_of("\xEF\xBB\xBF"
                       "a\n\xEF\xBB\xBF"
                       "b\n") == Lines{"a", "\xEF\xBB\xBF"
                                            "b"});
        CHECK(lines_of("\xEF\xBB\xBF").empty());
        CHECK(lines_of("\xEF\xBB\xBF\n") == Lines{""});
    }

    TEST_CASE("what has come is told from what is to come, without waiting") {
        Pipe pipe;
        LineReader reader(pipe.read_end(), "pipe");
        CHECK_FALSE(reader.next_at_hand());
        pipe.write("one\ntwo\nthr");
        CHECK(reader.next()->text == "one");
        CHECK(reader.next_at_hand()->text == "two");
        CHECK_FALSE(reader.next_at_hand());  // half a line is none
        pipe.write("ee\nfour");
        CHECK(reader.next_at_hand()->text == "three");
        CHECK_FALSE(reader.next_at_hand());
        pipe.close_write();
        CHECK(reader.next_at_hand()->text == "four");
        CHECK_FALSE(reader.next_at_hand());
    }

    TEST_CASE("all lines of a full pipe are at hand") {
        Pipe pipe;
        for (int i = 0; i < 1000; ++i)
            pipe.write("a line of some sixty bytes, as sentences have them often\n");
        LineReader reader(pipe.read_end(), "pipe");
        int lines = reader.next() ? 1 : 0;
        while (reader.next_at_hand()) ++lines;
        CHECK(lines == 1000);
    }

    TEST_CASE("a line of as many bytes as the limit is whole, whatever ends it") {
        for (const char* const end : {"\n", "\r\n", ""}) {
            Pipe pipe;
            pipe.write(std::string("0123456789") + end);
            pipe.close_write();
            const auto line = LineReader(pipe.read_end(), "pipe", 10).next();
            REQUIRE(line);
            CHECK(line->text == "0123456789");
            CHECK(line->dropped_bytes == 0);
        }
    }

    TEST_CASE("no more is held of a long line than the limit, and the next one is whole") {
        Pipe pipe;
        LineReader reader(pipe.read_end(), "pipe", 10);
        std::thread writer([&] {
            pipe.write("0123456789\n");
            for (int i = 0; i < 1000; ++i) pipe.write(std::string(1000, 'x'));
            pipe.write("\nnext\n");
            pipe.close_write();
        });
        const auto whole = reader.next();
        CHECK(whole->text == "0123456789");
        CHECK(whole->dropped_bytes == 0);
        const auto cut = reader.next();
        CHECK(cut->text == "xxxxxxxxxx");
        CHECK(cut->dropped_bytes == 1000 * 1000 - 10);
        CHECK(cut->number == 2);
        CHECK(reader.next()->text == "next");
        writer.join();
    }

    TEST_CASE("a line is not cut inside a character") {
        Pipe pipe;
        pipe.write("1234567ä€x\n");
        pipe.close_write();
        LineReader reader(pipe.read_end(), "pipe", 10);
        const auto line = reader.next();
        CHECK(line->text == "1234567ä");
        CHECK(line->dropped_bytes == 4);
    }

    TEST_CASE("a signal does not end the reading, nor does a descriptor that does not wait") {
        struct sigaction action {};
        struct sigaction before {};
        action.sa_handler = [](int) {};
        ::sigaction(SIGUSR1, &action, &before);  // without SA_RESTART
        for (const bool waits : {true, false}) {
            Pipe pipe;
            if (!waits) ::fcntl(pipe.read_end(), F_SETFL, O_NONBLOCK);
            const pthread_t reading = ::pthread_self();
            std::thread writer([&] {
                for (int i = 0; i < 20; ++i) {
                    ::pthread_kill(reading, SIGUSR1);
                    ::usleep(1000);
                }
                pipe.write("late\n");
            });
            LineReader reader(pipe.read_end(), "pipe");
            CHECK(reader.next()->text == "late");
            writer.join();
        }
        ::sigaction(SIGUSR1, &before, nullptr);
    }

    TEST_CASE("what cannot be read is an error, not an end") {
        const hat::support::TemporaryDirectory folder;
        const int directory = ::open(folder.path().c_str(), O_RDONLY);
        CHECK_THROWS_WITH_AS(static_cast<void>(LineReader(directory, "folder").next()),
                             "folder: cannot be read: Is a directory", hat::Error);
        CHECK_THROWS_WITH_AS(static_cast<void>(LineReader(directory, "folder").next_at_hand()),
                             "folder: cannot be read: Is a directory", hat::Error);
        ::close(directory);
        CHECK_THROWS_WITH_AS(static_cast<void>(LineReader(directory, "closed").next()),
                             "closed: cannot be read: Bad file descriptor", hat::Error);
        const int memory = ::open("/proc/self/mem", O_RDONLY);  // nothing is mapped at 0
        CHECK_THROWS_WITH_AS(static_cast<void>(LineReader(memory, "damaged").next()),
                             "damaged: cannot be read: Input/output error", hat::Error);
        ::close(memory);
    }

    TEST_CASE("told to stop, it gives the whole lines that it took and reads no more") {
        Pipe pipe;
        Pipe stop;
        LineReader reader(pipe.read_end(), "pipe", 100, stop.read_end());
        pipe.write("one\ntwo\nthr");
        REQUIRE(reader.next()->text == "one");
        CHECK_FALSE(reader.is_stopped());
        stop.write("!");
        pipe.write("ee\nfour\n");
        CHECK(reader.next()->text == "two");
        CHECK_FALSE(reader.next());
        CHECK(reader.is_stopped());
        CHECK_FALSE(reader.next_at_hand());
    }

    TEST_CASE("it is told to stop while it waits") {
        Pipe pipe;
        Pipe stop;
        LineReader reader(pipe.read_end(), "pipe", 100, stop.read_end());
        std::thread other([&] { stop.write("!"); });
        CHECK_FALSE(reader.next());
        CHECK(reader.is_stopped());
        other.join();
    }
}
