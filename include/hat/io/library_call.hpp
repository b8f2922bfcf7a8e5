// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>

#include <exception>
#include <new>
#include <string_view>

namespace hat::io {

/// What `call()` returns, a call of another library; what that throws becomes an `Error` that
/// begins with `where`. Only lack of memory stays what it is.
///
///     library_call(path, [&] { return processor.Encode(line, &ids); });
template <class Call>
decltype(auto) library_call(std::string_view where, Call call) {
    try {
        return call();
    } catch (const Error&) {
        throw;
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& error) {
        // Some libraries catch it and throw it on in an exception of their own.
        const std::string_view what = error.what();
        if (what.find("bad_alloc") != std::string_view::npos) throw std::bad_alloc();
        fail(where, ": ", readable(what, 200));
    }
}

}  // namespace hat::io
