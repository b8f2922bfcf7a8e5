// SPDX-License-Identifier: Apache-2.0

/// hat export: a model → one C++ header that translates, without heap, files or libraries.

#include <hat/core/aligned.hpp>
#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/data/lines.hpp>
#include <hat/data/shortlist.hpp>
#include <hat/data/text_codec.hpp>
#include <hat/decode/any_translator.hpp>
#include <hat/decode/line_translator.hpp>
#include <hat/decode/static_translator.hpp>
#include <hat/deploy/embedded_text_builder.hpp>
#include <hat/deploy/embedded_translator.hpp>
#include <hat/deploy/exported_header.hpp>
#include <hat/deploy/namespace_name.hpp>
#include <hat/deploy/packed_shortlist.hpp>
#include <hat/deploy/text_memory.hpp>
#include <hat/integer/model.hpp>
#include <hat/integer/model_file.hpp>
#include <hat/integer/network.hpp>
#include <hat/integer/search.hpp>
#include <hat/integer/static_translator.hpp>
#include <hat/integer/weight_sizes.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/text_file.hpp>
#include <hat/kernels/int8.hpp>
#include <hat/model/presets.hpp>
#include <hat/model/sizes.hpp>
#include <hat/model/static_model.hpp>
#include <hat/nn/weights.hpp>
#include <hat/version.hpp>

#include "commands.hpp"
#include "flags.hpp"
#include "model_argument.hpp"
#include "output_directory.hpp"
#include "output_file.hpp"
#include "text_facts.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hat::program {

/// The text of a header of hat, from a source that the build makes.
std::string_view exported_header_text(std::string_view name);

namespace {

struct ExportOptions {
    std::string model, out, sentences;
    std::string name = "translator";
    std::optional<io::Storage> weights;
    int beam = decode::SearchOptions{}.beam;
    int max_length = 0;                    ///< 0: as long as hat translate has them
    std::optional<std::string> shortlist;  ///< where it is; empty: in the model
    bool all_tokens = false;
    bool split = false;
    bool without_code = false;
    bool overwrite = false;
};

/// Files of a header whose weights are not in it.
struct SplitFiles {
    std::string weights, stub;

    explicit SplitFiles(const std::string& header) {
        const auto dot = header.find_last_of("./");
        const bool has_ending = dot != std::string::npos && header[dot] == '.';
        const std::string stem = has_ending ? header.substr(0, dot) : header;
        weights = stem + ".bin";
        stub = stem + "_weights.c";
    }

