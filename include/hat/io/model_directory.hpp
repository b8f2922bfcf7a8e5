// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json, xxHash
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/slab.hpp>
#include <hat/core/special_tokens.hpp>
#include <hat/io/architecture_json.hpp>
#include <hat/io/atomic_directory.hpp>
#include <hat/io/content_hash.hpp>
#include <hat/io/directory_kind.hpp>
#include <hat/io/file_hashes.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/finite.hpp>
#include <hat/io/json.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/io/slab.hpp>
#include <hat/io/stored_matrix.hpp>
#include <hat/io/text_file.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/parameters.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

/// A model directory: what `hat translate` needs, in a few files.
///
/// config.json          architecture, vocabulary sizes, special tokens, provenance, and the hashes
///                      of all files here but README.md: they belong together
/// weights.safetensors  every parameter, under the names of the reference implementation
/// integer.safetensors  instead, of a model that was made one of integers (integer/model_file.hpp)
/// packed.*.safetensors copies of them as they are served, if they were made (io/packed_copy.hpp)
/// README.md            the model card
///
/// and how it reads and writes text, which is either
///
/// subword.model        a SentencePiece model, bytes as they are
///
/// or, for models of fairseq,
///
/// source.dict.txt      the dictionary of each side
/// target.dict.txt      (a language model has this one alone: the words it knows)
/// bpe.codes            the merges that cut words, unless the text comes cut
///
/// and, beside either, text.json: how text is treated before it is cut (see data/text_rules.hpp).
/// They are its vocabulary; what else is known of it may stand beside them:
///
/// lexical.shortlist    which tokens may translate which (see data/shortlist_file.hpp)
namespace hat::io {

/// The files that a vocabulary may have.
inline constexpr std::array<std::string_view, 5> vocabulary_file_names{
    "subword.model", "source.dict.txt", "target.dict.txt", "bpe.codes", "text.json"};

/// The file of a shortlist, which is of use beside a vocabulary.
inline constexpr const char* shortlist_file_name = "lexical.shortlist";

/// All files of text that may be beside a model, and be copied with it.
inline constexpr std::array<std::string_view, 6> text_file_names{
    "subword.model", "source.dict.txt", "target.dict.txt",
    "bpe.codes",     "text.json",       shortlist_file_name};

/// The file of a network of integers, in place of weights.safetensors.
inline constexpr const char* integer_file_name = "integer.safetensors";

/// All files that a model directory may have.
inline constexpr std::array<std::string_view, 13> model_directory_names{"config.json",
                                                                        "weights.safetensors",
                                                                        integer_file_name,
                                                                        "packed.fp32.safetensors",
                                                                        "packed.bf16.safetensors",
                                                                        "packed.int8.safetensors",
                                                                        "README.md",
                                                                        "subword.model",
                                                                        "source.dict.txt",
                                                                        "target.dict.txt",
                                                                        "bpe.codes",
                                                                        "text.json",
                                                                        shortlist_file_name};

/// Those files of a model directory that say how it reads and writes text: name → content.
using TextFiles = std::map<std::string, std::string, std::less<>>;

namespace detail {
inline constexpr std::size_t max_text_file_bytes = std::size_t{1} << 28;
}

/// Those of the directory at `path`, of a model or of data.
///
/// Throws  `Error` if one that is there cannot be read.
[[nodiscard]] inline TextFiles read_text_files(const std::string& path) {
    TextFiles files;
    for (const std::string_view name : text_file_names) {
        const std::string file = (path + '/').append(name);
        if (exists(file)) files.emplace(name, read_file(file, detail::max_text_file_bytes));
    }
    return files;
}

/// What config.json holds.
struct ModelConfig {
    model::Architecture architecture;
    SpecialTokens special_tokens;
    /// How the model came to be: corpus, command, seed, updates, version, …
    std::map<std::string, std::string> provenance;

