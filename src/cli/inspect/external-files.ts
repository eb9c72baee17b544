import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { HeadwayError } from '../../core/error.ts';
import { checkExternalData } from '../../formats/onnx/external-data.ts';
import type { OnnxGraph } from '../../formats/onnx/model.ts';
import { eachConstant } from './walk-graph.ts';

/** Weights that a model keeps in other files. */
export interface ExternalData {
  readonly files: readonly { readonly location: string; readonly bytes: number | null }[];
  /** Why the model cannot be loaded because of them; `null` when nothing is wrong. */
  readonly problem: string | null;
}

/** Finds the files a model keeps weights in, and checks them as loading would. */
export async function findExternalData(path: string, graph: OnnxGraph): Promise<ExternalData> {
  const locations = new Set<string>();
  for (const { data } of eachConstant(graph)) {
    if (data.kind !== 'external') continue;
    locations.add(data.properties.find(({ key }) => key === 'location')?.value ?? '');
  }
  const problem = await checkExternalData(path).then(
    () => null,
    (thrown: unknown) => {
      if (thrown instanceof HeadwayError) return thrown.message;
      throw thrown;
    },
  );
  const files = [...locations].map(async (location) => {
    // Only places that passed the check are looked at.
    const found = problem === null ? await stat(resolve(dirname(path), location)) : undefined;
    return { location, bytes: found?.size ?? null };
  });
  return { files: await Promise.all(files), problem };
}
