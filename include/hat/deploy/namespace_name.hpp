// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
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

/// Functions of the C library that there are of several kinds of floats: sin, sinf, sinl, sinf64.
inline constexpr std::string_view c_math_names =
    " acos acosh asin asinh atan atan2 atanh canonicalize cbrt ceil copysign cos cosh drem erf "
    "erfc exp exp10 exp2 expm1 fabs fdim finite floor fma fmax fmaximum fmaximum_mag "
    "fmaximum_mag_num fmaximum_num fmaxmag fmin fminimum fminimum_mag fminimum_mag_num "
    "fminimum_num fminmag fmod frexp fromfp fromfpx gamma getpayload hypot ilogb infinity "
    "isinf isnan j0 j1 jn ldexp lgamma llogb llrint llround log log10 log1p log2 logb lrint "
    "lround modf nan nearbyint nextafter nextdown nexttoward nextup pow remainder remquo rint "
    "round roundeven scalb scalbln scalbn setpayload setpayloadsig significand sin sincos sinh "
    "sqrt tan tanh tgamma trunc y0 y1 yn ";

/// Other names of the C library, and macros, but for those that tell themselves by their form, that
/// headers of the standard library bring into every program with glibc or newlib.
inline constexpr std::string_view c_names =
    " FILE a64l abort abs accept access acct alarm aligned_alloc alloca arc4random "
    "arc4random_buf arc4random_uniform asctime asiprintf asniprintf asnprintf asprintf assert "
    "at_quick_exit atexit atof atoff atoi atol atoll basename bcmp bcopy bind brk bsearch "
    "btowc bzero calloc canonicalize canonicalize_file_name cfree chdir chmod chown chroot "
    "clearenv clearerr clock clock_adjtime clock_getcpuclockid clock_getres clock_gettime "
    "clock_nanosleep clock_settime clone close close_range closefrom confstr connect "
    "copy_file_range creat crypt ctermid ctime cuserid daddl daemon daylight ddivl dfmal "
    "difftime diprintf dirent div dmull dprintf drand48 drand48_data dsqrtl dsubl dup dup2 "
    "dup3 duplocale dysize eaccess ecvt endusershell environ erand48 errno euidaccess execl "
    "execle execlp execv execve execveat execvp execvpe exit explicit_bzero faccessat fadd "
    "faddl fchdir fchown fchownat fclose fcloseall fcntl fcvt fd_mask fd_set fdatasync fdiv "
    "fdivl fdopen feof ferror fexecve fflush ffma ffmal ffs ffsl ffsll fgetc fgetpos fgets "
    "fgetwc fgetws fileno fiprintf fiscanf flockfile fls flsl flsll fmaxmag fmemopen fminmag "
    "fmul fmull fopen fopencookie fork fpathconf fprintf fpurge fputc fputs fputwc fputws "
    "fread free freelocale freopen fromfp fscanf fseek fseeko fsetpos fsqrt fsqrtl fstat fsub "
    "fsubl fsync ftell ftello ftruncate ftrylockfile funlockfile funopen fwide fwprintf fwrite "
    "fwscanf gamma_r gammaf_r gcvt get_current_dir_name getc getchar getcpu getcwd getdate "
    "getdate_err getdelim getdomainname getdtablesize getegid getentropy getenv geteuid getgid "
    "getgroups gethostid gethostname getline getloadavg getlogin getopt getpagesize getpass "
    "getpayload getpgid getpgrp getpid getppid getpt getresgid getresuid gets getsid getsubopt "
    "gettid getuid getusershell getw getwc getwchar getwd gmtime grantpt group group_member "
    "gsignal i386 imaxabs imaxdiv index infinity initstate ioctl iovec iprintf isalnum isalpha "
    "isascii isatty isblank iscanf iscanonical iscntrl isctype isdigit iseqsig isgraph islower "
    "isprint ispunct issignaling isspace isupper iswalnum iswalpha iswblank iswcntrl iswctype "
    "iswdigit iswgraph iswlower iswprint iswpunct iswspace iswupper iswxdigit isxdigit iszero "
    "itimerspec itoa jrand48 kill killpg l64a labs lchown lcong48 lconv ldiv lgamma_r "
    "lgammaf_r lgammal_r link linkat linux llabs lldiv localeconv localtime lockf longjmp "
    "lrand48 lseek lstat malloc mblen mbrlen mbrtowc mbsinit mbsnrtowcs mbsrtowcs mbstowcs "
    "mbtowc memccpy memchr memcmp memcpy memfrob memmem memmove mempcpy memrchr memset mips "
    "mkdir mkdtemp mkostemp mkostemps mkstemp mkstemps mktemp mktime mrand48 nanosleep "
    "newlocale nice nrand48 obstack obstack_printf obstack_vprintf on_exit open open_memstream "
    "open_wmemstream optarg opterr optind optopt passwd pathconf pause pclose perror pipe "
    "pipe2 poll popen posix_memalign posix_openpt pread printf profil program_invocation_name "
    "program_invocation_short_name pselect psiginfo psignal ptsname putc putchar putenv puts "
    "putw putwc putwchar pwrite qecvt qfcvt qgcvt qsort quick_exit raise rand random "
    "random_data rawmemchr read readlink readlinkat realloc reallocarray reallocf realpath "
    "recv remove rename renameat renameat2 revoke rewind rindex rmdir rpmatch rusage sbrk "
    "scanf sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getcpu "
    "sched_getparam sched_getscheduler sched_param sched_rr_get_interval sched_setaffinity "
    "sched_setparam sched_setscheduler sched_yield secure_getenv seed48 select send setbuf "
    "setbuffer setdomainname setegid setenv seteuid setgid sethostid sethostname setjmp "
    "setlinebuf setlocale setlogin setns setpayload setpayloadsig setpgid setpgrp setregid "
    "setresgid setresuid setreuid setsid setstate setuid setusershell setvbuf shutdown "
    "sigabbrev_np sigaction sigaddset sigaltstack sigandset sigblock sigcontext sigdelset "
    "sigdescr_np sigemptyset sigevent sigfillset siggetmask sighold sigignore siginterrupt "
    "sigisemptyset sigismember signal signbit signgam sigorset sigpause sigpending sigprocmask "
    "sigqueue sigrelse sigreturn sigset sigsetmask sigstack sigsuspend sigtimedwait sigval "
    "sigwait sigwaitinfo siprintf siscanf sleep sniprintf snprintf socket sprintf srand "
    "srand48 srandom sscanf ssignal stat stderr stdin stdout stpcpy stpncpy strcasecmp "
    "strcasestr strcat strchr strchrnul strcmp strcoll strcpy strcspn strdup strerror strfromd "
    "strfromf strfroml strfry strftime strlcat strlcpy strlen strlwr strncasecmp strncat "
    "strncmp strncpy strndup strnlen strnstr strpbrk strptime strrchr strsep strsignal strspn "
    "strstr strtod strtof strtoimax strtok strtol strtold strtoq strtoul strtoumax strtouq "
    "strupr strverscmp strxfrm suboptarg sun swab swprintf swscanf symlink symlinkat sync "
    "syncfs syscall sysconf system tcgetpgrp tcsetpgrp tempnam tgkill time timegm timelocal "
    "times timespec timeval timezone tm tmpfile tmpnam toascii tolower totalorder "
    "totalordermag toupper towctrans towlower towupper truncate ttyname ttyslot tzname tzset "
    "ualarm ufromfp uint ulong umask uname ungetc ungetwc unix unlink unlinkat unlockpt "
    "unsetenv unshare uselocale ushort usleep utoa utsname valloc vasiprintf vasniprintf "
    "vasnprintf vasprintf vax vdiprintf vdprintf vfiprintf vfiscanf vfork vfprintf vfscanf "
    "vfwprintf vfwscanf vhangup viprintf viscanf vprintf vscanf vsiprintf vsiscanf vsniprintf "
    "vsnprintf vsprintf vsscanf vswprintf vswscanf vwprintf vwscanf wait wcpcpy wcpncpy "
    "wcrtomb wcscasecmp wcscat wcschr wcschrnul wcscmp wcscoll wcscpy wcscspn wcsdup wcsftime "
    "wcslcat wcslcpy wcslen wcsncasecmp wcsncat wcsncmp wcsncpy wcsnlen wcsnrtombs wcspbrk "
    "wcsrchr wcsrtombs wcsspn wcsstr wcstod wcstof wcstoimax wcstok wcstol wcstold wcstombs "
    "wcstoq wcstoul wcstoumax wcstouq wcswcs wcswidth wcsxfrm wctob wctomb wctrans wctype "
    "wcwidth wmemchr wmemcmp wmemcpy wmemmove wmempcpy wmemset wprintf write wscanf ";

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

/// Whether a name is one of the words, or one with one of the endings behind it.
constexpr bool has_word_with(std::string_view words, std::span<const std::string_view> endings,
                             std::string_view name) {
    if (has_word(words, name)) return true;
    return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) {
        return name.ends_with(ending) && name.size() > ending.size() &&
               has_word(words, name.substr(0, name.size() - ending.size()));
    });
}

/// Whether some C library has it where every program sees it, or may: POSIX keeps all names that
/// end in _t for types, and those that begin with pthread_ for threads.
constexpr bool is_c_name(std::string_view name) {
    constexpr std::array<std::string_view, 7> kinds_of_floats{"f",   "l",    "f32", "f32x",
                                                              "f64", "f64x", "f128"};
    constexpr std::array<std::string_view, 4> variants{"_r", "_l", "_unlocked", "64"};
    return name.ends_with("_t") || name.starts_with("pthread_") || name.starts_with("PTHREAD_") ||
           has_word_with(c_math_names, kinds_of_floats, name) ||
           has_word_with(c_names, variants, name);
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
