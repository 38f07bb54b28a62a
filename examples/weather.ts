/**
 * Learns to predict tomorrow's highest temperature in Seattle from three years, and tries it on a fourth. Training and
 * prediction share one pipeline of features. Run it twice: the second run is served from the cache, and says so. Then
 * change a function in `weather/nodes.ts`, and see what runs again.
 *
 *     deno run -A examples/weather.ts [FOLDER]
 *
 * The caches are written to the folder, which is `examples/out` if left out.
 */

import { LinearNode, LinearPipeline, pipeline } from "@ringmill/ringmill/linear";
import { join } from "node:path";
import { programArguments, runProgram } from "./shared/program.ts";
import {
  assemble,
  type Errors,
  fit,
  type Model,
  parse,
  predict,
  rollingAverage,
  score,
  selectYears,
} from "./weather/nodes.ts";

const USAGE = "Usage: deno run -A examples/weather.ts [FOLDER]";

/** The part that training and prediction have in common. */
function features(csv: string, years: readonly [first: number, last: number], window = 7) {
  return pipeline({ name: "features", runtime: { csv }, config: { years, window } })
    .node({ fn: parse, inputs: ["csv"], outputs: ["all"] })
    .node({ fn: selectYears, inputs: ["all", "config.years"], outputs: ["days"] })
    .node({ fn: rollingAverage, inputs: ["days", "config.window"], outputs: ["averages"] })
    .node({ fn: assemble, inputs: ["days", "averages"], outputs: ["features"] });
}

async function train(csv: string, cachePath: string): Promise<Model> {
  const training = features(csv, [2012, 2014])
    .node({ fn: fit, inputs: ["features"], outputs: ["model"] })
    .build({ name: "train", usePersistentCache: true, cachePath });
  await runAndTell(training);
  using registry = training.openRegistry();
  return registry.get("model");
}

async function test(csv: string, model: Model, cachePath: string): Promise<Errors> {
  const scoring = new LinearPipeline<{ errors: Errors }>({
    name: "scoring",
    nodes: [
      new LinearNode({ fn: predict, inputs: ["features", "model"], outputs: ["predictions"] }),
      new LinearNode({ fn: score, inputs: ["predictions", "features"], outputs: ["errors"] }),
    ],
    runtime: { model },
  });
  const testing = features(csv, [2015, 2015])
    .build({ name: "test", usePersistentCache: true, cachePath })
    .concat(scoring);
  await runAndTell(testing);
  using registry = testing.openRegistry();
  return registry.get("errors");
}

async function runAndTell<Objects extends object>(pipeline: LinearPipeline<Objects>): Promise<void> {
  const { nodes } = await pipeline.run();
  const cached = nodes.filter(({ status }) => status === "cached").length;
  console.log(`${pipeline.name}: ${nodes.length} nodes, ${cached} of them from the cache`);
}

async function main(): Promise<void> {
  const [folder = join(import.meta.dirname!, "out")] = programArguments(USAGE, 0, 1);
  const csv = await Deno.readTextFile(new URL("data/seattle_weather.csv", import.meta.url));
  console.log("Daily weather in Seattle, 2012 to 2015. Data: NOAA\n");
  const model = await train(csv, join(folder, "weather_train.db"));
  const { ours, lazy } = await test(csv, model, join(folder, "weather_test.db"));
  console.log(`\nTomorrow's highest temperature in 2015, average error: ${ours.toFixed(2)} °C`);
  console.log(`Saying that it will be as today: ${lazy.toFixed(2)} °C`);
}

if (import.meta.main) await runProgram(main);
