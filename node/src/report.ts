/** What loading rules came to. */

/** The answer to {@link Engine.load}: nothing is dropped silently. */
export interface Report {
  /** The version of the rules now in force, counted from 1. */
  readonly version: number;
  /** How many documents of this push are valid; those that wait and those for other apps included. */
  readonly accepted: number;
  /** The mistakes; of a document with any, the last good version stays in force. */
  readonly rejected: readonly Diagnostic[];
  /** What valid rules still miss, one entry per missing reference. */
  readonly waiting: readonly Waiting[];
  /** What is most likely not meant: unknown fields, unknown kinds. */
  readonly warnings: readonly Diagnostic[];
  /** Routes that can never be reached, and why. */
  readonly shadowed: readonly Diagnostic[];
  /** Destinations that nothing serves: undefined subsets, and hosts of which discovery knows nobody healthy. */
  readonly unserved: readonly Diagnostic[];
}

/** One thing that is wrong with one field of one document. */
export interface Diagnostic {
  /** The document's kind; empty where it could not be read. */
  readonly kind: string;
  /** The document's namespace; empty where it could not be read. */
  readonly namespace: string;
  /** The document's name; empty where it could not be read. */
  readonly name: string;
  /** The path from the document's root, as in `spec.targets[0].targetResourceName`. */
  readonly field: string;
  /** What was found there. */
  readonly found: string;
  /** What would be right. */
  readonly expected: string;
  /** The whole sentence: the same in every language. */
  readonly message: string;
  /** The name of the source that the document came from; may be empty. */
  readonly source: string;
  /** The line in the source, from 1; 0 is unknown. */
  readonly line: number;
  /** The column in the line, from 1; 0 is unknown. */
  readonly column: number;
  /** What kind of mistake it is, as in `unknown-field`: what `sergo check --explain` knows it by. */
  readonly code: string;
}

/** A rule that takes effect when what it names arrives. */
export interface Waiting {
  /** The waiting document's kind. */
  readonly kind: string;
  /** The waiting document's namespace. */
  readonly namespace: string;
  /** The waiting document's name. */
  readonly name: string;
  /** The name that is missing. */
  readonly missing: string;
  /** The whole sentence. */
  readonly message: string;
  /** What kind of mistake it would be, if it stayed so: `dangling-reference`. */
  readonly code: string;
}

/** A text with rule documents, and the name that a report calls it by. */
export interface RuleText {
  /** The name: a file's path, say. May be empty. */
  readonly name: string;
  /** YAML, perhaps of several documents, or JSON. */
  readonly text: string;
}