    [[nodiscard]] std::string weights_name() const {
        return std::filesystem::path(weights).filename().string();
    }
};

const std::map<std::string, std::optional<io::Storage>> exported_kinds{
    {"fp32", io::Storage::fp32},
    {"bf16", io::Storage::bf16},
    {"int8", io::Storage::int8},
    {"kmeans4", io::Storage::kmeans4}};

const char* word_of(io::Storage storage) {
    return io::storage_words[static_cast<std::size_t>(storage)];
}

/// As much of a model of integers as decides what `EmbeddedTranslator` takes, whatever its sizes.
struct ModelOfIntegers {
    static constexpr auto architecture = model::uniform({}, 100, 100);
    static constexpr integer::Limits limits{.source_tokens = 1, .target_tokens = 1, .beam = 1};
    static constexpr integer::SearchOptions search{.beam = 1};
    static constexpr int line_bytes = 256;
    using Network = integer::StaticTranslator<architecture, limits>;
};

constexpr std::string_view exported_title = "A translator in one header, written by hat export";

bool begins_with(const std::string& path, std::string_view text) {
    io::InputFile file(path);
    std::string begin(256, '\0');
    begin.resize(file.read(begin));
    return begin.find(text) != std::string::npos;
}
bool is_exported(const std::string& path) {
    return begins_with(path, exported_title);
}
bool is_stub(const std::string& path) {
    return begins_with(path, "written by hat export");
}

void check_out(const ExportOptions& options) {
    check_output({.flag = "--out",
                  .path = options.out,
                  .kind = "a header that hat export wrote",
                  .is_of_kind = is_exported},
                 {options.sentences});
    std::vector<std::string> paths{options.out};
    if (options.split) {
        const SplitFiles files(options.out);
        const auto& [weights, stub] = files;
        if (options.out == weights || options.out == stub)
            fail("--out: ", in_quotes(options.out), " with --split, which writes weights to ",
                 weights, " and ", stub, " beside it; expected another name, such as model.hpp");
        // It stands in a source, between quotation marks.
        if (files.weights_name().find_first_of("\"\\\n\r") != std::string::npos)
            fail("--out: ", in_quotes(options.out),
                 " with --split, expected a name without quotation marks, \\ and line ends");
        check_output({.flag = "--out",
                      .path = stub,
                      .kind = "a source that hat export wrote",
                      .is_of_kind = is_stub},
                     {options.sentences});
        // Weights cannot be told from other bytes: they are ours if the source beside them is.
        if (io::exists(weights) && !io::exists(stub))
            fail(weights, ": is there already, and not with a ", stub,
                 " beside it, as hat export writes both; choose another --out");
        paths.insert(paths.end(), {weights, stub});
    }
    for (const std::string& path : paths) {
        if (!options.overwrite && io::exists(path))
            fail(path, ": is there already; replace it with --overwrite, or choose another --out");
    }
    make_parent(options.out);
}

/// Throws  `Error` unless it can be a namespace of its own.
void check_name(const std::string& name) {
    const std::string_view fault = deploy::fault_of_namespace_name(name);
    if (!fault.empty()) fail("--name: found ", in_quotes(name), ", ", fault);
}

/// Throws  `Error` if what `hat translate` does with the model cannot be exported.
void check_model(const io::ModelDirectory& model) {
    const model::Architecture& a = model.config().architecture;
    if (!a.has_encoder()) fail(model.path(), ": is a language model, which cannot be exported");
    if (!model.text_files().contains("subword.model"))
        fail(model.path(), ": has dictionaries of fairseq, expected a subword.model to export");
}

/// What `hat translate` is to compute with, to the same bits; as it does if nothing is asked for.
///
/// Throws  `Error` if codes are asked for that the model has not
std::optional<decode::WeightKind> served_kind(const ExportOptions& options,
                                              const io::ModelDirectory& model) {
    if (!options.weights) return {};
    if (model.is_integer())
        fail("--weights ", word_of(*options.weights), ": ", model.path(),
             " is a model of integers, which is exported as it is, without --weights");
    switch (*options.weights) {
    case io::Storage::bf16:
        return decode::WeightKind::bf16;
    case io::Storage::int8:
        return decode::WeightKind::int8;
    case io::Storage::kmeans4:
        if (const io::Storage stored = model.storage(); stored != io::Storage::kmeans4)
            fail("--weights kmeans4: ", model.path(), " is stored in ", word_of(stored),
                 "; hat quantize --weights kmeans4 makes a model of codes");
        return decode::WeightKind::fp32;
    default:
        return decode::WeightKind::fp32;
    }
}

/// How the header has the weights: a model of codes keeps them where it is served in floats.
io::Storage exported_storage(const ExportOptions& options, const io::ModelDirectory& model,
                             decode::WeightKind served) {
    if (options.weights) return *options.weights;
    switch (served) {
    case decode::WeightKind::bf16:
        return io::Storage::bf16;
    case decode::WeightKind::int8:
        return io::Storage::int8;
    default:
        return model.storage() == io::Storage::kmeans4 ? io::Storage::kmeans4 : io::Storage::fp32;
    }
}

/// Lines of so many tokens that say something of the vocabulary, for a model of which no sentence
/// is given.
std::vector<std::string> made_up_sentences(const data::TextCodec& text, int tokens) {
    constexpr int count = 3;
    std::vector<std::string> lines;
    for (int i = 0; i < count; ++i) {
        std::vector<int> ids;
        for (int k = 0; k < tokens; ++k)
            ids.push_back((text.source_size() / 7 * (k + 1) + 31 * (i + 1)) % text.source_size());
        lines.push_back(text.decode_source(ids, {}));
    }
    return lines;
}

/// What a line becomes on the device, or nothing if it has a status there instead.
std::optional<std::string> translation_of(const std::string& line,
                                          decode::LineTranslator& translator,
                                          decode::LineTranslator& shorter,
                                          const deploy::ExportedModel& model) {
    const std::vector source{translator.encode(line)};
    if (source[0].parts.size() > 1 || source[0].tokens >= model.limits.source_tokens) return {};
    if (std::ssize(line) > model.line_bytes / 2) return {};
    const std::string text = translator.translate(source)[0][0].text;
    // On the device, a hypothesis that came to the end of its room is one that might have won.
    const auto within = shorter.translate(source, model.limits.beam)[0];
    const auto is_cut = [](const auto& translation) { return translation.is_cut; };
    if (within[0].text != text || std::any_of(within.begin(), within.end(), is_cut)) return {};
    return text;
}

/// Whether hat translate has room for a search as wide as the header's.
bool has_room(const io::ModelDirectory& directory, const decode::LineTranslator& translator,
              const decode::TranslationLimits& limits) {
    return !directory.is_integer() ||
           integer::has_places(
               {.target_tokens = translator.most_target_tokens(limits.source_tokens),
                .beam = limits.beam});
}

/// Finds what the header's test expects.
void add_test(deploy::ExportedModel& model, const ExportOptions& options,
              const decode::LineTranslatorOptions& search, decode::LineTranslator& translator,
              const data::TextCodec& text) {
    decode::LineTranslatorOptions within = search;
    within.search.max_length_b =
        std::min(within.search.max_length_b, model.limits.target_tokens - 1);
    auto directory = io::ModelDirectory::open_to_serve(model_path(options.model));
    const bool has_whole_search = has_room(directory, translator, model.limits);
    decode::LineTranslator shorter(std::move(directory), within);
    deploy::TranslationHash hash;
    // Where the search of hat translate has no room, the shorter one alone tells, as it does if no
    // hypothesis comes to the end of its room.
    decode::LineTranslator& longer = has_whole_search ? translator : shorter;
    bool has_text = false;
    const auto add = [&](const std::string& line) {
        const auto translation = translation_of(line, longer, shorter, model);
        if (!translation) return false;
        model.sentences.push_back(line);
        hash.add(*translation);
        has_text = has_text || decode::LineTranslator::has_text(translator.encode(line));
        return true;
    };
    if (!options.sentences.empty()) {
        const auto lines = data::read_lines(options.sentences);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            if (!add(lines[i]))
                fail(options.sentences, ":", i + 1,
                     ": the line or its translation is too long for the header; see --max-length");
        }
        if (lines.empty())
            fail(options.sentences, ": has no lines, expected sentences to test the header with");
        if (!has_text)
            std::fprintf(stderr,
                         "note: %s has nothing but blank lines: so the header tests nothing else\n",
                         options.sentences.c_str());
    }
    for (int tokens = 6; model.sentences.empty() && tokens > 0; tokens /= 2)
        for (const std::string& line : made_up_sentences(text, tokens)) add(line);
    if (model.sentences.empty()) {  // a blank line has a translation, too
        model.sentences.emplace_back();
        hash.add("");
        std::fputs("note: no sentence was found that is short enough for --max-length: the header "
                   "tests nothing but a blank line\n",
                   stderr);
    }
    model.expected = hash.value();
}

