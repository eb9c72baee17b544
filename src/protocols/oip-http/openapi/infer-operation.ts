import type { HeaderDescription, Operation } from './operation.ts';
import { ref } from './schemas.ts';

const headerLength: HeaderDescription = {
  name: 'Inference-Header-Content-Length',
  description: 'bytes of JSON at the start of a body in the binary form',
  schema: { type: 'integer', minimum: 0 },
};

/** `POST /v2/models/{model}/infer`, the request that the others are there for. */
export const inferOperation: Operation = {
  tag: 'Inference',
  id: 'infer',
  summary: 'Runs a model on tensors.',
  headers: [
    {
      ...headerLength,
      description: `${headerLength.description}; 0: the body is the one input of the model`,
    },
    {
      name: 'Content-Encoding',
      description: 'how the body is compressed',
      schema: { type: 'string', enum: ['gzip', 'deflate', 'identity'] },
    },
    {
      name: 'headway-deadline-ms',
      description: 'milliseconds after which the answer is of no use any more',
      schema: { type: 'number', exclusiveMinimum: 0 },
    },
    {
      name: 'headway-timings',
      description: 'asks for the header Server-Timing in the answer',
      schema: { type: 'string' },
    },
  ],
  request: {
    isRequired: true,
    json: ref('InferRequest'),
    binary:
      'The JSON, then the bytes of each input with binary_data_size, in their order: row-major, little-endian; each element of BYTES is its length in 4 bytes and its bytes.',
  },
  answer: {
    description: 'the outputs',
    json: ref('InferResponse'),
    binary: 'The JSON, then the bytes of each output with binary_data_size, in their order.',
    headers: [
      headerLength,
      {
        name: 'Server-Timing',
        description: 'where the time went, when asked for',
        schema: { type: 'string' },
      },
    ],
  },
  refusals: {
    400: 'the request does not fit the protocol or the model',
    404: 'no model has that name, or no version that number',
    429: 'the queue is full; Retry-After says when to come again',
    500: 'the model failed',
    501: 'sequences, an unknown Content-Encoding, shared memory that is not allowed',
    503: 'the answer would come too late, the model is not in service, or the server is stopping',
    504: 'the deadline or the timeout is over',
  },
  example: {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [1, 2, 3, 4] }],
  },
};
