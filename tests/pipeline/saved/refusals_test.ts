/** Files that Pipeline.reconstruct() must refuse: each with the line, the table and the field that are wrong. */

import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { Pipeline } from "@ringmill/ringmill";
import { Folder, refusal } from "./_helpers.ts";

const GOOD = `format_version = 1
name = "radar"

[[streams]]
name = "echoes"
shape = [8]
dtype = "float32"

[[events]]
name = "go"

[[tasks]]
name = "source"
function_module = "./tasks.js"
function_qualname = "source"
control_mode = "plain"
writes = { samples = "echoes" }

[[tasks]]
name = "sink"
function_module = "./tasks.js"
function_qualname = "sink"
control_mode = "toggleable"
control_event = "now"
[tasks.reads]
samples = "echoes"
[tasks.events]
now = "go"
[tasks.params]
gain = 2
`;

/** What replaces what in a good file, and the error: its line, table, field and message. */
type Case = readonly [
  from: string | RegExp,
  to: string,
  line: number | undefined,
  table: string,
  field: string,
  message: string,
];

const cases: readonly Case[] = [
  [
    "format_version = 1",
    "format_version = 3",
    1,
    "",
    "format_version",
    "it was made by a newer Ringmill: its format_version is 3, this one reads 2 at most",
  ],
  [
    "format_version = 1",
    'format_version = "1"',
    1,
    "",
    "format_version",
    'field "format_version" of the file must be 1 or 2, received "1"',
  ],
  [
    "format_version = 1",
    "format_version = 0",
    1,
    "",
    "format_version",
    'field "format_version" of the file must be 1 or 2, received 0',
  ],
  ["format_version = 1\n", "", undefined, "", "format_version", 'the file lacks the field "format_version"'],
  [
    'name = "radar"',
    'name = ""',
    2,
    "",
    "name",
    'field "name" of the file must be a text of 1 to 1000 characters, received ""',
  ],
  ['name = "radar"', 'nmae = "radar"', 2, "", "nmae", 'the file has the unknown field "nmae"; did you mean "name"?'],
  [
    'name = "radar"',
    'name = "radar"\ngrace_ms = -1',
    3,
    "",
    "grace_ms",
    'field "grace_ms" of the file must be a number of milliseconds, 0 or more, received -1',
  ],
  [
    'name = "radar"',
    'name = "radar"\nfull_warning_ms = 0',
    3,
    "",
    "full_warning_ms",
    'field "full_warning_ms" of the file must be a number of milliseconds, 1 or more, received 0',
  ],
  [
    'name = "radar"',
    'name = "radar"\ndead_letters = { most = 0 }',
    3,
    "",
    "dead_letters",
    'field "dead_letters" of the file must be a table of most (1 or more), most_bytes (1 or more) and backpressure, ' +
    "received { most: 0 }",
  ],
  [
    'name = "radar"',
    'name = "radar"\ndead_letters = { moest = 1 }',
    3,
    "",
    "dead_letters",
    'field "dead_letters" of the file must be a table of most (1 or more), most_bytes (1 or more) and backpressure, ' +
    "received { moest: 1 }",
  ],
  ["[[events]]", "[[evnts]]", 9, "", "evnts", 'the file has the unknown field "evnts"; did you mean "events"?'],
  [
    "[[events]]",
    "[events]",
    9,
    "",
    "events",
    'field "events" of the file must be an array of tables, received { name: "go" }',
  ],
  [
    'name = "echoes"',
    `name = "${"x".repeat(1001)}"`,
    5,
    "streams[0]",
    "name",
    `field "name" of stream "${
      "x".repeat(200)
    }… (801 more characters)" must be a text of 1 to 1000 characters, received "${
      "x".repeat(60)
    }"... 941 more characters`,
  ],
  ['name = "echoes"\n', "", 4, "streams[0]", "name", 'streams[0] lacks the field "name"'],
  [
    "shape = [8]",
    "shape = [\n  8,\n  -1,\n]",
    6,
    "streams[0]",
    "shape",
    'field "shape" of stream "echoes" must be an array of one or more positive integers, received [ 8, -1 ]',
  ],
  ["shape = [8]", "", 4, "streams[0]", "shape", 'stream "echoes" lacks the field "shape"'],
  [
    "shape = [8]",
    "shape = [8]\nshpae = [8]",
    7,
    "streams[0]",
    "shpae",
    'stream "echoes" has the unknown field "shpae"; did you mean "shape"?',
  ],
  [
    "shape = [8]",
    "shape = [8]\nframes = 1.5",
    7,
    "streams[0]",
    "frames",
    'field "frames" of stream "echoes" must be an integer from 1 to 2147483647, received 1.5',
  ],
  [
    "shape = [8]",
    "shape = [8]\ncache_align = 1",
    7,
    "streams[0]",
    "cache_align",
    'field "cache_align" of stream "echoes" must be true or false, received 1',
  ],
  [
    "shape = [8]",
    'shape = [8]\nwait = "sleep"',
    7,
    "streams[0]",
    "wait",
    'field "wait" of stream "echoes" must be one of adaptive, spin, park, received "sleep"',
  ],
  [
    "shape = [8]",
    "shape = [8]\nframes = 2147483647",
    4,
    "streams[0]",
    "undefined",
    'Cannot add stream "echoes": frames must fit into 2147483647 bytes, received 2147483647 frames of 64 bytes',
  ],
  [
    '"float32"',
    '"float31"',
    7,
    "streams[0]",
    "dtype",
    'field "dtype" of stream "echoes" must be one of int8, .* or a little-endian NumPy code, or an object of such by the names of columns, received "float31"; did you mean "float32"?',
  ],
  [
    "[[events]]",
    '[[streams]]\nname = "echoes"\nshape = [1]\ndtype = "u1"\n[[events]]',
    10,
    "streams[1]",
    "name",
    'the name "echoes" of streams[1] is taken',
  ],
  ['name = "sink"', 'name = "source"', 20, "tasks[1]", "name", 'the name "source" of tasks[1] is taken'],
  [
    'name = "go"',
    'name = "go"\ninitial_state = "yes"',
    11,
    "events[0]",
    "initial_state",
    'field "initial_state" of event "go" must be true or false, received "yes"',
  ],
  [
    '{ samples = "echoes" }',
    '"echoes"',
    17,
    "tasks[0]",
    "writes",
    'field "writes" of task "source" must be a table of texts that are not empty, received "echoes"',
  ],
  [
    '{ samples = "echoes" }',
    '{ samples = "echos" }',
    17,
    "tasks[0]",
    "writes",
    'field "writes" of task "source" names the unknown stream "echos"; did you mean "echoes"?',
  ],
  [
    'now = "go"',
    'now = "stop"',
    28,
    "tasks[1]",
    "events",
    'field "events" of task "sink" names the unknown event "stop"',
  ],
  ['control_mode = "plain"\n', "", 12, "tasks[0]", "control_mode", 'task "source" lacks the field "control_mode"'],
  [
    'control_mode = "plain"',
    'control_mode = "always"',
    16,
    "tasks[0]",
    "control_mode",
    'field "control_mode" of task "source" must be one of plain, switchable, toggleable, terminator, received "always"',
  ],
  [
    'control_mode = "plain"',
    'control_mode = "plain"\ncontrol_event = "now"',
    17,
    "tasks[0]",
    "control_event",
    'task "source" is plain and has no field "control_event", received "now"',
  ],
  [
    'control_mode = "plain"',
    'control_mode = "terminator"',
    14,
    "tasks[0]",
    "function_module",
    'task "source" is terminator and has no field "function_module", received "./tasks.js"',
  ],
  [
    'control_event = "now"\n',
    "",
    19,
    "tasks[1]",
    "control_event",
    'task "sink" is toggleable and lacks the field "control_event"',
  ],
  [
    'control_event = "now"',
    'control_event = "go"',
    24,
    "tasks[1]",
    "control_event",
    'field "control_event" of task "sink" must be a key of its events ("now"), received "go"',
  ],
  [
    'function_qualname = "sink"\n',
    "",
    19,
    "tasks[1]",
    "function_qualname",
    'task "sink" is toggleable and lacks the field "function_qualname"',
  ],
  [
    'function_module = "./tasks.js"',
    "function_module = 5",
    14,
    "tasks[0]",
    "function_module",
    'field "function_module" of task "source" must be a text that is not empty, received 5',
  ],
  [
    'control_mode = "plain"',
    'control_mode = "plain"\npermissions = "all"',
    17,
    "tasks[0]",
    "permissions",
    'field "permissions" of task "source" must be "inherit", "none" or a table of .*, received "all"',
  ],
  [
    'control_mode = "plain"',
    'control_mode = "plain"\npermissions = { nte = true }',
    17,
    "tasks[0]",
    "permissions",
    'field "permissions" of task "source" must be .*, received { nte: true }; did you mean "net"?',
  ],
  [
    "gain = 2",
    'gain = { list = [ 1, { "$null" = 1 } ] }',
    30,
    "tasks[1]",
    "params",
    'params.gain.list[1] of task "sink" must have true as "$null", received 1',
  ],
  [
    "gain = 2",
    "gain = 2\nwhen = 07:32:00",
    31,
    "tasks[1]",
    "params",
    'params.when of task "sink" must be a date and time with an offset, such as 2026-01-01T00:00:00Z, received .*',
  ],
  [
    "gain = 2",
    "gain = 9007199254740993",
    30,
    "undefined",
    "undefined",
    "it is no TOML: integer value cannot be represented losslessly",
  ],
  [
    "gain = 2",
    "gain = 2\ngain = 3",
    31,
    "undefined",
    "undefined",
    "it is no TOML: trying to redefine an already defined table or value",
  ],
  ["[[events]]", "[[events]", 9, "undefined", "undefined", "it is no TOML: .*"],
];

