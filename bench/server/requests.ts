/** A whole HTTP request of the inference protocol with binary tensors, ready to be written. */
export function binaryInferRequest(
  model: string,
  inputs: readonly { readonly name: string; readonly shape: readonly number[] }[],
): Uint8Array {
  const tensors = inputs.map(({ shape }) =>
    Buffer.from(
      new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(0.5).buffer,
    ),
  );
  const header = Buffer.from(
    JSON.stringify({
      inputs: inputs.map(({ name, shape }, index) => ({
        name,
        shape,
        datatype: 'FP32',
        parameters: { binary_data_size: tensors[index]?.byteLength ?? 0 },
      })),
      parameters: { binary_data_output: true },
    }),
  );
  const body = Buffer.concat([header, ...tensors]);
  return httpPost(`/v2/models/${model}/infer`, body, [
    `Inference-Header-Content-Length: ${header.byteLength}`,
  ]);
}

/** A whole HTTP POST request. */
export function httpPost(
  path: string,
  body: Uint8Array,
  headers: readonly string[] = [],
): Uint8Array {
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Content-Type: application/octet-stream',
    `Content-Length: ${body.byteLength}`,
    ...headers,
    '',
    '',
  ].join('\r\n');
  return Buffer.concat([Buffer.from(head), body]);
}

/** A whole HTTP GET request. */
export function httpGet(path: string): Uint8Array {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
}

/** The tiny model's request: 64 + 64 floats. */
export const addRequest: Uint8Array = binaryInferRequest('add', [
  { name: 'a', shape: [1, 64] },
  { name: 'b', shape: [1, 64] },
]);

/** One picture for ResNet-50. */
export const resnetRequest: Uint8Array = binaryInferRequest('resnet', [
  { name: 'input', shape: [1, 3, 224, 224] },
]);
