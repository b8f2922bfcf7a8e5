// SPDX-License-Identifier: Apache-2.0

/// Weights for other tools, and from them: a network's tensors go into a safetensors file under
/// their names, and one that another tool wrote in 16 bits comes into the network.

#include <hat/io/atomic_file.hpp>
#include <hat/io/slab.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include <cstdio>
#include <span>
#include <string>
#include <vector>

namespace io = hat::io;

int main() {
    hat::model::Network network(
        hat::model::language_model({.layers = 1, .embed_dim = 4, .ffn_dim = 8, .heads = 2}, 10));
    network.initialize(1);
    std::vector<io::TensorView> tensors;
    io::append_tensors(tensors, network.table(), network.values());
    io::write_safetensors("mine.safetensors", tensors, {{"made_by", "an example"}});

    const auto mine = io::SafetensorsFile::open("mine.safetensors");
    std::printf("made by %s: %zu tensors\n", mine.metadata("made_by").c_str(),
                mine.tensors().size());
    for (const io::TensorView& tensor : mine.tensors().last(4))
        std::printf("%s %s %s\n", tensor.name.c_str(), io::dtype_info(tensor.dtype).name,
                    io::shape_text(tensor.shape).c_str());

    // What another tool may have written: length of the header, header, numbers.
    const std::string header = R"({"bias":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}})";
    std::string bytes(8, '\0');
    bytes[0] = static_cast<char>(header.size());
    bytes += header + std::string("\x00\x3C\x00\x38\x00\xC0\x00\x00", 8);  // 1, 1/2, -2, 0
    io::write_file("theirs.safetensors", bytes);

    const auto theirs = io::SafetensorsFile::open("theirs.safetensors");  // checks all there is
    const auto& entry = network.table()[network.table().index("decoder.layer_norm.bias")];
    const hat::Vector bias = network.values().matrix(entry).row(0);
    theirs.copy_floats("bias", {bias.data(), 4});
    std::printf("their bias: %g %g %g %g\n", double(bias[0]), double(bias[1]), double(bias[2]),
                double(bias[3]));
    for (const char* path : {"mine.safetensors", "theirs.safetensors"}) std::remove(path);
}

// Output:
// made by an example: 15 tensors
// decoder.layers.0.final_layer_norm.weight F32 [4]
// decoder.layers.0.final_layer_norm.bias F32 [4]
// decoder.layer_norm.weight F32 [4]
// decoder.layer_norm.bias F32 [4]
// their bias: 1 0.5 -2 0
