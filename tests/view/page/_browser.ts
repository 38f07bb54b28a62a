/** A browser for tests. */

import puppeteer, { type Page } from "puppeteer-core";
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

/** Starts a browser with a page, in a profile of its own; both are gone when it is disposed. */
export async function openPage(prepare: (page: Page) => Promise<unknown> = () => Promise.resolve()): Promise<OpenPage> {
  const profile = await Deno.makeTempDir({ prefix: "ringmill-chromium-" });
  const browser = await puppeteer.launch({
    executablePath: CHROMIUM!,
    userDataDir: profile,
    // In containers, which run as root, there is no sandbox; only pages of these tests are opened.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
    handleSIGHUP: false,
    handleSIGINT: false,
    handleSIGTERM: false,
  });
  const page = await browser.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => message.type() === "log" || complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  await prepare(page);
  return {
    page,
    complaints,
    requests,
    async [Symbol.asyncDispose]() {
      await browser.close();
      await Deno.remove(profile, { recursive: true });
    },
  };
}
