import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestProgress } from '../load-client.ts';
import { AnswerRoom, KeptAnswer } from './answer-room.ts';
import { GrpcExchange } from './grpc-exchange.ts';
import { HttpExchange } from './http-exchange.ts';
import { OpenAiExchange } from './openai-exchange.ts';

const full = {
  outcome: 'failed',
  detail: { reason: 'the answers in flight have more than 10 bytes' },
};

test('answers are kept as long as all together are not too long', () => {
  const room = new AnswerRoom(10);
  const first = new KeptAnswer(room);
  const second = new KeptAnswer(room);
  assert.equal(first.push(Buffer.from('abc')), undefined);
  assert.equal(second.push(Buffer.from('123')), undefined);
  assert.equal(first.push(Buffer.from('defg')), undefined);
  assert.deepEqual(second.push(Buffer.from('4')), full);
  assert.equal(first.join().toString(), 'abcdefg');
  first.drop();
  first.drop();
  assert.equal(second.push(Buffer.from('4567890')), undefined);
  assert.equal(second.join().toString(), '1234567890');
  assert.deepEqual(second.push(Buffer.from('x')), full);
  assert.equal(new KeptAnswer(room).join().byteLength, 0);
});

const seven = Buffer.from('7 bytes');
const head = { status: 200, headers: {} };
const check = (): undefined => undefined;

/** Begins an exchange of each kind, with one piece of its answer there. */
const kinds: Readonly<Record<string, (settings: Settings) => Began>> = {
  HTTP(settings) {
    const exchange = new HttpExchange({ bytes: [], check }, settings);
    exchange.onHead(head);
    exchange.onBody(seven);
    return { onBody: () => exchange.onBody(seven), onEnd: () => exchange.onEnd() };
  },
  gRPC({ onUseless, onEnd: onOver, ...settings }) {
    const exchange = new GrpcExchange({ check, onOver, ...settings });
    exchange.cancel = onUseless;
    exchange.onHead({ ':status': '200', 'grpc-status': '0' });
    const onBody = (): void => exchange.onBody(seven, 0, 7);
    onBody();
    return { onBody, onEnd: () => exchange.onEnd() };
  },
  'the OpenAI API'(settings) {
    const exchange = new OpenAiExchange({ bytes: [], expected: { kind: 'completion' } }, settings);
    exchange.onHead(head);
    exchange.onBody(seven);
    return { onBody: () => exchange.onBody(seven), onEnd: () => exchange.onEnd() };
  },
};

interface Settings {
  readonly progress: RequestProgress;
  readonly room: AnswerRoom;
  readonly onEnd: () => void;
  readonly onUseless: () => void;
}

interface Began {
  readonly onBody: () => void;
  readonly onEnd: () => void;
}

for (const [kind, begin] of Object.entries(kinds)) {
  test(`a request of ${kind} whose answer finds no room fails and is taken back`, () => {
    const room = new AnswerRoom(10);
    const told: unknown[] = [];
    const progress: RequestProgress = {
      sent() {},
      firstByte() {},
      chunk() {},
      end: (outcome, detail) => told.push({ outcome, detail }),
    };
    const onEnd = (): void => void told.push('over');
    const onUseless = (): void => void told.push('useless');
    begin({ progress, room, onEnd, onUseless }).onBody();
    assert.deepEqual(new Set(told), new Set(['over', 'useless', full]));
    // The room is free again, also after a good answer.
    for (let count = 0; count < 2; count += 1) {
      told.length = 0;
      begin({ progress, room, onEnd, onUseless }).onEnd();
      assert.ok(told.includes('over') && !told.includes('useless'));
    }
  });
}
