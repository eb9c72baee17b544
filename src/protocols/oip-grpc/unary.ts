import type { Plane } from '../http/route.ts';
import { type MessageTable, decodeMessage, encodeMessage } from './codec/message.ts';
import type { GrpcMethod, MessagePieces } from './method.ts';

/** A method of small messages: how it is read and answered. */
export interface PlainMethod<Request> {
  /** `Service/Method`, without a slash before it. */
  readonly path: string;
  readonly plane: Plane;
  readonly request: MessageTable<Request>;
  /** The longest request; more than a name and a version is rarely needed. */
  readonly maxMessageBytes?: number | undefined;
  answer(request: Request): MessagePieces | Promise<MessagePieces>;
}

const defaultMaxBytes = 64 * 1024;

/** A unary method whose messages are read by a table. */
export function plainMethod<Request>(method: PlainMethod<Request>): GrpcMethod {
  const { path, plane, request: table, maxMessageBytes = defaultMaxBytes } = method;
  const messageName = `request of ${path.slice(path.indexOf('/') + 1)}`;
  return {
    path: `/${path}`,
    plane,
    maxMessageBytes,
    kind: 'unary',
    answer: (bytes) => method.answer(decodeMessage(messageName, table, bytes)),
  };
}

/** One message, written by its table. */
export function message<Message>(
  table: MessageTable<Message>,
  value: Partial<Message>,
): MessagePieces {
  return [encodeMessage(table, value)];
}
