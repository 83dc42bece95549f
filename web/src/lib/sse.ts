/// Parser of server-sent events (HTML Living Standard, "Interpreting an event stream"), fed with text
/// as it arrives. Comments and `retry` are ignored.
export interface Message {
  event: string;
  id: string;
  data: string;
}

export class SseParser {
  private rest = '';
  private event = '';
  private id = '';
  private data: string[] = [];

  push(text: string): Message[] {
    const out: Message[] = [];
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (this.data.length > 0) out.push({ event: this.event || 'message', id: this.id, data: this.data.join('\n') });
        this.event = '';
        this.data = [];
      } else {
        this.field(line);
      }
    }
    return out;
  }

  private field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.event = value;
    else if (name === 'id') this.id = value;
    else if (name === 'data') this.data.push(value);
  }
}
