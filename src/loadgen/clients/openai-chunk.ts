/** What the load generator reads in a chunk of a streamed answer, or in a whole answer. */
export interface OpenAiChunk {
  /** Whether it brings text: of the answer, of its reasoning, or of a call of a tool. */
  readonly hasText: boolean;
  /** Whether some choice is complete with it. */
  readonly isFinish: boolean;
  /** Tokens up to here, where the server tells. */
  readonly promptTokens: number | undefined;
  readonly outputTokens: number | undefined;
  /** What went wrong, by the server's own account. */
  readonly error: string | undefined;
}

/** @returns `undefined` when the text is no JSON object. */
export function parseOpenAiChunk(text: string): OpenAiChunk | undefined {
  const root = parseObject(text);
  if (root === undefined) return undefined;
  const choices = asArray(root['choices']).map(asObject);
  const usage = asObject(root['usage']);
  return {
    hasText: choices.some(hasText),
    isFinish: choices.some((choice) => typeof choice['finish_reason'] === 'string'),
    promptTokens: asCount(usage['prompt_tokens']),
    outputTokens: asCount(usage['completion_tokens']),
    error: errorText(root),
  };
}

/** The error in an answer's JSON, in the forms that servers have for it. */
export function errorText(root: Readonly<Record<string, unknown>>): string | undefined {
  const error = root['error'];
  if (error !== undefined && error !== null) {
    const { message } = asObject(error);
    return typeof message === 'string' ? message : asText(error);
  }
  if (root['object'] !== 'error') return undefined;
  return asText(root['message'] ?? 'no message');
}

/** @returns `undefined` when the text is no JSON object. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A number of tokens; `undefined` for anything else. */
export function asCount(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined;
}

/** What is no object counts as one without members. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function hasText(choice: Readonly<Record<string, unknown>>): boolean {
  const delta = asObject(choice['delta']);
  const calls = asArray(delta['tool_calls']).map((call) => asObject(asObject(call)['function']));
  const texts = [
    choice['text'],
    delta['content'],
    delta['reasoning_content'],
    delta['reasoning'],
    delta['refusal'],
    ...calls.flatMap((call) => [call['name'], call['arguments']]),
  ];
  return texts.some((text) => typeof text === 'string' && text !== '');
}
