/** Carries errors between threads whole: structured cloning keeps neither class names nor own properties. */

/** An error, as it is posted. */
export interface ErrorReport {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: ErrorReport;
  /** The errors of an `AggregateError`. */
  readonly errors?: readonly ErrorReport[];
  /** Own properties that can be cloned. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** What was thrown, where it was no error; a text where that cannot be cloned. */
  readonly value?: { readonly thrown: unknown };
}

const STANDARD = new Set(["name", "message", "stack", "cause", "errors"]);
/** Causes deeper than this are cut off: a chain may run in a circle. */
const DEEPEST = 16;

function cloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

/** Describes anything that was thrown. */
export function reportError(thrown: unknown, depth = 0): ErrorReport {
  if (!(thrown instanceof Error)) {
    const value = cloneable(thrown) ? thrown : String(thrown);
    return { name: typeof thrown, message: String(value), properties: {}, value: { thrown: value } };
  }
  const { name, message, stack, cause } = thrown;
  const nested = (error: unknown) => reportError(error, depth + 1);
  const own = Object.entries(thrown).filter(([key, value]) => !STANDARD.has(key) && cloneable(value));
  return {
    // A subclass that does not set its name is known by its class.
    name: name === "Error" ? thrown.constructor.name : name,
    message,
    stack,
    cause: cause === undefined || depth >= DEEPEST ? undefined : nested(cause),
    errors: thrown instanceof AggregateError && depth < DEEPEST ? thrown.errors.map(nested) : undefined,
    properties: Object.fromEntries(own),
  };
}

/** Built-in classes, which a rebuilt error becomes an instance of. */
const CLASSES: Readonly<Record<string, new (message: string) => Error>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** Rebuilds what was thrown. An error of a class that is not built in becomes an `Error` of its name. */
export function rebuildError(report: ErrorReport): unknown {
  if (report.value) return report.value.thrown;
  const { name, message, stack, cause, errors, properties } = report;
  const error = errors
    ? new AggregateError(errors.map(rebuildError), message)
    : new (Object.hasOwn(CLASSES, name) ? CLASSES[name] : Error)(message);
  const hidden = { configurable: true, enumerable: false, writable: true };
  if (error.name !== name) Object.defineProperty(error, "name", { ...hidden, value: name });
  if (stack !== undefined) Object.defineProperty(error, "stack", { ...hidden, value: stack });
  if (cause) Object.defineProperty(error, "cause", { ...hidden, value: rebuildError(cause) });
  return Object.assign(error, properties);
}

/** One line for a message: class and text of an error, or the value itself. */
export function summarizeError(report: ErrorReport): string {
  return report.value ? report.message : `${report.name}: ${report.message}`;
}
