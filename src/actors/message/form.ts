/**
 * Forms of messages: the names of a type and of the fields of its bodies. Most types have one form only, so it is written
 * once, and each message carries the bytes of it as they are, for a thread that does not know them yet.
 */

import type { Envelope, Form, MessageKind } from "./envelope.ts";

/** A message without its envelope: a form, and the values of its fields. */
export interface Formed {
  readonly form: Form;
  readonly values: readonly unknown[];
}

/** Bodies that serve as dictionaries have ever new fields. */
const MOST_FORMS = 16;
const MOST_FIELDS = 64;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Two hashes by FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv), 53 bits together. */
function numberOf(bytes: Uint8Array): number {
  let low = 0x811c9dc5;
  let high = 0x01000193;
  for (const byte of bytes) {
    low = Math.imul(low ^ byte, 0x01000193) >>> 0;
    high = Math.imul(high ^ byte, 0x01000193) + 0x9e3779b9 >>> 0;
  }
  return (high >>> 11) * 2 ** 32 + low;
}

function newForm(name: string, fields: readonly string[] | null): Form {
  const bytes = encoder.encode(JSON.stringify(fields ? [name, ...fields] : [name, null]));
  return { fields, number: numberOf(bytes), bytes };
}

/** The values of the fields, if the message has just these, in this order. */
function valuesOf(message: Envelope, fields: readonly string[]): unknown[] | null {
  const values: unknown[] = [];
  let index = 0;
  for (const field in message) {
    if (field !== fields[index]) return null;
    values[index++] = message[field as keyof Envelope];
  }
  return index === fields.length ? values : null;
}

/** Takes a message apart. */
export function formOf(kind: MessageKind, message: Envelope): Formed {
  const known = kind.forms;
  for (const form of known) {
    const values = form.fields ? valuesOf(message, form.fields) : [{ ...message }];
    if (values) return { form, values };
  }
  const fields = Object.keys(message);
  // The 16th form is a catch-all: its bodies are serialised as one object.
  const isLast = fields.length > MOST_FIELDS || known.length === MOST_FORMS;
  const form = newForm(kind.name, isLast ? null : fields);
  known.push(form);
  return { form, values: isLast ? [{ ...message }] : Object.values(message) };
}

/** The type and the fields of a form that another thread has written. */
export function readForm(bytes: Uint8Array): { name: string; fields: readonly string[] | null } {
  const [name, ...fields] = JSON.parse(decoder.decode(bytes));
  return { name, fields: fields[0] === null ? null : fields };
}
