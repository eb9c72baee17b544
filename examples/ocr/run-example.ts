import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createTextLogger } from '../../src/cli/logger.ts';
import { createOipHttpClient } from '../../src/client/index.ts';
import { createSystemClock } from '../../src/core/clock.ts';
import { HeadwayError, invalidArgument, toHeadwayError } from '../../src/core/error.ts';
import { type RunningServer, createServer } from '../../src/index.ts';
import { parseCharacterList } from '../../src/operators/ctc.ts';
import { type ExampleArguments, defaultText, parseArguments, usage } from './arguments.ts';
import { downloadModels } from './download-models.ts';
import { drawPicture } from './draw-picture.ts';
import type { PreparedModels } from './prepare-models.ts';
import { type Reading, readText } from './read-text.ts';
import { describeLines, describeTimings, row } from './report.ts';
import { type ModelCall, createServedModels } from './served-models.ts';

/**
 * Runs the example.
 * @returns the exit code: 0 ok, 1 failed, 2 usage.
 */
export async function runExample(args: readonly string[]): Promise<number> {
  let given: ExampleArguments | 'help';
  try {
    given = parseArguments(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  if (given === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  const stop = new AbortController();
  // Not `once`: Ctrl+C under npm arrives twice, from the terminal and from npm.
  process.on('SIGINT', () => stop.abort());
  process.on('SIGTERM', () => stop.abort());
  try {
    return await serveAndRead(given, stop.signal);
  } catch (thrown) {
    if (stop.signal.aborted) return 130;
    process.stderr.write(`\n${explain(toHeadwayError(thrown))}\n`);
    return 1;
  }
}

async function serveAndRead(given: ExampleArguments, signal: AbortSignal): Promise<number> {
  const home = given.home ?? join(homedir(), '.headway');
  const folder = join(home, 'examples', 'ocr');
  await mkdir(folder, { recursive: true });
  print('Headway reads text in a picture', '');
  const models = await downloadModels({ home, folder, signal });
  const origin = models.wereThere ? 'from the store' : 'downloaded';
  print(row('models', `${models.repository} (${origin})`));
  await using server = await startServer(given, models);
  print(row('server', `${server.urls.http}, metrics at ${server.urls.metrics}/metrics`));
  const picture = await findPicture(given, models, folder);
  const isRight = await readAndReport({ given, models, server, picture, signal });
  if (given.isOnce) return isRight ? 0 : 1;
  print('', 'Serving until Ctrl+C. In another terminal:');
  print(`  curl ${server.urls.http}/v2/models/text-recogniser`);
  print(`  curl ${server.urls.http}/v2/models/text-recogniser/stats`);
  if (!signal.aborted) await once(signal, 'abort');
  await server.close();
  print('', 'Stopped.');
  return 0;
}

async function startServer(
  { port }: ExampleArguments,
  models: PreparedModels,
): Promise<RunningServer> {
  const logger = createTextLogger({
    stream: process.stderr,
    clock: createSystemClock(),
    format: () => 'default',
  });
  const settings = {
    logLevel: 'warning' as const,
    modelRepositories: [models.repository],
    httpPort: port,
    grpcPort: port === 0 ? 0 : port + 1,
    metricsPort: port === 0 ? 0 : port + 2,
  };
  const server = await createServer(settings, { logger });
  if (server.isReady()) return server;
  await server.close();
  throw new HeadwayError('failed_precondition', 'The models did not load: the log says why.');
}

interface Picture {
  readonly file: Uint8Array;
  /** What was drawn; `undefined` for a picture of the user's own. */
  readonly drawn: string | undefined;
}

async function findPicture(
  given: ExampleArguments,
  models: PreparedModels,
  folder: string,
): Promise<Picture> {
  if (given.image !== undefined) {
    print(row('picture', given.image));
    return { file: await readPicture(given.image), drawn: undefined };
  }
  const { text } = given;
  const file = await drawPicture({ text, fontFile: models.fontFile, folder });
  const path = join(folder, 'picture.png');
  await writeFile(path, file);
  print(row('picture', path), '', row('drawn', text));
  return { file, drawn: text };
}

async function readPicture(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw invalidArgument(`The picture '${path}' cannot be read.`, { cause });
  }
}

interface Sample {
  readonly given: ExampleArguments;
  readonly models: PreparedModels;
  readonly server: RunningServer;
  readonly picture: Picture;
  readonly signal: AbortSignal;
}

/** Whether the sample came out as it must: the line that is known to be readable, letter by letter. */
async function readAndReport(sample: Sample): Promise<boolean> {
  const { models, server, picture, signal } = sample;
  const characters = parseCharacterList(await readFile(models.charactersFile, 'utf8'));
  const calls: ModelCall[] = [];
  using client = createOipHttpClient({ url: server.urls.http });
  const onCall = (call: ModelCall): void => void calls.push(call);
  const served = createServedModels({ client, characters, signal, onCall });
  const reading = await readText(picture.file, served);
  print(...describeLines(reading.lines), '', ...describeTimings(reading, calls));
  return picture.drawn !== defaultText || isExactly(reading, defaultText);
}

function isExactly(reading: Reading, text: string): boolean {
  const read = reading.lines.map((line) => line.text).join(' ');
  if (read === text) return true;
  process.stderr.write(`\nThe models read '${read}' where '${text}' was drawn.\n`);
  return false;
}

function explain(error: HeadwayError): string {
  const { code } = (error.cause ?? {}) as { readonly code?: unknown };
  if (code === 'EADDRINUSE') return `${error.message} For example: npm start -- --port 9000`;
  if (error.code !== 'internal') return error.message;
  return error.cause instanceof Error ? (error.cause.stack ?? error.message) : error.message;
}

function print(...lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
