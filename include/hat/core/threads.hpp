// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/error.hpp>

#include <cstddef>

/// Whether the standard library has threads, which that of a bare device has not.
#if defined(_LIBCPP_HAS_NO_THREADS) || (defined(_LIBCPP_HAS_THREADS) && !_LIBCPP_HAS_THREADS) ||   \
    (defined(__GLIBCXX__) && !defined(_GLIBCXX_HAS_GTHREADS))
#define HAT_THREADS 0
#else
#define HAT_THREADS 1
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>
#endif

namespace hat {

#if HAT_THREADS

/// Threads that stay alive between jobs; the caller works with them.
///
/// `run` allocates nothing. Which thread takes which index is left to chance, so a job's result
/// must not depend on it: give every index its own output.
class ThreadPool {
public:
    static constexpr int max_threads = 1024;

    /// `threads` in all, the caller included; 0 means one per core.
    ///
    /// Throws  `Error` if there are to be more than `max_threads`; `std::system_error` if the
    ///         system does not start them
    explicit ThreadPool(int threads = 0) {
        if (threads < 0 || threads > max_threads)
            fail("threads: found ", threads, ", expected 0 (one per core) to ", max_threads);
        if (threads == 0)
            threads = std::min(static_cast<int>(std::thread::hardware_concurrency()), max_threads);
        start_workers(threads);
    }
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;
    ~ThreadPool() { stop_workers(); }

    [[nodiscard]] int size() const noexcept { return static_cast<int>(workers_.size()) + 1; }

    /// Calls `job(index, thread)` for index = 0 … n − 1, each once, and returns when all are done.
    /// `thread` is below `size()` and is never used by two calls at once: it picks a workspace.
    ///
    /// Throws  what a job throws (the first, if several do), after all have stopped.
    template <class Job>
    void run(int n, const Job& job) {
        if (workers_.empty() || n <= 1) {
            for (int i = 0; i < n; ++i) job(i, 0);
            return;
        }
        {
            const std::lock_guard lock(mutex_);
            call_ = [](const void* f, int i, int thread) {
                (*static_cast<const Job*>(f))(i, thread);
            };
            job_ = &job;
            count_ = n;
            next_.store(0, std::memory_order_relaxed);
            busy_ = static_cast<int>(workers_.size());
            ++generation_;
        }
        start_.notify_all();
        drain(0);
        std::unique_lock lock(mutex_);
        done_.wait(lock, [this] { return busy_ == 0; });
#if HAT_EXCEPTIONS
        if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
#endif
    }

private:
    void work(int thread) {
        unsigned seen = 0;
        for (;;) {
            {
                std::unique_lock lock(mutex_);
                start_.wait(lock, [&] { return stopping_ || generation_ != seen; });
                if (stopping_) return;
                seen = generation_;
            }
            drain(thread);
            const std::lock_guard lock(mutex_);
            if (--busy_ == 0) done_.notify_one();
        }
    }

    void drain(int thread) {
        for (;;) {
            const int i = next_.fetch_add(1, std::memory_order_relaxed);
            if (i >= count_) return;
#if HAT_EXCEPTIONS
            try {
                call_(job_, i, thread);
            } catch (...) {
                const std::lock_guard lock(mutex_);
                if (!error_) error_ = std::current_exception();
                next_.store(count_, std::memory_order_relaxed);
            }
#else
            call_(job_, i, thread);
#endif
        }
    }

    void start_workers(int threads) {
        workers_.reserve(static_cast<std::size_t>(std::max(threads, 1)));
        const auto start = [&] {
            for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
        };
#if HAT_EXCEPTIONS
        try {
            start();
        } catch (const std::system_error& error) {
            const std::size_t started = workers_.size() + 1;
            stop_workers();
            throw std::system_error(error.code(), "threads: the system starts " +
                                                      std::to_string(started) + " of " +
                                                      std::to_string(threads));
        } catch (...) {  // as where memory is lacking
            stop_workers();
            throw;
        }
#else
        start();
#endif
    }
    void stop_workers() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        start_.notify_all();
        for (auto& worker : workers_) worker.join();
    }

    std::vector<std::thread> workers_;
    std::mutex mutex_;
    std::condition_variable start_;
    std::condition_variable done_;
    std::exception_ptr error_;
    void (*call_)(const void*, int, int) = nullptr;
    const void* job_ = nullptr;
    int count_ = 0;
    int busy_ = 0;
    unsigned generation_ = 0;
    bool stopping_ = false;
    std::atomic<int> next_{0};
};

#else

/// As above, where there are no threads: the caller works alone.
class ThreadPool {
public:
    static constexpr int max_threads = 1;

    /// Throws  `Error` if there are to be more than one
    explicit ThreadPool(int threads = 0) {
        if (threads < 0 || threads > max_threads)
            fail("threads: found ", threads, ", expected 0 or 1: this device has no others");
    }
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    [[nodiscard]] int size() const noexcept { return 1; }

    /// Calls `job(index, 0)` for index = 0 … n − 1.  Throws  what a job throws
    template <class Job>
    void run(int n, const Job& job) {
        for (int i = 0; i < n; ++i) job(i, 0);
    }
};

#endif

}  // namespace hat
