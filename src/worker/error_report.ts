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
/** Errors in one report: causes and aggregated errors may run in circles. */
const MOST_ERRORS = 32;

/** What `work` returns, or `fallback` if it throws: anything may be thrown, and every look at it may throw again. */
function attempt<Value>(work: () => Value, fallback: Value): Value {
  try {
    return work();
  } catch {
    return fallback;
  }
}

function textOf(value: unknown): string {
  return attempt(() => typeof value === "string" ? value : String(value), "something that cannot be shown");
}

function isCloneable(value: unknown): boolean {
  return attempt(() => structuredClone(value) !== undefined || value === undefined, false);
}

/** Describes anything that was thrown. Never throws itself. */
export function reportError(thrown: unknown): ErrorReport {
  let left = MOST_ERRORS;
  const describe = (thrown: unknown): ErrorReport => {
    left--;
    return attempt(() => thrown instanceof Error, false) ? reportOf(thrown as Error, nested) : valueOf(thrown);
  };
  const nested = (error: unknown) => left > 0 ? describe(error) : undefined;
  return describe(thrown);
}

/** Characters of what was thrown and is no error. */
const LONGEST_SHOWN = 200;

/** A text stays as it is; of an object, "[object Object]" would say nothing. */
function showThrown(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return textOf(thrown);
  const shown = attempt(() => Deno.inspect(thrown, { depth: 2, compact: true, breakLength: Infinity }), textOf(thrown));
  return shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}…` : shown;
}

function valueOf(thrown: unknown): ErrorReport {
  const value = isCloneable(thrown) ? thrown : textOf(thrown);
  return { name: typeof thrown, message: showThrown(thrown), properties: {}, value: { thrown: value } };
}

function reportOf(error: Error, nested: (error: unknown) => ErrorReport | undefined): ErrorReport {
  const get = (key: keyof AggregateError): unknown => attempt(() => (error as AggregateError)[key], undefined);
  const name = textOf(get("name"));
  const stack = get("stack");
  const cause = get("cause");
  const errors = get("errors");
  const isAggregate = attempt(() => error instanceof AggregateError, false) && Array.isArray(errors);
  const keys = attempt(() => Object.keys(error), []).filter((key) => !STANDARD.has(key));
  const own = keys.map((key) => [key, attempt(() => Reflect.get(error, key), undefined)] as const);
  return {
    // A subclass that does not set its name is known by its class.
    name: name === "Error" ? attempt(() => textOf(error.constructor.name), name) : name,
    message: textOf(get("message")),
    stack: typeof stack === "string" ? stack : undefined,
    cause: cause === undefined ? undefined : nested(cause),
    errors: isAggregate ? errors.map(nested).filter((report) => report !== undefined) : undefined,
    properties: Object.fromEntries(own.filter(([, value]) => value !== undefined && isCloneable(value))),
  };
}

const isText = (value: unknown) => typeof value === "string";
const isTable = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Whether a value is a report, with no more errors than one may have: it may come from anybody. */
export function isErrorReport(value: unknown): value is ErrorReport {
  let left = MOST_ERRORS;
  const isReport = (value: unknown): boolean => {
    if (!isTable(value) || left-- === 0) return false;
    const { name, message, stack, cause, errors, properties, value: thrown } = value as Record<string, unknown>;
    return isText(name) && isText(message) && (stack === undefined || isText(stack)) && isTable(properties) &&
      (thrown === undefined || isTable(thrown)) && (cause === undefined || isReport(cause)) &&
      (errors === undefined || Array.isArray(errors) && errors.every(isReport));
  };
  return isReport(value);
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
  // Not assigned: a key such as `__proto__` would be obeyed.
  for (const [key, value] of Object.entries(properties)) {
    if (!STANDARD.has(key)) Object.defineProperty(error, key, { ...hidden, enumerable: true, value });
  }
  return error;
}

/** One line for a message: class and text of an error, or the value itself. */
export function summarizeError(report: ErrorReport): string {
  return report.value ? report.message : `${report.name}: ${report.message}`;
}
