import type { Change } from '@/api/types';
import { SseParser, type Message } from './sse';

export type LiveState = 'connecting' | 'live' | 'waiting' | 'stopped';

export interface LiveOptions {
  headers?: () => Record<string, string>;
  fetch?: typeof globalThis.fetch;
  now?: () => number;
  random?: () => number;
  onChanges: (changes: Change[]) => void;
  /// What was read before may be older than the stream: the position was too old, the server has lost
  /// it, or the stream begins with none. Everything must be read anew.
  onReset: () => void;
  onState?: (state: LiveState) => void;
  /// The server wants another key than the one that was sent.
  onRefused?: (sent: string | null) => void;
  onTime?: (serverTime: string) => void;
}

const silence_ms_max = 40_000; // the server's heartbeat comes every 15 s
const answer_ms_max = 10_000; // a browser that woke up may ask over a connection that is long dead
const nap_ms = 5_000;
const batch_ms = 100;
const backoff_ms = [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000];

/// Owner of the event stream: the only place in the console that opens one. It keeps the position of
/// the last message it has handed on, so that after a lost network, a sleep, a restart of the server
/// or kill -9 it goes on exactly there: nothing missed, and what is repeated is dropped by version
/// further in. It never gives up; waiting grows to 15 s, and waking, coming online or becoming
/// visible ends the waiting at once.
export class LiveStream {
  private url = '';
  private position = '';
  private run = 0;
  private attempt = 0;
  private abort: AbortController | undefined;
  private heardAt = 0;
  private napAt = 0;
  private napTimer: ReturnType<typeof setInterval> | undefined;
  private flushTimer: ReturnType<typeof setTimeout> | undefined;
  private endPause: (() => void) | undefined;
  private pending: Change[] = [];

  constructor(private readonly options: LiveOptions) {}

  /// Follows `url` from where the stream was; the position is good for every filter.
  follow(url: string): void {
    if (this.url === url && this.run > 0 && this.napTimer) return;
    this.url = url;
    this.restart();
    this.napAt = this.now();
    this.napTimer ??= setInterval(() => this.checkNap(), nap_ms);
  }

  stop(): void {
    this.run += 1;
    this.abort?.abort();
    this.endPause?.();
    clearInterval(this.napTimer);
    this.napTimer = undefined;
    this.flush();
    this.options.onState?.('stopped');
  }

  /// Something says that the network may be back, or that this page was asleep.
  wake(): void {
    if (!this.napTimer) return;
    if (this.endPause) {
      this.attempt = 0;
      this.endPause();
    } else if (this.now() - this.heardAt > silence_ms_max / 2) {
      this.abort?.abort();
    }
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }

  private restart(): void {
    this.run += 1;
    this.attempt = 0;
    this.flush();
    this.abort?.abort();
    this.endPause?.();
    void this.loop(this.run);
  }

  private async loop(run: number): Promise<void> {
    while (run === this.run) {
      this.options.onState?.(this.attempt === 0 ? 'connecting' : 'waiting');
      try {
        await this.readOnce(run);
      } catch {
        // A broken stream is the ordinary case here: the loop is the recovery.
      }
      if (run !== this.run) return;
      this.flush();
      this.options.onState?.('waiting');
      await this.pause(this.nextPause());
    }
  }

  private async readOnce(run: number): Promise<void> {
    const abort = new AbortController();
    this.abort = abort;
    let isAnswered = false;
    const watchdog = setInterval(() => {
      if (this.now() - this.heardAt > (isAnswered ? silence_ms_max : answer_ms_max)) abort.abort();
    }, nap_ms);
    this.heardAt = this.now();
    try {
      const own = this.options.headers?.() ?? {};
      const response = await (this.options.fetch ?? globalThis.fetch)(this.url, {
        headers: { Accept: 'text/event-stream', ...(this.position && { 'Last-Event-ID': this.position }), ...own },
        signal: abort.signal,
        cache: 'no-store',
      });
      if (response.status === 401) this.options.onRefused?.(own.Authorization ?? null);
      if (!response.ok || !response.body) throw new Error(`stream answered ${response.status}`);
      isAnswered = true;
      if (!this.position) this.options.onReset();
      await this.readBody(run, response.body, abort.signal);
    } finally {
      clearInterval(watchdog);
      abort.abort();
    }
  }

  private async readBody(run: number, body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<void> {
    const reader = body.getReader();
    signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined));
    const parser = new SseParser();
    const decoder = new TextDecoder();
    this.options.onState?.('live');
    for (;;) {
      const { done, value } = await reader.read();
      if (done || run !== this.run) return;
      this.heardAt = this.now();
      for (const message of parser.push(decoder.decode(value, { stream: true }))) this.take(message);
    }
  }

  private take(message: Message): void {
    this.attempt = 0;
    const data: unknown = JSON.parse(message.data);
    if (message.event === 'change') this.pending.push(data as Change);
    if (message.event === 'reset') {
      this.pending = [];
      this.options.onReset();
    }
    if (message.event === 'heartbeat') this.options.onTime?.((data as { at: string }).at);
    if (message.id) this.position = message.id;
    if (this.pending.length > 0) this.flushTimer ??= setTimeout(() => this.flush(), batch_ms);
  }

  private flush(): void {
    clearTimeout(this.flushTimer);
    this.flushTimer = undefined;
    if (this.pending.length === 0) return;
    const changes = this.pending;
    this.pending = [];
    this.options.onChanges(changes);
  }

  private nextPause(): number {
    const base = backoff_ms[Math.min(this.attempt, backoff_ms.length - 1)] ?? 15_000;
    this.attempt += 1;
    return base * (0.5 + (this.options.random ?? Math.random)() / 2);
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.endPause?.(), ms);
      this.endPause = () => {
        clearTimeout(timer);
        this.endPause = undefined;
        resolve();
      };
    });
  }

  // A timer that comes much too late means that the machine slept: the connection is likely dead
  // without anybody having said so.
  private checkNap(): void {
    const now = this.now();
    const slept = now - this.napAt > nap_ms * 3;
    this.napAt = now;
    if (!slept) return;
    if (this.endPause) this.wake();
    else this.abort?.abort();
  }
}
