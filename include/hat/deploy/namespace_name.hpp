// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace hat::deploy {

namespace detail {

/// The keywords of C++20 and its other spellings of operators.
inline constexpr auto cpp_words =
    std::to_array<std::string_view>({"alignas",       "alignof",     "and",
                                     "and_eq",        "asm",         "auto",
                                     "bitand",        "bitor",       "bool",
                                     "break",         "case",        "catch",
                                     "char",          "char16_t",    "char32_t",
                                     "char8_t",       "class",       "co_await",
                                     "co_return",     "co_yield",    "compl",
                                     "concept",       "const",       "const_cast",
                                     "consteval",     "constexpr",   "constinit",
                                     "continue",      "decltype",    "default",
                                     "delete",        "do",          "double",
                                     "dynamic_cast",  "else",        "enum",
                                     "explicit",      "export",      "extern",
                                     "false",         "float",       "for",
                                     "friend",        "goto",        "if",
                                     "inline",        "int",         "long",
                                     "mutable",       "namespace",   "new",
                                     "noexcept",      "not",         "not_eq",
                                     "nullptr",       "operator",    "or",
                                     "or_eq",         "private",     "protected",
                                     "public",        "register",    "reinterpret_cast",
                                     "requires",      "return",      "short",
                                     "signed",        "sizeof",      "static",
                                     "static_assert", "static_cast", "struct",
                                     "switch",        "template",    "this",
                                     "thread_local",  "throw",       "true",
                                     "try",           "typedef",     "typeid",
                                     "typename",      "union",       "unsigned",
                                     "using",         "virtual",     "void",
                                     "volatile",      "wchar_t",     "while",
                                     "xor",           "xor_eq"});

/// Functions of the C library that there are of three kinds of floats: sin, sinf, sinl.
inline constexpr std::string_view c_math_names =
    " acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh drem erf erfc exp "
    "exp10 exp2 expm1 fabs fdim finite floor fma fmax fmaximum fmin fminimum fmod frexp gamma "
    "hypot ilogb isinf isnan j0 j1 jn ldexp lgamma llogb llrint llround log log10 log1p log2 "
    "logb lrint lround modf nan nearbyint nextafter nextdown nexttoward nextup pow remainder "
    "remquo rint round roundeven scalb scalbln scalbn significand sin sincos sinh sqrt tan "
    "tanh tgamma trunc y0 y1 yn ";

/// Other names of the C library, and macros, that headers of the standard library bring into every
/// program with glibc or newlib.
inline constexpr std::string_view c_names =
    " a64l abort abs accept access acct alarm alloca arc4random asctime asiprintf asniprintf "
    "asnprintf asprintf assert atexit atof atoi atol basename bcmp bcopy bind brk bsearch "
    "btowc bzero calloc canonicalize cfree chdir chmod chown chroot clearenv clearerr clock "
    "clone close closefrom confstr connect creat crypt ctermid ctime cuserid daddl daemon "
    "daylight ddivl dfmal difftime diprintf dirent div dmull dprintf drand48 dsqrtl dsubl dup "
    "dup2 dup3 duplocale dysize eaccess ecvt endusershell environ erand48 errno euidaccess "
    "execl execle execlp execv execve execveat execvp execvpe exit faccessat fadd fchdir "
    "fchown fchownat fclose fcloseall fcntl fcvt fdatasync fdiv fdopen feof ferror fexecve "
    "fflush ffma ffs fgetc fgetpos fgets fgetwc fgetws fileno fiprintf fiscanf flockfile fls "
    "fmaxmag fmemopen fminmag fmul fopen fopencookie fork fpathconf fprintf fpurge fputc "
    "fputs fputwc fputws fread free freelocale freopen fromfp fscanf fseek fseeko fsetpos "
    "fsqrt fstat fsub fsync ftell ftello ftruncate ftrylockfile funlockfile funopen fwide "
    "fwprintf fwrite fwscanf gcvt getc getchar getcpu getcwd getdate getdelim getdomainname "
    "getdtablesize getegid getentropy getenv geteuid getgid getgroups gethostid gethostname "
    "getline getloadavg getlogin getopt getpagesize getpass getpayload getpgid getpgrp getpid "
    "getppid getpt getresgid getresuid gets getsid getsubopt gettid getuid getusershell getw "
    "getwc getwchar getwd gmtime grantpt group gsignal i386 imaxabs imaxdiv index infinity "
    "initstate ioctl iovec iprintf isalnum isalpha isascii isatty isblank iscanf iscanonical "
    "iscntrl isctype isdigit iseqsig isgraph islower isprint ispunct issignaling isspace "
    "isupper iswalnum iswalpha iswblank iswcntrl iswctype iswdigit iswgraph iswlower iswprint "
    "iswpunct iswspace iswupper iswxdigit isxdigit iszero itimerspec itoa jrand48 kill killpg "
    "l64a labs lchown lcong48 lconv ldiv link linkat linux llabs lldiv localeconv localtime "
    "lockf longjmp lrand48 lseek lstat malloc mblen mbrlen mbrtowc mbsinit mbsnrtowcs "
    "mbsrtowcs mbstowcs mbtowc memccpy memchr memcmp memcpy memfrob memmem memmove mempcpy "
    "memrchr memset mips mkdir mkdtemp mkostemp mkostemps mkstemp mkstemps mktemp mktime "
    "mrand48 nanosleep newlocale nice nrand48 obstack open optarg opterr optind optopt passwd "
    "pathconf pause pclose perror pipe pipe2 poll popen pread printf profil pselect psiginfo "
    "psignal ptsname putc putchar putenv puts putw putwc putwchar pwrite qecvt qfcvt qgcvt "
    "qsort raise rand random rawmemchr read readlink readlinkat realloc reallocarray realpath "
    "recv remove rename renameat renameat2 revoke rewind rindex rmdir rpmatch rusage sbrk "
    "scanf seed48 select send setbuf setbuffer setdomainname setegid setenv seteuid setgid "
    "sethostid sethostname setjmp setlinebuf setlocale setlogin setns setpayload "
    "setpayloadsig setpgid setpgrp setregid setresgid setresuid setreuid setsid setstate "
    "setuid setusershell setvbuf shutdown sigaction sigaddset sigaltstack sigandset sigblock "
    "sigcontext sigdelset sigemptyset sigevent sigfillset siggetmask sighold sigignore "
    "siginterrupt sigisemptyset sigismember signal signbit signgam sigorset sigpause "
    "sigpending sigprocmask sigqueue sigrelse sigreturn sigset sigsetmask sigstack sigsuspend "
    "sigtimedwait sigval sigwait sigwaitinfo siprintf siscanf sleep sniprintf snprintf socket "
    "sprintf srand srand48 srandom sscanf ssignal stat stderr stdin stdout stpcpy stpncpy "
    "strcasecmp strcasestr strcat strchr strchrnul strcmp strcoll strcpy strcspn strdup "
    "strerror strfromd strfromf strfroml strfry strftime strlcat strlcpy strlen strlwr "
    "strncasecmp strncat strncmp strncpy strndup strnlen strnstr strpbrk strptime strrchr "
    "strsep strsignal strspn strstr strtod strtof strtoimax strtok strtol strtold strtoq "
    "strtoul strtoumax strtouq strupr strverscmp strxfrm suboptarg sun swab swprintf swscanf "
    "symlink symlinkat sync syncfs syscall sysconf system tcgetpgrp tcsetpgrp tempnam tgkill "
    "time timegm timelocal times timespec timeval timezone tm tmpfile tmpnam toascii tolower "
    "totalorder totalordermag toupper towctrans towlower towupper truncate ttyname ttyslot "
    "tzname tzset ualarm ufromfp uint ulong umask uname ungetc ungetwc unix unlink unlinkat "
    "unlockpt unsetenv unshare uselocale ushort usleep utoa utsname valloc vasiprintf "
    "vasniprintf vasnprintf vasprintf vax vdiprintf vdprintf vfiprintf vfiscanf vfork "
    "vfprintf vfscanf vfwprintf vfwscanf vhangup viprintf viscanf vprintf vscanf vsiprintf "
    "vsiscanf vsniprintf vsnprintf vsprintf vsscanf vswprintf vswscanf vwprintf vwscanf wait "
    "wcpcpy wcpncpy wcrtomb wcscasecmp wcscat wcschr wcschrnul wcscmp wcscoll wcscpy wcscspn "
    "wcsdup wcsftime wcslcat wcslcpy wcslen wcsncasecmp wcsncat wcsncmp wcsncpy wcsnlen "
    "wcsnrtombs wcspbrk wcsrchr wcsrtombs wcsspn wcsstr wcstod wcstof wcstoimax wcstok wcstol "
    "wcstold wcstombs wcstoq wcstoul wcstoumax wcstouq wcswcs wcswidth wcsxfrm wctob wctomb "
    "wctrans wctype wcwidth wmemchr wmemcmp wmemcpy wmemmove wmempcpy wmemset wprintf write "
    "wscanf ";

constexpr bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Whether any program may have an identifier of that form.
constexpr bool is_free_identifier(std::string_view name) {
    const auto may_follow = [](char c) { return is_letter(c) || is_digit(c) || c == '_'; };
    return !name.empty() && is_letter(name[0]) &&
           std::all_of(name.begin(), name.end(), may_follow) &&
           name.find("__") == std::string_view::npos;
}

/// Whether a text of words, with a space before and behind each, has this one.
constexpr bool has_word(std::string_view words, std::string_view word) {
    for (std::size_t at = words.find(word); at != std::string_view::npos;
         at = words.find(word, at + 1))
        if (words[at - 1] == ' ' && words[at + word.size()] == ' ') return true;
    return false;
}

/// Whether some C library has it where every program sees it.
constexpr bool is_c_name(std::string_view name) {
    if (has_word(c_names, name) || has_word(c_math_names, name)) return true;
    const std::string_view of_doubles = name.substr(0, name.size() - 1);
    const bool has_kind = name.ends_with('f') || name.ends_with('l');
    return has_kind && !of_doubles.empty() && has_word(c_math_names, of_doubles);
}

/// hat's own, and those that C++ keeps: `main`, and `std` with or without a number.
constexpr bool is_owned(std::string_view name) {
    if (name == "hat" || name == "main" || name.starts_with("HAT_")) return true;
    return name.starts_with("std") && std::all_of(name.begin() + 3, name.end(), is_digit);
}

}  // namespace detail

/// What should be instead of a name that a namespace of a user's own cannot have; empty if it can.
/// Macros of a compiler and what its C library has beside the usual are not known here.
[[nodiscard]] constexpr std::string_view fault_of_namespace_name(std::string_view name) {
    if (!detail::is_free_identifier(name))
        return "expected the name of a namespace: a letter, then letters, digits and single _";
    const auto& words = detail::cpp_words;
    if (std::find(words.begin(), words.end(), name) != words.end())
        return "expected another name: it is a word of C++";
    if (detail::is_owned(name)) return "expected another name: it is one of C++ or of hat";
    if (detail::is_c_name(name)) return "expected another name: it is one of the C library";
    return {};
}

}  // namespace hat::deploy