    friend bool operator==(const ModelConfig&, const ModelConfig&) = default;
};

namespace detail {

inline constexpr int model_format_version = 1;

/// visit(name, id, lowest, vocab_size) for every special token.
template <class Tokens, class Visitor>
void visit_special_tokens(Tokens& tokens, Visitor visit, int vocab_size) {
    visit("unk", tokens.unk, 0, vocab_size);
    visit("bos", tokens.bos, -1, vocab_size);
    visit("eos", tokens.eos, 0, vocab_size);
    visit("pad", tokens.pad, -1, vocab_size);
}

/// Throws  `Error` unless there is either a subword model or a dictionary of each side. `has(name)`
///         tells whether there is such a file.
template <class Has>
void check_text_files(const std::string& path, bool has_encoder, Has has) {
    const bool has_dictionary = has("source.dict.txt") || has("target.dict.txt");
    if (has_dictionary && has("subword.model"))
        fail(path, ": has both a subword.model and a dictionary, expected one of them");
    if (!has_dictionary && !has("subword.model")) fail(path, ": subword.model is missing");
    for (const char* name : {"source.dict.txt", "target.dict.txt"}) {
        const bool is_needed = has_encoder || name == std::string_view("target.dict.txt");
        if (has_dictionary && is_needed && !has(name)) fail(path, ": ", name, " is missing");
    }
}

}  // namespace detail

/// The text of config.json, with the hashes of the other files.
[[nodiscard]] inline std::string model_config_to_json(const ModelConfig& config,
                                                      const FileHashes& files = {}) {
    Json tokens = Json::object();
    detail::visit_special_tokens(
        config.special_tokens, [&](const char* name, int id, int, int) { tokens[name] = id; }, 0);
    Json json = {{"format", model_format},
                 {"format_version", detail::model_format_version},
                 {"architecture", architecture_to_json(config.architecture)},
                 {"special_tokens", std::move(tokens)},
                 {"provenance", config.provenance}};
    return json_text(with_hashes(std::move(json), files, "config.json"), 2) + '\n';
}

/// What a config.json says; `where` begins messages.
///
/// Throws  `Error` if it is foreign, or describes no network that can be built.
[[nodiscard]] inline ModelConfig parse_model_config(const Json& json, const std::string& where) {
    if (json_get<std::string>(json, "format", where) != model_format)
        fail(where, ": format: expected \"", model_format, "\"");
    const int version = json_get<int>(json, "format_version", where);
    if (version != detail::model_format_version)
        fail(where, ": format_version = ", version, ", expected ", detail::model_format_version,
             ": written by another version of hat");

    ModelConfig config;
    config.architecture = architecture_from_json(json_field(json, "architecture", where), where);
    const std::string tokens_where = where + ": special_tokens";
    const Json& tokens = json_field(json, "special_tokens", where);
    detail::visit_special_tokens(
        config.special_tokens,
        [&](const char* name, int& id, int lowest, int vocab_size) {
            id = json_get<int>(tokens, name, tokens_where);
            if (id < lowest || id >= vocab_size)
                fail(tokens_where, ": ", name, " = ", id, " is not in ", lowest, " … ",
                     vocab_size - 1);
        },
        config.architecture.target_vocab_size);
    const Json& provenance = json_field(json, "provenance", where);
    if (!provenance.is_object()) fail(where, ": provenance: expected an object");
    for (const auto& [key, value] : provenance.items())
        config.provenance[key] =
            json_as<std::string>(value, where + ": provenance: " + in_quotes(key));
    return config;
}

/// What the text of a config.json says.
///
/// Throws  `Error` as above, or if it is no JSON.
[[nodiscard]] inline ModelConfig model_config_from_json(std::string_view text,
                                                        const std::string& where) {
    return parse_model_config(parse_json(text, where), where);
}

/// Writes a model directory, whole or not at all; one that is there already is replaced. `tensors`
/// are its weights, in the file `weights_name`.
///
/// Throws  `Error` if something else than a model is at `path`, the text files are not those of
///         one, or the disk is full.
inline void save_model_directory(const std::string& path, const ModelConfig& config,
                                 const char* weights_name, std::span<const TensorView> tensors,
                                 const TextFiles& text_files, std::string_view card) {
    validate(config.architecture);
    detail::check_text_files(path, config.architecture.has_encoder(),
                             [&](const char* name) { return text_files.contains(name); });
    for (const auto& [name, content] : text_files)
        if (std::find(text_file_names.begin(), text_file_names.end(), name) ==
            text_file_names.end())
            fail(path, ": ", in_quotes(name), " is not a text file of models");
    AtomicDirectory directory(path, model_directory_names);
    FileHashes hashes;
    const std::string weights_path = directory / weights_name;
    write_safetensors(weights_path, tensors, {{"format", model_format}});
    hashes[weights_name] = file_hash(weights_path);
    for (const auto& [name, content] : text_files) {
        write_file(directory / name, content);
        hashes[name] = content_hash(content);
    }
    write_file(directory / "README.md", card);
    write_file(directory / "config.json", model_config_to_json(config, hashes));
    directory.commit();
}

/// The same of a network of floats, whose matrices are stored as `storage` says.
///
/// Throws  `Error` also if a weight is not finite
inline void save_model_directory(const std::string& path, const ModelConfig& config,
                                 const TensorTable& table, const Slab& weights,
                                 const TextFiles& text_files, std::string_view card,
                                 Storage storage = Storage::fp32) {
    std::vector<TensorView> floats;
    append_tensors(floats, table, weights);
    for (const TensorView& tensor : floats) check_finite(path, tensor);
    StoredTensors tensors;
    for (std::size_t i = 0; i < floats.size(); ++i) {
        const auto& entry = table[static_cast<int>(i)];
        if (entry.is_vector || model::is_position_table(entry.name))
            tensors.add(floats[i]);
        else
            tensors.add_matrix(entry.name, weights.matrix(entry), storage);
    }
    save_model_directory(path, config, "weights.safetensors", tensors.views(), text_files, card);
}

/// Writes the directory of a model whose text goes through a SentencePiece model.
inline void save_model_directory(const std::string& path, const ModelConfig& config,
                                 const TensorTable& table, const Slab& weights,
                                 std::string_view subword_model, std::string_view card) {
    save_model_directory(path, config, table, weights,
                         TextFiles{{"subword.model", std::string(subword_model)}}, card);
}

/// A model directory that has been opened: its configuration is checked, its weights are mapped and
/// known to be those of its architecture, so that what is asked for to hold them is not more; and
/// its files are those it was saved with, unless that was before hashes were kept.
class ModelDirectory {
public:
    /// Throws  `Error` if a file is missing, cut short or foreign, naming the first tensor that
    ///         does not fit the architecture, or the first file that was changed or exchanged; or
    ///         if it is a model of integers.
    [[nodiscard]] static ModelDirectory open(const std::string& path) {
        ModelDirectory directory(path);
        directory.require_floats();
        directory.check_content_of_weights();
        return directory;
    }
    /// The same for those who may serve a copy of the weights (io/packed_copy.hpp): that the
    /// weights have the content they were saved with is checked when they are loaded, if they are.
    /// It may be a model of integers.
    [[nodiscard]] static ModelDirectory open_to_serve(const std::string& path) {
        return ModelDirectory(path);
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// config.json, and the file of the weights.
    [[nodiscard]] const ModelConfig& config() const noexcept { return config_; }
    [[nodiscard]] const SafetensorsFile& weights() const noexcept { return weights_; }
    /// Whether its weights are those of a network of integers, which `weights` has and
    /// integer/model_file.hpp reads.
    [[nodiscard]] bool is_integer() const noexcept { return is_integer_; }

    /// How it reads and writes text: the files that another directory needs to do it alike.
    [[nodiscard]] TextFiles text_files() const { return read_text_files(path_); }
    /// Where a file of it is.
    [[nodiscard]] std::string file_path(std::string_view name) const {
        return (path_ + '/').append(name);
    }
    [[nodiscard]] std::string subword_model_path() const { return file_path("subword.model"); }

    /// Whether it keeps the hashes of its files.
    [[nodiscard]] bool has_hashes() const noexcept { return !hashes_.empty(); }

    /// The content hash of a file of it: as it was saved with, so that no file is read for it; of
    /// what is there in a directory from before hashes were kept. That of config.json tells of all
    /// other files, whose hashes are in it.
    [[nodiscard]] std::string hash(std::string_view name) const {
        const auto kept = hashes_.find(name);
        return kept != hashes_.end() ? kept->second : file_hash(file_path(name));
    }

    /// Fills `slab` with the weights, in whichever form they are stored; `table` is that of the
    /// configuration's architecture.
    /// Throws  `Error` if one is not finite, or they are not those it was saved with.
    void load_weights(const TensorTable& table, Slab& slab) const {
        require_floats();
        if (!is_content_checked_) check_content_of_weights();
        copy_stored_tensors(weights_, table, slab);
    }
    /// Checks that the weights are those it was saved with.
    /// Throws  `Error` if they are not.
    void check_content_of_weights() const {
        const auto saved = hashes_.find(weights_name());
        if (saved != hashes_.end())
            check_hash(weights_.path(), content_hash(weights_.file_bytes()), saved->second,
                       "this model");
        is_content_checked_ = true;
    }
    /// How its matrices are stored. Precondition: they are floats.
    [[nodiscard]] Storage storage() const {
        return storage_of(weights_, model::parameter_layout(config_.architecture).table);
    }

private:
    explicit ModelDirectory(const std::string& path) : ModelDirectory(path, read_config(path)) {}

    ModelDirectory(const std::string& path, const Json& config)
        : path_(path), config_(parse_model_config(config, path + "/config.json")),
          hashes_(checked_hashes(config, path + "/config.json")),
          is_integer_(!has_file("weights.safetensors") && has_file(integer_file_name)),
          weights_(SafetensorsFile::open(file_path(weights_name()))) {
        detail::check_text_files(path_, config_.architecture.has_encoder(),
                                 [&](const char* name) { return has_file(name); });
        if (!is_integer_) check_weights();
        if (!hashes_.empty()) check_hashes();
    }

    void check_weights() const {
        check_stored_tensors(weights_, model::parameter_layout(config_.architecture).table);
    }

    /// The hashes of the other files that an undamaged config.json keeps.
    [[nodiscard]] static FileHashes checked_hashes(const Json& config, const std::string& path) {
        FileHashes hashes = kept_hashes(config, "config.json", path);
        if (const auto own = hashes.find("config.json"); own != hashes.end())
            check_hash(path, own_hash(config, "config.json"), own->second, "this model");
        return hashes;
    }

    /// Every file that was saved is what it was, and none came to them later; but for the weights,
    /// which are large, and config.json, which was checked.
    void check_hashes() const {
        for (const auto& [name, saved] : hashes_)
            if (name != weights_name() && name != "config.json")
                check_hash(file_path(name), file_hash(file_path(name), detail::max_text_file_bytes),
                           saved, "this model");
        for (const std::string_view name : text_file_names)
            if (has_file(name) && !hashes_.contains(name))
                fail(file_path(name), ": is no file that this model was saved with");
    }

    [[nodiscard]] std::string_view weights_name() const noexcept {
        return is_integer_ ? integer_file_name : "weights.safetensors";
    }
    void require_floats() const {
        if (is_integer_)
            fail(path_, ": is a model of integers, which hat translate and hat export read and "
                        "nothing else; expected the one that it was made of");
    }

    [[nodiscard]] bool has_file(std::string_view name) const {
        return is_regular_file(file_path(name));
    }

    [[nodiscard]] static Json read_config(const std::string& path) {
        const std::string file = path + "/config.json";
        if (!is_directory(path)) fail(path, ": there is no such model directory");
        if (!exists(file)) fail(path, ": is no model directory: config.json is missing");
        constexpr std::size_t limit_bytes = std::size_t{1} << 24;
        Json config = parse_json(read_file(file, limit_bytes), file);
        if (config.is_object() && config.contains("format"))
            for (const char* other : {data_format, run_format})
                if (config["format"] == other)
                    fail(path, ": is no model directory: its config.json says it is ", other);
        return config;
    }

    std::string path_;
    ModelConfig config_;
    FileHashes hashes_;
    bool is_integer_;
    SafetensorsFile weights_;
    mutable bool is_content_checked_ = false;
};

/// Where a model's provenance says how many tokens the longest source of its training has.
inline constexpr const char* longest_source_key = "longest_source";

/// Checks that a model means by its special tokens what the vocabulary beside it does, `own`.
///
/// Throws  `Error` that names the first that differs.
inline void check_special_tokens(const ModelDirectory& model, const SpecialTokens& own) {
    const SpecialTokens& told = model.config().special_tokens;
    for (const auto& [name, id, own_id] :
         {std::tuple{"unk", told.unk, own.unk}, std::tuple{"bos", told.bos, own.bos},
          std::tuple{"eos", told.eos, own.eos}, std::tuple{"pad", told.pad, own.pad}})
        if (id != own_id)
            fail(model.file_path("config.json"), ": special_tokens: ", name, " = ", id,
                 ", but the vocabulary beside it has ", own_id);
}

/// What `call()` returns, which asks the network of `model`; an error of it names the model.
template <class Call>
decltype(auto) of_model(const ModelDirectory& model, Call call) {
    try {
        return call();
    } catch (const Error& error) {
        fail(model.path(), ": ", error.what());
    }
}

}  // namespace hat::io
