import assert from 'node:assert/strict';
import test from 'node:test';
import { type DecodedInferRequest, createInferDecoder } from './request.ts';

const decodeInferRequest = createInferDecoder();

interface Body {
  readonly json: unknown;
  readonly binary?: Uint8Array;
}

function decode({ json, binary }: Body, maxJsonTensorBytes = 1e6): DecodedInferRequest {
  const text = Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));
  const body = binary === undefined ? text : Buffer.concat([text, binary]);
  const headerLength = binary === undefined ? undefined : text.byteLength;
  const decoded = decodeInferRequest(body, { headerLength, modelName: 'm', maxJsonTensorBytes });
  assert.ok(!(decoded instanceof Promise));
  return decoded;
}

function inputOf(fields: object): object {
  return { inputs: [{ name: 'x', datatype: 'FP32', shape: [2], ...fields }] };
}

function dataOf(datatype: string, data: string, shape = '[1]'): string {
  return `{"inputs":[{"name":"x","datatype":"${datatype}","shape":${shape},"data":${data}}]}`;
}

function bytesOf(decoded: DecodedInferRequest): Uint8Array {
  return Uint8Array.from(decoded.request.inputs.get('x')?.data ?? []);
}

test('decodeInferRequest() takes binary tensors in the order of the inputs, as views', () => {
  const input = (name: string, size: number): object => ({
    name,
    datatype: 'UINT8',
    shape: [size],
    parameters: { binary_data_size: size },
  });
  const json = { inputs: [input('a', 2), input('none', 0), input('b', 3)] };
  const { request } = decode({ json, binary: Uint8Array.of(1, 2, 3, 4, 5) });
  assert.deepEqual([...(request.inputs.get('a')?.data ?? [])], [1, 2]);
  assert.deepEqual([...(request.inputs.get('b')?.data ?? [])], [3, 4, 5]);
  assert.equal(request.inputs.get('a')?.data.buffer, request.inputs.get('b')?.data.buffer);
});

test('decodeInferRequest() reads the same of a head whether it remembers it or not', () => {
  const headOf = (index: number): object => ({
    ...(index % 3 === 0 && { id: `${index}` }),
    inputs: [
      {
        name: `x${index % 70}`,
        datatype: 'UINT8',
        shape: [4],
        ...(index % 5 === 0 ? { data: [1, 2, 3, index] } : { parameters: { binary_data_size: 4 } }),
      },
    ],
    parameters: { own: index % 70, binary_data_output: index % 2 === 0 },
  });
  for (let index = 0; index < 400; index += 1) {
    const json = Buffer.from(JSON.stringify(headOf(index)));
    const binary = index % 5 === 0 ? Buffer.alloc(0) : Buffer.of(5, 6, 7, index % 256);
    const body = Buffer.concat([json, binary]);
    const options = { headerLength: json.byteLength, modelName: 'm', maxJsonTensorBytes: 1e6 };
    const fresh = createInferDecoder();
    assert.deepEqual(decodeInferRequest(body, options), fresh(body, options));
  }
});

test('decodeInferRequest() takes JSON data nested, flat or between binary inputs', () => {
  for (const data of [
    '[1,2,3,4]',
    '[[1,2],[3,4]]',
    '[[[1]],[2,[3,4]]]',
    ' [ [ 1 , 2 ] , [] , [3,4] ] ',
  ]) {
    const bytes = bytesOf(decode({ json: dataOf('UINT8', data, '[2,2]') }));
    assert.deepEqual([...bytes], [1, 2, 3, 4]);
  }
});

test("decodeInferRequest() does not care for the order of an input's members", () => {
  const json = '{"inputs":[{"data":[7],"shape":[1],"datatype":"INT8","name":"x"}]}';
  assert.deepEqual([...bytesOf(decode({ json }))], [7]);
});

