// SPDX-License-Identifier: Apache-2.0
// Translates lines with the translator of a page, in Node: node module.mjs page.html < lines > lines.
// A line without translation is empty, and told on standard error.

import { readFileSync, writeSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const [, , page] = process.argv;
const base64 = /<script id="wasm" type="text\/plain">\n([^<]*)<\/script>/.exec(readFileSync(page, "utf8"))[1];
const proc_exit = () => { throw new Error("the translator ended"); };
const module = new WebAssembly.Module(gunzipSync(Buffer.from(base64, "base64")));
const translator = new WebAssembly.Instance(module, { wasi_snapshot_preview1: { proc_exit } }).exports;
translator._initialize();
const memory = new Uint8Array(translator.memory.buffer);
const status = translator.hat_self_test();
if (status !== 0) throw new Error(`the self-test fails with ${status}`);

let text = "";
const times = [];
readFileSync(0, "utf8").replace(/\n$/, "").split("\n").forEach((line, i) => {
    const began = performance.now();
    const bytes = Buffer.from(line);
    memory.set(bytes, translator.hat_text());
    const size = translator.hat_translate(bytes.length);
    times.push(performance.now() - began);
    if (size < 0) console.error(`line ${i + 1}: status ${-1 - size}`);
    text += Buffer.from(memory.buffer, translator.hat_text(), Math.max(size, 0)).toString() + "\n";
});
writeSync(1, text);
times.sort((a, b) => a - b);
console.error(`${times.length} lines: half of them within ${times[times.length >> 1].toFixed(1)} ms, the longest ` +
    `took ${times.at(-1).toFixed(1)}; ${memory.length} bytes of memory, ${translator.hat_memory()} to work in`);
