/** How the property tests run: random sequences of operations, on a thing and on its model. */

import fc from "fast-check";

/** Throws where a thing and its model differ. */
export type Compare<Model, Real> = (model: Model, real: Real) => void;

/** Something that can be done to both, with random arguments. */
export type Operation<Model extends object, Real> = (
  compare: Compare<Model, Real>,
) => fc.Arbitrary<fc.AsyncCommand<Model, Real>>;

/** An operation, by the name that a failure shows. */
export function operation<Model extends object, Real, Args>(
  name: string,
  args: fc.Arbitrary<Args>,
  run: (model: Model, real: Real, args: Args) => Promise<void> | void,
): Operation<Model, Real> {
  return (compare) =>
    args.map((values) => ({
      check: () => true,
      async run(model, real) {
        await run(model, real, values);
        compare(model, real);
      },
      toString: () => `${name} ${fc.stringify(values)}`,
    }));
}

/**
 * Does random operations to what `setUp` makes of random `settings`, and compares after each. `FC_RUNS` says how often,
 * where it is set. A failure is shrunk, and shown with a seed and a path.
 */
export async function checkModel<Settings, Model extends object, Real>(
  settings: fc.Arbitrary<Settings>,
  setUp: (settings: Settings) => { model: Model; real: Real },
  operations: readonly Operation<Model, Real>[],
  compare: Compare<Model, Real>,
  numRuns: number,
): Promise<void> {
  const sequence = fc.commands(operations.map((operation) => operation(compare)), { maxCommands: 100, size: "max" });
  const property = fc.asyncProperty(settings, sequence, async (settings, commands) => {
    await fc.asyncModelRun(() => setUp(settings), commands);
  });
  await fc.assert(property, { numRuns: Number(Deno.env.get("FC_RUNS") ?? numRuns) });
}

/** Positions at which rings may start: at 0, about where 31, 32 and 53 bits end, and anywhere. */
export const STARTS: fc.Arbitrary<bigint> = fc.oneof(
  fc.constant(0n),
  ...[31n, 32n, 53n].map((bits) => fc.bigInt(2n ** bits - 600n, 2n ** bits + 600n)),
  fc.bigInt(0n, 2n ** 62n),
);