std::string about_header(const deploy::ExportedModel& model, std::size_t memory, bool is_integer) {
    // Where there is no heap it takes some bytes less than here.
    constexpr std::size_t kilobytes =
        (sizeof(deploy::EmbeddedTranslator<ModelOfIntegers>) + 999) / 1000;
    return std::string(exported_title) + " " + std::string(version) +
           ".\n\n"
           "    #include \"model.hpp\"\n"
           "    static " +
           model.space +
           "::Translator::Memory memory;\n"
           "    static " +
           model.space +
           "::Translator translator(memory);\n"
           "    char text[1024];\n"
           "    const auto [status, size] = translator.translate(line, text);\n\n"
           "C++20; nothing but headers of the standard library " +
           (model.with_code ? "" : "and of hat ") +
           "is needed, no heap, no exceptions:\n"
           "-std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics. What it says is what\n"
           "hat translate says of the model, byte for byte, or a status that hat::deploy::name\n"
           "has in words. The memory has up to " +
           std::to_string(memory) +
           " bytes, by the processor.\n"
           "The translator itself has " +
           (is_integer ? "up to " + std::to_string(kilobytes) : "some") +
           " kB, which many a stack has no room for: thus static.\n\n"
           "The code is of hat, under the licence above. Of the model:\n\n";
}

/// The model's card, or one of what is known.
std::string card_of(const io::ModelDirectory& model) {
    const std::string path = model.file_path("README.md");
    if (io::exists(path)) return io::read_file(path);
    return report::model_card_to_markdown(model_card(model.config(), model.path()),
                                          model.config().architecture);
}

