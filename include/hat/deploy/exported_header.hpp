// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json, utf8proc
#pragma once

#include <hat/core/special_tokens.hpp>
#include <hat/decode/static_translator.hpp>
#include <hat/deploy/amalgamation.hpp>
#include <hat/deploy/architecture_source.hpp>
#include <hat/deploy/bytes_source.hpp>
#include <hat/deploy/embedded_text_builder.hpp>
#include <hat/deploy/embedded_translator.hpp>
#include <hat/deploy/packed_shortlist.hpp>
#include <hat/deploy/text_tables_source.hpp>
#include <hat/deploy/weights_hash.hpp>
#include <hat/model/architecture.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// A translator as one header of C++ that needs nothing but the standard library's headers.
namespace hat::deploy {

/// The code of a network, in words of C++.
struct ExportedNetwork {
    /// Headers of hat that have the code of the network.
    std::vector<std::string> headers{"hat/decode/static_translator.hpp"};
    /// The type, for constants `architecture` and `limits`.
    std::string type;
    std::string limits = "hat::decode::TranslationLimits";
    std::string search = "hat::decode::SearchOptions";
    std::string search_settings = {};  ///< further members: ", .max_length = 200"
};

/// That of weights which are packed as `weights` says: "hat::nn::PackedInt8".
[[nodiscard]] inline ExportedNetwork packed_network(const std::string& weights) {
    return {.type = "hat::decode::StaticTranslator<architecture, " + weights + ">"};
}
/// The same of sentences that have lists.
[[nodiscard]] inline ExportedNetwork listed_network(const std::string& weights) {
    return {.headers = {"hat/decode/static_translator.hpp", "hat/deploy/packed_shortlist.hpp"},
            .type = "hat::decode::StaticTranslator<architecture, " + weights +
                    ", hat::deploy::PackedShortlist>"};
}

/// That of integers, whose search finds targets of at most so many tokens before eos.
[[nodiscard]] inline ExportedNetwork integer_network(int max_length) {
    return {.headers = {"hat/integer/static_translator.hpp"},
            .type = "hat::integer::StaticTranslator<architecture, limits>",
            .limits = "hat::integer::Limits",
            .search = "hat::integer::SearchOptions",
            .search_settings = ", .max_length = " + std::to_string(max_length)};
}

/// What a header is to hold of a model.
struct ExportedModel {
    std::string space;      ///< the namespace that it is in, an identifier
    std::string about;      ///< lines of a comment: what it is, where it comes from, licence
    bool with_code = true;  ///< or the header includes hat's, for who has those
    ExportedNetwork network;
    std::span<const std::byte> weights;  ///< as the network reads them, and the lists behind them
    ShortlistShape lists = {};           ///< of `pack_shortlist`, if the vocabulary is not empty
    std::string weights_file = {};       ///< where they are instead, see `exported_weights_stub`
    model::Architecture architecture;
    SpecialTokens special;
    const OwnedTextTables* text = nullptr;
    decode::TranslationLimits limits;    ///< the search has their beam
    int line_bytes = 0;                  ///< of `StaticTextMemory`
    std::vector<std::string> sentences;  ///< that its test translates, at least one
    std::uint64_t expected = 0;          ///< `TranslationHash` of their translations
};

/// The header that has the code of a translator, but for its network.
inline constexpr const char* embedded_translator_header = "hat/deploy/embedded_translator.hpp";
/// That of what its test asks first.
inline constexpr const char* weights_hash_header = "hat/deploy/weights_hash.hpp";

namespace detail {

/// Text as a comment.
inline std::string comment(std::string_view text) {
    std::string lines;
    for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
        end = std::min(text.find('\n', begin), text.size());
        const std::string_view line = text.substr(begin, end - begin);
        lines += line.empty() ? "//" : "// ";
        for (const char c : line) lines += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
        // The next line would belong to this one.
        if (line.ends_with('\\')) lines += '.';
        lines += '\n';
    }
    return lines;
}

/// One clear line from a compiler for which the namespace would be something else.
inline std::string macro_check(const std::string& space) {
    return "#ifdef " + space + "\n#error \"" + space +
           " is a macro here: hat export --name calls the model otherwise\"\n#endif\n";
}

/// Text as a literal of C++.
inline std::string string_literal(std::string_view text) {
    std::string literal = "\"";
    for (const char c : text) literal += TableSource::character(static_cast<unsigned char>(c));
    return literal + '"';
}

/// Headers of hat and all they include, each for all exported headers of a program once.
inline std::string amalgamated(std::span<const std::string> headers, const HeaderText& text_of) {
    Amalgamation code(text_of);
    for (const std::string& header : headers) code.add(header);
    return code.text() + '\n';
}

inline std::string included(std::span<const std::string> headers) {
    std::string lines;
    for (const std::string& header : headers) lines += "#include <" + header + ">\n";
    return lines;
}

inline std::string exported_code(const ExportedModel& model, const HeaderText& text_of) {
    std::vector<std::string> headers = model.network.headers;
    headers.insert(headers.begin(), {embedded_translator_header, weights_hash_header});
    return "// hat without a heap and xsimd: other sources of a program that include headers\n"
           "// of hat must define these two macros, too.\n"
           "#ifndef HAT_EXPORTED_CODE\n#define HAT_EXPORTED_CODE\n"
           "#ifndef HAT_WITHOUT_HEAP\n#define HAT_WITHOUT_HEAP\n#endif\n"
           "#ifndef HAT_WITHOUT_XSIMD\n#define HAT_WITHOUT_XSIMD\n#endif\n#endif\n"
           // Floats are compared for what they are exactly, and arrays cut out of bytes where they
           // are aligned; GCC 12 finds uninitialised values in its own headers of AVX-512.
           "#if defined(__GNUC__)\n#pragma GCC diagnostic push\n"
           "#pragma GCC diagnostic ignored \"-Wfloat-equal\"\n"
           "#pragma GCC diagnostic ignored \"-Wcast-align\"\n"
           "#if !defined(__clang__)\n"
           "#pragma GCC diagnostic ignored \"-Wmaybe-uninitialized\"\n"
           "#pragma GCC diagnostic ignored \"-Wuninitialized\"\n#endif\n#endif\n" +
           (model.with_code ? amalgamated(headers, text_of) : included(headers)) +
           "#if defined(__GNUC__)\n#pragma GCC diagnostic pop\n#endif\n";
}

/// The words that weights take, the last of them maybe in part.
inline std::size_t weight_words(const ExportedModel& model) {
    return (model.weights.size() + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t);
}

/// What `weights_hash` is to find of them.
inline std::uint64_t expected_weights_hash(const ExportedModel& model) {
    std::vector<std::uint64_t> words(weight_words(model));
    if (!words.empty()) std::memcpy(words.data(), model.weights.data(), model.weights.size());
    return weights_hash(words);
}

/// The section that weights are in if they are in a file of their own, behind ".rodata.".
inline std::string weights_section(const ExportedModel& model) {
    return model.space + "_weight_words";
}

/// What a linker calls them there.
inline std::string weights_symbol(const ExportedModel& model, std::string_view identity) {
    return weights_section(model) + '_' + std::string(identity);
}

/// The weights, or where a linker finds them.
inline std::string weights_source(const ExportedModel& model, std::string_view identity) {
    if (model.weights_file.empty()) return bytes_source(model.weights, "weight_words");
    const std::string symbol = weights_symbol(model, identity);
    return "/// In " + model.weights_file + ".\nextern \"C\" const std::uint64_t " + symbol + '[' +
           std::to_string(weight_words(model)) +
           "];\ninline constexpr const auto& weight_words = " + symbol + ";\n";
}

/// A text with values in place of their names, which stand between two @.
inline std::string filled(std::string_view text,
                          const std::map<std::string_view, std::string>& values) {
    std::string result;
    while (true) {
        const std::size_t begin = text.find('@');
        result += text.substr(0, begin);
        if (begin == std::string_view::npos) return result;
        const std::size_t end = text.find('@', begin + 1);
        result += values.at(text.substr(begin + 1, end - begin - 1));
        text.remove_prefix(end + 1);
    }
}

/// A function of the lists, if there are some, that lie behind `network_bytes` of weights.
inline std::string lists_source(const ShortlistShape& lists, std::size_t network_bytes) {
    if (lists.target_vocab_size == 0) return {};
    const auto number = [](auto value) { return std::to_string(value); };
    return filled(R"(    static hat::deploy::PackedShortlist shortlist() noexcept {
        return hat::deploy::view_shortlist(
            std::as_bytes(std::span(weight_words)).data() + @BEGIN@,
            {.source_vocab_size = @SOURCE@,
             .target_vocab_size = @TARGET@,
             .always = @ALWAYS@,
             .tokens = @TOKENS@,
             .longest = @LONGEST@});
    }
)",
                  {{"BEGIN", number(network_bytes)},
                   {"SOURCE", number(lists.source_vocab_size)},
                   {"TARGET", number(lists.target_vocab_size)},
                   {"ALWAYS", number(lists.always)},
                   {"TOKENS", number(lists.tokens)},
                   {"LONGEST", number(lists.longest)}});
}

