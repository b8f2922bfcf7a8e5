// SPDX-License-Identifier: Apache-2.0
// A page in Chromium: node page.mjs CHROMIUM page.html LINES TRANSLATIONS [PICTURES]. Both files have as many lines.
// PICTURES is where pictures of it go, as PICTURES-desktop.png and so on.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { open_page } from "./browser.mjs";

const [, , chromium, file, lines_file, translations_file, pictures] = process.argv;
const lines = readFileSync(lines_file, "utf8").replace(/\n$/, "");
const translations = readFileSync(translations_file, "utf8").replace(/\n$/, "").split("\n");

const state = "document.getElementById('state').textContent";
const rows = "[...document.querySelectorAll('#target > div')]";
const shown = `${rows}.map(row => row.firstChild.textContent)`;

const page = await open_page(chromium, file);

const resize = (width, height, is_phone) => page.call("Emulation.setDeviceMetricsOverride", {
    width, height, deviceScaleFactor: is_phone ? 2 : 1, mobile: is_phone });
const prefer = (name, value) => page.call("Emulation.setEmulatedMedia", { features: [{ name, value }] });
const type = text => page.call("Input.insertText", { text });
const press = async (key, modifiers = 0, commands = []) => {
    for (const kind of ["rawKeyDown", "keyUp"])
        await page.call("Input.dispatchKeyEvent", { type: kind, key, code: key, modifiers, commands,
            windowsVirtualKeyCode: { Tab: 9, Delete: 46, a: 65 }[key] });
};
const erase = async () => {
    await press("a", 2, ["selectAll"]);
    await press("Delete");
    await page.until(`${rows}.length === 0`);
};
/** Until the text has its whole translation. */
const settle = count => page.until(
    `${state} === 'Ready' && ${rows}.length === ${count} && !document.querySelector('#target .old')`, 300);
const picture = async name => {
    if (pictures === undefined) return;
    const { data } = await page.call("Page.captureScreenshot", { format: "png" });
    writeFileSync(`${pictures}-${name}.png`, Buffer.from(data, "base64"));
};
const box_of = id => page.value(`(({x, y, width, height}) => [x, y, width, height].map(Math.round))(
    document.getElementById('${id}').getBoundingClientRect())`);

try {
    await resize(1280, 800, false);
    const places = async () => [await box_of("source"), await box_of("target"), (await box_of("memory")).slice(0, 2)];
    const empty = await places();
    await page.until(`${state} === 'Ready'`);
    assert.match(await page.value("document.getElementById('memory').textContent"), /^[\d.]+ MB, [\d.]+ MB of it/);

    // The text field has the focus: one can type at once. What is typed while it translates counts, and no more.
    const words = lines.split("\n").find(line => line.split(" ").length > 3);
    const began = performance.now();
    for (const word of words.split(/(?= )/)) await type(word);
    await settle(1);
    console.log(`typed word by word: ${Math.round(performance.now() - began)} ms; ` +
        `last sentence: ${await page.value("document.getElementById('last').textContent")}`);
    assert.deepEqual(await page.value(shown), [translations[lines.split("\n").indexOf(words)]]);
    await picture("desktop");
    assert.deepEqual(await places(), empty, "something moved");
    await erase();

    // From the last key of a line of ten words to its translation, for a writer who waits before it.
    const ten_words = [...new Set(lines.split("\n"))].filter(line => line.split(" ").length === 10).slice(0, 50);
    const times = [];
    for (const line of ten_words) {
        await type(line.slice(0, -1));
        await settle(1);
        await page.value(`window.time = new Promise(done => {
            let began;
            document.getElementById("source").addEventListener("input", () => began = performance.now(), { once: true });
            const state = document.getElementById("state");
            new MutationObserver((_, observer) => {
                if (began === undefined || state.textContent !== "Ready") return;
                observer.disconnect();
                done(performance.now() - began);
            }).observe(state, { childList: true });
        }), 0`);
        await type(line.slice(-1));
        times.push(await page.value("time"));
        assert.deepEqual(await page.value(shown), [translations[lines.split("\n").indexOf(line)]]);
        await erase();
    }
    times.sort((a, b) => a - b);
    if (times.length > 0)
        console.log(`${times.length} lines of ten words, from the last key to the translation: ` +
            `half within ${Math.round(times[times.length >> 1])} ms, all within ${Math.round(times.at(-1))} ms`);

    // All lines, byte for byte.
    await type(lines);
    await settle(translations.length);
    assert.deepEqual(await page.value(shown), translations);
    console.log(`${translations.length} lines: ${await page.value("document.getElementById('all').textContent")}`);
    assert.deepEqual(await box_of("source"), empty[0], "the text field moved");
    await erase();

    // The latest text wins, whatever is in flight.
    for (let i = 0; i < 30; ++i) await type(lines.split("\n").slice(0, 20).join("\n") + "\n");
    await erase();
    await type(words);
    await settle(1);
    assert.deepEqual(await page.value(shown), [translations[lines.split("\n").indexOf(words)]]);
    await erase();

    // What is over the limits is told by its line; the others are translated.
    await type(`${words}\n${"one two three four ".repeat(500)}\n${words}`);
    await settle(3);
    const [first, second, third] = await page.value(shown);
    assert.equal(first, third);
    assert.match(second, /^Line 2 is not translated: the line .* shorter lines\.$/);
    await picture("too-long");
    await erase();

    // By keyboard and for readers of the screen.
    await press("Tab");
    assert.equal(await page.value("document.activeElement.id"), "target");
    assert.notEqual(await page.value("getComputedStyle(document.activeElement).outlineStyle"), "none");
    await press("Tab", 8);
    assert.equal(await page.value("document.activeElement.id"), "source");
    const { nodes } = await page.call("Accessibility.getFullAXTree");
    const role = name => nodes.find(node => node.role?.value === name);
    assert.ok(role("textbox").name.value.length > 0, "the text field has no name");
    assert.ok(role("region").name.value.length > 0, "the translation has no name");
    assert.equal(role("region").properties.find(({ name }) => name === "live")?.value.value, "polite");

    // At the width of a phone, and dark.
    await type(lines.split("\n").filter(line => line !== "").slice(0, 3).join("\n"));
    await settle(3);
    await resize(390, 844, true);
    for (const scheme of ["light", "dark"]) {
        await prefer("prefers-color-scheme", scheme);
        assert.equal(await page.value("document.documentElement.scrollWidth <= innerWidth"), true, "wider than a phone");
        await picture(`phone-${scheme}`);
    }
    await resize(320, 568, true);
    assert.equal(await page.value("document.documentElement.scrollWidth <= innerWidth"), true, "wider than 320 pixels");

    assert.deepEqual(page.messages, [], "the browser complains");
    for (const url of page.requests) assert.match(url, /^(file|blob|data):/, "something is fetched");
} finally {
    await page.close();
}

// A browser without SIMD says so.
const old = await open_page(chromium, file, { script: "WebAssembly.validate = () => false;" });
try {
    assert.match(await old.value("document.getElementById('trouble').textContent"), /no SIMD in WebAssembly/);
    assert.equal(await old.value(state), "Stopped");
} finally {
    await old.close();
}
