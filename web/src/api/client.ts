import createClient from 'openapi-fetch';
import { bearer, keyRefused } from './key';
import type { paths } from './schema.gen';
import type { Problem } from './types';

/// The one way to the server. Every call goes through `call`, which gives the body or throws an
/// `ApiError`; nothing else in the console knows about HTTP.
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
  }
}

// A read soon after a write asks for that write to be included.
const freshFor = 10_000;
let written: { position: string; at: number } | undefined;
const readsThatWait = ['/v1/orders', '/v1/board', '/v1/quarantine', '/v1/conflicts'];

export const client = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? '',
  fetch: (request: Request) => globalThis.fetch(request),
});
client.use({
  onRequest({ request, schemaPath }) {
    for (const [name, value] of Object.entries(bearer())) request.headers.set(name, value);
    const waits = readsThatWait.includes(schemaPath) || schemaPath === '/v1/orders/{id}';
    if (request.method !== 'GET' || !waits || !written || Date.now() - written.at > freshFor) return request;
    const url = new URL(request.url);
    url.searchParams.set('after', written.position);
    return new Request(url, request);
  },
  onResponse({ request, response }) {
    if (response.status === 401) keyRefused(request.headers.get('Authorization'));
    const position = response.headers.get('Cairn-Position');
    if (request.method !== 'GET' && position) written = { position, at: Date.now() };
  },
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

export async function call<T>(answer: Promise<Answer<T>>): Promise<T> {
  let got: Answer<T>;
  try {
    got = await answer;
  } catch (reason) {
    if (reason instanceof DOMException && reason.name === 'AbortError') throw reason;
    throw new ApiError(localProblem('network', String(reason)));
  }
  if (got.response.ok) return got.data as T;
  throw new ApiError(asProblem(got.error, got.response));
}

function asProblem(error: unknown, response: Response): Problem {
  if (error && typeof error === 'object' && 'title' in error && 'code' in error) return error as Problem;
  return { ...localProblem('unexpected', ''), status: response.status, request: response.headers.get('Cairn-Request') ?? '' };
}

function localProblem(code: string, detail: string): Problem {
  return { type: code, code, title: code, status: 0, detail, request: '' };
}

export function newKey(): string {
  return crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;
}