/** A text as a pattern, in which `.*` stands for anything. */
function pattern(text: string): RegExp {
  return new RegExp(`^${text.split(".*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`);
}

for (const [from, to, line, table, field, message] of cases) {
  Deno.test(`Pipeline.reconstruct() refuses ${JSON.stringify(to)} for ${JSON.stringify(from)}`, async () => {
    await using folder = new Folder();
    await folder.write("tasks.js", "");
    const path = await folder.write("radar.toml", GOOD.replace(from, to));
    const error = await refusal(path);
    match(error.reason, pattern(message));
    equal(error.message, `Cannot reconstruct ${path}${line ? `:${line}` : ""}: ${error.reason}`);
    deepEqual(
      [error.file, error.line, error.table ?? (field === "undefined" ? "undefined" : ""), String(error.field)],
      [
        path,
        line,
        table,
        field,
      ],
    );
  });
}

Deno.test("Pipeline.reconstruct() accepts the file that these are made of, with defaults for what is left out", async () => {
  await using folder = new Folder();
  await folder.write("tasks.js", "");
  const pipe = await Pipeline.reconstruct(await folder.write("radar.toml", GOOD));
  equal(pipe.stream("echoes").frames, 32);
  deepEqual(pipe.tasks.get("sink")!.params, { gain: 2 });
  deepEqual([...pipe.tasks.keys()], ["source", "sink"]);
});

