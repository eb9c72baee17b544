import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WireReader } from '../src/formats/protobuf/reader.ts';
import { WireWriter } from '../src/formats/protobuf/writer.ts';
import { type GrpcTestClient, connectGrpc } from '../src/testing/grpc-client.ts';
import { addModel } from '../src/testing/models/small-models.ts';
import { type TestServer, serve } from './support/serve.ts';

let served: TestServer;
let grpc: GrpcTestClient;

before(async () => {
  served = await serve(
    { 'add/1/model.onnx': addModel({ elements: 2 }) },
    { modelControlMode: 'explicit', loadModels: ['*'], allowClientSharedMemory: true },
  );
  grpc = connectGrpc(served.server.urls.grpc);
});
after(async () => {
  await grpc[Symbol.asyncDispose]();
  await served[Symbol.asyncDispose]();
});

/** Uses an extension in one way over each protocol. */
interface Probe {
  /** A GET, or a POST of the JSON of an inference request. */
  readonly http: string | Readonly<Record<string, unknown>>;
  /** The method, and its message; absent where gRPC has no such thing. */
  readonly grpc?: readonly [method: string, write?: (message: WireWriter) => void];
}

const zeros = { datatype: 'FP32', shape: [1, 2] };
const inputs = ['a', 'b'].map((name) => ({ name, ...zeros, data: [0, 0] }));

function writeInfer(writer: WireWriter): void {
  writer.text(1, 'add');
  for (const { name, datatype, shape } of inputs) {
    writer.message(5, (input) => {
      input.text(1, name);
      input.text(2, datatype);
      input.packedInt64(3, shape);
    });
  }
  for (const _ of inputs) writer.bytes(7, new Uint8Array(8));
}

/** An InferParameter that is a whole number. */
function writeNumber(writer: WireWriter, fieldNumber: number, [name, value]: [string, number]) {
  writer.message(fieldNumber, (entry) => {
    entry.text(1, name);
    entry.message(2, (parameter) => parameter.int64(2, value));
  });
}

const withParameters =
  (...parameters: [string, number][]) =>
  (writer: WireWriter): void => {
    writeInfer(writer);
    for (const parameter of parameters) writeNumber(writer, 4, parameter);
  };

const probes: Readonly<Record<string, Probe>> = {
  binary_tensor_data: {
    http: { inputs, parameters: { binary_data_output: true } },
    grpc: ['ModelInfer', writeInfer],
  },
  classification: {
    http: { inputs, outputs: [{ name: 'sum', parameters: { classification: 1 } }] },
    grpc: [
      'ModelInfer',
      (writer) => {
        writeInfer(writer);
        writer.message(6, (output) => {
          output.text(1, 'sum');
          writeNumber(output, 2, ['classification', 1]);
        });
      },
    ],
  },
  logging: { http: 'logging', grpc: ['LogSettings'] },
  model_configuration: {
    http: 'models/add/config',
    grpc: ['ModelConfig', (writer) => writer.text(1, 'add')],
  },
  model_files: { http: 'models/add/files' },
  model_repository: {
    http: 'repository/index',
    grpc: ['RepositoryModelLoad', (writer) => writer.text(2, 'add')],
  },
  parameters: {
    http: { inputs, parameters: { own: 5 } },
    grpc: ['ModelInfer', withParameters(['own', 5])],
  },
  schedule_policy: {
    http: { inputs, parameters: { priority: 1, timeout: 10_000_000 } },
    grpc: ['ModelInfer', withParameters(['priority', 1], ['timeout', 10_000_000])],
  },
  statistics: { http: 'models/add/stats', grpc: ['ModelStatistics'] },
  system_shared_memory: {
    http: 'systemsharedmemory/status',
    grpc: ['SystemSharedMemoryStatus'],
  },
  trace: { http: 'trace/setting', grpc: ['TraceSetting'] },
};

async function overGrpc(method: string, write?: (message: WireWriter) => void) {
  const writer = new WireWriter();
  write?.(writer);
  const path = `/inference.GRPCInferenceService/${method}`;
  return grpc.call(path, Buffer.concat(writer.finish()));
}

async function overHttp(probe: Probe['http']): Promise<Response> {
  if (typeof probe !== 'string') {
    const body = JSON.stringify(probe);
    return fetch(`${served.url}/v2/models/add/infer`, { method: 'POST', body });
  }
  const method = probe === 'repository/index' ? 'POST' : 'GET';
  return fetch(`${served.url}/v2/${probe}`, { method });
}

async function listedOverGrpc(): Promise<string[]> {
  const { messages } = await overGrpc('ServerMetadata');
  const reader = new WireReader(messages[0]!, 'ServerMetadataResponse');
  const extensions: string[] = [];
  while (reader.nextField()) {
    const text = reader.text();
    if (reader.fieldNumber === 3) extensions.push(text);
  }
  return extensions;
}

test('the extensions that are listed work, over HTTP and gRPC, and no others are listed', async () => {
  const { extensions } = await served.client.serverMetadata();
  assert.deepEqual(extensions.toSorted(), Object.keys(probes));
  const overBoth = extensions.filter((name) => probes[name]?.grpc !== undefined);
  assert.deepEqual(await listedOverGrpc(), overBoth);
  for (const [name, probe] of Object.entries(probes)) {
    const http = await overHttp(probe.http);
    assert.equal(http.status, 200, `${name}: ${await http.text()}`);
    if (probe.grpc === undefined) continue;
    const call = await overGrpc(...probe.grpc);
    assert.equal(call.status, 0, `${name}: ${call.message}`);
  }
});
