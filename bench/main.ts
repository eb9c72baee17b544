import process from 'node:process';
import type { BenchReport } from './lib/report.ts';
import { printReport } from './lib/report.ts';

/** Every benchmark by name; loaded when asked for. */
const benches: Readonly<Record<string, () => Promise<() => Promise<BenchReport>>>> = {
  loadgen: async () => (await import('./loadgen/main.ts')).benchLoadgen,
  protocols: async () => (await import('./protocols/main.ts')).benchProtocols,
  server: async () => (await import('./server/main.ts')).benchServer,
};

const name = process.argv[2] ?? '';
const load = benches[name];
if (load === undefined) {
  process.stderr.write(
    `Usage: npm run bench -- NAME\nNAME is one of: ${Object.keys(benches).join(', ')}\n`,
  );
  process.exitCode = 2;
} else {
  const run = await load();
  printReport(await run());
}
