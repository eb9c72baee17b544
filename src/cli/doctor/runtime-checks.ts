import { HeadwayError } from '../../core/error.ts';
import {
  availableProviders,
  createOnnxRuntimeEnvironment,
} from '../../native/onnxruntime/environment.ts';
import { loadOnnxRuntimeLibrary } from '../../native/onnxruntime/load-library.ts';
import { checkOnnxRuntime } from '../../native/onnxruntime/self-check.ts';
import { type Check, ok } from './check.ts';

/**
 * The Node this runs on.
 * @param version such as `24.21.0`.
 * @param wanted the package's range, such as `>=24.12`.
 */
export function checkNode(version: string, wanted: string): Check {
  const [majorFloor = 0, minorFloor = 0] = wanted.replace('>=', '').split('.').map(Number);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNewEnough = major > majorFloor || (major === majorFloor && minor >= minorFloor);
  if (isNewEnough) return ok('node', version);
  const mend = `Headway needs Node ${wanted}: install it from nodejs.org.`;
  return { name: 'node', status: 'fail', detail: version, mend };
}

/**
 * ONNX Runtime: loads the library, runs a model of one operator through it, lists its providers.
 * @param libraryPath the bundled library when `undefined`.
 */
export async function checkRuntime(libraryPath: string | undefined): Promise<Check> {
  const name = 'onnxruntime';
  try {
    const library = loadOnnxRuntimeLibrary(libraryPath);
    using environment = await createOnnxRuntimeEnvironment(library, 'error');
    await checkOnnxRuntime(environment);
    const providers = availableProviders(library).map((provider) =>
      provider.replace(/ExecutionProvider$/, ''),
    );
    return ok(
      name,
      `${library.version}, API ${library.apiVersion}, answers rightly, built with ${providers.join(', ')}`,
    );
  } catch (thrown) {
    if (!(thrown instanceof HeadwayError)) throw thrown;
    const mend =
      'Install the package again (npm ci), or name a library of ONNX Runtime that fits this system.';
    return { name, status: 'fail', detail: thrown.message, mend };
  }
}
