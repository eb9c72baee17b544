import { type ClientHttp2Session, type IncomingHttpHeaders, connect } from 'node:http2';
import type { ConnectionOptions } from 'node:tls';
import { HeadwayError } from '../core/error.ts';
import {
  type CallSurroundings,
  type GrpcCall,
  type GrpcCallOptions,
  type MessagePieces,
  beginCall,
} from './grpc-call.ts';

export interface GrpcChannelOptions {
  /** `host:port` or `grpc://host:port` without TLS, `grpcs://host:port` with it. */
  readonly url: string;
  /** Sent as `Authorization: Bearer`. */
  readonly apiKey?: string | undefined;
  /** `ca`, `cert`, `key` and so on, for a `grpcs:` url. */
  readonly tls?: ConnectionOptions | undefined;
  /** The longest message that is taken; 2 GiB less a byte when left out, as in Triton's clients. */
  readonly maxMessageBytes?: number | undefined;
}

/** A connection to one server, made when it is first needed and again when it was closed. */
export interface GrpcChannel extends Disposable {
  /**
   * Sends one message and reads one.
   * @throws HeadwayError with the server's text, `cancelled` when the signal aborts,
   * `deadline_exceeded` when the deadline passes, `unavailable` when there is no answer.
   */
  call(options: GrpcCallOptions, message: MessagePieces): Promise<UnaryAnswer>;
  /** Begins a call of many messages. */
  open(options: GrpcCallOptions): GrpcCall;
}

export interface UnaryAnswer {
  readonly message: Buffer;
  readonly headers: IncomingHttpHeaders;
}

const mebibyte = 1024 ** 2;
const defaultMaxMessageBytes = 2 ** 31 - 1;
const streamWindowBytes = 4 * mebibyte;
const sessionWindowBytes = 16 * mebibyte;

/** What waits to be sent and taken counts, and tensors may be large. */
const maxSessionMemoryMebibytes = 4096;

/** @throws TypeError when the url is none, or not of gRPC. */
export function createGrpcChannel(options: GrpcChannelOptions): GrpcChannel {
  const { tls, apiKey, maxMessageBytes = defaultMaxMessageBytes } = options;
  const origin = parseOrigin(options.url);
  const fixed = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  let current: Connection | undefined;

  function open(call: GrpcCallOptions): GrpcCall {
    if (current === undefined || current.session.closed || current.session.destroyed) {
      current = createConnection(origin.http, tls);
    }
    const headers = { ...fixed, ...call.headers };
    return current.open({ ...call, headers }, { maxMessageBytes, origin: origin.shown });
  }
  function send(call: GrpcCallOptions, message: MessagePieces): GrpcCall {
    const opened = open(call);
    void opened.send(message);
    opened.end();
    return opened;
  }
  return {
    open,
    async call(call, message) {
      const opened = send(call, message);
      try {
        return await readOnly(opened);
      } catch (thrown) {
        if (!opened.wasRefused) throw thrown;
        return readOnly(send(call, message));
      }
    },
    [Symbol.dispose]: () => current?.session.destroy(),
  };
}

async function readOnly(call: GrpcCall): Promise<UnaryAnswer> {
  let only: Buffer | undefined;
  for await (const message of call.messages()) only ??= message;
  if (only !== undefined) return { message: only, headers: call.headers() };
  throw new HeadwayError('internal', 'The server answered a good status without a message.');
}

interface Origin {
  /** As node:http2 wants it. */
  readonly http: string;
  readonly shown: string;
}

function parseOrigin(url: string): Origin {
  const [, scheme = 'grpc', authority] =
    /^(?:(grpcs?):\/\/)?([\w.-]+:\d{1,5}|\[[\da-fA-F:.]+\]:\d{1,5})\/?$/.exec(url) ?? [];
  if (authority === undefined) {
    throw new TypeError(
      `The url '${url}' must be host:port, or that with grpc:// or grpcs:// before it.`,
    );
  }
  const shown = `${scheme}://${authority}`;
  return { http: `${scheme === 'grpcs' ? 'https' : 'http'}://${authority}`, shown };
}

interface Connection {
  readonly session: ClientHttp2Session;
  open(call: GrpcCallOptions, surroundings: Omit<CallSurroundings, 'onClosed'>): GrpcCall;
}

/** A connection that keeps the process alive only while calls are open. */
function createConnection(origin: string, tls: ConnectionOptions | undefined): Connection {
  const session = connect(origin, {
    ...tls,
    maxSessionMemory: maxSessionMemoryMebibytes,
    settings: { initialWindowSize: streamWindowBytes, enablePush: false },
  });
  let openCount = 0;
  session.on('error', () => {
    // The calls under way tell of it.
  });
  session.once('connect', () => session.setLocalWindowSize(sessionWindowBytes));
  return {
    session,
    open(call, surroundings) {
      const onClosed = (): void => {
        openCount -= 1;
        if (openCount === 0 && !session.destroyed) session.unref();
      };
      const opened = beginCall(session, call, { ...surroundings, onClosed });
      openCount += 1;
      session.ref();
      return opened;
    },
  };
}
