import assert from 'node:assert/strict';
import { link, mkdir, mkdtempDisposable, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { WireWriter } from '../protobuf/writer.ts';
import { checkExternalData } from './external-data.ts';
import {
  attributeFields,
  functionFields,
  graphFields,
  modelFields,
  nodeFields,
  propertyFields,
  sparseTensorFields,
  tensorFields,
  trainingFields,
} from './fields.ts';

type Write = (writer: WireWriter) => void;

function property(key: string, value: string): Write {
  return (tensor) =>
    tensor.message(tensorFields.externalData, (writer) => {
      writer.text(propertyFields.key, key);
      writer.text(propertyFields.value, value);
    });
}

/** Eight floats, or other dimensions, in another file. */
function externalTensor(properties: Record<string, string>, dims: number[] = [8]): Write {
  return (tensor) => {
    tensor.packedInt64(tensorFields.dims, dims);
    tensor.int64(tensorFields.dataType, 1);
    tensor.text(tensorFields.name, 'weight');
    for (const [key, value] of Object.entries(properties)) property(key, value)(tensor);
    tensor.int64(tensorFields.dataLocation, 1);
  };
}

function inGraph(tensor: Write): Write {
  return (graph) => {
    graph.message(graphFields.initializer, (inner) => {
      inner.bytes(tensorFields.rawData, new Uint8Array(100_000));
    });
    graph.message(graphFields.initializer, tensor);
  };
}

function modelFile(graph: Write, more: Write = () => {}): Uint8Array {
  const writer = new WireWriter();
  writer.int64(modelFields.irVersion, 9);
  writer.message(modelFields.graph, graph);
  more(writer);
  return Buffer.concat(writer.finish());
}

/** A folder with a model whose weight is described so, and with 32 bytes in `weights.bin`. */
async function createFolder(model: Uint8Array): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtempDisposable(path.join(tmpdir(), 'headway-external-'));
  await mkdir(path.join(folder.path, 'model'));
  await writeFile(path.join(folder.path, 'model', 'model.onnx'), model);
  await writeFile(path.join(folder.path, 'model', 'weights.bin'), new Uint8Array(32));
  await writeFile(path.join(folder.path, 'outside.bin'), new Uint8Array(32));
  return {
    path: path.join(folder.path, 'model'),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function check(model: Uint8Array): Promise<void> {
  await using folder = await createFolder(model);
  const at = (name: string): string => path.join(folder.path, name);
  await symlink(at('weights.bin'), at('link.bin'));
  await writeFile(at('hard.bin'), new Uint8Array(32));
  await link(at('hard.bin'), at('hard2.bin'));
  await mkdir(at('sub'));
  await writeFile(at('sub/weights.bin'), new Uint8Array(32));
  await symlink(at('..'), at('up'));
  await symlink('/dev/zero', at('zero'));
  await mkdir(at('*'));
  await mkdir(at('*/_ORT_MEM_ADDR_'));
  await writeFile(at('*/_ORT_MEM_ADDR_/*'), new Uint8Array(32));
  await checkExternalData(at('model.onnx'));
}

async function refuses(model: Uint8Array, message: RegExp): Promise<void> {
  await assert.rejects(
    check(model),
    { code: 'invalid_argument', message },
    `must be refused with ${message}`,
  );
}

test('checkExternalData() accepts plain files in the folder of the model', async () => {
  const accepted: Record<string, string>[] = [
    { location: 'weights.bin' },
    { location: './weights.bin', offset: '0', length: '32' },
    { location: 'sub/weights.bin', checksum: 'x' },
  ];
  for (const properties of accepted) {
    await check(modelFile(inGraph(externalTensor(properties))));
  }
  await check(modelFile(inGraph(externalTensor({ location: 'weights.bin', offset: '16' }, [4]))));
  await check(modelFile(() => {}));
});

test('checkExternalData() refuses files that are not plain ones inside', async () => {
  const refused: [string, RegExp][] = [
    ['../outside.bin', /tensor 'weight' .* '\.\.\/outside\.bin' leaves the model's folder/],
    ['sub/../../outside.bin', /leaves the model's folder/],
    ['/etc/passwd', /not given by a path relative to the model/],
    ['C:\\weights.bin', /not given by a path relative/],
    ['\\\\host\\share', /not given by a path relative/],
    ['sub\\weights.bin', /a name that is not allowed/],
    ['weights.bin\0', /a name that is not allowed/],
    ['*/_ORT_MEM_ADDR_/*', /a name that is not allowed/],
    ['', /has no location/],
    ['missing.bin', /'missing\.bin' is missing/],
    ['link.bin', /is a symbolic link/],
    ['up/outside.bin', /is a symbolic link/],
    ['zero', /is a symbolic link/],
    ['hard.bin', /is a hard link/],
    ['sub', /is no plain file/],
    ['.', /is no plain file/],
    ['weights.bin/x', /is missing/],
  ];
  for (const [location, message] of refused) {
    await refuses(modelFile(inGraph(externalTensor({ location }))), message);
  }
});

test('checkExternalData() refuses ranges that the file does not have', async () => {
  const location = 'weights.bin';
  const refused: [Record<string, string>, RegExp][] = [
    [{ location, offset: '4' }, /needs bytes 4 to 36 of its file 'weights\.bin', which has 32/],
    [{ location, length: '33' }, /needs bytes 0 to 33/],
    [{ location, length: '31' }, /needs 32 bytes and its reference has 31/],
    [{ location, offset: '-1' }, /offset '-1' is no count of bytes/],
    [{ location, offset: '1e3' }, /no count of bytes/],
    [{ location, offset: '9999999999999999' }, /no count of bytes/],
    [{ location, length: '0x20' }, /length '0x20' is no count/],
    [{ offset: '0' }, /no location/],
  ];
  for (const [properties, message] of refused) {
    await refuses(modelFile(inGraph(externalTensor(properties))), message);
  }
  const huge = externalTensor({ location }, [2 ** 30, 2 ** 30]);
  await refuses(modelFile(inGraph(huge)), /too large/);
});

test('checkExternalData() finds tensors wherever a model may have them', async () => {
  const bad = externalTensor({ location: '../outside.bin' });
  const inAttribute =
    (field: number, write: Write): Write =>
    (node) =>
      node.message(nodeFields.attribute, (attribute) => attribute.message(field, write));
  const inNode =
    (write: Write): Write =>
    (graph) =>
      graph.message(graphFields.node, write);
  const sparse = (field: number): Write => {
    return (writer) => writer.message(field, bad);
  };
  const graphs: Write[] = [
    inNode(inAttribute(attributeFields.tensor, bad)),
    inNode(inAttribute(attributeFields.tensors, bad)),
    inNode(inAttribute(attributeFields.graph, inGraph(bad))),
    inNode(inAttribute(attributeFields.graphs, inGraph(bad))),
    inNode(inAttribute(attributeFields.sparseTensor, sparse(sparseTensorFields.values))),
    inNode(inAttribute(attributeFields.sparseTensors, sparse(sparseTensorFields.indices))),
    (graph) => graph.message(graphFields.sparseInitializer, sparse(sparseTensorFields.values)),
  ];
  for (const graph of graphs) await refuses(modelFile(graph), /leaves the model's folder/);
  const models: Write[] = [
    (model) => model.message(modelFields.graph, inGraph(bad)),
    (model) =>
      model.message(modelFields.functions, (inner) =>
        inner.message(functionFields.node, inAttribute(attributeFields.tensor, bad)),
      ),
    (model) =>
      model.message(modelFields.functions, (inner) =>
        inner.message(functionFields.attribute, (attribute) =>
          attribute.message(attributeFields.tensor, bad),
        ),
      ),
    (model) =>
      model.message(modelFields.trainingInfo, (inner) =>
        inner.message(trainingFields.algorithm, inGraph(bad)),
      ),
  ];
  for (const more of models) {
    await refuses(
      modelFile(() => {}, more),
      /leaves the model's folder/,
    );
  }
});

test('checkExternalData() is not misled by a reference in several parts', async () => {
  const good = externalTensor({ location: 'weights.bin' });
  const twice: Write = (tensor) => {
    good(tensor);
    property('location', '../outside.bin')(tensor);
  };
  await refuses(modelFile(inGraph(twice)), /has 'location' twice/);
  const denied: Write = (tensor) => {
    externalTensor({ location: '../outside.bin' })(tensor);
    tensor.int64(tensorFields.dataLocation, 0);
  };
  await refuses(modelFile(inGraph(denied)), /leaves the model's folder/);
  const merged: Write = inAttributeParts(good, property('location', '../outside.bin'));
  await refuses(modelFile(merged), /leaves the model's folder/);
  const placeOnly: Write = (tensor) => tensor.raw(Uint8Array.of(0x70, 0x81, 0x00));
  await refuses(modelFile(inGraph(placeOnly)), /has no location/);
});

/** One attribute tensor in two parts, which readers merge. */
function inAttributeParts(first: Write, second: Write): Write {
  return (graph) =>
    graph.message(graphFields.node, (node) =>
      node.message(nodeFields.attribute, (attribute) => {
        attribute.message(attributeFields.tensor, first);
        attribute.message(attributeFields.tensor, second);
      }),
    );
}

test('checkExternalData() refuses files that are no models', async () => {
  const writer = new WireWriter();
  const nest = (inner: WireWriter, left: number): void => {
    if (left === 0) return;
    inner.message(graphFields.node, (node) =>
      node.message(nodeFields.attribute, (attribute) =>
        attribute.message(attributeFields.graph, (graph) => nest(graph, left - 1)),
      ),
    );
  };
  writer.message(modelFields.graph, (graph) => nest(graph, 50));
  await refuses(Buffer.concat(writer.finish()), /nest deeper/);
  const whole = modelFile(inGraph(externalTensor({ location: 'weights.bin' })));
  await refuses(whole.subarray(0, -1), /past the end/);
  await refuses(
    Buffer.from([0x3a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
    /past the end/,
  );
  await refuses(Buffer.from([0x08, 0x80]), /ends inside a number/);
  await refuses(Buffer.from([0x0b]), /wire type 3/);
  const longName: Write = (tensor) => tensor.text(tensorFields.name, 'x'.repeat(20_000));
  await refuses(modelFile(inGraph(longName)), /too long/);
});

test('checkExternalData() names a model that is not there or no file', async () => {
  await using folder = await createFolder(new Uint8Array(0));
  const missing = checkExternalData(path.join(folder.path, 'other.onnx'));
  await assert.rejects(missing, { code: 'not_found', message: /no model file 'other\.onnx'/ });
  await assert.rejects(checkExternalData(folder.path), { code: 'invalid_argument' });
});

test('checkExternalData() notices a model file that ends inside its weights', async () => {
  const model = modelFile((graph) =>
    graph.message(graphFields.initializer, (tensor) =>
      tensor.bytes(tensorFields.rawData, new Uint8Array(1 << 20)),
    ),
  );
  await using folder = await createFolder(model);
  const file = path.join(folder.path, 'model.onnx');
  await truncate(file, model.byteLength - 1);
  await assert.rejects(checkExternalData(file), /past the end/);
  await truncate(file, model.byteLength);
  await checkExternalData(file);
});

test('checkExternalData() refuses fields that other readers take for others', async () => {
  // 2^32 more than the tag of the field: a reader that keeps 32 bits of it sees no difference.
  const wideTag = Uint8Array.of(0x80 | (tensorFields.dataLocation * 8), 0x80, 0x80, 0x80, 0x10);
  const tensor: Write = (writer) => {
    writer.text(tensorFields.name, 'weight');
    writer.raw(Buffer.concat([wideTag, Uint8Array.of(1)]));
  };
  await refuses(modelFile(inGraph(tensor)), /field number \d+ is impossible/);
  await refuses(
    modelFile((graph) => graph.raw(Uint8Array.of(0, 1))),
    /field number 0/,
  );
});
