/** A JSON Schema, 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A body, or what it may also be. */
export interface BodyDescription {
  /** `undefined` where there is no JSON form. */
  readonly json?: JsonSchema;
  /** What the binary form is, where there is one. */
  readonly binary?: string;
  /** Whether it is a page. */
  readonly html?: boolean;
}

export interface HeaderDescription {
  readonly name: string;
  readonly description: string;
  readonly schema: JsonSchema;
}

/** What an answer of a status holds beside the error that all refusals have. */
export interface AnswerDescription extends BodyDescription {
  readonly description: string;
  readonly headers?: readonly HeaderDescription[];
}

/** What a route does, for those who call it. */
export interface Operation {
  /** The group it is listed under. */
  readonly tag: string;
  /** Names it in generated clients. */
  readonly id: string;
  readonly summary: string;
  readonly headers?: readonly HeaderDescription[];
  readonly request?: BodyDescription & { readonly isRequired: boolean };
  /** The answer of status 200; without one it is never given. */
  readonly answer?: AnswerDescription;
  /** Other statuses, with their reasons; each body is the error. */
  readonly refusals: Readonly<Record<number, string>>;
  /** Refusals without a body. */
  readonly bareRefusals?: Readonly<Record<number, string>>;
  /** The body of an example call. */
  readonly example?: unknown;
}
