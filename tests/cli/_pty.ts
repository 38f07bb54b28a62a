/** A pseudo-terminal that is nobody's controlling one: it can go away, or not be read, while a program runs on it. */

/** Whether there is one: Linux, with the C library of GNU. */
export const HAS_PTY = Deno.build.os === "linux" && isThere("libc.so.6");

function isThere(library: string): boolean {
  try {
    Deno.dlopen(library, {}).close();
    return true;
  } catch {
    return false;
  }
}

const open = () =>
  Deno.dlopen("libc.so.6", {
    posix_openpt: { parameters: ["i32"], result: "i32" },
    unlockpt: { parameters: ["i32"], result: "i32" },
    ptsname_r: { parameters: ["i32", "buffer", "usize"], result: "i32" },
    ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
    read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
  });

const O_RDWR = 2;
const O_NOCTTY = 0o400;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const TIOCSWINSZ = 0x5414n;

/** What has not come by then never will. */
const NEVER_MS = 60_000;

/** A terminal. `path` is where programs open their side of it. */
export class Pty implements Disposable {
  readonly path: string;
  readonly #libc = open();
  readonly #fd: number;
  #isOpen = true;

  constructor(rows: number, columns: number) {
    const { symbols } = this.#libc;
    const name = new Uint8Array(64);
    this.#fd = symbols.posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    symbols.unlockpt(this.#fd);
    symbols.ioctl(this.#fd, TIOCSWINSZ, Uint16Array.of(rows, columns, 0, 0));
    symbols.ptsname_r(this.#fd, name, 64n);
    this.path = new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
  }

  /** Reads what is printed, until some of it has this in it. Fails if it never comes: nothing else would end the test. */
  async until(pattern: RegExp): Promise<string> {
    const bytes = new Uint8Array(65_536);
    const end = performance.now() + NEVER_MS;
    for (let text = "";;) {
      if (performance.now() > end) throw new Error(`Nothing like ${pattern} was printed, but ${JSON.stringify(text)}`);
      const count = Number(this.#libc.symbols.read(this.#fd, bytes, BigInt(bytes.length)));
      if (count > 0) text += new TextDecoder().decode(bytes.subarray(0, count));
      else await new Promise((resolve) => setTimeout(resolve, 20));
      if (pattern.test(text)) return text;
    }
  }

  /** The terminal goes away. */
  close(): void {
    if (this.#isOpen) this.#libc.symbols.close(this.#fd);
    this.#isOpen = false;
  }

  [Symbol.dispose](): void {
    this.close();
    this.#libc.close();
  }
}
