// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/slab.hpp>
#include <hat/interop/fairseq_arguments.hpp>
#include <hat/interop/pickle.hpp>
#include <hat/interop/torch_checkpoint.hpp>
#include <hat/io/finite.hpp>
#include <hat/io/json.hpp>
#include <hat/io/slab.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/parameters.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hat::interop {

/// A checkpoint of the reference implementation of HAT: a SuperTransformer, or a SubTransformer
/// that stands in the first rows and columns of one.
///
/// Everything is checked once, in `open`: every parameter of the network is there, in its shape and
/// of a floating dtype. Half-precision weights are widened. What else the file holds (optimiser,
/// meters) is in `file()`.
///
///     const auto checkpoint = FairseqCheckpoint::open("checkpoint_best.pt");
///     model::Network network(checkpoint.architecture());
///     checkpoint.load_weights(network.table(), network.values());
///
/// The reference loads what it finds and leaves the rest as it was; here a parameter that is
/// missing is an error, and tensors without use are listed.
class FairseqCheckpoint {
public:
    /// Throws  `Error` naming the file, and the setting or tensor that is missing or wrong.
    [[nodiscard]] static FairseqCheckpoint open(const std::string& path) {
        return FairseqCheckpoint(path);
    }

    /// The file, and the settings in it.
    [[nodiscard]] const TorchCheckpoint& file() const noexcept { return file_; }
    [[nodiscard]] const FairseqArguments& arguments() const noexcept { return arguments_; }
    /// The network whose weights are stored.
    [[nodiscard]] const model::Architecture& architecture() const noexcept { return super_; }
    /// The SubTransformer that was trained, if it was one: the rest of the weights means nothing.
    [[nodiscard]] const std::optional<model::Architecture>& sub_transformer() const noexcept {
        return sub_;
    }
    /// Updates that the training had done, if the file says so.
    [[nodiscard]] std::optional<std::int64_t> updates() const noexcept {
        const PickleValue* history = file_.root().find("optimizer_history");
        if (history == nullptr || !history->is(PickleKind::list) || history->items.empty())
            return {};
        const PickleValue* updates = history->items.back()->find("num_updates");
        if (updates == nullptr || !updates->is(PickleKind::integer)) return {};
        return updates->integer;
    }

    /// The names of all stored tensors, in their order.
    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
    /// The names of those that mean something to no part of the network.
    [[nodiscard]] const std::vector<std::string>& ignored() const noexcept { return ignored_; }

    /// Throws  `Error` if there is no tensor of that name.
    [[nodiscard]] TorchTensor tensor(std::string_view name) const {
        const PickleValue* value = model_->find(name);
        if (value == nullptr) fail(file_.path(), ": tensor ", in_quotes(name), " is missing");
        return file_.tensor(*value, name);
    }

    /// Fills `slab` with the weights; `table` is that of `architecture()`.
    /// Throws  `Error` naming the first that is not finite.
    void load_weights(const TensorTable& table, Slab& slab) const {
        for (const auto& entry : table) {
            const std::span values(slab.data() + entry.offset,
                                   static_cast<std::size_t>(entry.size()));
            copy_floats(checked_tensor(entry), values);
            io::check_finite(file_.path(),
                             io::tensor_view<float>(entry.name, {entry.size()}, values));
        }
    }

private:
    explicit FairseqCheckpoint(const std::string& path)
        : file_(TorchCheckpoint::open(path)), model_(&find("model")),
          arguments_(find("args"), path + ": args") {
        if (!model_->is(PickleKind::dict)) fail(path, ": model: is no dict");
        for (std::size_t i = 0; i < model_->items.size(); i += 2) {
            if (!model_->items[i]->is(PickleKind::text)) fail(path, ": model: a key is no text");
            names_.emplace_back(model_->items[i]->text);
        }
        super_ =
            fairseq_super(arguments_, {.source_vocab_size = rows("encoder.embed_tokens.weight"),
                                       .target_vocab_size = rows("decoder.embed_tokens.weight"),
                                       .encoder = version("encoder.version"),
                                       .decoder = version("decoder.version")});
        if (arguments_.flag("train_subtransformer")) sub_ = fairseq_sub(arguments_, super_);
        check_tensors();
    }

