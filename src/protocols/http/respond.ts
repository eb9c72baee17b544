import type { ServerResponse } from 'node:http';

/** Header names and values, alternating: the form node:http writes without looking them up. */
export type HeaderList = readonly string[];

const noHeaders: HeaderList = Object.freeze([]);

/** Bodies up to this size go out in one write together with the head. */
const coalescedBytes = 16 * 1024;

/** Whether an answer can still be written: none was, and the client is there. */
export function canRespond(response: ServerResponse): boolean {
  return !response.headersSent && !response.destroyed && !response.writableEnded;
}

/** Answers with a status and no body. */
export function sendEmpty(response: ServerResponse, status: number): void {
  response.writeHead(status, ['Content-Length', '0']);
  response.end();
}

/** Answers with JSON text. */
export function sendJson(
  response: ServerResponse,
  { status = 200, json, headers = noHeaders }: JsonAnswer,
): void {
  const length = String(Buffer.byteLength(json));
  const head = ['Content-Type', 'application/json', 'Content-Length', length];
  response.writeHead(status, headers.length === 0 ? head : [...head, ...headers]);
  response.end(json);
}

export interface JsonAnswer {
  /** 200 unless given. */
  readonly status?: number;
  readonly json: string;
  readonly headers?: HeaderList;
}

/** Text, or bytes that do not change. */
export type BodyPart = string | Uint8Array;

/**
 * Answers 200 with a body in parts. A small body is joined to the head and leaves in one write; a
 * large one is handed to the socket as it is, without a copy, and must not change afterwards.
 */
export function sendParts(
  response: ServerResponse,
  { head, parts }: { readonly head: HeaderList; readonly parts: readonly BodyPart[] },
): void {
  // The client may have gone while the body was made.
  if (!canRespond(response)) return;
  let length = 0;
  for (const part of parts) length += byteLength(part);
  response.writeHead(200, [...head, 'Content-Length', String(length)]);
  if (length <= coalescedBytes) {
    let text = '';
    for (const part of parts) text += toLatin1(part);
    // node:http joins a latin1 string to the head; a Buffer would cost a second write.
    response.end(text, 'latin1');
    return;
  }
  response.cork();
  for (const part of parts) if (part.length > 0) response.write(part);
  response.end();
}

/** The parts as one buffer. */
export function joinParts(parts: readonly BodyPart[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}

function byteLength(part: BodyPart): number {
  return typeof part === 'string' ? Buffer.byteLength(part) : part.byteLength;
}

/** The bytes of a part, one character a byte. */
function toLatin1(part: BodyPart): string {
  if (typeof part !== 'string') {
    return Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('latin1');
  }
  return byteLength(part) === part.length ? part : Buffer.from(part).toString('latin1');
}
