export { type CreateServerOptions, type RunningServer, createServer } from './cli/create-server.ts';
export { type ServerConfigInput, defineConfig } from './config/resolve-server-config.ts';
export { type ErrorCode, HeadwayError } from './core/error.ts';
export type { Logger } from './core/logger.ts';
