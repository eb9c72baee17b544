import { open } from 'node:fs/promises';
import { encodeOnnxModel } from '../../formats/onnx/encode-model.ts';
import type { OnnxModel } from '../../formats/onnx/model.ts';

/** The bytes of a model's ONNX file in one piece. */
export function modelBytes(model: OnnxModel): Uint8Array {
  return Buffer.concat(encodeOnnxModel(model));
}

/** Writes a model as an ONNX file; the folder must exist. */
export async function writeModel(path: string, model: OnnxModel): Promise<void> {
  await using file = await open(path, 'w');
  for (const chunk of encodeOnnxModel(model)) await file.appendFile(chunk);
}