    [[nodiscard]] const PickleValue& find(std::string_view key) const {
        const PickleValue* value = file_.root().find(key);
        if (value == nullptr)
            fail(file_.path(), ": has no ", key, ": it is no checkpoint of the reference");
        return *value;
    }
    [[nodiscard]] int rows(std::string_view name) const {
        const TorchTensor found = tensor(name);
        if (found.shape.size() != 2 || found.shape[0] > model::max_vocab_size)
            fail(file_.path(), ": tensor ", in_quotes(name), " has shape ",
                 io::shape_text(found.shape), ", expected a matrix of at most ",
                 model::max_vocab_size, " rows");
        return static_cast<int>(found.shape[0]);
    }
    /// The number that a module's version is; old ones do not have it and count as 1.
    [[nodiscard]] int version(std::string_view name) const {
        if (model_->find(name) == nullptr) return 1;
        const TorchTensor found = tensor(name);
        float value = 0;
        if (!found.is_floating() || found.size() != 1)
            fail(file_.path(), ": tensor ", in_quotes(name), " is not one number");
        copy_floats(found, {&value, 1});
        if (!(value >= 0 && value < 100))
            fail(file_.path(), ": tensor ", in_quotes(name), " is no version");
        return static_cast<int>(value);
    }

    [[nodiscard]] TorchTensor checked_tensor(const TensorTable::Entry& entry) const {
        TorchTensor found = tensor(entry.name);
        if (found.shape != io::stored_shape(entry))
            fail(file_.path(), ": tensor ", in_quotes(entry.name), " has shape ",
                 io::shape_text(found.shape), ", expected ",
                 io::shape_text(io::stored_shape(entry)));
        if (!found.is_floating())
            fail(file_.path(), ": tensor ", in_quotes(entry.name), " is ",
                 io::dtype_info(found.dtype).name, ", expected a floating dtype");
        return found;
    }

    void check_tensors() {
        const model::ParameterLayout layout = model::parameter_layout(super_);
        for (const auto& entry : layout.table) static_cast<void>(checked_tensor(entry));
        const bool shared = super_.sharing == model::Sharing::all;
        if (shared) check_shared_table();
        for (const std::string& name : names_) {
            const bool known = name.ends_with(".version") ||
                               name.ends_with(".embed_positions._float_tensor") ||
                               (shared && name == "decoder.embed_tokens.weight");
            if (!known && layout.table.find(name) < 0) ignored_.push_back(name);
        }
    }

    /// The table that both sides share is stored under two names.
    void check_shared_table() const {
        const TorchTensor source = tensor("encoder.embed_tokens.weight");
        const TorchTensor target = tensor("decoder.embed_tokens.weight");
        bool same = source.shape == target.shape && source.dtype == target.dtype;
        if (same &&
            (source.bytes.data() != target.bytes.data() || source.strides != target.strides)) {
            const auto numbers = [](const TorchTensor& tensor) {
                std::vector<float> values(static_cast<std::size_t>(tensor.size()));
                copy_floats(tensor, values);
                return values;
            };
            const auto a = numbers(source);
            const auto b = numbers(target);
            same = std::memcmp(a.data(), b.data(), a.size() * sizeof a[0]) == 0;
        }
        if (!same)
            fail(file_.path(), ": all embeddings are shared, but those of encoder and decoder "
                               "differ");
    }

    TorchCheckpoint file_;
    const PickleValue* model_;
    FairseqArguments arguments_;
    model::Architecture super_;
    std::optional<model::Architecture> sub_;
    std::vector<std::string> names_;
    std::vector<std::string> ignored_;
};

}  // namespace hat::interop
