/**
 * Learns to predict tomorrow's highest temperature in Seattle from three years, and tries it on a fourth. Training and
 * prediction share one pipeline of features. Run it twice: the second run is served from the cache, and says so. Then
 * change the CSV file, or a function in `weather/nodes.ts`, and see what runs again. After a failure, the next run goes on
 * where it has failed.
 *
 *     deno run -A examples/weather.ts [FOLDER] [CSV]
 *
 * The caches and a report are written to the folder, which is `examples/out` if left out.
 */

import { fileInput, fileOutput, LinearNode, LinearPipeline, pipeline } from "@ringmill/ringmill/linear";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { programArguments, runProgram } from "./shared/program.ts";
import {
  assemble,
  type Days,
  type Errors,
  fit,
  type Model,
  parse,
  predict,
  rollingAverage,
  score,
  selectYears,
} from "./weather/nodes.ts";

const USAGE = "Usage: deno run -A examples/weather.ts [FOLDER] [CSV]";
const DATA = fileURLToPath(new URL("data/seattle_weather.csv", import.meta.url));

/** Where a run reads and writes. */
interface Places {
  readonly csv: string;
  readonly folder: string;
}

function load(csv: string): Days {
  return parse(Deno.readTextFileSync(csv));
}

/** The part that training and prediction have in common. */
function features({ csv }: Places, years: readonly [first: number, last: number], window = 7) {
  return pipeline({ name: "features", config: { years, window } })
    .node({ fn: load, inputs: [fileInput(csv)], outputs: ["all"], version: [parse] })
    .node({ fn: selectYears, inputs: ["all", "config.years"], outputs: ["days"] })
    .node({ fn: rollingAverage, inputs: ["days", "config.window"], outputs: ["averages"] })
    .node({ fn: assemble, inputs: ["days", "averages"], outputs: ["features"] });
}

async function train(places: Places): Promise<Model> {
  const training = features(places, [2012, 2014])
    .node({ fn: fit, inputs: ["features"], outputs: ["model"] })
    .build({ name: "train", usePersistentCache: true, cachePath: join(places.folder, "weather_train.db") });
  return (await runAndTell(training)).model;
}

/** A line for those who do not read logs. */
function report({ ours, lazy }: Errors): string {
  return `Tomorrow's highest temperature in 2015, average error: ${ours.toFixed(2)} °C\n` +
    `Saying that it will be as today: ${lazy.toFixed(2)} °C\n`;
}

async function test(places: Places, model: Model): Promise<string> {
  const path = join(places.folder, "weather.txt");
  const scoring = new LinearPipeline<{ errors: Errors }>({
    name: "scoring",
    nodes: [
      new LinearNode({ fn: predict, inputs: ["features", "model"], outputs: ["predictions"] }),
      new LinearNode({ fn: score, inputs: ["predictions", "features"], outputs: ["errors"] }),
      new LinearNode({ fn: report, inputs: ["errors"], outputs: [fileOutput(path)] }),
    ],
    runtime: { model },
  });
  const testing = features(places, [2015, 2015])
    .build({ name: "test", usePersistentCache: true, cachePath: join(places.folder, "weather_test.db") })
    .concat(scoring);
  await runAndTell(testing);
  return await Deno.readTextFile(path);
}

/** After a failure, goes on; after a success, it is a run like any other. */
async function runAndTell<Objects extends object>(pipeline: LinearPipeline<Objects>): Promise<Objects> {
  const { nodes, results } = await pipeline.run({ resume: true });
  const cached = nodes.filter(({ status }) => status === "cached").length;
  console.log(`${pipeline.name}: ${nodes.length} nodes, ${cached} of them from the cache`);
  return results;
}

async function main(): Promise<void> {
  const [folder = join(import.meta.dirname!, "out"), csv = DATA] = programArguments(USAGE, 0, 2);
  console.log("Daily weather in Seattle, 2012 to 2015. Data: NOAA\n");
  const model = await train({ csv, folder });
  console.log(`\n${(await test({ csv, folder }, model)).trimEnd()}`);
}

if (import.meta.main) await runProgram(main);
