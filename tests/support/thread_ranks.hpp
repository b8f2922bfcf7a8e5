// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/distributed/communicator.hpp>

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <list>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace hat::support {

/// Ranks that are threads of one process, for tests: plain copies under one lock.
class ThreadRanks {
public:
    explicit ThreadRanks(int size) : size_(size), parts_(static_cast<std::size_t>(size)) {}

    /// Calls `work(communicator)` on as many threads as there are ranks, and returns when all have.
    ///
    /// Throws  what a rank throws; others must then not wait for it
    template <class Work>
    void run(const Work& work) {
        std::vector<std::exception_ptr> errors(static_cast<std::size_t>(size_));
        std::vector<std::thread> threads;
        for (int r = 0; r < size_; ++r)
            threads.emplace_back([&, r] {
                Rank rank(*this, r);
                try {
                    work(rank);
                } catch (...) {
                    errors[static_cast<std::size_t>(r)] = std::current_exception();
                }
            });
        for (std::thread& thread : threads) thread.join();
        for (const std::exception_ptr& error : errors)
            if (error) std::rethrow_exception(error);
    }

    /// Bytes that went from rank to rank as messages so far.
    [[nodiscard]] std::size_t bytes_sent() const noexcept { return bytes_sent_; }

private:
    struct Message {
        int from, to, tag;
        std::vector<std::byte> bytes;
    };
    struct Awaited {
        std::span<std::byte> bytes;
        int from, tag;
    };

    class Rank final : public distributed::Communicator {
    public:
        Rank(ThreadRanks& of, int rank) : all_(of), rank_(rank) {}
        [[nodiscard]] int rank() const noexcept override { return rank_; }
        [[nodiscard]] int size() const noexcept override { return all_.size_; }
        void barrier() override { all_.barrier(); }
        void broadcast(std::span<std::byte> bytes) override {
            if (rank_ == 0) all_.parts_[0] = bytes;
            all_.barrier();
            if (rank_ != 0) std::ranges::copy(all_.parts_[0], bytes.begin());
            all_.barrier();
        }
        void all_gather(void* all, std::span<const std::ptrdiff_t> offsets,
                        std::size_t unit) override {
            const std::span<std::byte> bytes(static_cast<std::byte*>(all),
                                             static_cast<std::size_t>(offsets.back()) * unit);
            all_.parts_[static_cast<std::size_t>(rank_)] = bytes;
            all_.barrier();
            for (std::size_t r = 0; r < all_.parts_.size(); ++r) {
                if (static_cast<int>(r) == rank_) continue;
                const auto begin = static_cast<std::size_t>(offsets[r]) * unit;
                const auto end = static_cast<std::size_t>(offsets[r + 1]) * unit;
                std::ranges::copy(all_.parts_[r].subspan(begin, end - begin),
                                  bytes.subspan(begin).begin());
            }
            all_.barrier();
        }
        void any(std::uint8_t* flags, int n) override {
            const auto size = static_cast<std::size_t>(n);
            std::vector<std::uint8_t> own(flags, flags + n);
            all_.parts_[static_cast<std::size_t>(rank_)] = std::as_writable_bytes(std::span(own));
            all_.barrier();
            for (const auto& part : all_.parts_)
                for (std::size_t i = 0; i < size; ++i)
                    flags[i] |= std::to_integer<std::uint8_t>(part[i]);
            all_.barrier();
        }
        void send(std::span<const std::byte> bytes, int to, int tag) override {
            const std::lock_guard lock(all_.mutex_);
            all_.bytes_sent_ += bytes.size();
            all_.messages_.push_back({rank_, to, tag, {bytes.begin(), bytes.end()}});
            all_.changed_.notify_all();
        }
        void receive(std::span<std::byte> bytes, int from, int tag) override {
            awaited_.push_back({bytes, from, tag});
        }
        void progress() override {}
        void wait() override {
            for (const Awaited& awaited : awaited_) all_.take(rank_, awaited);
            awaited_.clear();
        }

    private:
        ThreadRanks& all_;
        int rank_;
        std::vector<Awaited> awaited_;
    };

    void barrier() {
        std::unique_lock lock(mutex_);
        const int generation = generation_;
        if (++waiting_ == size_) {
            waiting_ = 0;
            ++generation_;
            changed_.notify_all();
            return;
        }
        changed_.wait(lock, [&] { return generation_ != generation; });
    }

    void take(int to, const Awaited& awaited) {
        std::unique_lock lock(mutex_);
        std::list<Message>::iterator found;
        changed_.wait(lock, [&] {
            found = std::find_if(messages_.begin(), messages_.end(), [&](const Message& message) {
                return message.to == to && message.from == awaited.from &&
                       message.tag == awaited.tag;
            });
            return found != messages_.end();
        });
        if (found->bytes.size() != awaited.bytes.size())
            fail("rank ", to, " awaits ", awaited.bytes.size(), " bytes of rank ", awaited.from,
                 ", which sent ", found->bytes.size());
        std::ranges::copy(found->bytes, awaited.bytes.begin());
        messages_.erase(found);
    }

    int size_;
    std::vector<std::span<std::byte>> parts_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::list<Message> messages_;
    int waiting_ = 0;
    int generation_ = 0;
    std::size_t bytes_sent_ = 0;
};

}  // namespace hat::support
