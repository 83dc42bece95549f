import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Change } from '@/api/types';
import { LiveStream, type LiveState } from '@/lib/live';

/// A server whose connections the test holds: it sees what was asked and says what comes.
class Line {
  asked: { url: string; after: string | null }[] = [];
  refuse = 0;
  private out: ReadableStreamDefaultController<Uint8Array> | undefined;
  aborted = 0;

  readonly fetch: typeof globalThis.fetch = (input, init) => {
    this.asked.push({ url: String(input), after: new Headers(init?.headers).get('Last-Event-ID') });
    init?.signal?.addEventListener('abort', () => (this.aborted += 1));
    if (this.refuse > 0) {
      this.refuse -= 1;
      return Promise.reject(new TypeError('connection refused'));
    }
    return Promise.resolve(new Response(new ReadableStream({ start: (out) => void (this.out = out) }), { status: 200 }));
  };
  send(text: string): void {
    this.out?.enqueue(new TextEncoder().encode(text));
  }
  change(position: string, id: string, version: number): void {
    this.send(`event: change\nid: ${position}\ndata: ${JSON.stringify({ id, version })}\n\n`);
  }
  heartbeat(position: string): void {
    this.send(`event: heartbeat\nid: ${position}\ndata: {"at":"2026-11-24T06:00:00Z"}\n\n`);
  }
  break(): void {
    this.out?.error(new TypeError('connection reset'));
  }
  end(): void {
    this.out?.close();
  }
}

let line: Line;
let stream: LiveStream;
let heard: string[];
let states: LiveState[];
let resets: number;
let times: string[];

beforeEach(() => {
  vi.useFakeTimers();
  line = new Line();
  heard = [];
  states = [];
  times = [];
  resets = 0;
  stream = new LiveStream({
    fetch: line.fetch,
    random: () => 0.5,
    onChanges: (changes: Change[]) => heard.push(...changes.map((c) => `${c.id}/${c.version}`)),
    onReset: () => (resets += 1),
    onState: (state) => states.push(state),
    onTime: (time) => times.push(time),
  });
});
afterEach(() => {
  stream.stop();
  vi.useRealTimers();
});
const settle = (ms = 150) => vi.advanceTimersByTimeAsync(ms);

describe('LiveStream', () => {
  it('hands on changes together, in order', async () => {
    stream.follow('/v1/live');
    await settle();
    line.change('1', 'a', 1);
    line.change('2', 'b', 1);
    line.change('3', 'a', 2);
    await settle();
    expect(heard).toEqual(['a/1', 'b/1', 'a/2']);
    expect(states).toEqual(['connecting', 'live']);
  });

  it('says once that what was read before may be older than a stream that begins with no position', async () => {
    stream.follow('/v1/live');
    await settle();
    expect(resets).toBe(1);
    line.heartbeat('5');
    await settle();
    line.break();
    await settle(1_000);
    expect(line.asked).toHaveLength(2);
    expect(resets).toBe(1);
  });

  it('goes on exactly where it was when the connection breaks', async () => {
    stream.follow('/v1/live');
    await settle();
    line.change('1.7-2.3', 'a', 1);
    await settle();
    line.break();
    await settle(1_000);
    expect(line.asked.map((a) => a.after)).toEqual([null, '1.7-2.3']);
    line.change('1.8-2.3', 'a', 2);
    await settle();
    expect(heard).toEqual(['a/1', 'a/2']);
    expect(states.slice(-3)).toEqual(['waiting', 'waiting', 'live']);
  });

  it('goes on when the server closes in good order, as it does when it is restarted', async () => {
    stream.follow('/v1/live');
    await settle();
    line.change('4', 'a', 1);
    await settle();
    line.refuse = 3;
    line.end();
    await settle(20_000);
    expect(line.asked.length).toBe(5);
    expect(line.asked.slice(1).every((a) => a.after === '4')).toBe(true);
    line.change('5', 'a', 2);
    await settle();
    expect(heard).toEqual(['a/1', 'a/2']);
  });

  it('takes the position of heartbeats, so that quiet does not make it old', async () => {
    stream.follow('/v1/live');
    await settle();
    line.heartbeat('9');
    await settle();
    expect(times).toEqual(['2026-11-24T06:00:00Z']);
    line.break();
    await settle(1_000);
    expect(line.asked.at(-1)?.after).toBe('9');
  });

  it('does not keep half a message of a broken connection', async () => {
    stream.follow('/v1/live');
    await settle();
    line.change('1', 'a', 1);
    line.send('event: change\nid: 2\ndata: {"id":"a","ver');
    await settle();
    line.break();
    await settle(1_000);
    line.change('2', 'a', 2);
    await settle();
    expect(line.asked.at(-1)?.after).toBe('1');
    expect(heard).toEqual(['a/1', 'a/2']);
  });

  it('holds a connection for dead that has been silent for too long', async () => {
    stream.follow('/v1/live');
    await settle();
    line.heartbeat('3');
    await settle(35_000);
    expect(line.asked).toHaveLength(1);
    await settle(15_000);
    expect(line.aborted).toBeGreaterThan(0);
    expect(line.asked.at(-1)).toEqual({ url: '/v1/live', after: '3' });
    expect(line.asked.length).toBeGreaterThan(1);
  });

  it('notices that the machine slept, and connects anew at once', async () => {
    stream.follow('/v1/live');
    await settle();
    line.change('6', 'a', 1);
    await settle();
    vi.setSystemTime(Date.now() + 3_600_000);
    await settle(6_000);
    expect(line.asked.length).toBe(2);
    expect(line.asked[1]?.after).toBe('6');
  });

  it('does not wait on when the network comes back', async () => {
    line.refuse = 6;
    stream.follow('/v1/live');
    await settle(6_000);
    const before = line.asked.length;
    line.refuse = 0;
    stream.wake();
    await settle(10);
    expect(line.asked.length).toBe(before + 1);
    expect(states.at(-1)).toBe('live');
  });

  it('drops what is pending at a reset, has all read anew and goes on from there', async () => {
    stream.follow('/v1/live');
    await settle();
    resets = 0;
    line.change('1', 'a', 1);
    line.send('event: reset\nid: 90\ndata: {"reason":"too_old"}\n\n');
    line.change('91', 'b', 4);
    await settle();
    expect(resets).toBe(1);
    expect(heard).toEqual(['b/4']);
    line.break();
    await settle(1_000);
    expect(line.asked.at(-1)?.after).toBe('91');
  });

  it('keeps its position when it follows something else', async () => {
    stream.follow('/v1/live');
    await settle();
    line.change('12', 'a', 1);
    await settle();
    stream.follow('/v1/live?shop=shanye');
    await settle();
    expect(line.asked.at(-1)).toEqual({ url: '/v1/live?shop=shanye', after: '12' });
    stream.follow('/v1/live?shop=shanye');
    await settle();
    expect(line.asked).toHaveLength(2);
  });

  it('waits longer each time while nobody answers, never longer than 15 s', async () => {
    line.refuse = 100;
    stream.follow('/v1/live');
    await settle(120_000);
    expect(line.asked.length).toBeGreaterThan(10);
    expect(line.asked.length).toBeLessThan(24);
  });

  it('says nothing more once stopped', async () => {
    stream.follow('/v1/live');
    await settle();
    line.change('1', 'a', 1);
    stream.stop();
    await settle(60_000);
    expect(line.asked).toHaveLength(1);
    expect(states.at(-1)).toBe('stopped');
  });
});
