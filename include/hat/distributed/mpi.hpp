// SPDX-License-Identifier: Apache-2.0
// Needs: MPI
#pragma once

#include <hat/core/error.hpp>
#include <hat/distributed/communicator.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <limits>
// The C interface alone: Open MPI's and MPICH's for C++ are of the past.
// NOLINTBEGIN(readability-identifier-naming): these are names of theirs
#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
// NOLINTEND(readability-identifier-naming)
#include <mpi.h>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace hat::distributed {

namespace detail {

/// Throws  `Error` with what MPI says of a call that did not succeed.
inline void check_mpi(int code, const char* call) {
    if (code == MPI_SUCCESS) return;
    std::array<char, MPI_MAX_ERROR_STRING> text{};
    int length = 0;
    MPI_Error_string(code, text.data(), &length);
    fail(call, ": ", std::string(text.data(), static_cast<std::size_t>(length)));
}

/// Things of so many bytes, as MPI counts them.
class Unit {
public:
    explicit Unit(std::size_t bytes) {
        check_mpi(MPI_Type_contiguous(static_cast<int>(bytes), MPI_BYTE, &type_),
                  "MPI_Type_contiguous");
        check_mpi(MPI_Type_commit(&type_), "MPI_Type_commit");
    }
    Unit(const Unit&) = delete;
    Unit& operator=(const Unit&) = delete;
    ~Unit() { MPI_Type_free(&type_); }

    [[nodiscard]] MPI_Datatype type() const noexcept { return type_; }

private:
    MPI_Datatype type_ = MPI_DATATYPE_NULL;
};

/// Throws  `Error` if there are more than MPI counts.
inline int count(std::ptrdiff_t n) {
    if (n > std::numeric_limits<int>::max())
        fail("MPI: ", n, " things to gather, expected fewer than 2^31");
    return static_cast<int>(n);
}

}  // namespace detail

/// The ranks of an MPI communicator. Threads may call it, one at a time inside MPI
/// (`MPI_THREAD_SERIALIZED`).
///
/// Throws  `Error` where MPI reports one, if its handler lets it return
class MpiCommunicator final : public Communicator {
public:
    /// Messages travel in a copy of `all`, so they meet none of others.
    explicit MpiCommunicator(MPI_Comm all = MPI_COMM_WORLD) {
        detail::check_mpi(MPI_Comm_dup(all, &ranks_), "MPI_Comm_dup");
        MPI_Comm_set_errhandler(ranks_, MPI_ERRORS_RETURN);
        MPI_Comm_rank(ranks_, &rank_);
        MPI_Comm_size(ranks_, &size_);
    }
    ~MpiCommunicator() override { MPI_Comm_free(&ranks_); }

    [[nodiscard]] int rank() const noexcept override { return rank_; }
    [[nodiscard]] int size() const noexcept override { return size_; }

    /// Sleeps while it waits, where MPI's own would keep a core busy: another rank may be
    /// measuring.
    void barrier() override {
        MPI_Request all = MPI_REQUEST_NULL;
        int is_there = 0;
        {
            const Call call(*this);
            detail::check_mpi(MPI_Ibarrier(ranks_, &all), "MPI_Ibarrier");
        }
        for (;;) {
            {
                const Call call(*this);
                detail::check_mpi(MPI_Test(&all, &is_there, MPI_STATUS_IGNORE), "MPI_Test");
            }
            if (is_there != 0) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }

    void broadcast(std::span<std::byte> bytes) override {
        const Call call(*this);
        for_each_piece(bytes, [&](std::span<std::byte> piece) {
            detail::check_mpi(
                MPI_Bcast(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, 0, ranks_),
                "MPI_Bcast");
        });
    }

    void all_gather(void* all, std::span<const std::ptrdiff_t> offsets, std::size_t unit) override {
        const Call call(*this);
        HAT_ASSERT(offsets.size() == static_cast<std::size_t>(size_) + 1);
        const detail::Unit type(unit);
        std::vector<int> counts;
        std::vector<int> begins;
        for (std::size_t r = 0; r + 1 < offsets.size(); ++r) {
            counts.push_back(detail::count(offsets[r + 1] - offsets[r]));
            begins.push_back(detail::count(offsets[r]));
        }
        detail::check_mpi(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, counts.data(),
                                         begins.data(), type.type(), ranks_),
                          "MPI_Allgatherv");
    }

    void any(std::uint8_t* flags, int n) override {
        const Call call(*this);
        detail::check_mpi(MPI_Allreduce(MPI_IN_PLACE, flags, n, MPI_UNSIGNED_CHAR, MPI_BOR, ranks_),
                          "MPI_Allreduce");
    }

