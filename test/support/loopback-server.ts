// A server on loopback, or a proxy before one: it answers as the test says, and remembers who asked for what.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach } from 'vitest';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface LoopbackServer {
  /** Without a slash at its end. */
  readonly address: string;
  readonly asked: readonly { readonly url: string; readonly headers: IncomingHttpHeaders }[];
}

const open = new Set<() => void>();
afterEach(() => {
  for (const close of open) close();
  open.clear();
});

/** Listens until the test has ended. */
export async function loopbackServer(answer: Answer): Promise<LoopbackServer> {
  const asked: { url: string; headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', headers: request.headers });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.add(() => {
    server.close();
    server.closeAllConnections();
  });
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

export function sends(body: Buffer | string, status = 200): Answer {
  return (_, response) => void response.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(body);
}