/// `Weights` whose rows take what they take on the processor where that is most.
template <class Weights>
struct OfAnyProcessor {
    using Format = typename Weights::Format;
};
template <>
struct OfAnyProcessor<nn::PackedInt8> {
    struct Format : kernels::Int8 {
        static constexpr std::size_t bytes_of_rows(int rows, int inputs) noexcept {
            return most_bytes_of_rows(rows, inputs);
        }
    };
};

/// A network as a header has it.
struct NetworkToExport {
    std::string kind;  ///< of weights
    deploy::ExportedNetwork code;
    AlignedArray<std::byte> weights;
    std::size_t memory = 0;  ///< bytes that it works in, where they are most
};

NetworkToExport pack_network(const io::ModelDirectory& directory, io::Storage storage,
                             const data::Shortlist* shortlist,
                             const decode::TranslationLimits& limits) {
    model::Network network(directory.config().architecture);
    directory.load_weights(network.table(), network.values());
    const auto packed = [&]<class Weights>(const char* type) {
        const std::string name = std::string("hat::nn::") + type;
        const auto sizes = model::sizes_of(network.architecture());
        NetworkToExport made{
            .kind = word_of(storage),
            .code = deploy::packed_network(name),
            .weights = model::static_weights<Weights>(network),
            .memory = decode::working_memory<OfAnyProcessor<Weights>>(sizes, limits).sum()};
        if constexpr (!std::same_as<Weights, nn::PackedKMeans4>) {
            if (shortlist == nullptr) return made;
            made.code = deploy::listed_network(name);
            made.memory = decode::working_memory<OfAnyProcessor<Weights>, deploy::PackedShortlist>(
                              sizes, limits)
                              .sum();
        }
        return made;
    };
    switch (storage) {
    case io::Storage::kmeans4:
        if (shortlist != nullptr)
            fail("--weights kmeans4: goes with no shortlist; expected fp32, bf16 or int8, or "
                 "--all-tokens");
        return packed.operator()<nn::PackedKMeans4>("PackedKMeans4");
    case io::Storage::bf16:
        return packed.operator()<nn::PackedBf16>("PackedBf16");
    case io::Storage::int8:
        return packed.operator()<nn::PackedInt8>("PackedInt8");
    default:
        return packed.operator()<nn::Packed>("Packed");
    }
}

/// The weights, and behind them the lists, if there are some.
AlignedArray<std::byte> with_lists(AlignedArray<std::byte> weights,
                                   const data::Shortlist* shortlist) {
    if (shortlist == nullptr) return weights;
    if (shortlist->target_vocab_size() > deploy::most_listed_vocabulary)
        fail("--shortlist: a vocabulary of ", shortlist->target_vocab_size(),
             " tokens, expected at most ", deploy::most_listed_vocabulary);
    const std::size_t lists = deploy::shape_of(*shortlist).bytes();
    AlignedArray<std::byte> all(static_cast<std::ptrdiff_t>(weights.size_bytes() + lists));
    std::copy_n(weights.data(), weights.size_bytes(), all.data());
    deploy::pack_shortlist(*shortlist, all.data() + weights.size_bytes());
    return all;
}

NetworkToExport pack_integers(const io::ModelDirectory& directory,
                              const decode::TranslationLimits& limits) {
    if (std::int64_t{limits.beam} * limits.target_tokens > 65536)
        fail("--beam ", limits.beam, " with translations of ", limits.target_tokens,
             " tokens: a network of integers has room for 65536 of all hypotheses; see "
             "--max-length");
    const integer::Limits of_integers{.source_tokens = limits.source_tokens,
                                      .target_tokens = limits.target_tokens,
                                      .beam = limits.beam};
    const auto sizes = integer::weight_sizes(directory.config().architecture, limits.source_tokens,
                                             limits.target_tokens);
    return {.kind = "integer",
            .code = deploy::integer_network(decode::SearchOptions{}.max_length_b),
            .weights = integer::static_weights(integer::load_model(directory), limits.source_tokens,
                                               limits.target_tokens),
            .memory =
                integer::Network::bytes(sizes, of_integers) + integer::Search::bytes(of_integers)};
}

