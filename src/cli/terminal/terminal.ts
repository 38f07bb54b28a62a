/** The terminal, if there is one. */

/** What is printed to. */
export interface Terminal {
  /** Whether tables on it can take each other's place. */
  isInteractive(): boolean;
  size(): { readonly rows: number; readonly columns: number };
  /** Writes as it is, in one go. */
  write(text: string): void;
  /** Writes lines. */
  print(text: string): void;
}

interface Stream {
  isTerminal(): boolean;
  writeSync(bytes: Uint8Array): number;
}

function terminalOn(stream: Stream, print?: (text: string) => void): Terminal {
  const write = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
  };
  return {
    isInteractive: () => stream.isTerminal() && Deno.env.get("TERM") !== "dumb",
    size: Deno.consoleSize,
    write,
    print: print ?? ((text) => write(`${text}\n`)),
  };
}

/** The standard output. Throws if nobody reads it any longer. */
export const STDOUT = terminalOn(Deno.stdout);

/** The standard error. Printing never throws: what runs must not fail because nobody reads of it. */
export const STDERR = terminalOn(Deno.stderr, console.error);
