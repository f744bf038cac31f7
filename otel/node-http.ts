import type * as http from 'node:http';
import { createRequire } from 'node:module';

/**
 * node:http as a CommonJS module. An ESM import would make Node build every export of it, the WebSocket client
 * among them: 16 MB of resident memory and 30 ms for each process that only serves /metrics (Node 26.10).
 */
export const { createServer } = createRequire(import.meta.url)('node:http') as typeof http;
