import { type ErrorCode, HeadwayError } from '../../core/error.ts';

/** Where a model's configuration comes from, and what reading it needs to know. */
export interface ModelConfigSource {
  /** Name of the model's folder. */
  readonly modelName: string;
  /** How messages call the text, such as `config.pbtxt`. */
  readonly file: string;
  /** Queue limit of a model that sets none. */
  readonly defaultMaxQueueSize: number;
  /** Backend of a model that names none; that of ONNX models unless given. */
  readonly defaultBackend?: string | undefined;
  /** Takes what is odd but no error, such as a field that is not supported yet. */
  readonly warn: (message: string) => void;
}

/** Starts a message: `Model 'x': config.pbtxt line 7`. */
export function whereOf(source: ModelConfigSource, line: number): string {
  return `Model '${source.modelName}': ${source.file}${line > 0 ? ` line ${line}` : ''}`;
}

/** An error in a model's configuration. */
export function configError(
  source: ModelConfigSource,
  line: number,
  text: string,
  code: ErrorCode = 'invalid_argument',
): HeadwayError {
  return new HeadwayError(code, `${whereOf(source, line)}: ${text}`);
}