    void send(std::span<const std::byte> bytes, int to, int tag) override {
        const Call call(*this);
        for_each_piece(bytes, [&](std::span<const std::byte> piece) {
            detail::check_mpi(MPI_Isend(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, to,
                                        tag, ranks_, &requests_.emplace_back(MPI_REQUEST_NULL)),
                              "MPI_Isend");
        });
    }

    void receive(std::span<std::byte> bytes, int from, int tag) override {
        const Call call(*this);
        for_each_piece(bytes, [&](std::span<std::byte> piece) {
            detail::check_mpi(MPI_Irecv(piece.data(), static_cast<int>(piece.size()), MPI_BYTE,
                                        from, tag, ranks_,
                                        &requests_.emplace_back(MPI_REQUEST_NULL)),
                              "MPI_Irecv");
        });
    }

    void progress() override {
        if (!mutex_.try_lock()) return;
        const Call call(*this, std::adopt_lock);
        if (requests_.empty()) return;
        int all = 0;
        detail::check_mpi(MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &all,
                                      MPI_STATUSES_IGNORE),
                          "MPI_Testall");
    }

    void wait() override {
        const Call call(*this);
        detail::check_mpi(
            MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE),
            "MPI_Waitall");
        requests_.clear();
    }

    [[nodiscard]] double seconds() const override {
        const std::lock_guard lock(mutex_);
        return seconds_;
    }

private:
    /// In pieces that an `int` counts; those of a message arrive in their order.
    template <class Byte, class Visit>
    static void for_each_piece(std::span<Byte> bytes, const Visit& visit) {
        constexpr std::size_t most = std::size_t{1} << 30U;
        for (std::size_t at = 0; at < bytes.size(); at += most)
            visit(bytes.subspan(at, std::min(most, bytes.size() - at)));
    }

    /// One thread in MPI at a time, and how long.
    class Call {
    public:
        explicit Call(MpiCommunicator& of) : of_(of), lock_(of.mutex_), begin_(MPI_Wtime()) {}
        Call(MpiCommunicator& of, std::adopt_lock_t held)
            : of_(of), lock_(of.mutex_, held), begin_(MPI_Wtime()) {}
        Call(const Call&) = delete;
        Call& operator=(const Call&) = delete;
        ~Call() { of_.seconds_ += MPI_Wtime() - begin_; }

    private:
        MpiCommunicator& of_;
        std::lock_guard<std::mutex> lock_;
        double begin_;
    };

    MPI_Comm ranks_ = MPI_COMM_NULL;
    int rank_ = 0;
    int size_ = 1;
    mutable std::mutex mutex_;
    std::vector<MPI_Request> requests_;
    double seconds_ = 0;
};

/// MPI from its start to its end, for the `main` of a program.
///
///     distributed::MpiSession session;
///     try {
///         train(session.ranks());
///     } catch (const std::exception& error) {
///         tell(session.ranks().rank(), session.host(), error.what());
///         distributed::MpiSession::end_all();
///     }
class MpiSession {
public:
    /// Throws  `Error` if MPI lets but one thread of a process take part at all.
    MpiSession() {
        int provided = MPI_THREAD_SINGLE;
        detail::check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided),
                          "MPI_Init_thread");
        std::array<char, MPI_MAX_PROCESSOR_NAME> name{};
        int length = 0;
        MPI_Get_processor_name(name.data(), &length);
        host_.assign(name.data(), static_cast<std::size_t>(length));
        ranks_.emplace();
        if (provided < MPI_THREAD_SERIALIZED)
            fail("MPI: serves no threads but the first, expected MPI_THREAD_SERIALIZED");
        find_ranks_of_this_host();
    }
    MpiSession(const MpiSession&) = delete;
    MpiSession& operator=(const MpiSession&) = delete;
    ~MpiSession() {
        here_.reset();
        ranks_.reset();
        MPI_Finalize();
    }

    /// All ranks, and the name of this machine.
    [[nodiscard]] Communicator& ranks() const noexcept { return *ranks_; }
    [[nodiscard]] const std::string& host() const noexcept { return host_; }
    /// Those of the ranks that run on this machine.
    [[nodiscard]] Communicator& here() const noexcept { return *here_; }

    /// Ends the processes of all ranks with exit code 1.
    [[noreturn]] static void end_all() {
        MPI_Abort(MPI_COMM_WORLD, 1);
        std::abort();
    }

private:
    void find_ranks_of_this_host() {
        MPI_Comm here = MPI_COMM_NULL;
        detail::check_mpi(
            MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here),
            "MPI_Comm_split_type");
        here_.emplace(here);
        MPI_Comm_free(&here);
    }

    std::string host_;
    mutable std::optional<MpiCommunicator> ranks_;
    mutable std::optional<MpiCommunicator> here_;
};

}  // namespace hat::distributed
