/** A browser for tests. */

import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { findProgram, lacks } from "../../_programs.ts";

/** Where Debian's package puts it, and where others do. */
const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** The path of a Chromium; undefined if there is none. */
export const CHROMIUM: string | undefined = lacks(...NAMES) ? undefined : findProgram(...NAMES);

/** A page, and what it complained of. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  /** Errors, refused requests, warnings of the browser. */
  readonly complaints: readonly string[];
  /** Addresses that it asked for. */
  readonly requests: readonly string[];
}

let browser: Browser | undefined;
let profile = "";

/** Starts the browser of a test file, whose tests open pages in contexts of their own. It is gone after the last one. */
async function launch(): Promise<void> {
  if (CHROMIUM === undefined) return;
  profile = await Deno.makeTempDir({ prefix: "ringmill-chromium-" });
  browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    userDataDir: profile,
    // In containers, which run as root, there is no sandbox; only pages of these tests are opened.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
    handleSIGHUP: false,
    handleSIGINT: false,
    handleSIGTERM: false,
  });
}

async function close(): Promise<void> {
  if (!browser) return;
  await browser.close();
  await Deno.remove(profile, { recursive: true });
}

Deno.test.beforeAll(launch);
Deno.test.afterAll(close);

/** Opens a page that shares nothing with others; it is gone when it is disposed. */
export async function openPage(prepare: (page: Page) => Promise<unknown> = () => Promise.resolve()): Promise<OpenPage> {
  const context = await browser!.createBrowserContext();
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => message.type() === "log" || complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  await prepare(page);
  return { page, complaints, requests, [Symbol.asyncDispose]: () => context.close() };
}

/** Clicks on what is drawn, which may be drawn anew at any time, also between press and release. */
export async function clickOn(page: Page, selector: string, during = () => Promise.resolve()): Promise<void> {
  const { x, y } = await page.$eval(selector, (part) => {
    part.scrollIntoView({ block: "center" });
    const { x, y, width, height } = part.getBoundingClientRect();
    return { x: x + width / 2, y: y + height / 2 };
  });
  await page.mouse.move(x, y);
  await page.mouse.down();
  await during();
  await page.mouse.up();
}
