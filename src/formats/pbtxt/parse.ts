import type { PbtxtField, PbtxtMessage, PbtxtValue } from './tree.ts';
import { invalidArgument } from '../../core/error.ts';
import { describeToken, PbtxtLexer, type PbtxtToken } from './tokens.ts';

const maxTextLength = 1024 * 1024;
const maxDepth = 64;
const uint64Max = 2n ** 64n - 1n;
const int64Min = -(2n ** 63n);

/**
 * Parses a document in the protobuf text format, such as a `config.pbtxt`, without a schema: what
 * fields and types are allowed is for the caller to check, with the positions it gets.
 *
 * @param sourceName - What stands in front of error messages, usually the file's name.
 * @throws HeadwayError `invalid_argument` with line, column and what was expected; also for a
 * document over 1 MiB or nested deeper than 64 messages.
 */
export function parsePbtxt(text: string, sourceName: string): PbtxtMessage {
  if (text.length > maxTextLength) {
    throw invalidArgument(
      `${sourceName}: has ${text.length} characters; at most ${maxTextLength} are read.`,
    );
  }
  const lexer = new PbtxtLexer(text, sourceName);
  const fields: PbtxtField[] = [];
  while (lexer.peek().kind !== 'end') parseField(lexer, fields, 0);
  return { kind: 'message', fields };
}

function parseField(lexer: PbtxtLexer, fields: PbtxtField[], depth: number): void {
  const token = lexer.next();
  if (token.kind !== 'identifier') {
    throw lexer.failure(token, `expected a field name, got ${describeToken(token)}.`);
  }
  const { text: name, line, column } = token;
  const add = (value: PbtxtValue): void => {
    fields.push({ name, value, line, column });
  };
  const hasColon = lexer.takeSymbol(':');
  const ahead = lexer.peek();
  if (lexer.takeSymbol('[')) parseList(lexer, add, depth);
  else if (hasColon || opensMessage(ahead)) add(parseValue(lexer, depth));
  else {
    throw lexer.failure(ahead, `expected ':' or '{' after '${name}', got ${describeToken(ahead)}.`);
  }
  if (!lexer.takeSymbol(',')) lexer.takeSymbol(';');
}

function parseList(lexer: PbtxtLexer, add: (value: PbtxtValue) => void, depth: number): void {
  if (lexer.takeSymbol(']')) return;
  for (;;) {
    add(parseValue(lexer, depth));
    if (lexer.takeSymbol(']')) return;
    const ahead = lexer.peek();
    if (!lexer.takeSymbol(',')) {
      throw lexer.failure(ahead, `expected ',' or ']' in this list, got ${describeToken(ahead)}.`);
    }
  }
}

function parseValue(lexer: PbtxtLexer, depth: number): PbtxtValue {
  const token = lexer.next();
  switch (token.kind) {
    case 'identifier':
      return { kind: 'identifier', name: token.text };
    case 'string':
      return parseString(lexer, token, token.bytes);
    case 'integer':
      return integer(lexer, token, token.value);
    case 'float':
      return { kind: 'float', value: token.value };
    case 'symbol':
      if (opensMessage(token)) return parseMessage(lexer, token, depth + 1);
      if (token.text === '-') return parseNegative(lexer);
      break;
    case 'end':
      break;
  }
  throw lexer.failure(token, `expected a value, got ${describeToken(token)}.`);
}

function parseMessage(lexer: PbtxtLexer, open: PbtxtToken, depth: number): PbtxtMessage {
  if (depth > maxDepth) {
    throw lexer.failure(open, `messages are nested deeper than ${maxDepth} levels.`);
  }
  const close = open.kind === 'symbol' && open.text === '<' ? '>' : '}';
  const fields: PbtxtField[] = [];
  while (!lexer.takeSymbol(close)) {
    const ahead = lexer.peek();
    if (ahead.kind !== 'identifier') {
      throw lexer.failure(
        ahead,
        `expected a field name or '${close}' for the message opened at line ${open.line}, ` +
          `got ${describeToken(ahead)}.`,
      );
    }
    parseField(lexer, fields, depth);
  }
  return { kind: 'message', fields };
}

function parseString(lexer: PbtxtLexer, first: PbtxtToken, firstBytes: Uint8Array): PbtxtValue {
  const pieces = [firstBytes];
  for (let ahead = lexer.peek(); ahead.kind === 'string'; ahead = lexer.peek()) {
    pieces.push(ahead.bytes);
    lexer.next();
  }
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return { kind: 'string', text: decoder.decode(Buffer.concat(pieces)) };
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw lexer.failure(first, 'this string is not valid UTF-8.');
  }
}

function parseNegative(lexer: PbtxtLexer): PbtxtValue {
  const token = lexer.next();
  if (token.kind === 'integer') return integer(lexer, token, -token.value);
  if (token.kind === 'float') return { kind: 'float', value: -token.value };
  if (token.kind === 'identifier' && /^inf(?:inity)?$/i.test(token.text)) {
    return { kind: 'float', value: -Infinity };
  }
  if (token.kind === 'identifier' && /^nan$/i.test(token.text))
    return { kind: 'float', value: NaN };
  throw lexer.failure(token, `expected a number after '-', got ${describeToken(token)}.`);
}

function integer(lexer: PbtxtLexer, token: PbtxtToken, value: bigint): PbtxtValue {
  if (value > uint64Max || value < int64Min) {
    throw lexer.failure(token, 'this integer does not fit 64 bits.');
  }
  return { kind: 'integer', value };
}

function opensMessage(token: PbtxtToken): boolean {
  return token.kind === 'symbol' && (token.text === '{' || token.text === '<');
}
