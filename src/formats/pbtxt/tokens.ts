import { type HeadwayError, invalidArgument } from '../../core/error.ts';
import { decodeStringLiteral } from './string-literal.ts';

/** Where a token starts, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export type PbtxtToken = Position &
  (
    | { readonly kind: 'identifier'; readonly text: string }
    | { readonly kind: 'string'; readonly bytes: Uint8Array }
    | { readonly kind: 'integer'; readonly value: bigint }
    | { readonly kind: 'float'; readonly value: number }
    | { readonly kind: 'symbol'; readonly text: string }
    | { readonly kind: 'end' }
  );

const symbols = new Set('{}<>[]:,;-');
const whitespace = new Set(' \t\r\n\f\v');
const maxNumberLength = 400;

/**
 * Reads a document of the protobuf text format token by token.
 * Source: the text format specification, protobuf.dev/reference/protobuf/textformat-spec.
 */
export class PbtxtLexer {
  readonly #text: string;
  readonly #sourceName: string;
  #offset = 0;
  #line = 1;
  #lineStart = 0;
  #ahead: PbtxtToken | undefined;

  /** `sourceName` stands in front of error messages. */
  constructor(text: string, sourceName: string) {
    this.#text = text;
    this.#sourceName = sourceName;
  }

  /** The token ahead, not consumed. */
  peek(): PbtxtToken {
    return (this.#ahead ??= this.#take());
  }

  /** Consumes the token ahead and returns it. */
  next(): PbtxtToken {
    const token = this.peek();
    this.#ahead = undefined;
    return token;
  }

  /** Consumes the token ahead if it is this symbol, and says whether it was. */
  takeSymbol(text: string): boolean {
    const ahead = this.peek();
    if (ahead.kind !== 'symbol' || ahead.text !== text) return false;
    this.#ahead = undefined;
    return true;
  }

  /** An error whose message starts with the document's name and the position. */
  failure(at: Position, problem: string): HeadwayError {
    return invalidArgument(`${this.#sourceName}:${at.line}:${at.column}: ${problem}`);
  }

  #take(): PbtxtToken {
    this.#skipBlanks();
    const at = { line: this.#line, column: this.#offset - this.#lineStart + 1 };
    const character = this.#text.charAt(this.#offset);
    if (character === '') return { kind: 'end', ...at };
    if (character === '"' || character === "'") return this.#takeString(character, at);
    if (isIdentifierStart(character)) {
      return { kind: 'identifier', text: this.#takeWhile(isIdentifierPart), ...at };
    }
    if (isDigit(character) || character === '.') return this.#takeNumber(at);
    if (!symbols.has(character)) {
      throw this.failure(at, `unexpected character ${JSON.stringify(character)}.`);
    }
    this.#offset += 1;
    return { kind: 'symbol', text: character, ...at };
  }

  #skipBlanks(): void {
    for (; this.#offset < this.#text.length; this.#offset += 1) {
      if (this.#text.charAt(this.#offset) === '#') {
        const end = this.#text.indexOf('\n', this.#offset);
        this.#offset = end === -1 ? this.#text.length : end;
      }
      const character = this.#text.charAt(this.#offset);
      if (character === '' || !whitespace.has(character)) return;
      if (character === '\n') {
        this.#line += 1;
        this.#lineStart = this.#offset + 1;
      }
    }
  }

  #takeString(quote: string, at: Position): PbtxtToken {
    const text = this.#text;
    const start = this.#offset + 1;
    let end = start;
    while (end < text.length && text.charAt(end) !== quote && text.charAt(end) !== '\n') {
      end += text.charAt(end) === '\\' && text.charAt(end + 1) !== '\n' ? 2 : 1;
    }
    if (text.charAt(end) !== quote) {
      throw this.failure(at, `this string has no closing ${quote} on its line.`);
    }
    this.#offset = end + 1;
    const literal = decodeStringLiteral(text.slice(start, end));
    if (literal.kind === 'broken') throw this.failure(at, literal.problem);
    return { kind: 'string', bytes: literal.bytes, ...at };
  }

  #takeNumber(at: Position): PbtxtToken {
    let word = this.#takeWhile(isNumberPart);
    const sign = this.#text.charAt(this.#offset);
    // The sign of an exponent is the one sign inside a number.
    if ((sign === '+' || sign === '-') && isOpenExponent(word)) {
      this.#offset += 1;
      word += sign + this.#takeWhile(isNumberPart);
    }
    const number = word.length > maxNumberLength ? undefined : parseNumber(word);
    if (number !== undefined) return { ...number, ...at };
    throw this.failure(at, `expected a number, got '${shorten(word)}'.`);
  }

  #takeWhile(isPart: (character: string) => boolean): string {
    const start = this.#offset;
    while (isPart(this.#text.charAt(this.#offset))) this.#offset += 1;
    return this.#text.slice(start, this.#offset);
  }
}

/** A token as errors name it: `'{'`, `a string`, `the end of the file`. */
export function describeToken(token: PbtxtToken): string {
  switch (token.kind) {
    case 'identifier':
    case 'symbol':
      return `'${shorten(token.text)}'`;
    case 'string':
      return 'a string';
    case 'integer':
    case 'float':
      return `the number ${shorten(String(token.value))}`;
    case 'end':
      return 'the end of the file';
  }
  return token satisfies never;
}

type NumberToken =
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number };

function parseNumber(word: string): NumberToken | undefined {
  if (/^(?:0[xX][0-9a-fA-F]+|0|[1-9]\d*)$/.test(word)) {
    return { kind: 'integer', value: BigInt(word) };
  }
  if (/^0[0-7]+$/.test(word)) return { kind: 'integer', value: BigInt(`0o${word.slice(1)}`) };
  if (/^0\d+$/.test(word) || !/^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fF]?$/.test(word)) {
    return undefined;
  }
  return { kind: 'float', value: Number(word.replace(/[fF]$/, '')) };
}

function isOpenExponent(word: string): boolean {
  return word.length <= maxNumberLength && /^[\d.]+[eE]$/.test(word);
}

function shorten(word: string): string {
  return word.length > 40 ? `${word.slice(0, 40)}...` : word;
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

function isIdentifierStart(character: string): boolean {
  const lower = character.toLowerCase();
  return (lower >= 'a' && lower <= 'z') || character === '_';
}

function isIdentifierPart(character: string): boolean {
  return isIdentifierStart(character) || isDigit(character);
}

function isNumberPart(character: string): boolean {
  return character === '.' || isIdentifierPart(character);
}
