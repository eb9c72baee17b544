import process from 'node:process';
import { createServer } from '../../src/cli/create-server.ts';

// The server as `headway serve` runs it, telling its port to the benchmark and ending with it.
const server = await createServer({
  modelRepositories: [process.argv[2] ?? ''],
  httpPort: 0,
  grpcPort: 0,
  metricsPort: 0,
});
process.on('disconnect', () => process.exit());
process.send?.({ port: Number(new URL(server.urls.http).port) });