test('decodeInferRequest() reads integers exactly and keeps the low bits of narrow ones', () => {
  const wide = decode({
    json: dataOf('INT64', '[9223372036854775807,-9223372036854775808,-1]', '[3]'),
  });
  assert.deepEqual(
    [...new BigInt64Array(bytesOf(wide).buffer as ArrayBuffer)],
    [9223372036854775807n, -9223372036854775808n, -1n],
  );
  const unsigned = decode({
    json: dataOf('UINT64', '[18446744073709551615,9007199254740993]', '[2]'),
  });
  assert.deepEqual(
    [...new BigUint64Array(bytesOf(unsigned).buffer as ArrayBuffer)],
    [18446744073709551615n, 9007199254740993n],
  );
  assert.deepEqual([...bytesOf(decode({ json: dataOf('UINT8', '[257]') }))], [1]);
  assert.deepEqual([...bytesOf(decode({ json: dataOf('INT8', '[200]') }))], [200]);
});

test('decodeInferRequest() lets whole numbers be floats, and NaN and infinities too', () => {
  const { request } = decode({ json: dataOf('FP64', '[1,2.5,NaN,-Infinity,1e400]', '[5]') });
  const data = request.inputs.get('x')?.data.slice().buffer as ArrayBuffer;
  assert.deepEqual([...new Float64Array(data)], [1, 2.5, Number.NaN, -Infinity, Infinity]);
});

test('decodeInferRequest() sorts parameters', () => {
  const parameters = {
    priority: 2,
    timeout: 5000,
    binary_data_output: true,
    sequence_id: 0,
    sequence_start: false,
    temperature: 0.5,
    label: 'a',
    flag: true,
  };
  const { request, form } = decode({ json: { inputs: [], parameters, id: 'r1' } });
  assert.equal(request.priority, 2);
  assert.equal(request.timeoutMicroseconds, 5000);
  assert.deepEqual({ ...request.parameters }, { temperature: 0.5, label: 'a', flag: true });
  assert.equal(request.id, 'r1');
  assert.deepEqual(form, {
    binaryByDefault: true,
    binaryByName: undefined,
    sharedByName: undefined,
  });
});

test('decodeInferRequest() keeps 64-bit parameters and strange names', () => {
  const json = '{"inputs":[],"parameters":{"big":18446744073709551615,"__proto__":1}}';
  const { request } = decode({ json });
  assert.deepEqual(Object.entries(request.parameters), [
    ['big', 18446744073709551615n],
    ['__proto__', 1],
  ]);
});

test('decodeInferRequest() answers listed outputs as JSON unless they ask for binary data', () => {
  const outputs = [
    { name: 'a' },
    { name: 'b', parameters: { binary_data: true } },
    { name: 'c', parameters: { binary_data: false, classification: 3 } },
  ];
  const json = { inputs: [], outputs, parameters: { binary_data_output: true } };
  const { request, form } = decode({ json });
  assert.deepEqual(request.outputs, [
    { name: 'a', classificationCount: 0 },
    { name: 'b', classificationCount: 0 },
    { name: 'c', classificationCount: 3 },
  ]);
  assert.deepEqual(
    [...(form.binaryByName ?? [])],
    [
      ['a', false],
      ['b', true],
      ['c', false],
    ],
  );
  assert.equal(decode({ json: { inputs: [], outputs: [] } }).form.binaryByName, undefined);
});

