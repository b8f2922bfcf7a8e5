// SPDX-License-Identifier: Apache-2.0
// Translates lines with a page in Chromium: node lines.mjs CHROMIUM page.html < lines > lines.
// The text field has all of them at once, as if pasted. None may be over the limits of the translator.

import { readFileSync, writeFileSync } from "node:fs";
import { open_page } from "./browser.mjs";

const [, , chromium, file] = process.argv;
const lines = readFileSync(0, "utf8").replace(/\n$/, "");
const page = await open_page(chromium, file);
try {
    const is = state => `document.getElementById('state').textContent === '${state}'`;
    await page.until(is("Ready"));
    await page.call("Input.insertText", { text: lines });
    await page.until(is("Translating"));
    await page.until(is("Ready"), 3000);
    const rows = await page.value("[...document.querySelectorAll('#target > div')].map(row => row.firstChild.textContent)");
    writeFileSync(1, rows.join("\n") + "\n");
    if (page.messages.length > 0) throw new Error(page.messages.join("\n"));
} finally {
    await page.close();
}
