import type { Socket } from 'node:net';

/**
 * Answers bytes that are no HTTP request, and closes the connection. When an answer to an earlier
 * request of the connection is still due, nothing is written: it would be read as that answer.
 */
export function answerMalformed(error: Error, socket: Socket, busy: boolean): void {
  if (busy || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, reason, text } = describe('code' in error ? error.code : undefined);
  const body = JSON.stringify({ error: text });
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroySoon());
}

function describe(code: unknown): { status: number; reason: string; text: string } {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        status: 431,
        reason: 'Request Header Fields Too Large',
        text: 'The request headers are larger than the limit.',
      };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        status: 408,
        reason: 'Request Timeout',
        text: 'The request did not arrive in time.',
      };
    default:
      return {
        status: 400,
        reason: 'Bad Request',
        text: 'The bytes sent are no HTTP/1.1 request.',
      };
  }
}
