import { deepEqual, match } from "node:assert/strict";
import type { NatsOptions } from "@ringmill/ringmill/cluster";
import { CERTIFICATE, CERTIFICATE_KEY, JWT, NKEY } from "./_secrets.ts";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { type LineOptions, runLine } from "./_line.ts";
import { checkExact, Notes } from "./_programs.ts";

const ignore = LACKS_NATS;
const failure = (options: LineOptions): Promise<string> => runLine(options).then(() => "", ({ message }) => message);

/** A folder with files for the time of a test. */
async function withFiles(files: Record<string, string>, act: (path: (name: string) => string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const path = (name: string) => `${folder}/${name}`;
  try {
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(path(name), text);
    await act(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Frames cross with the right options, and the wrong ones are refused without the secret. */
async function checkGuarded(url: string, right: NatsOptions, wrong: readonly NatsOptions[], secret: string) {
  using notes = new Notes();
  await runLine({ url, nats: right, count: { total: 20, run: 1 } });
  await runLine({ url, nats: right, note: { path: notes.path } });
  checkExact(notes, 1, 20);
  for (const nats of wrong) {
    const message = await failure({ url, nats, count: { total: 1, run: 2 } });
    match(message, /TransportError: Cannot publish stream "frames": .*(authori|authentic|certificate|expired)/i);
    deepEqual(message.includes(secret), false);
  }
}

Deno.test("A server that wants a token gets it from a file, and refuses another one and none", { ignore }, async () => {
  await using server = await NatsServer.start('authorization { token: "open-sesame" }');
  await withFiles({ right: "open-sesame\n", wrong: "guess" }, async (path) => {
    await checkGuarded(server.url, { tokenFile: path("right") }, [{ tokenFile: path("wrong") }, {}], "open-sesame");
    match(
      await failure({ url: server.url, nats: { tokenFile: path("none") }, count: { total: 1, run: 1 } }),
      /none cannot be read/,
    );
  });
});

Deno.test("A server that knows an nkey lets its owner in, and nobody else", { ignore }, async () => {
  await using server = await NatsServer.start(`authorization { users: [{ nkey: ${NKEY.user} }] }`);
  await withFiles({ seed: NKEY.seed }, async (path) => {
    await checkGuarded(server.url, { nkeyFile: path("seed") }, [{}], NKEY.seed);
  });
});

/** A file as `nsc` writes it. */
function credentials(jwt: string, seed: string): string {
  const block = (name: string, text: string) => `-----BEGIN ${name}-----\n${text}\n------END ${name}------\n`;
  return `${block("NATS USER JWT", jwt)}\n${block("USER NKEY SEED", seed)}`;
}

Deno.test(
  "A server that trusts an operator lets its users in by their credentials, and nobody else",
  { ignore },
  async () => {
    const { operator, system, systemJwt, account, accountJwt } = JWT;
    const settings = [
      `operator: ${operator}`,
      "resolver: MEMORY",
      `system_account: ${system}`,
      "resolver_preload: {",
      `${system}: ${systemJwt}`,
      `${account}: ${accountJwt}`,
      "}",
    ];
    await using server = await NatsServer.start(settings.join("\n"));
    // The right JWT, and the key of another user.
    const files = { right: credentials(JWT.user, JWT.seed), wrong: credentials(JWT.user, NKEY.seed) };
    await withFiles(files, async (path) => {
      await checkGuarded(server.url, { credsFile: path("right") }, [{ credsFile: path("wrong") }, {}], JWT.seed);
    });
  },
);

Deno.test("TLS carries frames for those who trust the certificate, and refuses the others by its name", {
  ignore,
}, async () => {
  await withFiles({ "cert.pem": CERTIFICATE, "key.pem": CERTIFICATE_KEY }, async (path) => {
    const tls = `tls { cert_file: "${path("cert.pem")}", key_file: "${path("key.pem")}" }`;
    await using server = await NatsServer.start(tls);
    const url = server.url.replace("nats://127.0.0.1", "tls://localhost");
    await checkGuarded(url, { tls: { caFile: path("cert.pem") } }, [{ tls: {} }], CERTIFICATE_KEY);
  });
});
