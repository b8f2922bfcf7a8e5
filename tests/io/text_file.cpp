// SPDX-License-Identifier: Apache-2.0
#include <hat/io/atomic_file.hpp>
#include <hat/io/text_file.hpp>

#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

using hat::io::read_file;
using hat::io::write_file;
using hat::support::TemporaryDirectory;

TEST_SUITE("io/text_file") {
    TEST_CASE("every byte is read, zeros and the last unfinished line too") {
        const TemporaryDirectory directory;
        for (const std::size_t size : {0U, 1U, 65'535U, 65'536U, 65'537U, 200'000U}) {
            std::string text(size, '\0');
            if (size > 0) text.back() = 'z';
            write_file(directory / "file", text);
            CHECK(read_file(directory / "file") == text);
        }
    }

    TEST_CASE("what cannot be read is an error with its reason") {
        const TemporaryDirectory directory;
        const std::string path = directory / "missing";
        CHECK_THROWS_WITH_AS(static_cast<void>(read_file(path)),
                             (path + ": cannot open: No such file or directory").c_str(),
                             hat::Error);
        CHECK_THROWS_WITH_AS(static_cast<void>(read_file(directory.path())),
                             (directory.path() + ": cannot read: Is a directory").c_str(),
                             hat::Error);
        write_file(path, "12345");
        CHECK_THROWS_WITH_AS(static_cast<void>(read_file(path, 4)),
                             (path + ": is larger than 4 bytes").c_str(), hat::Error);
    }

    TEST_CASE("a pipe is read to its end, also if its writer comes a little later") {
        const TemporaryDirectory directory;
        const std::string path = directory / "pipe";
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        const std::string text(200'000, 'x');
        for (const int delay_ms : {0, 50}) {
            const pid_t child = ::fork();
            if (child == 0) {
                ::poll(nullptr, 0, delay_ms);
                const int out = ::open(path.c_str(), O_WRONLY);
                ::poll(nullptr, 0, delay_ms);
                for (std::size_t at = 0; at < text.size();) {
                    const ssize_t size = ::write(out, text.data() + at, text.size() - at);
                    if (size > 0) at += static_cast<std::size_t>(size);
                }
                ::_exit(0);
            }
            CHECK(read_file(path) == text);
            ::waitpid(child, nullptr, 0);
        }
    }

    TEST_CASE("what never ends or never comes is an error at once") {
        const TemporaryDirectory directory;
        const std::string path = directory / "file";
        const auto rejected = [](const std::string& file, const std::string& message) {
            CHECK_THROWS_WITH_AS(static_cast<void>(read_file(file)), (file + message).c_str(),
                                 hat::Error);
        };
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        rejected(path, ": is a pipe that nobody writes to");
        rejected("/dev/zero", ": is larger than 268435456 bytes");
        const std::string large = directory / "large";
        hat::support::overwrite(large, "");
        std::filesystem::resize_file(large, std::uintmax_t{1} << 34);  // of which no byte is there
        rejected(large, ": is larger than 268435456 bytes");
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string socket_path = directory / "socket";
        REQUIRE(socket_path.copy(address.sun_path, sizeof address.sun_path - 1) ==
                socket_path.size());
        const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
        REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        rejected(socket_path, ": cannot open: No such device or address");
        ::close(socket);
    }
}