inline std::string model_source(const ExportedModel& model, const std::string& space) {
    const auto number = [](auto value) { return std::to_string(value); };
    const bool has_lists = model.lists.target_vocab_size > 0;
    const std::size_t network_bytes = model.weights.size() - (has_lists ? model.lists.bytes() : 0);
    std::string sentences;
    for (const std::string& sentence : model.sentences)
        sentences += "\n        " + string_literal(sentence) + ',';
    return filled(R"(namespace @SPACE@ {

/// All of the model, in constants.
struct Model {
    static constexpr const hat::model::Architecture& architecture =
        ::@NAME@::architecture;
    static constexpr hat::SpecialTokens special{.unk = @UNK@, .bos = @BOS@, .eos = @EOS@, .pad = @PAD@};
    static constexpr @LIMITS@ limits{
        .source_tokens = @SOURCE@, .target_tokens = @TARGET@, .beam = @BEAM@@LISTED@};
    using Network = @NETWORK@;
    static constexpr @SEARCH@ search{.beam = @BEAM@@SETTINGS@};
    static constexpr int line_bytes = @LINE_BYTES@;
    static constexpr const hat::deploy::TextTables& text = tables;
    static std::span<const std::byte> weights() noexcept {
        return std::as_bytes(std::span(weight_words)).first(@NETWORK_BYTES@);
    }
@LISTS@    static constexpr std::string_view sentences[] = {@SENTENCES@
    };
    static constexpr std::uint64_t expected = @EXPECTED@U;
    static bool has_its_weights() noexcept {
        return hat::deploy::weights_hash(weight_words) == @WEIGHTS_HASH@U;
    }
@APART@};

using Translator = hat::deploy::EmbeddedTranslator<Model>;

}  // namespace @SPACE@
)",
                  {{"SPACE", space},
                   {"NAME", model.space},
                   {"UNK", number(model.special.unk)},
                   {"BOS", number(model.special.bos)},
                   {"EOS", number(model.special.eos)},
                   {"PAD", number(model.special.pad)},
                   {"LIMITS", model.network.limits},
                   {"SOURCE", number(model.limits.source_tokens)},
                   {"TARGET", number(model.limits.target_tokens)},
                   {"BEAM", number(model.limits.beam)},
                   {"LISTED", has_lists ? ", .listed_tokens = " + number(model.limits.listed_tokens)
                                        : std::string()},
                   {"NETWORK", model.network.type},
                   {"SEARCH", model.network.search},
                   {"SETTINGS", model.network.search_settings},
                   {"LINE_BYTES", number(model.line_bytes)},
                   {"NETWORK_BYTES", number(network_bytes)},
                   {"LISTS", lists_source(model.lists, network_bytes)},
                   {"SENTENCES", sentences},
                   {"EXPECTED", number(model.expected)},
                   {"WEIGHTS_HASH", number(expected_weights_hash(model))},
                   {"APART", model.weights_file.empty()
                                 ? std::string()
                                 : "    static constexpr bool weights_lie_apart = true;\n"}});
}

