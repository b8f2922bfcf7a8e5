#!/usr/bin/env bash
# What it costs to compile programs that serve and train networks, in multiples of what including
# xsimd costs in the same run (GCC 12, -O2; seconds of CPU, the least of two):
#
#     bench/compile_cost.sh g++ include
set -euo pipefail

compiler=$1
include=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/xsimd.cpp" <<<'#include <xsimd/xsimd.hpp>'

cat >"$work/serve.cpp" <<'END'
#include <hat/decode/translate.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

void serve(const hat::decode::Sources& sources, std::vector<hat::decode::Hypotheses>& results) {
    hat::model::Network network(hat::model::transformer_tiny(100));
    const hat::model::PackedModel packed(network.view());
    hat::decode::Translator translator(packed, {});
    hat::ThreadPool pool(1);
    translator.translate(sources, {}, pool, results);
}
END

cat >"$work/train.cpp" <<'END'
#include <hat/model/presets.hpp>
#include <hat/train/train.hpp>

double train(const hat::model::Batch& batch) {
    hat::model::Network network(hat::model::transformer_tiny(100));
    hat::ThreadPool pool(1);
    hat::train::Trainer trainer(network, hat::train::InverseSqrtSchedule{}, {}, pool);
    trainer.accumulate(batch);
    return trainer.update().gradient_norm;
}
END

for more in 1 2; do
    {
        cat <<'END'
#include <hat/decode/cached_transformer.hpp>
#include <hat/model/presets.hpp>
#include <hat/model/static_transformer.hpp>

// No layer of one is a layer of another.
constexpr hat::model::Architecture network(int number) {
    auto a = hat::model::transformer_tiny(100 + number);
    for (std::size_t i = 0; i < 4; ++i) {
        a.encoder.layer_shapes[i].ffn_dim += 16 * number + 64 * static_cast<int>(i);
        a.decoder.layer_shapes[i].ffn_dim += 16 * number + 64 * static_cast<int>(i);
    }
    return a;
}

template <hat::model::Architecture A>
hat::kernels::CandidateRows step(const hat::model::Network& network, std::span<const hat::decode::Row> rows) {
    using Packed = hat::model::PackedTransformer<hat::model::FixedArchitecture<A>>;
    const Packed packed(network.view());
    hat::decode::BasicCachedTransformer<Packed> decoder(packed);
    decoder.start({}, 1, {});
    return decoder.step(rows, {});
}
END
        for i in $(seq $more); do
            echo "template hat::kernels::CandidateRows step<network($i)>(
                      const hat::model::Network&, std::span<const hat::decode::Row>);"
        done
    } >"$work/static_$more.cpp"
done

# Prints the seconds of CPU for one source, the least of two.
cost() {
    local TIMEFORMAT='%U %S'
    for _ in 1 2; do
        { time "$compiler" -std=c++20 -ffp-contract=off -I"$include" "${@:2}" "$work/$1.cpp" ; } 2>&1 |
            awk 'NF != 2 || $1 + 0 != $1 { print > "/dev/stderr"; bad = 1; next }
                 { print $1 + $2 } END { exit bad }'
    done | sort -n | head -n 1
}

unit=$(cost xsimd -fsyntax-only)
ratio() { awk -v a="$1" -v b="$unit" 'BEGIN { printf "%.1f", a / b }'; }
one=$(cost static_1 -O2 -c -o /dev/null)
two=$(cost static_2 -O2 -c -o /dev/null)
echo "compile cost, times <xsimd/xsimd.hpp> ($unit s):" \
    "serving $(ratio "$(cost serve -O2 -c -o /dev/null)") (bar 20)," \
    "training $(ratio "$(cost train -O2 -c -o /dev/null)") (bar 30)," \
    "a static network $(ratio "$one")," \
    "one more $(ratio "$(awk -v a="$two" -v b="$one" 'BEGIN { print a - b }')") (bar 8)"
