import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** An answer that is right. */
export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

/** What goes wrong with an answer that would be right. */
export type Fault =
  /** Another answer altogether. */
  | { answer: Answer }
  /** The connection breaks after so many bytes of the body. */
  | { breakAfter: number }
  /** Nothing more comes after so many bytes of the body. */
  | { stallAfter: number }
  /** The body ends after so many bytes, and the header says that this is all. */
  | { shortTo: number };

export interface SeenRequest {
  path: string;
  authorization: string | undefined;
  range: string | undefined;
  /** How many requests for the same path there were before. */
  before: number;
}

export interface TestServer {
  url: string;
  seen: SeenRequest[];
  /** Ends it, with all connections. */
  close(): Promise<void>;
}

/**
 * A server on the loopback interface until the running test ends. It answers ranges of what `answer` gives, and lets go
 * wrong what `fault` says.
 */
export async function serve(
  answer: (path: string) => Answer,
  fault: (request: SeenRequest) => Fault | undefined = () => undefined,
): Promise<TestServer> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const path = request.url!;
    const { authorization, range } = request.headers;
    const before = seen.filter((other) => other.path === path).length;
    const entry = { path, authorization, range, before };
    seen.push(entry);
    const wrong = fault(entry);
    if (wrong !== undefined && 'answer' in wrong) send(response, wrong.answer);
    else sendWith(wrong, ranged(answer(path), request), response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    if (server.listening) await new Promise((closed) => server.close(closed));
  };
  onTestFinished(close);
  return { url, seen, close };
}

function ranged(answer: Answer, request: IncomingMessage): Answer {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (range === null || (answer.status ?? 200) !== 200) return answer;
  const body = Buffer.from(answer.body ?? '');
  const start = Number(range[1]);
  const end = Math.min(body.length, range[2] === '' ? body.length : Number(range[2]) + 1);
  const headers = { ...answer.headers, 'content-range': `bytes ${start}-${end - 1}/${body.length}` };
  return { status: 206, headers, body: body.subarray(start, end) };
}

function send(response: ServerResponse, { status = 200, headers = {}, body = '' }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function sendWith(fault: Exclude<Fault, { answer: Answer }> | undefined, answer: Answer, response: ServerResponse) {
  if (fault === undefined) return send(response, answer);
  const body = Buffer.from(answer.body ?? '');
  if ('shortTo' in fault) return send(response, { ...answer, body: body.subarray(0, fault.shortTo) });
  response.writeHead(answer.status ?? 200, { ...answer.headers, 'content-length': body.length });
  if ('stallAfter' in fault) return void response.write(body.subarray(0, fault.stallAfter));
  response.write(body.subarray(0, fault.breakAfter), () => response.destroy());
}
