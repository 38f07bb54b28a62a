/** What the editor says of a mistake in what a linear pipeline is declared with. */

import { deepEqual } from "node:assert/strict";
import { misreported, type Mistakes } from "../_editor_errors.ts";

const HEAD = `import { fileOutput, LinearNode, pipeline } from "@ringmill/ringmill/linear";
const settings = {
  name: "sums",
  config: { scale: 10, model: { depth: 3, mode: "fast" } },
  runtime: { data: [1, 2, 3], label: "x" },
};
void [fileOutput, LinearNode];
export const begun = pipeline(settings);
const sum = (data: number[]) => data.reduce((a, b) => a + b);
export const summed = begun.node({ fn: sum, inputs: ["data"], outputs: ["total"] });
`;

const MISTAKES: Mistakes = {
  "a misspelt input": [
    `summed.node({
  name: "n",
  fn: (a: number) => a,
  inputs: [
    "totl", // HERE
  ],
  outputs: ["x"],
});`,
    /Type '"totl"' is not assignable .*Did you mean '"total"'\?/,
  ],
  "a misspelt input of a function whose arguments are inferred": [
    `summed.node({
  name: "n",
  fn: (a) => a + 1,
  inputs: [
    "totl", // HERE
  ],
  outputs: ["x"],
});`,
    /Type '"totl"' is not assignable .*Did you mean '"total"'\?/,
  ],
  "a second input that is misspelt": [
    `summed.node({
  name: "n",
  fn: (a, b) => a + b,
  inputs: [
    "total",
    "labl", // HERE
  ],
  outputs: ["x"],
});`,
    /Type '"labl"' is not assignable .*Did you mean '"label"'\?/,
  ],
  "a misspelt path of the configuration": [
    `summed.node({
  name: "n",
  fn: (a) => a,
  inputs: [
    "config.scal", // HERE
  ],
  outputs: ["x"],
});`,
    /Type '"config\.scal"' is not .* '"config\.scale" \| "config\.model"'\. Did you mean '"config\.scale"'\?/,
  ],
  "a misspelt path further down": [
    `summed.node({
  name: "n",
  fn: (a) => a,
  inputs: [
    "config.model.dept", // HERE
  ],
  outputs: ["x"],
});`,
    /Did you mean '"config\.model\.depth"'\?/,
  ],
  "a path that goes on below a number": [
    `summed.node({
  name: "n",
  fn: (a) => a,
  inputs: [
    "config.scale.more", // HERE
  ],
  outputs: ["x"],
});`,
    /Type '"config\.scale\.more"' is not assignable to type '"config\.scale"'\./,
  ],
  "an output that a node before has made": [
    `summed.node({
  name: "n",
  fn: (a) => a,
  inputs: ["data"],
  outputs: [
    "total", // HERE
  ],
});`,
    /not assignable to type '"total is taken"'\./,
  ],
  "an output that is a runtime constant": [
    `summed.node({
  name: "n",
  fn: (a) => a,
  inputs: ["total"],
  outputs: [
    "data", // HERE
  ],
});`,
    /not assignable to type '"data is taken"'\./,
  ],
  "a second output that is taken": [
    `summed.node({
  name: "n",
  fn: (a) => [a, a],
  inputs: ["total"],
  outputs: [
    "fresh",
    "label", // HERE
  ],
});`,
    /not assignable to type '"label is taken"'\./,
  ],
  "two outputs of one name": [
    `summed.node({
  name: "n",
  fn: (a) => [a, a],
  inputs: ["total"],
  outputs: [
    "fresh", // HERE
    "fresh",
  ],
});`,
    /not assignable to type '"fresh is taken"'\./,
  ],
  "a function of other arguments": [
    `summed.node({
  name: "n",
  fn: (a: string) => a, // HERE
  inputs: ["total"],
  outputs: ["x"],
});`,
    /Type '\(a: string\) => string' is not assignable to type '\(inputs_0: number\) => string'\./,
  ],
  "a function of more arguments": [
    `summed.node({
  name: "n",
  fn: (a: number, b: number) => a + b, // HERE
  inputs: ["total"],
  outputs: ["x"],
});`,
    /not assignable to type '\(inputs_0: number\) => number'\./,
  ],
  "a function that returns too few values": [
    `summed.node({
  name: "n",
  fn: (a) => [a],
  inputs: ["total"],
  outputs: ["x", "y"], // HERE
});`,
    /"The function returns other values than these outputs"/,
  ],
  "a function that returns too many values": [
    `summed.node({
  name: "n",
  fn: (a) => [a, a, a],
  inputs: ["total"],
  outputs: ["x", "y"], // HERE
});`,
    /"The function returns other values than these outputs"/,
  ],
  "an object that lacks an output": [
    `summed.node({
  name: "n",
  fn: (a) => ({ x: a }),
  inputs: ["total"],
  outputs: ["x", "y"], // HERE
});`,
    /"The function returns other values than these outputs"/,
  ],
  "a number for two outputs": [
    `summed.node({
  name: "n",
  fn: (a) => a,
  inputs: ["total"],
  outputs: ["x", "y"], // HERE
});`,
    /"The function returns other values than these outputs"/,
  ],
  "a misspelt option": [
    `summed.node({
  name: "n",
  fn: (a) => a,
  inputs: ["total"],
  output: ["x"], // HERE
});`,
    /'output' does not exist in type .*Did you mean to write 'outputs'\?/,
  ],
  "an fn that is no function": [
    `summed.node({
  name: "n",
  fn: 5, // HERE
  inputs: ["total"],
  outputs: ["x"],
});`,
    /Type 'number' is not assignable to type '\(inputs_0: number\) => AnyResult'\./,
  ],
  "a name that is no text": [
    `summed.node({
  name: 5, // HERE
  fn: (a) => a,
  inputs: ["total"],
  outputs: ["x"],
});`,
    /Type 'number' is not assignable to type 'string'\./,
  ],
  "inputs that are no list": [
    `summed.node({
  name: "n",
  fn: (a) => a,
  inputs: "total", // HERE
  outputs: ["x"],
});`,
    /Type 'string' is not assignable to type 'readonly \(string \| WorldInput<any>\)\[\]'\./,
  ],
  "outputs that are no list": [
    `summed.node({
  name: "n",
  fn: (a) => a,
  inputs: ["total"],
  outputs: "x", // HERE
});`,
    /Type 'string' is not assignable to type 'readonly \(string \| FileOutput\)\[\]'\./,
  ],
  "an input that is a number": [
    `summed.node({
  name: "n",
  fn: (a) => a,
  inputs: [
    5, // HERE
  ],
  outputs: ["x"],
});`,
    /Type 'number' is not assignable to type 'string \| WorldInput<any>'\./,
  ],
  "a misspelt setting of build()": [
    `summed.build({
  quite: true, // HERE
});`,
    /'quite' does not exist .*Did you mean to write 'quiet'\?/,
  ],
  "a misspelt setting of pipeline()": [
    `pipeline({
  name: "p",
  quite: true, // HERE
});`,
    /'quite' does not exist .*Did you mean to write 'quiet'\?/,
  ],
  "a number for a file": [
    `summed.node({
  name: "n",
  fn: (a) => a,
  inputs: ["total"],
  outputs: [fileOutput("x.txt")], // HERE
});`,
    /"The function returns other values than these outputs"/,
  ],
  "an argument that is used as another type": [
    `summed.node({
  name: "n",
  fn: (a) => a.length, // HERE
  inputs: ["total"],
  outputs: ["x"],
});`,
    /Property 'length' does not exist on type 'number'\./,
  ],
  "a misspelt result": [
    `const { results } = await summed.build().run();
results.totl; // HERE
`,
    /Property 'totl' does not exist .*Did you mean 'total'\?/,
  ],
  "an option of the wrong kind": [
    `summed.node({
  name: "n",
  fn: (a) => a,
  inputs: ["total"],
  outputs: ["x"],
  cache: 5, // HERE
});`,
    /Type 'number' is not assignable to type 'boolean \| undefined'\./,
  ],
  "a function of other arguments, declared elsewhere": [
    `function scale(data: number[]): number { return data.length; }
summed.node({
  name: "n",
  fn: scale, // HERE
  inputs: ["total"],
  outputs: ["x"],
});`,
    /not assignable to type '\(inputs_0: number\) => number'\./,
  ],
  "a misspelt option of LinearNode": [
    `new LinearNode({
  name: "n",
  fn: (a: number) => a,
  inputs: ["a"],
  output: ["b"], // HERE
});`,
    /'output' does not exist .*Did you mean to write 'outputs'\?/,
  ],
  "a path where there is no configuration": [
    `pipeline({ name: "bare" }).node({
  name: "n",
  fn: (a) => a,
  inputs: [
    "config.scale", // HERE
  ],
  outputs: ["x"],
});`,
    /not assignable to type '"There is no configuration"'\./,
  ],
  "inputs that are missing": [
    `summed.node({
  name: "n",
  fn: (a: number) => a, // HERE
  outputs: ["x"],
});`,
    /not assignable to type '\(\) => number'\./,
  ],
};

Deno.test("The first line of a type error of the linear builder is the mistake itself, and the mistake is underlined", async () => {
  deepEqual(await misreported(HEAD, MISTAKES), []);
});