const refused: readonly (readonly [string, Body, RegExp])[] = [
  ['a body that is no object', { json: [] }, /The request must be an object, not an array/],
  ['no inputs', { json: {} }, /The request's 'inputs' must be an array, not missing/],
  [
    'inputs that are no array',
    { json: { inputs: {} } },
    /'inputs' must be an array, not an object/,
  ],
  [
    'an input that is no object',
    { json: { inputs: [1] } },
    /An entry of 'inputs' must be an object, not 1/,
  ],
  [
    'an input without a name',
    { json: { inputs: [{}] } },
    /The 'name' of an input must be a string, not missing/,
  ],
  [
    'an unknown datatype',
    { json: inputOf({ datatype: 'FP8' }) },
    /The datatype 'FP8' of input 'x' is not known/,
  ],
  ['the datatype of a prototype', { json: inputOf({ datatype: 'toString' }) }, /is not known/],
  [
    'no shape',
    { json: inputOf({ shape: undefined }) },
    /The 'shape' of input 'x' must be an array, not missing/,
  ],
  [
    'a fractional shape',
    { json: '{"inputs":[{"name":"x","datatype":"FP32","shape":[1.0]}]}' },
    /whole numbers from 0, and holds 1 with a fraction/,
  ],
  ['a negative shape', { json: inputOf({ shape: [-1] }) }, /holds -1/],
  ['a text in the shape', { json: inputOf({ shape: ['2'] }) }, /holds the text '2'/],
  [
    'a shape beyond all numbers',
    { json: inputOf({ shape: [2 ** 40, 2 ** 40] }) },
    /causes total element count to exceed maximum size of 9223372036854775807/,
  ],
  [
    'a dimension beyond the safe integers',
    { json: '{"inputs":[{"name":"x","datatype":"FP32","shape":[4,1152921504606846978]}]}' },
    /byte size overflow for input 'x'/,
  ],
  [
    'a huge rank',
    { json: inputOf({ shape: Array.from({ length: 65 }, () => 1) }) },
    /has 65 dimensions; the limit is 64/,
  ],
  [
    'neither data nor size',
    { json: inputOf({}) },
    /^Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', 'shared_memory_region' in 'parameters'. But no field is set for input 'x'/,
  ],
  [
    'data and size',
    { json: inputOf({ data: [1, 2], parameters: { binary_data_size: 8 } }) },
    /But set 'data' 'binary_data_size' for input 'x'/,
  ],
  [
    'data that is no array',
    { json: inputOf({ data: 5 }) },
    /The 'data' of input 'x' must be an array, not 5/,
  ],
  [
    'too few elements',
    { json: inputOf({ data: [1] }) },
    /has 1 elements where its shape asks for 2/,
  ],
  [
    'too many elements',
    { json: inputOf({ data: [1, 2, 3] }) },
    /has more elements where its shape asks for 2/,
  ],
  [
    'elements that cannot come',
    { json: inputOf({ shape: [1e9], data: [1] }) },
    /has fewer elements/,
  ],
  [
    'a text among floats',
    { json: inputOf({ data: [1, 'a'] }) },
    /Element 1 of input 'x' must be a number/,
  ],
  [
    'null among floats',
    { json: inputOf({ data: [1, null] }) },
    /Element 1 of input 'x' must be a number/,
  ],
  [
    'an object among floats',
    { json: inputOf({ data: [{}, 1] }) },
    /Element 0 of input 'x' must be a number/,
  ],
  ['a trailing comma', { json: dataOf('FP32', '[1,]') }, /has more elements|must be a number/],
  ['a missing comma', { json: dataOf('FP32', '[1 2]', '[2]') }, /no ',' or ']' at byte/],
  ['a leading comma', { json: dataOf('FP32', '[,1]') }, /must be a number/],
  [
    'a fraction among integers',
    { json: dataOf('INT32', '[1.0]') },
    /must be a whole number, written without/,
  ],
  ['an exponent among integers', { json: dataOf('INT64', '[1e2]') }, /must be a whole number/],
  ['NaN among integers', { json: dataOf('INT32', '[NaN]') }, /must be a whole number/],
  ['a negative unsigned', { json: dataOf('UINT64', '[-1]') }, /must be a whole number from 0/],
  [
    'a negative narrow unsigned',
    { json: dataOf('UINT8', '[-1]') },
    /must be a whole number from 0/,
  ],
  [
    'beyond 64 bits',
    { json: dataOf('UINT64', '[18446744073709551616]') },
    /must be a whole number/,
  ],
  [
    'beyond 64 bits, narrow',
    { json: dataOf('INT8', '[9223372036854775808]') },
    /must be a whole number/,
  ],
  ['a number for a boolean', { json: dataOf('BOOL', '[1]') }, /must be true or false/],
  ['a number for a text', { json: dataOf('BYTES', '[1]') }, /must be a string/],
  ['JSON of FP16', { json: dataOf('FP16', '[1]') }, /is FP16 and must be sent as binary data/],
  ['JSON of BF16', { json: dataOf('BF16', '[1]') }, /is BF16 and must be sent as binary data/],
  [
    'deep data',
    { json: dataOf('FP32', `${'['.repeat(101)}1${']'.repeat(101)}`) },
    /JSON nesting depth exceeds maximum allowed limit \(100\)/,
  ],
  [
    'a fractional size',
    {
      json: '{"inputs":[{"name":"x","datatype":"FP32","shape":[2],"parameters":{"binary_data_size":8.0}}]}',
    },
    /'binary_data_size' of input 'x' must be a whole number/,
  ],
  [
    'a negative size',
    { json: inputOf({ parameters: { binary_data_size: -8 } }) },
    /must be a whole number from 0/,
  ],
  [
    'missing bytes',
    { json: inputOf({ parameters: { binary_data_size: 8 } }), binary: new Uint8Array(3) },
    /unexpected size for input 'x', expecting 5 additional bytes for model 'm'/,
  ],
  [
    'binary data in JSON alone',
    { json: inputOf({ parameters: { binary_data_size: 8 } }) },
    /expecting 8 additional bytes/,
  ],
  [
    'left-over bytes',
    { json: inputOf({ data: [1, 2] }), binary: new Uint8Array(3) },
    /unexpected additional input data for model 'm': 3 bytes/,
  ],
  [
    "a size that is not the shape's",
    { json: inputOf({ parameters: { binary_data_size: 4 } }), binary: new Uint8Array(4) },
    /byte size mismatch for input 'x' for model '\w+'\. Expected 8, got 4/,
  ],
  [
    'an input twice',
    {
      json: {
        inputs: [
          { name: 'x', datatype: 'INT8', shape: [0], data: [] },
          { name: 'x', datatype: 'INT8', shape: [0], data: [] },
        ],
      },
    },
    /The input 'x' is given twice/,
  ],
  [
    'an id that is no text',
    { json: { inputs: [], id: 5 } },
    /The request's 'id' must be a string, not 5/,
  ],
  [
    'outputs that are no array',
    { json: { inputs: [], outputs: {} } },
    /'outputs' must be an array/,
  ],
  [
    'an output twice',
    { json: { inputs: [], outputs: [{ name: 'y' }, { name: 'y' }] } },
    /output 'y' already exists in request/,
  ],
  [
    'a flag that is no flag',
    { json: { inputs: [], outputs: [{ name: 'y', parameters: { binary_data: 1 } }] } },
    /The parameter 'binary_data' of output 'y' must be true or false, not 1/,
  ],
  [
    'a negative classification',
    { json: { inputs: [], outputs: [{ name: 'y', parameters: { classification: -1 } }] } },
    /must be a whole number from 0, not -1/,
  ],
  [
    'parameters that are no object',
    { json: { inputs: [], parameters: [] } },
    /'parameters' must be an object/,
  ],
  [
    'a structured parameter',
    { json: { inputs: [], parameters: { a: {} } } },
    /The parameter 'a' must be a string, a number, true or false, not an object/,
  ],
  ['a null parameter', { json: { inputs: [], parameters: { a: null } } }, /not null/],
  [
    'a negative priority',
    { json: { inputs: [], parameters: { priority: -1 } } },
    /'priority' must be a whole number from 0/,
  ],
  [
    'a text for a timeout',
    { json: { inputs: [], parameters: { timeout: '5' } } },
    /'timeout' must be a whole number from 0, not the text '5'/,
  ],
  [
    'the reserved headers',
    { json: { inputs: [], parameters: { headers: 'x' } } },
    /'headers' is reserved/,
  ],
  [
    'a reserved prefix',
    { json: { inputs: [], parameters: { triton_enable_empty_final_response: true } } },
    /^parameter keys starting with 'triton_' are reserved/,
  ],
];

for (const [what, body, message] of refused) {
  test(`decodeInferRequest() refuses ${what}`, () => {
    assert.throws(() => decode(body), { code: 'invalid_argument', message });
  });
}

test('decodeInferRequest() names what is not built', () => {
  const sequence = { inputs: [], parameters: { sequence_id: 3, sequence_start: true } };
  assert.throws(() => decode({ json: sequence }), {
    code: 'unimplemented',
    message: /sequence_id/,
  });
  const named = { inputs: [], parameters: { sequence_id: 'a' } };
  assert.throws(() => decode({ json: named }), { code: 'unimplemented' });
});

test('decodeInferRequest() limits what JSON grows to', () => {
  const json = dataOf('FP64', '[1,1,1,1]', '[4]');
  assert.equal(bytesOf(decode({ json }, 32)).byteLength, 32);
  assert.throws(() => decode({ json }, 31), {
    message: /take 32 bytes, more than the limit of 31/,
  });
});

test('decodeInferRequest() tells back no more than the start of a long name', () => {
  const name = 'n'.repeat(5000);
  const json = { inputs: [{ name, datatype: 'INT8', shape: [1], data: ['a'] }] };
  assert.throws(
    () => decode({ json }),
    (error: Error) => error.message.length < 300,
  );
});

test('decodeInferRequest() tells where in shared memory tensors are', () => {
  const at = (offset: number) => ({
    shared_memory_region: 'r',
    shared_memory_byte_size: 8,
    ...(offset > 0 ? { shared_memory_offset: offset } : {}),
  });
  const { request, sharedInputs, form } = decode({
    json: {
      ...inputOf({ parameters: at(0) }),
      outputs: [{ name: 'y', parameters: at(16) }, { name: 'z' }],
    },
  });
  assert.equal(request.inputs.get('x')?.data.byteLength, 0);
  assert.deepEqual(sharedInputs?.get('x'), { region: 'r', offsetBytes: 0, byteLength: 8 });
  assert.deepEqual(
    [...(form.sharedByName ?? [])],
    [['y', { region: 'r', offsetBytes: 16, byteLength: 8 }]],
  );
  const huge = `{"inputs":[{"name":"x","datatype":"FP32","shape":[2],"parameters":{"shared_memory_region":"r","shared_memory_byte_size":18446744073709551584}}]}`;
  assert.equal(decode({ json: huge }).sharedInputs?.get('x')?.byteLength, 18446744073709551584n);
});

const region = { shared_memory_region: 'r' };
for (const [what, json, message] of [
  ['data', inputOf({ data: [1, 2], parameters: region }), /But set 'data' 'shared_memory_region'/],
  [
    'binary data',
    inputOf({ parameters: { ...region, binary_data_size: 8 } }),
    /But set 'binary_data_size' 'shared_memory_region'/,
  ],
  ['a region that is no text', inputOf({ parameters: { shared_memory_region: 1 } }), /a string/],
  [
    'a negative size',
    inputOf({ parameters: { ...region, shared_memory_byte_size: -1 } }),
    /'shared_memory_byte_size' of input 'x' must be a whole number from 0/,
  ],
  [
    'classes',
    { inputs: [], outputs: [{ name: 'y', parameters: { ...region, classification: 1 } }] },
    /Output can't set both 'shared_memory_region' and 'classification'/,
  ],
  [
    'binary outputs',
    { inputs: [], outputs: [{ name: 'y', parameters: { ...region, binary_data: true } }] },
    /Output can't set both 'shared_memory_region' and 'binary_data'/,
  ],
] as const) {
  test(`decodeInferRequest() refuses shared memory together with ${what}`, () => {
    assert.throws(() => decode({ json }), { code: 'invalid_argument', message });
  });
}