/// What tells a model from all others: a hash of all that a header has of it.
inline std::string model_identity(const ExportedModel& model) {
    TranslationHash hash;
    hash.add(architecture_source(model.architecture, ""));
    hash.add(text_tables_source(*model.text, ""));
    hash.add(model_source(model, ""));
    constexpr char digits[] = "0123456789abcdef";
    std::string identity;
    for (unsigned shift = 64; shift > 0; shift -= 4)
        identity += digits[hash.value() >> (shift - 4) & 15U];
    return identity;
}

}  // namespace detail

/// The text of the header. `text_of` gives the headers of hat. One without code cannot be in a
/// source together with one that has it.
///
///     #include "model.hpp"
///     static translator::Translator::Memory memory;  // `space` is "translator"
///     static translator::Translator translate(memory);
///
/// The model is in an inline namespace of its own, so that sources of one program may have two
/// models by one name, each its own; a source that has both does not compile.
///
/// Throws  `Error` as `Amalgamation::add`
[[nodiscard]] inline std::string exported_header(const ExportedModel& model,
                                                 const HeaderText& text_of) {
    const std::string identity = detail::model_identity(model);
    const std::string space = model.space + "::inline model_" + identity;
    return "// SPDX-License-Identifier: Apache-2.0\n//\n" + detail::comment(model.about) +
           "#pragma once\n\n" + detail::exported_code(model, text_of) + '\n' +
           detail::macro_check(model.space) + architecture_source(model.architecture, space) +
           text_tables_source(*model.text, space) + "namespace " + space + " {\n" +
           detail::weights_source(model, identity) + "}  // namespace " + space + "\n\n" +
           detail::model_source(model, space);
}