/// `EmbeddedTranslator::memory_bytes` where they are most: they are less on 32 bits, and on
/// processors that multiply numbers of 8 bits.
///
/// Throws  `Error` if no program can have them
std::size_t memory_bytes(std::size_t network, const decode::TranslationLimits& limits,
                         int line_bytes) {
    const std::size_t bytes = network + deploy::text_memory_bytes(line_bytes) +
                              static_cast<std::size_t>(limits.source_tokens) * sizeof(int);
    constexpr std::size_t most = std::numeric_limits<std::int32_t>::max();
    if (bytes > most)
        fail("--beam ", limits.beam, " with lines of ", limits.source_tokens,
             " tokens and translations of ", limits.target_tokens, ": needs ", bytes / 1'000'000,
             " MB of memory, expected at most ", most / 1'000'000,
             "; --beam and --max-length make it less");
    return (bytes + alignment - 1) / alignment * alignment;
}

/// How long lines and translations may be: as `hat translate` has them, or shorter.
decode::TranslationLimits limits_of(const ExportOptions& options,
                                    const decode::LineTranslator& translator) {
    const int source = translator.whole_tokens() + 1;
    const int target = translator.most_target_tokens(source);
    const int most = options.max_length > 0 ? options.max_length : std::max(source, target);
    return {.source_tokens = std::min(source, most),
            .target_tokens = std::min(target, most),
            .beam = options.beam,
            .listed_tokens = translator.shortlist() == nullptr
                                 ? 0
                                 : translator.shortlist()->most(std::min(source, most))};
}

/// All of the files, or none: where there is no room for one, nothing is replaced.
void write_split(const SplitFiles& files, const std::string& out,
                 const deploy::ExportedModel& model, std::string_view header) {
    constexpr std::array<std::byte, sizeof(std::uint64_t)> zeros{};
    io::AtomicFile weights(files.weights);
    weights.write(model.weights.data(), model.weights.size());
    // Whole words of 64 bits.
    weights.write(zeros.data(),
                  (zeros.size() - model.weights.size() % zeros.size()) % zeros.size());
    io::AtomicFile stub(files.stub);
    stub.write(exported_weights_stub(model));
    io::AtomicFile code(out);
    code.write(header);
    const std::array all{&weights, &stub, &code};
    for (io::AtomicFile* file : all) file->finish();
    for (io::AtomicFile* file : all) file->commit();
}

void export_model(const ExportOptions& options) {
    check_name(options.name);
    check_out(options);
    const auto directory = io::ModelDirectory::open_to_serve(model_path(options.model));
    check_model(directory);
    decode::LineTranslatorOptions search{.threads = 1,
                                         .weights = served_kind(options, directory),
                                         .shortlist = options.shortlist,
                                         .all_tokens = options.all_tokens};
    search.search.beam = options.beam;
    decode::LineTranslator translator(io::ModelDirectory::open_to_serve(model_path(options.model)),
                                      search);
    const auto text = data::TextCodec::load(directory);
    const deploy::OwnedTextTables tables =
        deploy::make_text_tables(directory.text_files().at("subword.model"), text.special(),
                                 text.rules(), translator.whole_tokens(), directory.path());
    const decode::TranslationLimits limits = limits_of(options, translator);
    const data::Shortlist* const shortlist = translator.shortlist();
    NetworkToExport network =
        directory.is_integer()
            ? pack_integers(directory, limits)
            : pack_network(directory, exported_storage(options, directory, translator.weights()),
                           shortlist, limits);
    constexpr int bytes_a_token = 16;
    constexpr int least_bytes = 256;
    const int line_bytes =
        std::clamp(bytes_a_token * limits.source_tokens, least_bytes, deploy::longest_text_bytes);
    const std::size_t memory = memory_bytes(network.memory, limits, line_bytes);
    const AlignedArray<std::byte> weights = with_lists(std::move(network.weights), shortlist);
    const SplitFiles files(options.out);
    deploy::ExportedModel model{
        .space = options.name,
        .with_code = !options.without_code,
        .network = network.code,
        .weights = {weights.data(), weights.size_bytes()},
        .lists = shortlist == nullptr ? deploy::ShortlistShape{} : deploy::shape_of(*shortlist),
        .weights_file = options.split ? files.weights_name() : "",
        .architecture = directory.config().architecture,
        .special = directory.config().special_tokens,
        .text = &tables,
        .limits = limits,
        .line_bytes = line_bytes,
    };
    model.about = about_header(model, memory, directory.is_integer()) + card_of(directory);
    add_test(model, options, search, translator, text);
    const std::string header = exported_header(
        model, [](const std::string& name) { return std::string(exported_header_text(name)); });
    if (options.split)
        write_split(files, options.out, model, header);
    else
        io::write_file(options.out, header);
    // Nobody asked for these to go, and a build that goes on to link them has the weights twice.
    if (!options.split && io::exists(files.stub) && is_stub(files.stub))
        std::fprintf(stderr,
                     "note: %s holds its weights now: %s and %s are of the header that was there\n",
                     options.out.c_str(), files.stub.c_str(), files.weights.c_str());
    const auto megabytes = [](std::size_t bytes) { return static_cast<double>(bytes) / 1e6; };
    std::fprintf(stderr, "%s weights: %.2f MB, text tables: %.2f MB", network.kind.c_str(),
                 megabytes(model.weights.size()), megabytes(tables.bytes()));
    if (shortlist != nullptr)
        std::fprintf(stderr, ", %.2f MB of the weights are lists of up to %d tokens a sentence",
                     megabytes(model.lists.bytes()), model.limits.listed_tokens);
    std::fprintf(stderr,
                 "; lines of %d tokens, translations of %d, beam %d; tested with %zu sentences\n",
                 model.limits.source_tokens, model.limits.target_tokens, options.beam,
                 model.sentences.size());
    std::fprintf(
        stderr,
        "needs up to %zu bytes of memory, by the processor, and with -Os up to 64 kB of code\n",
        memory);
    std::printf("%s\n", options.out.c_str());
}

}  // namespace