Deno.test("Pipeline.reconstruct() refuses what is no text, what is no file, and options that are none", async () => {
  await using folder = new Folder();
  await Deno.writeFile(`${folder.path}/bytes.toml`, Uint8Array.of(0xff, 0xfe, 0x61));
  equal((await refusal(`${folder.path}/bytes.toml`)).reason, "it is no text in UTF-8");
  await rejects(() => Pipeline.reconstruct(`${folder.path}/missing.toml`), Deno.errors.NotFound);
  await rejects(() => Pipeline.reconstruct("x.toml", null as never), TypeError);
  await rejects(() => Pipeline.reconstruct("x.toml", { allowModules: "all" as never }), {
    name: "TypeError",
    message: 'Cannot reconstruct a pipeline: allowModules must be an array, received "all"',
  });
});

Deno.test("Pipeline.reconstruct() finds the line in a large file, and among texts that look like tables", async () => {
  await using folder = new Folder();
  const streams = Array.from({ length: 500 }, (_, n) => `[[streams]]\nname = "s${n}"\nshape = [1]\ndtype = "u1"\n`);
  const text =
    `[[streams]]\nname = "odd"\ndescription = """\n[[streams]]\nframes = 0\n"""\nshape = [1]\ndtype = "u1"\nframes = 0\n`;
  const head = 'format_version = 1\nname = "large"\n';
  const path = await folder.write("large.toml", head + streams.join("") + text);
  const error = await refusal(path);
  equal(error.line, 2 + 2000 + 9);
  equal(error.table, "streams[500]");
});
