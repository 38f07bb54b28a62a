/** The tables of a cache file. */

/** "RMLC", so that other tools can tell what the file is. */
export const APPLICATION_ID = 0x524d4c43;
/** Raised whenever older programs cannot read what newer ones write. */
export const FORMAT = 3;

/** Calls that are remembered. */
export const MOST_CALLS = 100_000;

/**
 * - `stored`: values by the fingerprint of their bytes. A large one is a file beside the database; `body` is null then.
 * - `entries`: which value an output had, by what it was made from (`key`). `proof` is a fingerprint of the row.
 * - `files`: fingerprints of files, with what was seen of them when they were read.
 * - `runs`, `calls`: the history. `call_values` are the values that it keeps.
 */
export const SCHEMA = `
  create table stored (id text primary key, bytes integer not null, body blob) strict;
  create table entries (seq integer primary key, name text not null, key text not null, value text not null,
    parts text not null, bytes integer not null, is_stored integer not null, made_at real not null,
    used_at real not null, proof text not null, unique (name, key)) strict;
  create index stored_by_bytes on stored (bytes);
  create index entries_by_value on entries (value);
  create index entries_by_use on entries (used_at);
  create table files (path text primary key, stamp text not null, id text not null) strict;
  create table runs (id integer primary key, pipeline text not null, started_at real not null,
    state text not null, is_resumed integer not null) strict;
  create table calls (id integer primary key, run integer not null, pipeline text not null, node text not null,
    key text not null, record text not null) strict;
  create index calls_by_run on calls (run);
  create table call_values (call integer not null, side text not null, name text not null, value text,
    shown text) strict;
  create index call_values_by_call on call_values (call);
  create index call_values_by_value on call_values (value);
`;