void add_export(CLI::App& app) {
    auto options = std::make_shared<ExportOptions>();
    CLI::App* command = app.add_subcommand(
        "export", "Writes a translator as one C++ header, for a device without heap or files.");
    command->footer("Example:\n  hat export --model run/model --weights int8 --beam 1 "
                    "--max-length 64 --out model.hpp");
    command->add_option("--model", options->model, "run or model directory")->required();
    command->add_option("--out", options->out, "header to write")->required();
    add_choice(*command, "--weights", options->weights, exported_kinds,
               "what the network computes with; kmeans4 for a model that is stored so, with the "
               "products of fp32 [as the model is stored]");
    const NumberFlags number(*command);
    number("--beam", options->beam, {.low = 1, .high = 1000},
           "hypotheses a sentence; 1 is greedy, which takes the least memory");
    number.without_default("--max-length", options->max_length, {.low = 2, .high = 1024},
                           "tokens of a line, and of its translation, with their ends: memory "
                           "grows with it [as hat translate has them]");
    command->add_option("--name", options->name, "namespace of the translator")
        ->capture_default_str();
    command
        ->add_option("--sentences", options->sentences,
                     "file of sentences that the header can test itself with [some of the "
                     "vocabulary]")
        ->check([](const std::string& path) {
            return path.empty() ? "is empty, expected a file" : "";
        });
    CLI::Option* shortlist = command->add_flag_callback(
        "--shortlist", [options] { options->shortlist.emplace(); },
        "allow each sentence only the tokens that may translate its own, with the shortlist of the "
        "model: faster, and more memory (see hat prepare --shortlist)");
    CLI::Option* all_tokens = command->add_flag(
        "--all-tokens", options->all_tokens,
        "allow all tokens, even if the model was searched with a shortlist (listed_tokens)");
    command
        ->add_option("--shortlist-from", options->shortlist,
                     "the same, with the shortlist of this data or model of the same vocabulary")
        ->check([](const std::string& path) {
            return path.empty() ? "is empty, expected a directory" : "";
        })
        ->excludes(shortlist)
        ->excludes(all_tokens);
    shortlist->excludes(all_tokens);
    command->add_flag("--split", options->split,
                      "weights in a file of their own, OUT.bin, and a source that puts it into the "
                      "program, OUT_weights.c: for compilers that take long for big arrays");
    command->add_flag(
        "--without-code", options->without_code,
        "include the headers of hat instead of holding their code: for who has them, and "
        "wants a small file of the model alone");
    command->add_flag("--overwrite", options->overwrite,
                      "replace the header at --out, if hat export wrote it");
    command->callback([options] { export_model(*options); });
}

}  // namespace hat::program
