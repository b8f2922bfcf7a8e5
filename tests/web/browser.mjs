// SPDX-License-Identifier: Apache-2.0
// A page in headless Chromium, driven through a pipe, and nothing else: no driver, no network.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Opens a page of a file, in which `script` runs first. End with `close()`. */
export async function open_page(chromium, file, { script = "" } = {}) {
    const home = mkdtempSync(join(tmpdir(), "page-"));
    const browser = spawn(
        chromium,
        ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
            "--disable-extensions", "--remote-debugging-pipe", `--user-data-dir=${home}`, "about:blank"],
        { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], env: { ...process.env, HOME: home } });
    const answers = new Map();
    const page = { messages: [], requests: [], session: undefined };
    let count = 0;
    let kept = Buffer.alloc(0);
    browser.stdio[4].on("data", data => {
        kept = Buffer.concat([kept, data]);
        for (let end; (end = kept.indexOf(0)) >= 0; kept = kept.subarray(end + 1)) hear(JSON.parse(kept.subarray(0, end)));
    });
    browser.on("exit", code => {
        for (const { reject } of answers.values()) reject(new Error(`chromium ended with ${code}`));
    });

    function hear({ id, result, error, method, params }) {
        if (id !== undefined) {
            const { resolve, reject } = answers.get(id);
            answers.delete(id);
            if (error) reject(new Error(error.message));
            else resolve(result);
        } else if (method === "Runtime.exceptionThrown") {
            page.messages.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
        } else if (method === "Log.entryAdded") {
            page.messages.push(params.entry.text);
        } else if (method === "Network.requestWillBeSent") {
            page.requests.push(params.request.url.slice(0, 100));
        }
    }
    page.call = (method, params = {}) => new Promise((resolve, reject) => {
        answers.set(++count, { resolve, reject });
        browser.stdio[3].write(JSON.stringify({ id: count, method, params, sessionId: page.session }) + "\0");
    });
    /** The value of an expression of the page, which may be a promise. */
    page.value = async expression => {
        const { result, exceptionDetails } = await page.call(
            "Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
        if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
        return result.value;
    };
    /** Waits until an expression of the page is true. */
    page.until = async (expression, seconds = 60) => {
        for (const end = Date.now() + 1000 * seconds; !(await page.value(expression));) {
            if (Date.now() > end) throw new Error(`not within ${seconds} s: ${expression}`);
            await new Promise(done => setTimeout(done, 20));
        }
    };
    page.close = async () => {
        const ended = new Promise(done => browser.once("exit", done));
        await page.call("Browser.close").catch(() => browser.kill());
        await ended;
        rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    };

    const { targetId } = await page.call("Target.createTarget", { url: "about:blank" });
    page.session = (await page.call("Target.attachToTarget", { targetId, flatten: true })).sessionId;
    for (const part of ["Page", "Runtime", "Log", "Network"]) await page.call(`${part}.enable`);
    await page.call("Page.addScriptToEvaluateOnNewDocument", { source: script });
    await page.call("Page.navigate", { url: pathToFileURL(resolve(file)).href });
    await page.until("document.readyState === 'complete'");
    return page;
}