/// A source, of C or C++, that puts `weights_file` into a program, for compilers that take long for
/// a list of so many numbers. The file holds the weights and zeros up to a multiple of 8 bytes; it
/// is looked for where the compiler looks for headers of the source, which is not to be compiled
/// with -flto. For ELF and Mach-O, GCC and Clang.
[[nodiscard]] inline std::string exported_weights_stub(const ExportedModel& model) {
    return detail::filled(
        R"(/* SPDX-License-Identifier: Apache-2.0
 *
 * The weights of @SPACE@, written by hat export. The assembler reads them from @FILE@, which -I tells it
 * where to find: with -flto it would do so when the program is linked, so compile this with -fno-lto. */
#define HAT_TEXT_OF(text) #text
#define HAT_TEXT(text) HAT_TEXT_OF(text)
#define HAT_WEIGHTS HAT_TEXT(__USER_LABEL_PREFIX__) "@SYMBOL@"
#if defined(__APPLE__)
#define HAT_SECTION ".section __TEXT,__const"
#else
#define HAT_SECTION ".section .rodata.@SECTION@,\"a\""
#endif
/* @FILE@ of another header does not have @BYTES@ bytes, and is refused. Clang knows its size too late for
 * .if, but in time to refuse one of these two, as it skips no negative number of bytes. */
#if defined(__clang__)
#define HAT_CHECK \
    "L" HAT_WEIGHTS "_end:\n" \
    ".skip @BYTES@ - (L" HAT_WEIGHTS "_end - " HAT_WEIGHTS ")\n" \
    ".skip (L" HAT_WEIGHTS "_end - " HAT_WEIGHTS ") - @BYTES@\n"
#else
#define HAT_CHECK \
    ".if . - " HAT_WEIGHTS " - @BYTES@\n" \
    ".error \"@FILE@ is of another header: expected @BYTES@ bytes\"\n" \
    ".endif\n"
#endif
__asm__(HAT_SECTION "\n"
        ".balign 64\n"
        ".globl " HAT_WEIGHTS "\n"
        HAT_WEIGHTS ":\n"
        ".incbin \"@FILE@\"\n"
        HAT_CHECK
        ".text\n");
)",
        {{"SPACE", model.space},
         {"SECTION", detail::weights_section(model)},
         {"SYMBOL", detail::weights_symbol(model, detail::model_identity(model))},
         {"BYTES", std::to_string(detail::weight_words(model) * sizeof(std::uint64_t))},
         {"FILE", model.weights_file}});
}

}  // namespace hat::deploy
